"""JSON schemas of all responses."""

from typing import Any

from byhand.web.job import ENDED
from byhand.web.limits import CODES
from byhand.web.schema_parts import A_NUMBER, A_TEXT, AN_INTEGER, NULLABLE, TABLE, array, maybe, of, table
from byhand.web.schemas_families import FAMILY_SCHEMAS
from byhand.web.schemas_learning import LEARNING_SCHEMAS
from byhand.web.settings import ACTIVATION_CHOICES, LOSS_CHOICES, NETWORK_CHOICES, OPTIMIZER_CHOICES, RECIPE_CHOICES

ERROR = "Error"


def settings(needed: bool, **more: dict[str, Any]) -> dict[str, Any]:
    """A training's settings."""
    fields: dict[str, dict[str, Any]] = {
        "recipe": maybe({"enum": list(RECIPE_CHOICES)}),
        "network": {"enum": list(NETWORK_CHOICES)},
        "hidden": array({"type": "integer", "minimum": 1}),
        "activation": {"enum": list(ACTIVATION_CHOICES)},
        "loss": {"enum": list(LOSS_CHOICES)},
        "optimizer": {"enum": list(OPTIMIZER_CHOICES)},
        "learning_rate": {"type": "number", "exclusiveMinimum": 0},
        "batch_size": maybe({"type": "integer", "minimum": 1}),
        "epochs": {"type": "integer", "minimum": 1},
        "images": {"type": "integer", "minimum": 10},
        "seed": {"type": "integer", "minimum": 0},
    } | more
    return table(*(() if needed else fields), **fields)


A_BOX = {"type": "array", "items": AN_INTEGER, "minItems": 4, "maxItems": 4}
CHOICE = table(index=AN_INTEGER, text=A_TEXT, probability=maybe(A_NUMBER))
CHANGE = {"gradient": A_NUMBER, "before": A_NUMBER, "after": A_NUMBER}
COUNTS = {"count": AN_INTEGER, "counts": array(AN_INTEGER)}
ONE_SAMPLE = table(id=AN_INTEGER, label=A_TEXT, image=of("Packed"))

SCHEMAS: dict[str, Any] = (
    {
        ERROR: table(error=A_TEXT, code={"enum": [*CODES.values()]}),
        "Health": table(status={"enum": ["ok"]}, version=A_TEXT),
        "Pages": table(pages=array(of("Page"))),
        "Page": {
            "type": "object",
            "description": "The record of byhand read --format json.",
            "properties": {
                "version": AN_INTEGER,
                "file": A_TEXT,
                "page": maybe(AN_INTEGER),
                "pages": maybe(AN_INTEGER),
                "error": maybe(A_TEXT),
                "note": maybe(A_TEXT),
                "text": A_TEXT,
            },
            "required": ["version", "file", "page", "pages", "error", "note"],
        },
        "Packed": {
            "description": "Numbers as bytes: value = (byte − zero) · scale, row by row; data is Base64.",
            **table(shape=array(AN_INTEGER), scale=A_NUMBER, zero=AN_INTEGER, data=A_TEXT),
        },
        "Settings": settings(True),
        "NewTraining": settings(False, name=A_TEXT, paused={"type": "boolean"}, pace={"type": "number", "minimum": 0}),
        "Finetune": table(
            *("model", "epochs", "learning_rate", "images", "seed", "name"),
            model=maybe(A_TEXT),
            epochs={"type": "integer", "minimum": 1},
            learning_rate={"type": "number", "exclusiveMinimum": 0},
            images={"type": "integer", "minimum": 10},
            seed={"type": "integer", "minimum": 0},
            name=A_TEXT,
        ),
        "Enter": table("password", "teacher", password=A_TEXT, teacher=A_TEXT),
        "SettingsList": table(
            version=A_TEXT,
            limits={"type": "object", "additionalProperties": A_NUMBER},
            data=table(mnist={"enum": ["ready", "absent"]}),
            default_model=A_TEXT,
            reader=A_TEXT,
            review={"type": "boolean"},
            training=table(
                recipes=array(table(id=A_TEXT, about=A_TEXT, settings=of("Settings"))),
                networks=array(A_TEXT),
                activations=array(A_TEXT),
                losses=array(A_TEXT),
                optimizers=array(A_TEXT),
                defaults=of("Settings"),
                starts=table(**{name: of("Settings") for name in NETWORK_CHOICES}),
            ),
        ),
        "Layer": table(
            index=AN_INTEGER,
            label=A_TEXT,
            kind={
                "enum": [
                    "dense",
                    "conv",
                    "pool",
                    "activation",
                    "flatten",
                    "norm",
                    "dropout",
                    "recurrent",
                    "block",
                    "other",
                ]
            },
            name=A_TEXT,
            input=A_TEXT,
            output_shape=array(AN_INTEGER),
            parameters={"type": "object", "additionalProperties": array(AN_INTEGER)},
            count=AN_INTEGER,
        ),
        "Strokes": table(
            digits={
                "type": "object",
                "additionalProperties": array(array(array(A_NUMBER))),
            },  # a digit's strokes' points
        ),
        "Models": table(models=array(of("Model"))),
        "Model": table(
            id=A_TEXT,
            name=A_TEXT,
            description=A_TEXT,
            reads={"enum": ["digit", "rows", "noise", "text"]},
            inside=array({"enum": ["attention", "states"]}),
            told=AN_INTEGER,
            input_shape=array(AN_INTEGER),
            image_shape=maybe(array(AN_INTEGER)),
            classes=array(A_TEXT),
            parameters=AN_INTEGER,
            accuracy=maybe(A_NUMBER),
            card=TABLE,
            output_activation=maybe(A_TEXT),
            layers=array(of("Layer")),
        ),
        "Join": table(addresses=array(A_TEXT), password={"type": "boolean"}),
        "Reading": table(
            text=A_TEXT,
            lines=array(
                {
                    "type": "object",
                    "properties": {
                        "text": A_TEXT,
                        "confidence": A_NUMBER,
                        "box": maybe(A_BOX),
                        "groups": array(A_TEXT),
                        "digits": array(of("Digit")),
                        "symbols": array(of("Digit")),
                        "unread": array(of("Unread")),
                    },
                    "required": ["text", "confidence", "box", "digits"],
                }
            ),
            rejected=array(of("Unread")),
            width=AN_INTEGER,
            height=AN_INTEGER,
            turns=AN_INTEGER,
            milliseconds=A_NUMBER,
            model=A_TEXT,
        ),
        "Digit": {
            "type": "object",
            "properties": {
                "digit": A_TEXT,
                "confidence": A_NUMBER,
                "box": maybe(A_BOX),
                "alternatives": array(table(digit=A_TEXT, confidence=A_NUMBER)),
                "image": maybe(of("Packed")),
            },
            "required": ["digit", "confidence", "box", "alternatives"],
        },
        "Unread": table(box=A_BOX, reason=A_TEXT, text=A_TEXT, confidence=A_NUMBER),
        "Look": table(
            model=A_TEXT,
            image=of("Packed"),
            box=maybe(A_BOX),
            classes=array(A_TEXT),
            probabilities=NULLABLE,
            logits=NULLABLE,
            answer=CHOICE,
            second=CHOICE,
            evidence=table(**{"for": of("Packed"), "against": of("Packed"), "gradient": of("Packed")}),
            layers=array(
                table(
                    index=AN_INTEGER,
                    label=A_TEXT,
                    kind=A_TEXT,
                    name=A_TEXT,
                    shape=array(AN_INTEGER),
                    values=maybe(NULLABLE),
                    maps=maybe(of("Packed")),
                    relevance=maybe(NULLABLE),
                )
            ),
            paths=table(
                units=array(
                    table(
                        layer=AN_INTEGER,
                        units=array(table(unit=AN_INTEGER, value=maybe(A_NUMBER), relevance=maybe(A_NUMBER))),
                    )
                ),
                edges=array(
                    table(
                        from_layer=AN_INTEGER,
                        to_layer=AN_INTEGER,
                        to=AN_INTEGER,
                        weight=maybe(A_NUMBER),
                        contribution=maybe(A_NUMBER),
                        **{"from": AN_INTEGER},
                    )
                ),
            ),
            milliseconds=A_NUMBER,
        ),
        "Weights": table(
            layer=AN_INTEGER,
            label=A_TEXT,
            kind={"enum": ["dense", "conv"]},
            units=array(AN_INTEGER),
            maps=maybe(of("Packed")),
            effective={"type": "boolean"},
            channels=AN_INTEGER,
            vector=maybe(NULLABLE),
            bias=NULLABLE,
        ),
        "Equation": table(
            layer=maybe(AN_INTEGER),
            unit=AN_INTEGER,
            name=A_TEXT,
            value=maybe(A_NUMBER),
            general=A_TEXT,
            text=A_TEXT,
            terms=array(table(input=A_TEXT, value=maybe(A_NUMBER), weight=maybe(A_NUMBER), product=maybe(A_NUMBER))),
            rest=maybe(table(count=AN_INTEGER, sum=maybe(A_NUMBER))),
            bias=maybe(A_NUMBER),
        ),
        "Problem": table(name=A_TEXT, severity={"enum": ["serious", "moderate", "minor"]}, seen=A_TEXT, advice=A_TEXT),
        "Training": table(
            id=A_TEXT,
            name=A_TEXT,
            kind={"enum": ["training", "finetune"]},
            state={"enum": ["loading", "waiting", "running", "paused", *ENDED]},
            settings=of("Settings"),
            parameters=AN_INTEGER,
            layers=array(of("Layer")),
            reads={"enum": ["digit", "noise"]},
            inside=array({"enum": ["attention", "states"]}),
            input_shape=array(AN_INTEGER),
            image_shape=maybe(array(AN_INTEGER)),
            classes=array(A_TEXT),
            epoch=AN_INTEGER,
            epochs=AN_INTEGER,
            step=AN_INTEGER,
            steps=AN_INTEGER,
            history={"type": "object", "additionalProperties": NULLABLE},
            curve=table(step=array(AN_INTEGER), loss=NULLABLE),
            seconds=maybe(A_NUMBER),
            error=maybe(A_TEXT),
            problems=array(of("Problem")),
            pace=A_NUMBER,
            ahead=AN_INTEGER,
            own=maybe(table(before=maybe(A_NUMBER), after=maybe(A_NUMBER), count=AN_INTEGER)),
        ),
        "Trainings": table(trainings=array(of("Training"))),
        "Verdict": table(
            image=of("Packed"), box=maybe(A_BOX), classes=array(A_TEXT), probabilities=NULLABLE, answer=A_TEXT
        ),
        "Step": table(
            step=AN_INTEGER,
            epoch=AN_INTEGER,
            learning_rate=maybe(A_NUMBER),
            optimizer=A_TEXT,
            n=AN_INTEGER,
            sample=table(image=maybe(of("Packed")), label=A_TEXT),
            output=table(classes=array(A_TEXT), probabilities=NULLABLE, target=NULLABLE),
            loss=table(before=maybe(A_NUMBER), after=maybe(A_NUMBER)),
            layers=array(
                table(
                    index=AN_INTEGER,
                    label=A_TEXT,
                    name=A_TEXT,
                    activation=maybe(A_TEXT),
                    units=array(
                        table(
                            unit=AN_INTEGER,
                            z=maybe(A_NUMBER),
                            a=maybe(A_NUMBER),
                            delta=maybe(A_NUMBER),
                            weights=array(table(input=A_TEXT, unit=AN_INTEGER, value=maybe(A_NUMBER), **CHANGE)),
                            bias=table(**CHANGE),
                        )
                    ),
                )
            ),
            text=array(A_TEXT),
            training=of("Training"),
        ),
        "Sample": table(**COUNTS, sample=ONE_SAMPLE),
        "Samples": table(**COUNTS, samples=array(ONE_SAMPLE)),
    }
    | LEARNING_SCHEMAS
    | FAMILY_SCHEMAS
)
