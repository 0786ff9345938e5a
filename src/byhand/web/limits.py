"""Limits, and refusals."""

from dataclasses import asdict, dataclass
from typing import Any

from byhand.pictures.image import MAX_PIXELS


@dataclass(frozen=True)
class Limits:
    """The limits of the server.

    Attributes:
        image_bytes: of a picture.
        image_pixels: of a picture.
        canvas_pixels: of a drawing that comes as plain grey levels.
        json_bytes: of a table of settings.
        body_seconds: until a request's body has arrived.
        held_bytes: of all bodies that are being answered or still arrive.
        picture_memory: bytes for decoding and reading pictures, all of them together; the others wait.
        reading_seconds: for which a process reads one picture.
        queue: requests that wait for a processor, beyond which new ones are refused.
        batch_bytes: of several files that come together.
        batch_seconds: for which the pages of one file are read; the others are left out, which is said.
        sessions: browsers whose samples are kept.
        samples: of one browser.
        trainings: that compute at once.
        waiting: trainings that wait for their turn.
        browser_trainings: of one browser that are not finished.
        uploads: model files that were brought along and are kept, on the whole server.
        upload_numbers: that such a network computes for one image.
        kept: trainings that are kept to compare, on the whole server.
        training_seconds: of computing, for one training.
        paused_seconds: for which a training may stand still.
        listeners: streams of events at once.
        epochs: of one training.
        images: to learn from.
        hidden_units: of one layer.
        hidden_layers: of one network.
    """

    image_bytes: int = 16 * 1024**2
    image_pixels: int = MAX_PIXELS
    canvas_pixels: int = 4_000_000
    json_bytes: int = 64 * 1024
    body_seconds: float = 30.0
    held_bytes: int = 256 * 1024**2
    picture_memory: int = 1536 * 1024**2
    reading_seconds: float = 60.0
    queue: int = 400
    batch_bytes: int = 64 * 1024**2
    batch_seconds: float = 120.0
    sessions: int = 200
    samples: int = 500
    trainings: int = 2
    waiting: int = 30
    browser_trainings: int = 3
    uploads: int = 40
    upload_numbers: int = 4_000_000
    kept: int = 60
    training_seconds: float = 600.0
    paused_seconds: float = 900.0
    listeners: int = 200
    epochs: int = 200
    images: int = 55_000
    hidden_units: int = 512
    hidden_layers: int = 3

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


CODES = {
    400: "malformed",
    401: "locked",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    408: "too_slow",
    409: "conflict",
    413: "too_large",
    415: "unknown_type",
    422: "impossible",
    429: "too_many",
    500: "fault",
    503: "unavailable",
}  # which programs can tell apart, by status


class Refusal(Exception):
    """An error response: a status and one sentence.

    Args:
        status: 400 malformed, 401 locked, 404 not there, 409 not now, 413 too large, 415 another type, 422 impossible,
            429 too much at once, 503 not to be had.
        sentence: what is wrong, and what to do.
        retry: after how many seconds it may go better.
    """

    def __init__(self, status: int, sentence: str, retry: int | None = None):
        super().__init__(sentence)
        self.status, self.sentence, self.retry = status, sentence, retry

    def to_json(self) -> dict[str, Any]:
        """The body of the response."""
        return error_body(self.status, self.sentence)

    def __reduce__(self) -> tuple[Any, ...]:  # it comes from other processes, too
        return Refusal, (self.status, self.sentence, self.retry)


def error_body(status: int, sentence: str) -> dict[str, Any]:
    """The body of an error response: one sentence, and a code."""
    return {"error": sentence, "code": CODES.get(status, "malformed")}
