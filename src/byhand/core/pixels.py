"""How many pixels a picture may have: it is refused before any of them is decoded."""

from byhand.core.errors import ByhandError

PIXELS = 2**26  # of a picture at most
FEW_PIXELS = 2**20  # as many are decoded from any file
PIXELS_A_BYTE = 10_000  # more than any of the formats packs into a byte of a file, blank paper apart


def check_pixels(width: int, height: int, size: int, name: str) -> None:
    """Refuse a picture of too many pixels, in all or for a file of `size` bytes, before any is decoded."""
    if width * height > PIXELS:
        raise ByhandError(f"{name} has {width} × {height} pixels, which is too many.")
    if width * height > max(FEW_PIXELS, PIXELS_A_BYTE * size):
        raise ByhandError(f"{name} announces {width} × {height} pixels, more than its {size:,} bytes can hold.")
