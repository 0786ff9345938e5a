"""Reading a row without cutting it: networks that slide along it, looked at in several ways."""

from collections.abc import Sequence
from copy import copy
from typing import Any

import numpy as np

from byhand.core.types import Array
from byhand.handwriting.alphabet import UNREAD
from byhand.losses.ctc import CTC
from byhand.losses.decoding import Label, all_peaks, best_path, log_probabilities, search
from byhand.network import Network
from byhand.network.folded import folded
from byhand.pictures.prepare import digit_image
from byhand.reading.crops import Crop, Ink, RowView, crop
from byhand.reading.forms import DIGIT_CLASSES, NumberForm, only_digits
from byhand.reading.number_model import POSSIBLE, WEIGHT, NumberModel
from byhand.reading.pieces import places
from byhand.reading.row_read import RowRead

# By hand where no command is named; python -m bench.reading.constants tells what each is worth.
FIRST = (RowView(), RowView(share=0.65))
MORE = (
    RowView(share=0.95),
    RowView(lean=0.0),
    RowView(lean=0.15, stretch=1.2),
    RowView(lean=0.15, stretch=0.8, share=0.7),
    RowView(lean=0.15, only_ink=True),
)
SURE = 0.7  # a row that the first views agree on, and find at least so probable, is not looked at any further: at 0.9
# more than a third more are looked at again, and of 700 composed rows no more are read right (bench.reading.composed)
WIDER, KEPT = 1.5, 2000  # from one width of the networks to the next; wider ones do not stay in memory
# powers of rows' and signs' probabilities where a file has none: bench.reading.confidence, with an earlier network
ROW_POWER, SIGN_POWER = 0.38, 1.1
SECOND = 0.4  # how much the second network counts
RARE = 0.3  # how often there are signs where digits are asked for, beside how often in training
PROPOSALS = 3  # that each view makes where a pattern says what may be read
LEAST_PROBABILITY = 1e-6  # probabilities are not less than this: no single view can rule a label out


class RowReader:
    """Reads rows with networks for rows (height, width, 1), ink light on paper 0, that give logits (steps, classes).

    Several must have one height and one number of columns to a step. Where they and the views do not agree, another
    network, one for single digits, may help to judge.

    None of their parameters depends on the width, so they are used in several: a short row is read in less time.

    Args:
        networks: with eleven outputs, the digits and the blank, or one for each sign of the alphabet and the blank.
        second: the network for single digits, which judges where the form lets nothing else be read.
        form: what a row may read: digits, where signs count as nothing; text; or a `NumberForm`.
        powers: of rows' and of signs' probabilities that fit how often they are right.
        numbers: what numbers look like, which counts where a row may read any text.
    """

    def __init__(
        self,
        networks: Sequence[Network],
        second: Network | None = None,
        form: str | NumberForm = "digits",
        powers: tuple[float, float] = (ROW_POWER, SIGN_POWER),
        numbers: NumberModel | None = None,
    ):
        self.networks, self.second, self.form = [folded(network) for network in networks], second, form
        self.powers, self.numbers = powers, numbers
        self.height, width, _ = networks[0].input_shape
        self.step = width // networks[0].plan[-1].out_shape[0]  # columns of a row to a step
        self.widths: dict[int, list[Network]] = {}

    def restricted(self, form: str | NumberForm) -> "RowReader":
        """The same networks for another form."""
        other = copy(self)
        other.form = form
        return other

    def read(self, row: Ink, again: bool = True) -> RowRead:
        """The most probable label of a row.

        Each network proposes a label for each of several views of the row, and all of them judge: the best mean of
        log P wins. To it, the second network adds how probable it finds the digits, each cut out where the views
        found it.
        """
        crops, p = self.look([crop(row, view, self.height) for view in FIRST])
        own, log_p = own_ink(p), self.asked(p)
        labels = self._proposed(log_p, quick=True)
        score = log_probabilities(log_p, [*labels]).mean(axis=0)
        doubtful = len(labels) != 1 or bool(score.max() < np.log(SURE))
        if doubtful and again:
            more, found = self.look([crop(row, view, self.height) for view in MORE])
            crops, log_p = crops + more, np.concatenate(_equally_long(log_p, self.asked(found)))
            labels |= self._proposed(log_p)
            score = log_probabilities(log_p, [*labels]).mean(axis=0)
        if not labels:
            return RowRead((), 0.0, [], np.zeros((0, log_p.shape[2] - 1)), True)
        names, p = [*labels], np.exp(log_p)
        steps = [all_peaks(p, label) for label in names]
        best = int(score.argmax())
        if self.numbers and self.form == "text":
            best = int((score + [WEIGHT * self.numbers.log_of(label) for label in names]).argmax())
            label = self.numbers.reread(names[best], self._each(p, steps[best]))
            its_steps = all_peaks(p, label)
            if label != names[best] and its_steps is not None:
                names, steps, best = [label], [its_steps], 0
                score = log_probabilities(log_p, names).mean(axis=0)
        elif self.second and only_digits(self.form) and again and len(names) > 1:
            best = int((score + SECOND * self._second_look(row, names, steps, crops)).argmax())
        return self._result(names[best], score[best], p, steps[best], crops)._replace(doubtful=doubtful, own=own)

    def look(self, crops: list[Crop]) -> tuple[list[Crop], Array]:
        """The n crops that were looked at, by each network in turn, and p (n, T, classes)."""
        networks = self._as_wide_as(max(crop.image.shape[1] for crop in crops))
        x = np.zeros((len(crops), *networks[0].input_shape), np.uint8)
        for row, one in zip(x, crops, strict=True):
            row[:, : one.image.shape[1], 0] = one.image
        return crops * len(networks), np.concatenate([network.predict_proba(x) for network in networks])

    def asked(self, p: Array) -> Array:
        """log p of what may be read, of all p (n, T, classes)."""
        return np.log(np.maximum(self.of_digits(p), LEAST_PROBABILITY))

    def of_digits(self, p: Array) -> Array:
        """The probabilities (n, T, classes) of what may be read: of digits alone, all else is the blank's.

        Where digits are asked for, signs are rarer than in training: p(c) w(c) / Σ p w, with w = RARE of signs.
        """
        if not only_digits(self.form) or p.shape[2] == DIGIT_CLASSES + 1:
            return p
        p = np.concatenate([p[:, :, :DIGIT_CLASSES], p[:, :, DIGIT_CLASSES:-1] * RARE, p[:, :, -1:]], axis=2)
        p /= p.sum(axis=2, keepdims=True)
        return np.concatenate([p[:, :, :DIGIT_CLASSES], 1 - p[:, :, :DIGIT_CLASSES].sum(axis=2, keepdims=True)], axis=2)

    def _proposed(self, log_p: Array, quick: bool = False) -> set[Label]:
        """What each view (n, T, classes) would read; `quick` searches only where its best path is not allowed."""
        best = [best_path(row) for row in log_p]
        if not isinstance(self.form, NumberForm):
            return set(best)
        found = {label for label in best if self.form.allows(label)} if quick else set()
        rows = [row for row, label in zip(log_p, best, strict=True) if not (quick and label in found)]
        return found | {label for row in rows for label in search(np.exp(row), self.form)[:PROPOSALS]}

    def _as_wide_as(self, width: int) -> list[Network]:
        """The networks in the narrowest of their widths that holds so many columns."""
        wide = 2 * self.height
        while wide < width:
            wide = round(WIDER * wide / self.step) * self.step
        networks = self.widths.get(wide) or [widened(network, wide) for network in self.networks]
        if wide <= KEPT:
            self.widths[wide] = networks
        return networks

    def _second_look(self, row: Ink, labels: list[Label], steps: list[Array | None], crops: list[Crop]) -> Array:
        """For each label Σ log p of its digits, as the network for single digits sees them."""
        assert self.second
        middles = [self._middles(at, crops) for at, label in zip(steps, labels, strict=True) if label]
        inks = [ink for digits in places(row, middles) for _, ink in digits]
        keys = [(ink.shape, ink.tobytes()) for ink in inks]
        different = dict(zip(keys, inks, strict=True))  # labels share most of their digits
        which = {key: i for i, key in enumerate(different)}
        x = np.array([digit_image(ink) for ink in different.values()], np.uint8)
        names = [name for label in labels for name in label]
        p = self.second.predict_proba(x.reshape(-1, *self.second.input_shape))[[which[key] for key in keys], names]
        parts = np.split(np.log(np.maximum(p, POSSIBLE)), np.cumsum([len(label) for label in labels])[:-1])
        return np.array([part.sum() for part in parts])

    def _middles(self, steps: Array | None, crops: list[Crop]) -> list[float]:
        """The columns of the row's image at which digits stand, of those that the views found (n, digits), the mean."""
        assert steps is not None  # some view found room for this label, and all have as many steps
        left, scale = (np.array([getattr(one, name) for one in crops])[:, None] for name in ("left", "scale"))
        middles: list[float] = (left + (steps + 0.5) * self.step / scale).mean(axis=0).tolist()
        return middles

    @staticmethod
    def _each(p: Array, steps: Array | None) -> Array:
        """What the views (n, T, classes) see where each symbol stands: probabilities (symbols, classes), no blank."""
        each: Array = p[np.arange(len(p))[:, None], steps, :-1].mean(axis=0)
        return each

    def _result(self, label: Label, score: float, p: Array, steps: Array | None, crops: list[Crop]) -> RowRead:
        """The label, and where each of its digits stands in the view that is surest of it, by steps (n, digits)."""
        middles = self._middles(steps, crops)
        each = self._each(p, steps) ** self.powers[1]  # (symbols, classes)
        each /= np.maximum(each.sum(axis=1, keepdims=True), LEAST_PROBABILITY)
        return RowRead(label, float(np.exp(self.powers[0] * score)), middles, each)


def own_ink(p: Array) -> float:
    """How much of the ink that the networks see is a number's: 1 − Σ p(?) / Σ (1 − p(blank)), of p (n, T, classes)."""
    if p.shape[2] == DIGIT_CLASSES + 1:  # a network that knows no other ink
        return 1.0
    return 1 - float(p[:, :, UNREAD].sum() / max((1 - p[:, :, -1]).sum(), LEAST_PROBABILITY))


def widened(network: Network, width: int) -> Network:
    """The same network, with the same θ and state, for rows of another width: no parameter depends on it."""
    height, before, channels = network.input_shape
    loss: Any = network.loss
    steps = width * network.plan[-1].out_shape[0] // before
    longest = min(loss.longest, (steps + 1) // 2)
    return network.reshaped((height, width, channels), CTC(loss.classes, longest))


def _equally_long(a: Array, b: Array) -> list[Array]:
    """Two arrays (n, T, 11) of log p, the shorter followed by certain blanks."""
    steps = max(a.shape[1], b.shape[1])
    found = []
    for rows in (a, b):
        blanks = np.full((len(rows), steps - rows.shape[1], rows.shape[2]), np.log(LEAST_PROBABILITY))
        blanks[:, :, -1] = 0
        found.append(np.concatenate([rows, blanks], axis=1))
    return found
