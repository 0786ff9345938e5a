"""Many pictures and documents in one request, read as `byhand read` reads them."""

import tempfile
from pathlib import Path

from byhand.documents.batch import Task
from byhand.documents.formats import OUTPUT_FORMATS
from byhand.documents.options import ReadOptions
from byhand.documents.sources import Document, shown
from byhand.reading.reader import READER
from byhand.web.call import Answer, Call
from byhand.web.limits import Refusal
from byhand.web.reading import DocumentToRead

ANSWER_TYPES = {"json": "application/json", "csv": "text/csv", "hocr": "text/html", "text": "text/plain"}
OPTIONS = ("pattern", "signs", "confidence", "length", "region", "rotate", "pages")


def options_of(call: Call) -> ReadOptions:
    """The options for reading in a request's query, by the names that they have in Python and on the command line.

    Raises:
        ByhandError: one of them means nothing.
    """
    return ReadOptions(**{name: call.values[name] for name in OPTIONS if name in call.values})


def post_read_many(call: Call) -> Answer:
    """Read pictures and documents, one after the other; one that cannot be read does not stop the others."""
    server, form = call.server, call.values.get("format", "json")
    model, parts = server.reader(call.values.get("model")), call.parts()
    if not parts or not all(part.data for part in parts):
        raise Refusal(400, "Send files that are not empty.")
    path = server.path(model)
    with tempfile.TemporaryDirectory() as folder:
        if path is None:
            path = Path(folder) / f"{model.id}.safetensors"
            model.network.save(path)
        task = Task(options_of(call), None if path == READER else str(path))
        task.reader()  # says at once what is wrong with the pattern
        seconds = server.limits.batch_seconds
        documents = [DocumentToRead(task, Document(shown(part.name), part.data), seconds) for part in parts]
        pages = [page for document in documents for page in server.readers.document(document)]
    if form == "json":
        return Answer({"pages": [page.to_json(call.values.get("images", False)) for page in pages]})
    written = OUTPUT_FORMATS[form]
    body = "".join([written.head, *map(written.page, pages), written.foot])
    return Answer(body.encode(), kind=ANSWER_TYPES[form])
