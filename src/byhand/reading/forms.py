"""What a row may read: a regular expression as an automaton, which the search for labels keeps to."""

from collections.abc import Iterator

from byhand.core.checks import did_you_mean
from byhand.core.errors import ByhandError
from byhand.handwriting.alphabet import ALPHABET
from byhand.losses.decoding import Label

NAMED = {
    "numbers": r"[+-]?[€$£]? ?\d+([., ]\d+)*( ?[%€$£])?",
    "amount": r"-?[€$£]? ?\d+([. ,]\d\d\d)*([.,](\d\d|-))?( ?[€$£])?",
    "date": r"\d{1,2}[./-]\d{1,2}[./-](\d\d)?\d\d|\d{4}[./-]\d\d[./-]\d\d",
    "time": r"\d{1,2}[:.]\d\d([:.]\d\d)?",
}
DIGIT_CLASSES = 10  # classes, the first of the alphabet
MOST_REPEATS = 64  # of repetitions that a pattern may ask for

FormState = frozenset[int]


class NumberForm:
    """The labels that a regular expression allows, as a finite automaton over the alphabet's signs.

    It knows signs by themselves, `\\d` for a digit, `.` for any sign, sets `[...]`, groups `(...)`, alternatives `|`,
    and `?`, `*`, `+`, `{2}`, `{2,4}` behind them. The automaton is Thompson's (Regular Expression
    Search Algorithm, 1968).

    Args:
        pattern: the expression, or a name: numbers, amount, date, time.

    Raises:
        ByhandError: no such expression.
    """

    def __init__(self, pattern: str):
        self.pattern = NAMED.get(pattern, pattern)
        self._on: list[list[tuple[frozenset[int], int]]] = []  # of each state the signs that lead on, and whither
        self._free: list[list[int]] = []  # and where it leads without any
        self._text, self._at = self.pattern, 0
        first, self._last = self._either()
        if self._at < len(self._text):
            raise self._error("a bracket closes that never opened")
        self.start: FormState = self._closed({first})
        self._known: dict[tuple[FormState, int], FormState] = {}

    def after(self, state: FormState, sign: int) -> FormState:
        """The state behind a sign, a class number; empty where no label that is allowed goes on so."""
        key = state, sign
        if key not in self._known:
            self._known[key] = self._closed({to for at in state for signs, to in self._on[at] if sign in signs})
        return self._known[key]

    def ends(self, state: FormState) -> bool:
        """Whether a label may end here."""
        return self._last in state

    def allows(self, label: Label) -> bool:
        """Whether a label, class numbers, is allowed."""
        state = self.start
        for sign in label:
            state = self.after(state, sign)
        return self.ends(state)

    @property
    def only_digits(self) -> bool:
        """Whether no label that is allowed has any other sign."""
        return all(sign < DIGIT_CLASSES for ways in self._on for signs, _ in ways for sign in signs)

    # ---- from the expression to states ----

    def _closed(self, states: set[int]) -> FormState:
        waiting = [*states]
        while waiting:
            for to in self._free[waiting.pop()]:
                if to not in states:
                    states.add(to)
                    waiting.append(to)
        return frozenset(states)

    def _new(self) -> int:
        self._on.append([])
        self._free.append([])
        if len(self._on) > 20_000:
            raise self._error("it is too large")
        return len(self._on) - 1

    def _either(self) -> tuple[int, int]:
        """alternatives: a | b | ..."""
        first, last = self._new(), self._new()
        while True:
            a, b = self._sequence()
            self._free[first].append(a)
            self._free[b].append(last)
            if self._next() != "|":
                return first, last
            self._at += 1

    def _sequence(self) -> tuple[int, int]:
        first = last = self._new()
        while self._next() not in ("", "|", ")"):
            at = self._at
            self._one()  # once, to see what stands behind it
            low, high = self._times()
            end = self._at
            for k in range(max(low, 1) if high is None else high):
                self._at = at
                a, b = self._one()
                self._free[last].append(a)
                if k >= low:
                    self._free[a].append(b)
                last = b
            if high is None:
                self._free[b].append(a)
            self._at = end
        return first, last

    def _times(self) -> tuple[int, int | None]:
        """How often what comes before may stand there: at least, and at most; None for any number."""
        sign = self._next()
        known: dict[str, tuple[int, int | None]] = {"?": (0, 1), "*": (0, None), "+": (1, None)}
        if sign in known:
            self._at += 1
            return known[sign]
        if sign != "{":
            return 1, 1
        inside, _, behind = self._text[self._at + 1 :].partition("}")
        low, comma, high = inside.partition(",")
        if not low.isdigit() or not (high.isdigit() or not high) or "}" not in self._text[self._at :]:
            raise self._error("braces hold one number or two, as in {2,4}")
        self._at = len(self._text) - len(behind)
        times = int(low), (int(high) if high else None) if comma else int(low)
        if max(times[0], times[1] or 0) > MOST_REPEATS or (times[1] is not None and not 0 < times[1] >= times[0]):
            raise self._error(f"numbers in braces rise, and are at most {MOST_REPEATS}")
        return times

    def _one(self) -> tuple[int, int]:
        """A sign, a set, or a group."""
        sign = self._next()
        self._at += 1
        if sign == "(":
            part = self._either()
            if self._next() != ")":
                raise self._error("a bracket is never closed")
            self._at += 1
            return part
        first, last = self._new(), self._new()
        self._on[first].append((frozenset(self._signs(sign)), last))
        return first, last

    def _signs(self, sign: str) -> Iterator[int]:
        """The class numbers that a sign of the expression stands for."""
        if sign == ".":
            yield from range(len(ALPHABET) - 1)
        elif sign == "[":
            while (sign := self._next()) != "]":
                if not sign:
                    raise self._error("a square bracket is never closed")
                self._at += 1
                if self._text[self._at : self._at + 1] == "-" and self._text[self._at + 1 : self._at + 2] not in "]":
                    low, high = self._class(sign), self._class(self._text[self._at + 1])
                    self._at += 2
                    yield from range(low, high + 1)
                else:
                    yield from self._signs(sign) if sign == "\\" else [self._class(sign)]
            self._at += 1
        elif sign == "\\":
            sign = self._next()
            self._at += 1
            yield from range(10) if sign == "d" else [self._class(sign)]
        elif sign in "?*+{":
            raise self._error(f"{sign} has nothing before it")
        else:
            yield self._class(sign)

    def _class(self, sign: str) -> int:
        number = ALPHABET[:-1].find(sign) if sign else -1
        if number < 0:
            raise self._error(f"{sign!r} is none of the signs that are read, {ALPHABET[:-1]!r}")
        return number

    def _next(self) -> str:
        return self._text[self._at : self._at + 1]

    def _error(self, what: str) -> ByhandError:
        return ByhandError(f"The pattern {self.pattern!r} cannot be used: {what}.")


def form_asked(form: str) -> str | NumberForm:
    """ "digits" and "text" as they are, anything else as an automaton.

    Raises:
        ByhandError: no such form.
    """
    if form in ("digits", "text"):
        return form
    if form.isalpha() and form not in NAMED:
        raise ByhandError(f"There is no form {form!r}: {did_you_mean(form, ['digits', 'text', *NAMED])}")
    return NumberForm(form)


def only_digits(form: str | NumberForm) -> bool:
    """Whether a form, as `Reader` takes it or as an automaton, lets nothing but digits be read."""
    asked = form_asked(form) if isinstance(form, str) else form
    return asked == "digits" or (isinstance(asked, NumberForm) and asked.only_digits)
