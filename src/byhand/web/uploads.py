"""Networks that people bring along, as safetensors files of byhand."""

import secrets
import tempfile
import threading
from collections import OrderedDict
from pathlib import Path

from byhand.core.chains import numbers_of
from byhand.core.errors import ByhandError
from byhand.network import Network
from byhand.web.catalogue import MODEL_SUFFIX, Model, read_card, require_view
from byhand.web.forms import FormFile
from byhand.web.limits import Limits, Refusal


class Uploads:
    """The networks that were brought along; the oldest goes when there are too many.

    Args:
        limits: the server's.
    """

    def __init__(self, limits: Limits):
        self.limits = limits
        self.models: OrderedDict[str, Model] = OrderedDict()
        self._lock = threading.Lock()

    def add(self, file: FormFile) -> Model:
        """Keep a network.

        Raises:
            Refusal: no model file, a network that the page has no view for, or one that computes too much.
        """
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"model{MODEL_SUFFIX}"
            path.write_bytes(file.data)
            try:
                network, card = Network.load(path), read_card(path)
            except ByhandError as error:
                raise Refusal(422, str(error).replace(str(path), "The file")) from None
        name = card.get("name") or Path(file.name).stem[:40] or "Brought along"
        model = Model(f"own-{secrets.token_hex(6)}", network, card | {"name": str(name)})
        try:
            require_view(model, "A network that is brought along")
        except ByhandError as error:
            raise Refusal(422, str(error)) from None
        if numbers_of(network.plan) > self.limits.upload_numbers:
            raise Refusal(422, f"It computes more than {self.limits.upload_numbers:,} numbers an image.")
        with self._lock:
            self.models[model.id] = model
            while len(self.models) > self.limits.uploads:
                self.models.popitem(last=False)
        return model
