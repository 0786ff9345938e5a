"""Who answers what about points in the plane."""

from byhand.web.call import Answer, Call
from byhand.web.plane import go_on, read_plane
from byhand.web.points import made_points, points_of_table


def post_plane(call: Call) -> Answer:
    """Some steps more."""
    return Answer(go_on(read_plane(call.table())))


def get_points(call: Call) -> Answer:
    """Points by a rule."""
    values = call.values
    return Answer(made_points(values["kind"], values.get("n", 200), values.get("noise", 0.0), values.get("seed", 0)))


def post_points(call: Call) -> Answer:
    """Points of a file."""
    return Answer(points_of_table(call.part().data))
