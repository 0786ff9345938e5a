"""What people write where a number is asked for: plain digits, amounts, dates, times, telephone numbers and others.

A text holds the symbols of `alphabet.ALPHABET`, spaces between groups, and for writing that is not a number: letters,
÷, ×, =, an apostrophe between thousands, * and #.
"""

from collections.abc import Callable

import numpy as np

MOST_DIGITS = 8  # digits of most plain numbers, at most
LATIN_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
CLEAR = "ACEFHKMNPRTUVWXacdefhkmnprtuvwx"  # letters that no digit looks like
_FORM_WORDS = """
Total Summe Datum Betrag Name Tel. Nr. No. Preis Konto Seite Ort Uhr Euro Fr. CHF EUR USD kg km m cm St. pro
Menge Artikel Rechnung Anzahl Mr. Mrs. the of and for Date Time Amount Pay Cash Order Weight Height page room
ref. und von bis ab ca. Stk. Pos. Steuer netto brutto de la le du et por fecha suma cambio prix nom rue via
data nome
"""
FORM_WORDS = _FORM_WORDS.split()


def any_text(rng: np.random.Generator, longest: int) -> str:
    """Some number as somebody writes it, at most `longest` symbols long."""
    for _ in range(8):
        text = _KINDS[int(np.searchsorted(_CHANCE, rng.random()))](rng)
        if len(text) <= longest:
            return text
    return any_digits(rng, longest)


def any_digits(rng: np.random.Generator, longest: int) -> str:
    """Digits alone: 1 to `longest` of them, sometimes round, sometimes many of a kind."""
    usual = min(longest, MOST_DIGITS)
    n = int(rng.integers(1, usual + 1, size=2).min() if rng.random() < 0.3 else rng.integers(1, usual + 1))
    if rng.random() < 0.1:
        n = int(rng.integers(1, longest + 1))
    kind = rng.random()
    figures = rng.integers(10, size=n)
    if kind < 0.18:
        figures[int(rng.integers(n + 1)) :] = 0  # 4000, 120
    elif kind < 0.25:
        figures[:] = rng.choice(figures[:2], n)
    return "".join(map(str, figures))


def some_word(rng: np.random.Generator) -> str:
    """A word of a form, or letters at random that no digit looks like."""
    if rng.random() < 0.5:
        return FORM_WORDS[int(rng.integers(len(FORM_WORDS)))]
    return "".join(CLEAR[k] for k in rng.integers(len(CLEAR), size=int(rng.integers(2, 8))))


def _n(rng: np.random.Generator, low: int, high: int) -> str:
    """`low` to `high` digits."""
    return "".join(map(str, rng.integers(10, size=int(rng.integers(low, high + 1)))))


def _one(rng: np.random.Generator, choices: str | tuple[str, ...]) -> str:
    return choices[int(rng.integers(len(choices)))]


def _plain(rng: np.random.Generator) -> str:
    return any_digits(rng, 16)


def _groups(rng: np.random.Generator) -> str:
    """Groups between spaces: a card's number, an IBAN, several numbers."""
    if rng.random() < 0.3:
        return " ".join(_n(rng, 4, 4) for _ in range(int(rng.integers(2, 5))))
    return " ".join(_n(rng, 1, 5) for _ in range(int(rng.integers(2, 4))))


def _telephone(rng: np.random.Generator) -> str:
    start = _one(rng, ("+41 ", "+49 ", "+33 ", "0", "+", "", "00")) + _n(rng, 2, 3)
    between = _one(rng, " - /.")
    return start + between + between.join(_n(rng, 2, 3) for _ in range(int(rng.integers(2, 4))))


def _amount(rng: np.random.Generator) -> str:
    """12.50, 1'234,00 €, $ 3,75, 45.-."""
    whole = str(int(10 ** rng.uniform(0, 5)))
    point, mark = (".", ",") if rng.random() < 0.5 else (",", ".")
    if len(whole) > 3 and rng.random() < 0.5:
        whole = whole[:-3] + _one(rng, (mark, "'", " ")) + whole[-3:]
    rest = point + (_n(rng, 2, 2) if rng.random() < 0.7 else "00" if rng.random() < 0.6 else "-")
    text = whole + (rest if rng.random() < 0.8 else "")
    kind = rng.random()
    sign = _one(rng, "€$£€$£€")
    if kind < 0.3:
        text = sign + (" " if rng.random() < 0.4 else "") + text
    elif kind < 0.55:
        text += (" " if rng.random() < 0.5 else "") + sign
    if rng.random() < 0.15:
        text = _one(rng, "-+") + text
    return text


def _decimal(rng: np.random.Generator) -> str:
    text = _n(rng, 1, 3) + _one(rng, ".,") + _n(rng, 1, 4)
    return _one(rng, "-+") + text if rng.random() < 0.35 else text


def _date(rng: np.random.Generator) -> str:
    day, month, year = (int(rng.integers(1, high)) for high in (32, 13, 100))
    mark = _one(rng, "../-/ ")
    full = f"{_one(rng, ('19', '20'))}{year:02d}" if rng.random() < 0.5 else f"{year:02d}"
    if rng.random() < 0.15:
        return f"20{year:02d}-{month:02d}-{day:02d}"
    if rng.random() < 0.5:
        return f"{day}{mark}{month}{mark}{full}"
    return f"{day:02d}{mark}{month:02d}{mark}{full}"


def _time(rng: np.random.Generator) -> str:
    hour, minute, second = (int(rng.integers(high)) for high in (24, 60, 60))
    text = f"{hour:02d}:{minute:02d}" if rng.random() < 0.6 else f"{hour}:{minute:02d}"
    if rng.random() < 0.15:
        text += f":{second:02d}"
    return text + "-" + f"{(hour + 1) % 24}:{minute:02d}" if rng.random() < 0.1 else text


def _percent(rng: np.random.Generator) -> str:
    text = _n(rng, 1, 3) if rng.random() < 0.7 else _n(rng, 1, 2) + _one(rng, ".,") + _n(rng, 1, 2)
    return text + (" " if rng.random() < 0.3 else "") + "%"


def _signed(rng: np.random.Generator) -> str:
    return _one(rng, "-+--") + _n(rng, 1, 6)


def _code(rng: np.random.Generator) -> str:
    """279-1000, 4/7, 12:5, 3+4."""
    mark = _one(rng, "---//:+.,")
    return mark.join(_n(rng, 1, 4) for _ in range(int(rng.integers(2, 4))))


def _filled(rng: np.random.Generator) -> str:
    """A cheque's amount with marks before and behind that keep others from adding to it."""
    figures = any_digits(rng, 7)
    if len(figures) > 3 and rng.random() < 0.6:
        mark = _one(rng, (".", ",", "'"))
        figures = figures[:-3] + mark + figures[-3:]
    tail = _one(rng, (".", ",", "-", "=", ".-", ",-", ".=", "*", "//", "./", ".--", "#"))
    return _one(rng, ("", "", "", "$", "#", "*", "=", "-")) + figures + tail


def _mixed(rng: np.random.Generator) -> str:
    """Numbers with letters or with signs that do not belong to numbers: 45÷9=5, 508R-1000, Nr. 12, 3 kg."""
    kind = rng.random()
    if kind < 0.35:
        return _n(rng, 1, 3) + _one(rng, "÷×=÷") + _n(rng, 1, 3) + ("=" + _n(rng, 1, 2) if rng.random() < 0.3 else "")
    if kind < 0.6:
        return _n(rng, 1, 4) + _one(rng, CLEAR) + _one(rng, ("-", "", "/", " ")) + _n(rng, 1, 4)
    word = FORM_WORDS[int(rng.integers(len(FORM_WORDS)))]
    return f"{word} {_n(rng, 1, 5)}" if kind < 0.85 else f"{_n(rng, 1, 4)} {word}"


_KINDS: tuple[Callable[[np.random.Generator], str], ...] = (
    _plain, _groups, _telephone, _amount, _decimal, _date, _time, _percent, _signed, _code, _filled, _mixed,
)  # fmt: skip
_CHANCE = np.cumsum([0.48, 0.035, 0.025, 0.125, 0.045, 0.055, 0.03, 0.035, 0.035, 0.05, 0.055, 0.03])
_CHANCE[-1] = 1.0


def label_of(text: str) -> str:
    """What a text reads over the alphabet: a run of anything else becomes one "?", an apostrophe nothing."""
    label = ""
    for symbol in text:
        if symbol == "'":
            continue
        known = symbol in "0123456789 .,-/:+%€$£"
        if known:
            label += symbol
        elif not label.endswith("?"):
            label += "?"
    return label
