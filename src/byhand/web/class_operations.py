"""The operations of the class and of the playground."""

from byhand.web import class_answers, plane_answers
from byhand.web.call import Operation
from byhand.web.parameters import NAME_PARAMETER, PERSON_PARAMETERS, POINTS_PARAMETERS

CLASS_OPERATIONS: tuple[Operation, ...] = (
    Operation(
        *("GET", "/api/v1/class", "class", "Everybody who has a name, with their runs; for the teacher all browsers."),
        *(class_answers.get_class,),
        gives="Class",
    ),
    Operation(
        *("PUT", "/api/v1/class/name", "name", "Say one's name to the class; an empty one takes it away."),
        *(class_answers.put_name, (NAME_PARAMETER,)),
        status=204,
        refusals=(422,),
    ),
    Operation(
        *(
            "DELETE",
            "/api/v1/class/{person}",
            "delete_person",
            "Delete one's name, drawings and runs; the teacher anybody's.",
        ),
        *(class_answers.delete_person, PERSON_PARAMETERS),
        status=204,
        refusals=(404,),
    ),
    Operation(
        *("POST", "/api/v1/plane", "plane", "Some training steps of a small network that came with the request."),
        *(plane_answers.post_plane, (), "json"),
        gives="Plane",
    ),
    Operation(
        *("GET", "/api/v1/plane/points", "points", "Points of two classes in the plane, made by a rule."),
        *(plane_answers.get_points, POINTS_PARAMETERS),
        gives="Points",
    ),
    Operation(
        *("POST", "/api/v1/plane/points", "load_points", "Points of a CSV file: two columns of numbers, and a class."),
        *(plane_answers.post_points, (), "drawing"),
        gives="Points",
    ),
)
