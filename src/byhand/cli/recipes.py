"""byhand recipes."""

from byhand.cli.app import app, json_option
from byhand.cli.output import percent, print_json, print_table


@app.command(epilog="Example:  byhand recipes")
@json_option
def recipes(json: bool) -> None:
    """List the recipes."""
    from byhand.recipes import RECIPES
    from byhand.recipes.drawing import DRAWING_RECIPES

    if json:
        for r in RECIPES.values():
            figures = {f.name: f.published for f in r.figures}
            print_json({"name": r.name, "source": r.source, "takes": r.takes, "published": figures, "fault": r.fault})
        return
    rows = []
    for r in RECIPES.values():
        layers = ", ".join(layer.label() for layer in r.layers)
        published = [percent(f.published) for f in r.figures if f.published and f.percent]
        rows.append((r.name, layers, type(r.loss).__name__, r.training, ", ".join(published) or "–"))
    print_table("", ("recipe", "layers", "loss", "training", "published"), rows, left=5)
    print_table(
        "Networks that draw, trained by byhand train-drawer",
        ("recipe", "what it is"),
        [(r.name, r.takes) for r in DRAWING_RECIPES.values()],
        left=2,
    )
