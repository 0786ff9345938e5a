"""byhand predict."""

from pathlib import Path

import click

from byhand.cli.app import PATH, app, json_option, model_file
from byhand.cli.output import print_json
from byhand.core.errors import ByhandError


@app.command(epilog="Example:  byhand predict runs/dense-1 test.csv --kaggle -o submission.csv")
@click.argument("model", type=PATH, help="A model file or a run folder.")
@click.argument("data", help="A .csv, .npz, .txt or IDX file, a picture, a folder of pictures, or a data set.")
@click.option("--out", "-o", type=PATH, help="Write into this file instead of to standard output.")
@click.option("--probabilities", is_flag=True, help="Also give the probability of each class.")
@click.option("--kaggle", is_flag=True, help="Write ImageId,Label, the format of Kaggle's Digit Recognizer.")
@click.option("--label", help="Column of labels to ignore, if the file has one.")
@json_option
def predict(
    model: Path, data: str, out: Path | None, probabilities: bool, kaggle: bool, label: str | None, json: bool
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
