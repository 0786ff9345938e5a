"""The parameters of operations."""

from byhand.documents.options import QUARTERS
from byhand.web.call import RequestParameter
from byhand.web.examples import LARGEST_HAND
from byhand.web.points import MOST_POINTS, POINT_RULES

DRAWING_PARAMETERS = (
    RequestParameter(
        "width", "Of a canvas that comes as plain grey levels; none for an image of 28 × 28.", "integer", 8, 4096
    ),
    RequestParameter("height", "The same.", "integer", 8, 4096),
)
BOX_PARAMETER = RequestParameter(
    "box", "Where in the picture the digit stands: left,top,right,bottom in pixels.", "box"
)
READ_PARAMETERS = (
    RequestParameter(
        "pattern",
        "What a row may read: digits, text, numbers, amount, date, time, or a regular expression; by default all that "
        "the network knows, and digits on a drawing.",
        pattern=r"[^\x00-\x1f\x7f]{1,200}",
    ),
    RequestParameter(
        "signs", "Whether signs of numbers are read, too: short for the patterns text and digits.", "boolean"
    ),
    RequestParameter("confidence", "Rows with a lower one are refused as unsure.", "number", 0, 1),
    RequestParameter("length", "How many digits each number has: 8, or 4-6.", pattern=r"[0-9 -]{1,12}"),
    RequestParameter(
        *("region", "The part of a page that is read: left,top,right,bottom in pixels or percent."),
        pattern=r"[0-9.,% ]{1,60}",
    ),
    RequestParameter("rotate", "By how many degrees it is rotated clockwise before.", "integer", choices=QUARTERS),
)
IMAGES_PARAMETER = RequestParameter("images", "Whether each digit's image of 28 × 28 comes with it.", "boolean")
MODEL_PARAMETER = RequestParameter("model", "A network's id, or a training's; the built-in one by default.")
ID_PARAMETER = RequestParameter("id", "A network's id, or a training's.", where="path", needed=True)
TRAINING_PARAMETER = RequestParameter("id", "The training's id.", where="path", needed=True)
SAMPLE_PARAMETER = RequestParameter("number", "The sample's number.", "integer", where="path", needed=True)
FIELD_PARAMETER = RequestParameter("number", "The field's number, from 1.", "integer", 1, where="path", needed=True)
LABEL_PARAMETER = RequestParameter("label", "The digit that it is.", "integer", 0, 9, needed=True)
LAYER_PARAMETER = RequestParameter("layer", "The layer's number, from 0.", "integer", 0, 999, needed=True)
LAYER_OR_OUTPUT_PARAMETER = RequestParameter(
    "layer", 'The layer\'s number, from 0, or "output".', pattern=r"output|\d{1,3}", needed=True
)
UNIT_PARAMETER = RequestParameter("unit", "One unit, or filter.", "integer", 0, 99_999)
REQUIRED_UNIT_PARAMETER = RequestParameter(
    "unit", "The unit, or the channel of a map.", "integer", 0, 99_999, needed=True
)
CHAIN_PARAMETERS = (
    RequestParameter("input", "The number that comes in.", "integer", 0, 99_999, needed=True),
    RequestParameter("sample", "The sample of the batch that is followed.", "integer", 0, 9_999),
    RequestParameter("path", "The units to follow in the layers behind: 3,5.", pattern=r"\d{1,5}(,\d{1,5}){0,9}"),
)
POSITION_PARAMETERS = (
    RequestParameter("row", "The row in a map.", "integer", 0, 9_999),
    RequestParameter("column", "The column in a map.", "integer", 0, 9_999),
)
CLASS_PARAMETER = RequestParameter(
    "class", "The class that the answer is compared with; the second by default.", "integer", 0, 999
)

NAME_PARAMETER = RequestParameter("name", "The name.", pattern=r"[^\x00-\x1f\x7f]{0,60}", needed=True)
PERSON_PARAMETERS = (
    RequestParameter("person", "The id in the class.", pattern=r"[0-9a-f]{16}", where="path", needed=True),
    RequestParameter("all", "Whether drawings and runs go, too.", "boolean"),
)
POINTS_PARAMETERS = (
    RequestParameter("kind", "The rule.", choices=tuple(POINT_RULES), needed=True),
    RequestParameter("n", "How many.", "integer", 2, MOST_POINTS),
    RequestParameter("noise", "The standard deviation of what is added to both coordinates.", "number", 0, 2),
    RequestParameter("seed", "Of everything random.", "integer"),
)
HAND_PARAMETER = RequestParameter("seed", "Whose hand; 0, a tidy one, by default.", "integer", 0, LARGEST_HAND)
