"""What a row may read: the automaton against Python's regular expressions, the search against all labels."""

import itertools
import re

import numpy as np
import pytest

from byhand.core.errors import ByhandError
from byhand.handwriting.alphabet import ALPHABET, encode
from byhand.losses.decoding import log_probabilities, search
from byhand.reading.forms import NAMED, NumberForm, form_asked

PATTERNS = [*NAMED, r"\d{4}", r"(1|2)*3?", r"[0-4,.]+-", r"(\d{2,4} )*\d", "1{3}|2+|", ".{2}5", "(1(2|3)?){2,3}"]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_agrees_with_regular_expressions(pattern):
    rng = np.random.default_rng(0)
    form, known = NumberForm(pattern), re.compile(NAMED.get(pattern, pattern).replace(r"\d", "[0-9]"))
    texts = ["".join(rng.choice([*"0123 .,-/€%+:12123"], n)) for n in rng.integers(0, 9, 1500)]
    assert [form.allows(tuple(encode(t))) for t in texts] == [bool(known.fullmatch(t)) for t in texts]


@pytest.mark.parametrize(
    "pattern", ["(1", "1)", "[12", "*1", "1{2", "1{a}", "1{5,2}", "a", "1{99}", "(((1{64}){64}){64})"]
)
def test_what_is_no_pattern_is_refused(pattern):
    with pytest.raises(ByhandError, match="pattern"):
        NumberForm(pattern)


def test_search_finds_the_most_probable_label_that_is_allowed():
    rng = np.random.default_rng(1)
    form = NumberForm("[01][01,]*[01]")
    signs = encode("01,")
    for _ in range(5):
        p = np.zeros((6, len(ALPHABET) + 1))
        p[:, [*signs, -1]] = rng.dirichlet(np.ones(4), 6)
        labels = [label for n in range(7) for label in itertools.product(signs, repeat=n) if form.allows(label)]
        with np.errstate(divide="ignore"):
            best = labels[int(log_probabilities(np.log(p)[None], labels)[0].argmax())]
        assert search(p, form, width=400)[0] == best


def test_search_finds_nothing_where_nothing_is_allowed():
    p = np.zeros((3, len(ALPHABET) + 1))
    p[:, [1, -1]] = 0.5
    assert search(p, NumberForm("2")) == []


@pytest.mark.parametrize(
    ("form", "hint"), [("digit", "did you mean digits?"), ("dates", "date"), ("words", "choose one of digits, text")]
)
def test_a_misspelled_form_gets_a_hint(form, hint):
    with pytest.raises(ByhandError, match=f"no form '{form}'.*{re.escape(hint)}"):
        form_asked(form)
