"""byhand predict."""

from pathlib import Path
from typing import Annotated

import typer

from byhand.cli.app import Json, app, model_file
from byhand.cli.output import print_json
from byhand.core.errors import ByhandError


@app.command(epilog="Example:  byhand predict runs/dense-1 test.csv --kaggle -o submission.csv")
def predict(
    model: Annotated[Path, typer.Argument(help="A model file or a run folder.")],
    data: Annotated[
        str, typer.Argument(help="A .csv, .npz, .txt or IDX file, a picture, a folder of pictures, or a data set.")
    ],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write into this file instead of to standard output.")
    ] = None,
    probabilities: Annotated[
        bool, typer.Option("--probabilities", help="Also give the probability of each class.")
    ] = False,
    kaggle: Annotated[
        bool, typer.Option("--kaggle", help="Write ImageId,Label, the format of Kaggle's Digit Recognizer.")
    ] = False,
    label: Annotated[str | None, typer.Option(help="Column of labels to ignore, if the file has one.")] = None,
    json: Json = False,
) -> None:
    """Predict samples without labels: classes, probabilities or numbers."""
    from json import dumps

    from byhand.core.files import write_atomically
    from byhand.exchange.loading import any_network
    from byhand.training.predictions import predict as answer

    if kaggle and (probabilities or json):
        raise ByhandError("--kaggle writes image numbers and labels only; leave --probabilities and --json out.")
    answers = answer(any_network(model_file(model)), data, label=label)
    if json and out is None:
        for record in answers.records(probabilities):
            print_json(record)
        return
    if json:
        records = answers.records(probabilities)
        text = "".join(dumps(record, ensure_ascii=False, allow_nan=False) + "\n" for record in records)
    else:
        text = answers.to_kaggle() if kaggle else answers.to_csv(probabilities)
    if out is None:
        print(text, end="")
        return
    write_atomically(out, text.encode())
    print(f"{len(answers):,} answers written to {out}.")
