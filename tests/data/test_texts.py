"""Texts as tokens, and the windows that recurrent networks learn from."""

import gzip

import numpy as np
import pytest

from byhand import ByhandError, load
from byhand.data import characters_of, from_tokens, load_text, read_text, text_windows, to_tokens
from byhand.data.text import tokens_of

TOKENS = np.arange(23)  # a text in which every character differs, so that each says where it comes from


def test_tokens_number_the_sorted_characters():
    characters = characters_of("no, noon")
    assert characters == (" ", ",", "n", "o")
    tokens = to_tokens("no, noon", characters)
    assert tokens.tolist() == [2, 3, 1, 0, 2, 3, 3, 2]
    assert from_tokens(tokens, characters) == "no, noon"


def test_windows_lie_end_to_end_and_targets_are_the_next_characters():
    x, y = text_windows(TOKENS, 5)
    assert x.tolist() == [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9], [10, 11, 12, 13, 14], [15, 16, 17, 18, 19]]
    assert (y == x + 1).all()
    assert len(text_windows(TOKENS[:21], 5)[0]) == 4  # the last window needs one character more for its target
    assert len(text_windows(TOKENS[:20], 5)[0]) == 3


def test_rows_of_streams_go_on_from_batch_to_batch():
    rows, steps = 3, 3
    x, y = text_windows(TOKENS, steps, streams=rows)
    assert (y == x + 1).all() and len(x) % rows == 0
    batches = x.reshape(-1, rows, steps)
    for row in range(rows):
        read = batches[:, row].ravel()
        assert (np.diff(read) == 1).all()  # one part of the text, without a gap
    assert np.unique(x).size == x.size


def test_windows_start_where_they_are_told():
    x, y = text_windows(TOKENS, 4, starts=np.array([7, 0, 18]))
    assert x[:, 0].tolist() == [7, 0, 18] and y[2].tolist() == [19, 20, 21, 22]


def test_files_are_utf8_and_lines_end_in_one_character(tmp_path):
    file = tmp_path / "a.txt"
    file.write_bytes(b"\xef\xbb\xbf" + "Zürich\r\nBern\rChur\n".encode())
    assert read_text(file) == "Zürich\nBern\nChur\n"
    zipped = tmp_path / "b.txt.gz"
    zipped.write_bytes(gzip.compress("né".encode()))
    assert load(zipped).classes == ("n", "é")


def test_a_text_is_a_data_set(tmp_path):
    file = tmp_path / "a.txt"
    file.write_text("banana")
    data = load(file)
    assert (data.name, data.classes) == ("a.txt", ("a", "b", "n"))
    assert data.x_train.tolist() == [[1], [0], [2], [0], [2]] and data.y_train.tolist() == [0, 2, 0, 2, 0]
    assert tokens_of(data).tolist() == [1, 0, 2, 0, 2, 0]


def latin(folder):
    file = folder / "a.txt"
    file.write_bytes("Zürich".encode("latin-1"))
    read_text(file)


def one_character(folder):
    file = folder / "a.txt"
    file.write_text("aaaa")
    load_text(file)


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda folder: to_tokens("no ño", "no "), "Character 4 of the text, 'ñ', is not in the vocabulary of 3"),
        (lambda folder: text_windows(TOKENS, 23), "A text of 23 characters is too short for 1 × 23 characters"),
        (lambda folder: text_windows(TOKENS, 5, streams=5), "too short for 5 × 5"),
        (lambda folder: text_windows(TOKENS, 5, starts=[18]), "start from 0 to 17"),
        (lambda folder: text_windows(TOKENS, 5, starts=[-1]), "start from 0 to 17"),
        (lambda folder: text_windows(TOKENS, 0), "steps must be a whole number"),
        (lambda folder: read_text(folder / "none.txt"), "there is no file"),
        (latin, "not a text in UTF-8: byte 1"),
        (one_character, "fewer than two different characters"),
    ],
)
def test_mistakes(act, words, tmp_path):
    with pytest.raises(ByhandError, match=words):
        act(tmp_path)
