import io
import struct
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from byhand.core.errors import ByhandError
from byhand.pictures.image import MAX_BYTES, open_image


def saved(path: Path, picture: Image.Image, **options: object) -> Path:
    picture.save(path, **options)
    return path


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and has no pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


GREY = np.array([[0, 100, 255], [7, 30, 200]], np.uint8)


def test_grey_png_comes_back_as_saved(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.png", Image.fromarray(GREY))
    np.testing.assert_array_equal(open_image(path), GREY)
    np.testing.assert_array_equal(open_image(str(path)), GREY)
    with open(path, "rb") as file:
        np.testing.assert_array_equal(open_image(file), GREY)


def test_every_mode_becomes_the_grey_it_shows(tmp_path: Path) -> None:
    red = round(255 * 0.299)  # luma of ITU-R BT.601, which Pillow's "L" follows
    clear = Image.new("RGBA", (3, 2), (0, 0, 0, 0))
    half = Image.new("LA", (3, 2), (0, 128))
    palette = Image.new("P", (3, 2), 1)
    palette.putpalette([0, 0, 0, 255, 0, 0])
    palette_clear = palette.copy()
    cases = [
        ("rgb.png", Image.new("RGB", (3, 2), (255, 0, 0)), {}, red),
        ("clear.png", clear, {}, 255),
        ("half.png", half, {}, 127),
        ("palette.png", palette, {}, red),
        ("palette-clear.png", palette_clear, {"transparency": 1}, 255),
        ("one.png", Image.new("1", (3, 2), 1), {}, 255),
        ("deep.png", Image.fromarray(np.full((2, 3), 257 * 100, np.uint16)), {}, 100),
        ("deep.tiff", Image.fromarray(np.full((2, 3), 257 * 100, np.uint16)), {}, 100),
        ("long.tiff", Image.fromarray(np.full((2, 3), 65535, np.int32)), {}, 255),
        ("float.tiff", Image.fromarray(np.full((2, 3), 0.2, np.float32)), {}, 51),
        ("cmyk.tiff", Image.new("CMYK", (3, 2), (0, 0, 0, 255)), {}, 0),
        ("cmyk.jpg", Image.new("CMYK", (3, 2), (0, 0, 0, 0)), {}, 255),
        ("a.bmp", Image.new("L", (3, 2), 90), {}, 90),
        ("a.webp", Image.new("RGB", (3, 2), (90, 90, 90)), {"lossless": True}, 90),
    ]
    for name, picture, options, grey in cases:
        got = open_image(saved(tmp_path / name, picture, **options))
        assert got.dtype == np.uint8 and got.shape == (2, 3), name
        assert np.abs(got.astype(int) - grey).max() <= 1, (name, got)


@pytest.mark.parametrize(("ink", "paper"), [(255, 0), (200, 0), (60, 255), (0, 255)])
def test_writing_with_nothing_around_it_is_laid_on_paper_of_another_grey(ink: int, paper: int) -> None:
    picture = np.zeros((10, 20, 4), np.uint8)
    picture[:, 8:11] = (ink, ink, ink, 255)
    grey = open_image(picture)
    assert (grey[:, 8:11] == ink).all() and (grey[:, 12:] == paper).all()


def test_a_light_picture_with_clear_corners_keeps_white_paper() -> None:
    picture = np.full((10, 20, 4), 220, np.uint8)
    picture[:2, :2, 3] = 0
    assert open_image(picture)[0, 0] == 255


def test_exif_turns_the_picture_upright(tmp_path: Path) -> None:
    upright = np.arange(6, dtype=np.uint8).reshape(2, 3) * 40
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: show it rotated by 90° clockwise
    stored = np.rot90(upright, 1)  # so it is stored rotated anticlockwise
    path = saved(tmp_path / "a.png", Image.fromarray(np.ascontiguousarray(stored)), exif=exif)
    np.testing.assert_array_equal(open_image(path), upright)


def test_first_frame_of_an_animation(tmp_path: Path) -> None:
    frames = [Image.new("L", (3, 2), level) for level in (60, 200)]
    path = saved(tmp_path / "a.gif", frames[0], save_all=True, append_images=frames[1:])
    assert open_image(path).tolist() == [[60] * 3] * 2


def test_arrays() -> None:
    np.testing.assert_array_equal(open_image(GREY), GREY)
    np.testing.assert_array_equal(open_image(GREY / 255), GREY)
    np.testing.assert_array_equal(open_image(GREY[:, ::-1]), GREY[:, ::-1])
    colour = np.zeros((2, 3, 3))
    colour[..., 1] = 1.0
    assert open_image(colour).tolist() == [[150] * 3] * 2  # green: 0.587
    assert open_image(np.zeros((2, 3, 4), np.uint8)).tolist() == [[255] * 3] * 2  # nothing on white


PNG = io.BytesIO()
Image.fromarray(np.random.default_rng(0).integers(0, 256, (60, 60), dtype=np.uint8)).save(PNG, "PNG")

BAD_FILES = {
    "empty.png": (b"", "is empty"),
    "text.png": (b"hello, I am not a picture\n" * 10, "not a picture"),
    "zip.png": (b"PK\x03\x04" + b"\0" * 100, "not a picture"),
    "truncated.png": (PNG.getvalue()[:1500], "damaged"),
    "header-only.png": (PNG.getvalue()[:20], "not a picture|damaged"),
    "flipped.png": (PNG.getvalue()[:100] + b"\xff" * 400 + PNG.getvalue()[500:], "damaged"),
    "huge.png": (png_header(40_000, 40_000), "pixels"),
    "long.png": (png_header(70_000, 2), "65,535 a side"),
    "wide.png": (png_header(8_000, 7_000), "8000 × 7000"),
    "no-pixels.png": (png_header(10, 10), "damaged"),
    "zero.png": (png_header(0, 10), "not a picture|damaged"),
    "script.eps": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n", "not a picture"),
    "large.ppm": (b"P5 9 9 255\n" + b"\0" * MAX_BYTES, "larger than 64 MiB"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_bad_files_are_refused_by_name(tmp_path: Path, name: str) -> None:
    content, message = BAD_FILES[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ByhandError, match=message) as refusal:
        open_image(tmp_path / name)
    assert name in str(refusal.value) and "\n" not in str(refusal.value)


BAD_SOURCES = {
    "missing": ("no-such-file.png", "no-such-file.png cannot be opened"),
    "folder": (".", "cannot be opened"),
    "zero byte in the name": ("a\0b.png", "cannot be opened"),
    "number": (7, "not int"),
    "list": ([[1, 2], [3, 4]], "not list"),
    "text file": (io.StringIO("hello"), "mode 'rb'"),
    "one row": (np.zeros(784, np.uint8), r"shape \(784,\)"),
    "batch": (np.zeros((5, 28, 28, 1), np.uint8), "shape"),
    "two channels": (np.zeros((5, 5, 2), np.uint8), "shape"),
    "no pixel": (np.zeros((0, 5), np.uint8), "no pixel"),
    "whole numbers": (np.zeros((5, 5), np.int64), "int64"),
    "bool": (np.zeros((5, 5), bool), "bool"),
    "above one": (np.full((5, 5), 200.0), "200"),
    "below zero": (np.full((5, 5), -0.5), "-0.5"),
    "nan": (np.full((5, 5), np.nan), "nan"),
    "too many": (np.broadcast_to(np.uint8(0), (8000, 8000)), "8000 × 8000"),
}


@pytest.mark.parametrize("name", BAD_SOURCES)
def test_bad_sources_are_refused(name: str) -> None:
    source, message = BAD_SOURCES[name]
    with pytest.raises(ByhandError, match=message):
        open_image(source)  # type: ignore[arg-type]


def test_deep_grey_beyond_16_bits_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.tiff", Image.fromarray(np.full((2, 3), 70_000, np.int32)))
    with pytest.raises(ByhandError, match=r"a\.tiff has grey levels outside 0-65535"):
        open_image(path)


def test_heic_is_read_where_its_library_is_and_named_where_it_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "photo.heic"
    file.write_bytes(b"\0\0\0\x18ftypheic" + b"\0" * 100)
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(ByhandError, match=r"HEIC picture: save it as JPEG, or \S+ -m pip install .pillow-heif"):
        open_image(file)
    monkeypatch.undo()
    pillow_heif = pytest.importorskip("pillow_heif")
    with pytest.raises(ByhandError, match=r"photo\.heic .* HEIC picture does, but is damaged"):  # a header alone
        open_image(file)
    picture = Image.fromarray(np.kron(np.array([[20, 220], [120, 220]], np.uint8), np.ones((32, 32), np.uint8)))
    pillow_heif.from_pillow(picture.convert("RGB")).save(tmp_path / "whole.heic", quality=95)
    np.testing.assert_allclose(open_image(tmp_path / "whole.heic")[8::48, 8::48], [[20, 220], [120, 220]], atol=6)
