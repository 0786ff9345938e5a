"""byhand write."""

from pathlib import Path

import click

from byhand.cli.app import PATH, app, json_option, model_file
from byhand.cli.output import print_json


@app.command(epilog='Example:  byhand write runs/shakespeare-lstm-1 --prompt "ROMEO:" --temperature 0.8')
@click.argument("model", type=PATH, help="A model file or a run folder.")
@click.option("--prompt", default="\n", help="How the text begins; a new line by default.")
@click.option("--length", type=int, default=500, help="Number of characters to write.")
@click.option(
    "--temperature",
    type=float,
    default=1.0,
    help="Above 0: low for likely characters, 1 as learnt, higher for more variety.",
)
@click.option("--seed", type=click.IntRange(0), default=0, help="Random seed.")
@json_option
def write(model: Path, prompt: str, length: int, temperature: float, seed: int, json: bool) -> None:
    """Write text with a network that predicts the next character."""
    from byhand.generating import generate_text
    from byhand.network import Network

    characters = generate_text(Network.load(model_file(model)), prompt, length, temperature, seed)
    if json:
        print_json({"prompt": prompt, "text": "".join(characters)})
        return
    print(prompt.lstrip("\n"), end="")
    for character in characters:
        print(character, end="", flush=True)
    print()
