"""Who answers what about the review of forms."""

from byhand.core.errors import ByhandError
from byhand.forms.desk import ReviewDesk
from byhand.web.call import Answer, Call, Operation
from byhand.web.limits import Refusal
from byhand.web.parameters import FIELD_PARAMETER


def _desk(call: Call) -> ReviewDesk:
    if call.server.review is None:
        raise Refusal(404, "There is no review here; start byhand serve with --review and the folder of one.")
    return call.server.review


def get_review(call: Call) -> Answer:
    """All doubtful fields."""
    return Answer({"fields": _desk(call).fields()})


def get_picture(call: Call) -> Answer:
    """The picture of one."""
    try:
        return Answer(_desk(call).picture(call.values["number"]), kind="image/png")
    except ByhandError as error:
        raise Refusal(404, str(error)) from None


def put_field(call: Call) -> Answer:
    """Confirm or correct one."""
    label = call.table().get("label")
    if label is not None and not isinstance(label, str):
        raise Refusal(422, "label must be a text, or null to open the field again.")
    desk = _desk(call)
    if call.values["number"] > len(desk):
        raise Refusal(404, f"There are {len(desk)} fields.")
    return Answer({"done": desk.correct(call.values["number"], label), "count": len(desk)})


REVIEW_OPERATIONS: tuple[Operation, ...] = (
    Operation(
        *("GET", "/api/v1/review", "review", "The doubtful fields of a form's scans, with what was read."),
        *(get_review,),
        gives="Review",
        refusals=(404,),
    ),
    Operation(
        *("GET", "/api/v1/review/{number}/picture", "field_picture", "The picture of a doubtful field."),
        *(get_picture, (FIELD_PARAMETER,)),
        gives="image/png",
        refusals=(404,),
    ),
    Operation(
        *("PUT", "/api/v1/review/{number}", "correct", "Confirm a doubtful field, correct it, or open it again."),
        *(put_field, (FIELD_PARAMETER,), "json"),
        gives="Reviewed",
        refusals=(404,),
    ),
)
