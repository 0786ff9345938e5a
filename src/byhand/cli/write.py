"""byhand write."""

from pathlib import Path
from typing import Annotated

import typer

from byhand.cli.app import Json, app, model_file
from byhand.cli.output import print_json


@app.command(epilog='Example:  byhand write runs/shakespeare-lstm-1 --prompt "ROMEO:" --temperature 0.8')
def write(
    model: Annotated[Path, typer.Argument(help="A model file or a run folder.")],
    prompt: Annotated[str, typer.Option(help="How the text begins; a new line by default.")] = "\n",
    length: Annotated[int, typer.Option(help="Number of characters to write.")] = 500,
    temperature: Annotated[
        float, typer.Option(help="Above 0: low for likely characters, 1 as learnt, higher for more variety.")
    ] = 1.0,
    seed: Annotated[int, typer.Option(min=0, help="Random seed.")] = 0,
    json: Json = False,
) -> None:
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
