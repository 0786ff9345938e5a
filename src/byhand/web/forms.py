"""Files in forms: multipart/form-data, as `curl --form` and browsers send it."""

from dataclasses import dataclass
from typing import Any

from byhand.web.limits import Refusal

FORM = "multipart/form-data"
MOST_FILES = 200


@dataclass(frozen=True)
class FormFile:
    """A file that came with a request.

    Attributes:
        name: what it is called.
        kind: its media type, without parameters; "" where none is said.
        data: its bytes.
    """

    name: str
    kind: str
    data: bytes


def files_in(body: bytes, content_type: str) -> list[FormFile]:
    """The files of a form, in their order; other fields are left alone.

    Raises:
        Refusal: it is no form, or has too many files.
    """
    from python_multipart import create_form_parser
    from python_multipart.exceptions import FormParserError

    found: list[FormFile] = []

    def take(file: Any) -> None:
        kind = (file.content_type or "").partition(";")[0].strip().lower()
        found.append(
            FormFile((file.file_name or b"picture").decode("utf-8", "replace"), kind, file.file_object.getvalue())
        )

    headers = {"Content-Type": content_type.encode("latin-1")}
    try:
        parser = create_form_parser(headers, lambda field: None, take, config={"MAX_MEMORY_FILE_SIZE": len(body) + 1})
        parser.write(body)
        parser.finalize()
    except (FormParserError, ValueError, AssertionError):
        raise Refusal(400, "The body is no readable form; send files as curl --form picture=@photo.jpg does.") from None
    if len(found) > MOST_FILES:
        raise Refusal(413, f"At most {MOST_FILES} files are taken at once.")
    return found
