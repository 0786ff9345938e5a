"""The part of the table of operations that sequences need."""

from types import SimpleNamespace
from typing import Protocol

from byhand.core.types import Array


class SequenceOps(Protocol):
    """Recurrent layers, and sequences as wholes."""

    # recurrent
    def rnn(
        self,
        r: Array,
        z: Array,
        h: Array,
        y: Array | None,
        before: Array,
        mask: Array | None,
        reverse: bool,
        relu: bool,
        row: Array,
        norm: SimpleNamespace | None = None,
    ) -> None: ...
    def rnn_backward(
        self,
        r: Array,
        z: Array,
        dy: Array | None,
        mask: Array | None,
        reverse: bool,
        relu: bool,
        dz: Array,
        dh: Array,
        s: Array,
        row: Array,
        norm: SimpleNamespace | None = None,
    ) -> None: ...
    def lstm(
        self,
        r: Array,
        z: Array,
        h: Array,
        c: Array,
        y: Array | None,
        before: Array,
        cells: Array,
        squashed: Array,
        mask: Array | None,
        reverse: bool,
        s: Array,
        s2: Array,
        row: Array,
        p: Array | None = None,
        norm: SimpleNamespace | None = None,
        cell_norm: SimpleNamespace | None = None,
    ) -> None: ...
    def lstm_backward(
        self,
        r: Array,
        z: Array,
        cells: Array,
        squashed: Array,
        dy: Array | None,
        mask: Array | None,
        reverse: bool,
        dz: Array,
        dh: Array,
        dc: Array,
        s: Array,
        s2: Array,
        row: Array,
        p: Array | None = None,
        norm: SimpleNamespace | None = None,
        cell_norm: SimpleNamespace | None = None,
    ) -> None: ...
    def gru(
        self,
        r: Array,
        v: Array,
        c: Array | None,
        z: Array,
        h: Array,
        y: Array | None,
        before: Array,
        inner: Array,
        mask: Array | None,
        reverse: bool,
        s: Array,
        s2: Array,
        row: Array,
        norm: SimpleNamespace | None = None,
        inner_norm: SimpleNamespace | None = None,
    ) -> None: ...
    def gru_backward(
        self,
        r: Array,
        v: Array,
        after: bool,
        z: Array,
        before: Array,
        inner: Array,
        dy: Array | None,
        mask: Array | None,
        reverse: bool,
        dz: Array,
        dinner: Array,
        dgates: Array,
        dh: Array,
        s: Array,
        s2: Array,
        row: Array,
        norm: SimpleNamespace | None = None,
        inner_norm: SimpleNamespace | None = None,
    ) -> None: ...
    # sequences
    def last_step(self, x: Array, mask: Array | None, y: Array) -> None: ...
    def last_step_backward(self, dy: Array, mask: Array | None, dx: Array, left: Array) -> None: ...
    def mean_over_time(self, x: Array, share: Array, y: Array) -> None: ...
    def mean_over_time_backward(self, dy: Array, share: Array, dx: Array) -> None: ...
    def max_over_time(self, x: Array, mask: Array | None, y: Array) -> None: ...
    def max_over_time_backward(
        self, x: Array, y: Array, dy: Array, mask: Array | None, dx: Array, left: Array
    ) -> None: ...
    def repeat_steps(self, x: Array, y: Array) -> None: ...
    def sum_steps(self, dy: Array, dx: Array) -> None: ...
    def add_rows(self, dy: Array, rows: Array, out: Array) -> None: ...
    def mask_tokens(self, tokens: Array, padding: int, mask: Array | None, out: Array) -> None: ...
    def prepend_step(self, mask: Array, out: Array) -> None: ...
