"""byhand reproduce."""

import click

from byhand.cli.app import app, json_option
from byhand.cli.output import percent, print_json, print_table


@app.command(epilog="Example:  byhand reproduce nielsen chang --seeds 3")
@click.argument("recipes", nargs=-1, help="Names of recipes; all published ones by default.")
@click.option("--seeds", type=click.IntRange(1), default=5, help="Number of runs of each recipe, with seeds 0, 1, ...")
@json_option
def reproduce(recipes: tuple[str, ...], seeds: int, json: bool) -> None:
    """Train published networks and compare the published figures with ours."""
    import sys

    from byhand.recipes import PUBLISHED, get_recipe
    from byhand.recipes.reproduce import reproduce as run

    chosen = [get_recipe(name) for name in recipes or PUBLISHED]
    say = (lambda text: None) if json else (lambda text: print(f"… {text}", file=sys.stderr, flush=True))
    table, faults = [], {}
    for rows in run(chosen, seeds, progress=not json, say=say):
        for row in rows:
            if json:
                print_json(
                    {
                        "recipe": row.recipe.name,
                        "figure": row.figure.name,
                        "published": row.figure.published,
                        "mean": row.mean,
                        "spread": row.spread,
                        "best": row.best,
                        "values": list(row.values),
                        "seconds": row.seconds,
                        "fault": row.recipe.fault,
                    }
                )
                continue
            show = percent if row.figure.percent else (lambda value: "–" if value is None else f"{value:.3g}")
            first = row is rows[0]
            name, seconds = (row.recipe.name, f"{row.seconds:.1f}") if first else ("", "")
            spread = "–" if len(row.values) == 1 else show(row.spread).replace(" %", "")
            figures = (show(row.figure.published), show(row.mean), spread, show(row.best))
            table.append((name, row.figure.name, *figures, seconds))
            if row.recipe.fault:
                faults[row.recipe.name] = row.recipe.fault
    if json:
        return
    headers = ("recipe", "figure", "published", "ours, mean", "± spread", "best", "s per run")
    print_table(f"Published figures and ours, {seeds} seed{'s' if seeds > 1 else ''}", headers, table, left=2)
    if faults:
        print_table("Errors in the sources", ("recipe", "error"), list(faults.items()), left=2)
