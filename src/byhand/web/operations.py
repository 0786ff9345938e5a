"""The table of operations, from which routes and the OpenAPI description are made."""

from byhand.documents.formats import OUTPUT_FORMATS
from byhand.web import answers, batch, joining, training_answers
from byhand.web.call import Answer, Call, Operation, RequestParameter
from byhand.web.class_operations import CLASS_OPERATIONS
from byhand.web.family_operations import FAMILY_OPERATIONS
from byhand.web.parameters import (
    BOX_PARAMETER,
    CHAIN_PARAMETERS,
    CLASS_PARAMETER,
    DRAWING_PARAMETERS,
    HAND_PARAMETER,
    ID_PARAMETER,
    IMAGES_PARAMETER,
    LABEL_PARAMETER,
    LAYER_OR_OUTPUT_PARAMETER,
    LAYER_PARAMETER,
    MODEL_PARAMETER,
    POSITION_PARAMETERS,
    READ_PARAMETERS,
    REQUIRED_UNIT_PARAMETER,
    SAMPLE_PARAMETER,
    TRAINING_PARAMETER,
    UNIT_PARAMETER,
)
from byhand.web.review_answers import REVIEW_OPERATIONS
from byhand.web.trainings import PACE


def get_openapi(call: Call) -> Answer:
    """The description of all operations."""
    from byhand.web.openapi import openapi_description

    return Answer(openapi_description(OPERATIONS))


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        *("GET", "/api/v1/settings", "settings", "Limits, and the choices for a training."),
        *(answers.get_settings,),
        gives="SettingsList",
    ),
    Operation(
        *("GET", "/api/v1/models", "models", "The networks to choose from."),
        *(answers.get_models,),
        gives="Models",
    ),
    Operation(
        *("POST", "/api/v1/models", "upload", "Bring a network along, a safetensors file of byhand."),
        *(answers.post_model, (), "drawing"),
        gives="Model",
        status=201,
    ),
    Operation(
        *("GET", "/api/v1/join", "join", "The addresses at which a class reaches this server."),
        *(joining.get_join,),
        gives="Join",
    ),
    Operation(
        *("GET", "/api/v1/join.svg", "code", "The first of these addresses as a QR code."),
        *(joining.get_code,),
        gives="image/svg+xml",
        refusals=(404,),
    ),
    Operation(
        *("POST", "/api/v1/enter", "enter", "Say the password; a browser is given a cookie."),
        *(joining.post_enter, (), "json"),
        status=204,
    ),
    Operation(
        *("GET", "/api/v1/strokes", "strokes", "The ten digits in one handwriting, stroke by stroke."),
        *(answers.get_strokes, (HAND_PARAMETER,)),
        gives="Strokes",
    ),
    Operation(
        *("POST", "/api/v1/read", "read", "Read the rows of digits in a picture, with boxes and confidences."),
        *(
            answers.post_read,
            (
                MODEL_PARAMETER,
                *READ_PARAMETERS,
                RequestParameter("format", "How the answer is written.", choices=("json", "csv")),
                IMAGES_PARAMETER,
                *DRAWING_PARAMETERS,
            ),
            "drawing",
        ),
        gives="Reading",
        formats=("text/csv",),
        lane="read",
        refusals=(404, 503),
    ),
    Operation(
        *("POST", "/api/v1/read-many", "read_many", "Read pictures and documents with all their pages."),
        *(
            batch.post_read_many,
            (
                MODEL_PARAMETER,
                *READ_PARAMETERS,
                RequestParameter("pages", "Of each document: 1,3-5 or 2-.", pattern=r"[0-9, -]{1,60}"),
                RequestParameter("format", "How the answer is written.", choices=tuple(OUTPUT_FORMATS)),
                IMAGES_PARAMETER,
            ),
            "files",
        ),
        gives="Pages",
        formats=("text/csv", "text/html", "text/plain"),
        lane="read",
        refusals=(404, 503),
    ),
    Operation(
        *("POST", "/api/v1/look", "look", "Predict a drawing of one digit, with the activations of every layer."),
        *(answers.post_look, (MODEL_PARAMETER, *DRAWING_PARAMETERS, BOX_PARAMETER, CLASS_PARAMETER), "drawing"),
        gives="Look",
        refusals=(404,),
    ),
    Operation(
        *("GET", "/api/v1/models/{id}/weights", "weights", "A layer's incoming weights as images."),
        *(answers.get_weights, (ID_PARAMETER, LAYER_PARAMETER, UNIT_PARAMETER)),
        gives="Weights",
        refusals=(404, 422),
    ),
    Operation(
        *("POST", "/api/v1/models/{id}/equation", "equation", "A unit's equation with a drawing's numbers in it."),
        *(
            answers.post_equation,
            (
                ID_PARAMETER,
                LAYER_OR_OUTPUT_PARAMETER,
                REQUIRED_UNIT_PARAMETER,
                *POSITION_PARAMETERS,
                RequestParameter("terms", "How many terms of a sum are written out.", "integer", 1, 100_000),
                *DRAWING_PARAMETERS,
                BOX_PARAMETER,
            ),
            "drawing",
        ),
        gives="Equation",
        refusals=(404,),
    ),
    Operation(
        *(
            "POST",
            "/api/v1/models/{id}/kernel",
            "kernel",
            "A kernel at one place: window, weights and sums by channel.",
        ),
        *(
            answers.post_kernel,
            (
                *(ID_PARAMETER, LAYER_PARAMETER, REQUIRED_UNIT_PARAMETER, *POSITION_PARAMETERS),
                *(*DRAWING_PARAMETERS, BOX_PARAMETER),
            ),
            "drawing",
        ),
        gives="Kernel",
        refusals=(404,),
    ),
    Operation(
        *("POST", "/api/v1/trainings", "begin", "Begin a training by a recipe or by settings of your own."),
        *(training_answers.post_training, (), "json"),
        gives="Training",
        status=201,
        refusals=(503,),
    ),
    Operation(
        *("GET", "/api/v1/trainings", "trainings", "This browser's trainings, the newest first."),
        *(training_answers.get_trainings,),
        gives="Trainings",
    ),
    Operation(
        *("GET", "/api/v1/trainings/{id}", "training", "One training."),
        *(training_answers.get_training, (TRAINING_PARAMETER,)),
        gives="Training",
        refusals=(404,),
    ),
    Operation(
        *("DELETE", "/api/v1/trainings/{id}", "forget", "Stop a training, and forget it."),
        *(training_answers.delete_training, (TRAINING_PARAMETER,)),
        status=204,
        refusals=(404,),
    ),
    Operation(
        *("GET", "/api/v1/trainings/{id}/events", "events", "What happens, as server-sent events."),
        *(training_answers.get_events, (TRAINING_PARAMETER,)),
        gives="text/event-stream",
        lane="stream",
        refusals=(404,),
    ),
    *(
        Operation(
            *("POST", f"/api/v1/trainings/{{id}}/{name}", name, about),
            *(handler, (TRAINING_PARAMETER,)),
            gives=gives,
            lane="wait",
            refusals=(404, 409),
        )
        for name, about, handler, gives in (
            ("pause", "Pause after the current step.", training_answers.post_pause, "Training"),
            ("resume", "Continue.", training_answers.post_resume, "Training"),
            ("stop", "Stop after the current step and keep the network.", training_answers.post_stop, "Training"),
        )
    ),
    Operation(
        *("POST", "/api/v1/trainings/{id}/step", "step", "While paused, make one step and return what it did."),
        *(training_answers.post_step, (TRAINING_PARAMETER,)),
        gives="Step",
        lane="step",
        refusals=(404, 409, 503),
    ),
    Operation(
        *(
            "GET",
            "/api/v1/trainings/{id}/batch",
            "batch",
            "All samples of the last single step, and how far off it was.",
        ),
        *(training_answers.get_batch, (TRAINING_PARAMETER,)),
        gives="Batch",
        refusals=(404, 409),
    ),
    Operation(
        *(
            "GET",
            "/api/v1/trainings/{id}/chain",
            "chain",
            "From the loss to one weight of a dense layer, term by term.",
        ),
        *(
            training_answers.get_chain,
            (TRAINING_PARAMETER, LAYER_PARAMETER, REQUIRED_UNIT_PARAMETER, *CHAIN_PARAMETERS),
        ),
        gives="Chain",
        refusals=(404, 409, 422),
    ),
    Operation(
        *("PUT", "/api/v1/trainings/{id}/pace", "pace", "Make so many steps a second at most."),
        *(
            training_answers.put_pace,
            (TRAINING_PARAMETER, RequestParameter("steps", "0 for as many as can be.", "number", 0, PACE, needed=True)),
        ),
        gives="Training",
        refusals=(404, 409),
    ),
    Operation(
        *("PUT", "/api/v1/trainings/{id}/drawing", "judge", "A drawing that the network shall judge as it learns."),
        *(training_answers.put_drawing, (TRAINING_PARAMETER, *DRAWING_PARAMETERS, BOX_PARAMETER), "drawing"),
        gives="Verdict",
        refusals=(404,),
    ),
    Operation(
        *("DELETE", "/api/v1/trainings/{id}/drawing", "unjudge", "No drawing any more."),
        *(training_answers.delete_drawing, (TRAINING_PARAMETER,)),
        status=204,
        refusals=(404,),
    ),
    Operation(
        *("GET", "/api/v1/trainings/{id}/model", "download", "The network as a safetensors file."),
        *(training_answers.get_training_model, (TRAINING_PARAMETER,)),
        gives="application/octet-stream",
        refusals=(404, 409),
    ),
    Operation(
        *("POST", "/api/v1/samples", "add_sample", "Keep a drawing with its label, in memory."),
        *(answers.post_sample, (LABEL_PARAMETER, *DRAWING_PARAMETERS, BOX_PARAMETER), "drawing"),
        gives="Sample",
        status=201,
    ),
    Operation(
        *("GET", "/api/v1/samples", "samples", "This browser's drawings."),
        *(answers.get_samples,),
        gives="Samples",
    ),
    Operation(
        *("PUT", "/api/v1/samples/{number}", "relabel", "Say that a drawing is another digit."),
        *(answers.put_sample, (SAMPLE_PARAMETER, LABEL_PARAMETER)),
        gives="Sample",
        refusals=(404,),
    ),
    Operation(
        *("DELETE", "/api/v1/samples/{number}", "remove_sample", "Let one drawing go."),
        *(answers.delete_sample, (SAMPLE_PARAMETER,)),
        status=204,
        refusals=(404,),
    ),
    Operation(
        *("DELETE", "/api/v1/samples", "clear_samples", "Let all of this browser's drawings go."),
        *(answers.delete_samples,),
        status=204,
    ),
    Operation(
        *("GET", "/api/v1/samples.npz", "download_samples", "All drawings in a file that byhand.load opens."),
        *(answers.get_samples_npz,),
        gives="application/octet-stream",
        refusals=(404,),
    ),
    Operation(
        *("POST", "/api/v1/samples.npz", "load_samples", "Add the drawings of such a file to this browser's."),
        *(answers.post_samples_npz, (), "drawing"),
        gives="Samples",
        status=201,
    ),
    Operation(
        *(
            "POST",
            "/api/v1/finetune",
            "finetune",
            "Some epochs more for a network, on own drawings mixed with MNIST's.",
        ),
        *(training_answers.post_finetune, (), "json"),
        gives="Training",
        status=201,
        refusals=(404, 503),
    ),
    Operation(
        *("GET", "/healthz", "health", "Whether the server answers."),
        *(answers.get_health,),
        gives="Health",
        lane="wait",
    ),
    Operation(
        *("GET", "/api/v1/openapi.json", "openapi", "This description, as OpenAPI 3.1."),
        *(get_openapi,),
        gives="object",
    ),
    *CLASS_OPERATIONS,
    *FAMILY_OPERATIONS,
    *REVIEW_OPERATIONS,
)
