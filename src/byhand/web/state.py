"""Everything that one server keeps."""

import secrets
from collections.abc import Callable, Sequence
from pathlib import Path

from byhand.forms.desk import ReviewDesk
from byhand.reading.reader import MODEL, READER
from byhand.web.catalogue import MODEL_SUFFIX, SHIPPED_FOLDER, Catalogue, Model
from byhand.web.keeping import KeepingFolder
from byhand.web.limits import Limits, Refusal
from byhand.web.networks import NETWORKS_FOLDER
from byhand.web.people import People
from byhand.web.reading import Readers
from byhand.web.samples import SampleStore
from byhand.web.slots import Slots
from byhand.web.training_data import Data, mnist
from byhand.web.trainings import Trainings
from byhand.web.uploads import Uploads


class Server:
    """The networks, the trainings, the samples, and who reads.

    Args:
        limits: what it takes at most.
        processes: how many processes read beside it.
        data: what trainings learn from.
        keep: the folder in which drawings, runs and names outlast it; None for memory only.
        networks: model files and folders of runs that the page shows, too.
        review: the folder of a review of forms that goes on here.

    Raises:
        ByhandError: a network is none, or none that the page has a view for, or the folder holds no review.
    """

    def __init__(
        self,
        limits: Limits | None = None,
        processes: int = 0,
        data: Callable[[], Data] = mnist,
        keep: Path | None = None,
        networks: Sequence[Path] = (),
        review: Path | None = None,
    ):
        self.limits = limits or Limits()
        self.keeper = KeepingFolder(keep)
        self.catalogue = Catalogue()
        for path in networks:
            self.catalogue.add(path)
        self.review = ReviewDesk(review) if review else None
        self.trainings = Trainings(self.limits, data, self.keeper)
        self.samples = SampleStore(self.limits, self.keeper)
        self.people = People(self.keeper)
        self.teacher = secrets.token_urlsafe(16)  # what makes a browser the teacher's
        self.uploads = Uploads(self.limits)
        self.addresses: tuple[str, ...] = ()  # at which others reach it
        self.password = ""
        self.memory = Slots(self.limits.picture_memory)
        self.readers = Readers(processes, self.limits, self.memory)

    def model(self, name: str | None) -> Model:
        """A network that ships, or a training's, by its id.

        Raises:
            Refusal: there is none.
        """
        name = name or self.catalogue.default
        if name in self.catalogue.models:
            return self.catalogue.models[name]
        if name in self.uploads.models:
            return self.uploads.models[name]
        try:
            return self.trainings.get(name).model
        except Refusal:
            return self.catalogue.get(name)  # whose refusal lists those there are

    def reader(self, name: str | None) -> Model:
        """The network that reads, where none is named the one that `byhand read` takes.

        Raises:
            Refusal: there is none of that name.
        """
        return self.model(name or (READER if READER.stem in self.catalogue.models else MODEL).stem)

    def enter(self, password: str) -> bool:
        """Whether this is the password."""
        return bool(self.password) and secrets.compare_digest(password.encode(), self.password.encode())

    def is_teacher(self, said: str) -> bool:
        """Whether this is what the teacher's browser knows."""
        return secrets.compare_digest(said.encode(), self.teacher.encode())

    def path(self, model: Model) -> Path | None:
        """The model's file; None for a training's network, which lies in none."""
        paths = [folder / f"{model.id}{MODEL_SUFFIX}" for folder in (SHIPPED_FOLDER, NETWORKS_FOLDER)]
        return next((path for path in (READER, *paths) if path.stem == model.id and path.exists()), None)

    def warm(self) -> None:
        """Load what the first reading needs, before the first request."""
        path = self.path(self.reader(None))
        if path:
            self.readers.warm(path)

    def close(self) -> None:
        """Stop the trainings, and end the processes."""
        self.trainings.close()
        self.readers.close()
