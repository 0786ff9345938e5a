"""What a folder keeps of a class when the server ends: drawings, runs and names.

    FOLDER/drawings/BROWSER.npz     x_train and y_train, which `byhand.load` opens
    FOLDER/runs/RUN.json, .safetensors
    FOLDER/names.json

BROWSER is a checksum of the browser's cookie, so that nobody who reads the folder can pass for it.
"""

import json
import logging
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.files import remove_unfinished, write_atomically
from byhand.core.types import Array
from byhand.network import Network
from byhand.web.job import Job, Own
from byhand.web.settings import OPTIMIZER_CHOICES, Settings

RUN_FACTS = ("name", "state", "error", "epoch", "step", "steps", "seconds", "history", "curve", "problems", "looked")


class KeepingFolder:
    """Writes into the folder, and reads it once at the start; without a folder it does nothing.

    Args:
        folder: the folder; it is made where there is none.

    Raises:
        ByhandError: it cannot be written to.
    """

    def __init__(self, folder: Path | None = None):
        self.folder = folder
        if folder:
            for part in ("drawings", "runs"):
                try:
                    (folder / part).mkdir(parents=True, exist_ok=True)
                except OSError as error:
                    raise ByhandError(f"--keep {folder}: {error.strerror or error}; name another folder.") from None
                remove_unfinished(folder / part)
            self.keep_names(self.names())  # so that a folder without room or rights is said now

    def drawings(self) -> dict[str, bytes]:
        """The npz file of each browser."""
        found = self.folder.glob("drawings/*.npz") if self.folder else ()
        return {path.stem: path.read_bytes() for path in sorted(found)}

    def keep_drawings(self, session: str, npz: bytes | None) -> None:
        """Keep a browser's drawings; None deletes them."""
        if self.folder:
            path = self.folder / "drawings" / f"{session}.npz"
            if npz:
                write_atomically(path, npz)
            else:
                path.unlink(missing_ok=True)

    def names(self) -> dict[str, str]:
        """What browsers are called."""
        path = self.folder / "names.json" if self.folder else None
        if not path or not path.exists():
            return {}
        try:
            found = json.loads(path.read_bytes())
            return {str(session): str(name) for session, name in found.items()}
        except (ValueError, AttributeError):
            raise ByhandError(f"{path} is not readable as JSON; repair it or delete it.") from None

    def keep_names(self, names: dict[str, str]) -> None:
        """Keep what browsers are called."""
        if self.folder:
            write_atomically(self.folder / "names.json", json.dumps(names, ensure_ascii=False, indent=1).encode())

    def runs(self) -> list[Job]:
        """The runs, the oldest first; one that cannot be read is left out, which is logged."""
        found = []
        paths = sorted(self.folder.glob("runs/*.json"), key=lambda p: p.stat().st_mtime) if self.folder else []
        for path in paths:
            try:
                found.append(_job(json.loads(path.read_bytes()), path))
            except (ByhandError, ValueError, KeyError, TypeError, OSError) as error:
                logging.getLogger("byhand.web").warning("%s is left out: %s", path, error)
        return found

    def keep_run(self, job: Job) -> None:
        """Keep a run that has ended."""
        if not self.folder:
            return
        record: dict[str, Any] = {fact: getattr(job, fact) for fact in RUN_FACTS}
        own = job.own and {"count": len(job.own.y), "before": job.own.before, "after": job.own.after}
        record |= {"session": job.session, "settings": asdict(job.settings), "own": own}
        path = self.folder / "runs" / f"{job.id}.json"
        job.network.save(path.with_suffix(".safetensors"))
        write_atomically(path, json.dumps(record, ensure_ascii=False).encode())

    def drop_run(self, key: str) -> None:
        """Delete a run."""
        if self.folder:
            for suffix in (".json", ".safetensors"):
                (self.folder / "runs" / f"{key}{suffix}").unlink(missing_ok=True)


def _job(record: dict[str, Any], path: Path) -> Job:
    known = {field.name for field in fields(Settings)}
    settings = Settings(**{name: value for name, value in record["settings"].items() if name in known})
    network = Network.load(path.with_suffix(".safetensors"))
    optimizer = OPTIMIZER_CHOICES[settings.optimizer](settings.learning_rate)
    job = Job(path.stem, record["session"], settings, network, optimizer)
    for fact in RUN_FACTS:
        setattr(job, fact, record[fact])
    job.curve = [(step, loss) for step, loss in record["curve"]]
    if record["own"]:
        job.own = Own(*_nothing(record["own"]["count"]), record["own"]["before"], record["own"]["after"])
    job.journal.close()
    return job


def _nothing(count: int) -> tuple[Array, Array]:
    """Blank images and labels in place of a fine-tuning's drawings, of which only their number is needed any more."""
    return np.zeros((count, 784), np.uint8), np.zeros(count, np.int64)
