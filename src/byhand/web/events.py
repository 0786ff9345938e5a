"""The journal of a training as server-sent events."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable

from byhand.web.job import Job
from byhand.web.journal import event

POLL_SECONDS = 0.05  # seconds between two looks into the journal
ALIVE = 15.0  # seconds without a word at most


async def stream(job: Job, closing: Callable[[], bool]) -> AsyncIterator[str]:
    """Yield the state of the training and the newest look, then new events until the training or server stops."""
    seen, _ = job.journal.after(0)
    yield event("training", job.to_json())
    if job.looked:
        yield event("look", job.looked)
    spoken, ahead = time.monotonic(), -1
    while True:
        over = job.journal.closed
        if job.state == "waiting" and ahead != (ahead := job.ahead()):
            yield event("training", job.to_json())
        newest, texts = job.journal.after(seen)
        seen = newest
        for text in texts:
            yield text
        if over:
            if not any(text.startswith("event: end") for text in texts):
                yield event("end", job.to_json())
            return
        if closing():
            return
        if texts:
            spoken = time.monotonic()
        elif time.monotonic() - spoken > ALIVE:
            yield ": still here\n\n"
            spoken = time.monotonic()
        await asyncio.sleep(POLL_SECONDS)
