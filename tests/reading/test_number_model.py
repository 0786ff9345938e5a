"""What numbers look like: the probabilities by hand, and the reading that they tip."""

from math import log

import numpy as np
import pytest

from byhand.handwriting.alphabet import ALPHABET, decode, encode
from byhand.reader_training.number_grams import SELDOM, count_grams
from byhand.reading.model import load_model
from byhand.reading.number_model import ORDER, POSSIBLE, NumberModel
from byhand.reading.reader import READER


def test_grams_are_counted_by_kind_and_seldom_ones_left_out():
    counts = count_grams(["4.5"] * SELDOM + ["€ 7"] * (SELDOM - 1))
    assert counts["."] == counts["d."] == counts["<<<d."] == counts["d.d"] == counts[".d>"] == SELDOM
    assert counts["d"] == 3 * SELDOM - 1 and counts[">"] == 2 * SELDOM - 1
    assert not {"$", "$ ", " d"} & {*counts}


def test_probabilities_are_witten_and_bells():
    model = NumberModel({"d": 6, ".": 2, ">": 2, "d.": 2, "d>": 1, ".d": 2})
    alone = {"d": (6 + 3 / 12) / 13, ".": (2 + 3 / 12) / 13, ">": (2 + 3 / 12) / 13, "/": 3 / 12 / 13}
    assert model.log_next("", "/") == pytest.approx(log(alone["/"]))  # no context begins a number here
    assert model.log_next("5", ".") == pytest.approx(log((2 + 2 * alone["."]) / 5))
    assert model.log_next("5", "") == pytest.approx(log((1 + 2 * alone[">"]) / 5))
    assert model.log_next("5.", "7") == pytest.approx(log((2 + alone["d"]) / 3 / 10))
    whole = log(alone["d"] / 10) + log((2 + 2 * alone["."]) / 5) + log((2 + alone["d"]) / 30)
    assert model.log_of(tuple(encode("5.7"))) == pytest.approx(whole + log((1 + 2 * alone[">"]) / 5))


@pytest.mark.parametrize("text", ["", "4", "12/0", "€ 1", "+41 7"])
def test_what_may_come_next_has_the_probability_one(text):
    model = NumberModel(load_model(READER).numbers)
    others = sum(np.exp(model.log_next(text, symbol)) for symbol in ALPHABET if symbol not in "£$")
    assert others + np.exp(model.log_next(text, "")) == pytest.approx(1, abs=1e-12)


def seen(text, **other):
    """Probabilities (symbols, classes) of a text, some symbols at given places being as likely as not."""
    p = np.full((len(text), len(ALPHABET)), 0.01 / len(ALPHABET))
    p[np.arange(len(text)), encode(text)] = 0.98
    for place, symbol in other.items():
        p[int(place[1:]), encode(text)[int(place[1:])]] = 0.52
        p[int(place[1:]), encode(symbol)] = 0.46
    return p


@pytest.mark.parametrize(
    ("text", "doubts", "expected"),
    [
        ("24109/92", {"_2": "/"}, "24/09/92"),
        ("31107108", {"_2": "/", "_5": "/"}, "31/07/08"),
        ("24109/92", {}, "24109/92"),  # what is seen for certain stays
        ("24109192", {"_6": "2"}, "24109192"),  # digits are as likely as each other
        ("12/8", {"_2": "1"}, "1218"),
        ("", {}, ""),
    ],
)
def test_of_two_symbols_that_look_alike_the_usual_one_is_read(text, doubts, expected):
    model = NumberModel(load_model(READER).numbers)
    assert decode(model.reread(tuple(encode(text)), seen(text, **doubts))) == expected


def test_a_symbol_that_is_hardly_possible_is_not_read_however_usual():
    model = NumberModel(load_model(READER).numbers)
    p = seen("4/9")
    p[1, encode("1")] = POSSIBLE / 2
    assert decode(model.reread(tuple(encode("4/9")), p)) == "4/9" and ORDER == 5
