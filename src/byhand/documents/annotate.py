"""A picture of a page with what was read on it."""

import re
from io import BytesIO
from pathlib import Path

from byhand.core.files import write_atomically
from byhand.core.types import Array
from byhand.reading.reading import Reading

READ, DOUBTFUL, REFUSED = (0, 120, 60), (200, 110, 0), (190, 0, 60)  # colours
DOUBT = 0.9  # rows with a lower confidence are drawn as doubtful
LONGEST_DRAWING = 2_000  # pixels: larger pages are drawn smaller


def annotate(image: Array, reading: Reading, folder: Path, file: str, page: int | None) -> Path:
    """Draw the rows and what was rejected on the page, and write it as PNG into a folder.

    Args:
        image: the page, uint8 (height, width).
        reading: what was read on it.
        folder: where to; the file's own folders are made in it.
        file: the document's name.
        page: the page's number, if the document has several.

    Raises:
        ByhandError: the picture cannot be written.
    """
    from PIL import Image, ImageDraw, ImageFont

    shrink = max(1, -(-max(image.shape) // LONGEST_DRAWING))
    picture = Image.fromarray(image).reduce(shrink).convert("RGB")
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(max(12, min(picture.size) // 40))
    marks = [
        (row.box, row.text, row.confidence, READ if row.confidence >= DOUBT else DOUBTFUL) for row in reading.lines
    ]
    marks += [(place.box, f"{place.text} {place.reason}", place.confidence, REFUSED) for place in reading.rejected]
    for box, text, confidence, colour in marks:
        left, top, right, bottom = (side // shrink for side in box)
        draw.rectangle((left - 2, top - 2, right + 1, bottom + 1), outline=colour, width=2)
        says = f"{text.strip()} {100 * confidence:.0f} %"
        width, height = draw.textbbox((0, 0), says, font=font)[2:]
        at = max(0, min(left, picture.width - width)), top - 4 - height if top > height + 4 else bottom + 3
        draw.rectangle((at[0] - 1, at[1], at[0] + width + 1, at[1] + height), fill="white")
        draw.text(at, says, fill=colour, font=font)
    stream = BytesIO()
    picture.save(stream, "PNG")
    path = folder / annotated_name(file, page)
    write_atomically(path, stream.getvalue())
    return path


def annotated_name(file: str, page: int | None) -> str:
    """scans/a.tif, page 2 → scans/a.tif-2.png; nothing leads out of the folder."""
    parts = [re.sub(r'[<>:"|?*\x00-\x1f]', "_", part) for part in re.split(r"[/\\]+", file)]
    inside = "/".join("up" if part == ".." else part for part in parts if part not in ("", "."))
    return f"{inside}{f'-{page}' if page else ''}.png"
