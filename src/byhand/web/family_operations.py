"""The operations on transformers, recurrent networks, networks that draw and networks that write."""

from byhand.web import family_answers
from byhand.web.call import Operation, RequestParameter
from byhand.web.parameters import BOX_PARAMETER, DRAWING_PARAMETERS, ID_PARAMETER

FAMILY_OPERATIONS: tuple[Operation, ...] = (
    Operation(
        *(
            "POST",
            "/api/v1/models/{id}/attention",
            "attention",
            "What the heads of a transformer look at in a drawing.",
        ),
        *(
            family_answers.post_attention,
            (
                ID_PARAMETER,
                RequestParameter("layer", "Which layer of attention, from 0.", "integer", 0, 999),
                RequestParameter("head", "Which head, from 0.", "integer", 0, 999),
                RequestParameter(
                    "query", "The step that looks, from 0; the class token comes first.", "integer", 0, 999
                ),
                RequestParameter(
                    "key", "The step that it looks at; by default the one that counts most.", "integer", 0, 999
                ),
                *(*DRAWING_PARAMETERS, BOX_PARAMETER),
            ),
            "drawing",
        ),
        gives="Attention",
        refusals=(404,),
    ),
    Operation(
        *("POST", "/api/v1/models/{id}/states", "states", "A recurrent layer's state and gates at every step."),
        *(
            family_answers.post_states,
            (
                ID_PARAMETER,
                RequestParameter("layer", "Which recurrent layer, from 0.", "integer", 0, 999),
                RequestParameter("step", "The step, from 0; the last one by default.", "integer", 0, 9_999),
                RequestParameter("unit", "The unit, from 0.", "integer", 0, 99_999),
                *(*DRAWING_PARAMETERS, BOX_PARAMETER),
            ),
            "drawing",
        ),
        gives="States",
        refusals=(404,),
    ),
    Operation(
        *("POST", "/api/v1/models/{id}/images", "images", "Images that a generator or a decoder draws from numbers."),
        *(family_answers.post_images, (ID_PARAMETER,), "json"),
        gives="Images",
        refusals=(404,),
    ),
    Operation(
        *("POST", "/api/v1/models/{id}/next", "next", "The probabilities of a text's next character."),
        *(family_answers.post_next, (ID_PARAMETER,), "json"),
        gives="Next",
        refusals=(404,),
    ),
)
