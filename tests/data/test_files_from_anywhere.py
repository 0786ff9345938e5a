"""Every reader of files, given good files that were damaged somehow, and bytes that are none: it reads or refuses.

The targets, and what counts as a refusal, are those of bench/reliability/fuzz.py, which looks for much longer.
"""

import tracemalloc

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.fuzz import targets
from tests.fuzz.good_files import Scratch

NAMES = list(targets.TARGETS)
LIMIT = 2**24  # bytes beside a thousand times the file's size


@st.composite
def damaged(draw, seeds):
    """One of these files with bytes changed, cut out, put in or said twice; now and then something else altogether."""
    content = bytearray(draw(st.sampled_from(seeds)))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(content)))
        length = draw(st.integers(1, 8))
        match draw(st.integers(0, 5)):
            case 0:
                content[at : at + length] = draw(st.binary(min_size=1, max_size=8))
            case 1:
                del content[at:]
            case 2:
                content[at:at] = draw(
                    st.sampled_from([b"\xff" * 4, b"\0" * 8, b"-1", b"9" * 30, b"nan", b"1e999", b"[" * 99])
                )
            case 3:
                content[at:at] = content[at : at + 40 * length]
            case 4:
                content[at : at + length] = b""
            case 5:
                content = bytearray(draw(st.binary(max_size=300)))
    return bytes(content)


@pytest.fixture(scope="module")
def scratch():
    scratch = Scratch()
    yield scratch
    scratch.clear()


@pytest.mark.parametrize("name", NAMES)
def test_it_reads_or_refuses_in_one_sentence(name, scratch):
    seeds = targets.seeds(name)

    @settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None)
    @given(damaged(seeds))
    def look(content):
        tracemalloc.start()
        targets.reads(name, content, scratch)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < LIMIT + targets.NETWORKS.get(name, 0) + 1000 * len(content)

    look()


@pytest.mark.parametrize("name", [name for name in NAMES if name != "model-header"])
def test_the_good_files_are_good(name, scratch):
    """Or damaging them would show nothing. (The two descriptions of models do not fit the tensors of that target.)"""
    assert any(targets.reads(name, content, scratch) for content in targets.seeds(name))


# ---- what fuzzing found -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name, content, words",
    [
        ("image", b"P5 9000 5000 255\n" + bytes(100), "more than its 117 bytes can hold"),
        ("folder", b"7\nP5 9000 5000 255\n" + bytes(100), "more than its 117 bytes can hold"),
        ("npz", b"npz", "not a readable npz file"),
        ("diagnosis", b'{"format": 1, "columns": {}, "layers": {}, "data": {}, "training": {}}', "measurements"),
    ],
)
def test_what_was_found(name, content, words, scratch):
    if content == b"npz":  # a member whose name is said to be UTF-8 and is not
        content = targets.seeds("npz")[0]
        at = content.index(b"PK\x01\x02")
        content = content[: at + 9] + b"\x08" + content[at + 10 :].replace(b"x_train", b"\xff_train", 1)
    with pytest.raises(targets.ByhandError, match=words):
        targets.TARGETS[name][0](scratch, content)


def test_a_message_holds_only_what_prints():
    error = targets.ByhandError("a\x1b[31m\nb" + "x" * 5000 + "end")
    assert str(error).startswith(r"a\x1b[31m\nbx") and str(error).endswith("xend") and len(str(error)) <= 1000
