"""The shapes of all JSON that is sent, as JSON Schema."""

from typing import Any

from byhand.web.job import ENDED
from byhand.web.settings import ACTIVATIONS, LOSSES, NETWORKS, OFFERED, OPTIMIZERS

ERROR = "Error"
NUMBER: dict[str, Any] = {"type": "number"}
WHOLE: dict[str, Any] = {"type": "integer"}
TEXT: dict[str, Any] = {"type": "string"}
TABLE: dict[str, Any] = {"type": "object"}


def array(items: dict[str, Any]) -> dict[str, Any]:
    """A list of them."""
    return {"type": "array", "items": items}


def of(name: str) -> dict[str, Any]:
    """The schema of that name."""
    return {"$ref": f"#/components/schemas/{name}"}


def maybe(schema: dict[str, Any]) -> dict[str, Any]:
    """The same, or null."""
    return {"anyOf": [schema, {"type": "null"}]}


def table(*optional: str, **fields: dict[str, Any]) -> dict[str, Any]:
    """An object with these fields, `optional` ones apart all of them needed, and no others."""
    needed = [name for name in fields if name not in optional]
    return {"type": "object", "properties": fields, "required": needed, "additionalProperties": False}


def settings(needed: bool, **more: dict[str, Any]) -> dict[str, Any]:
    """A training's settings."""
    fields: dict[str, dict[str, Any]] = {
        "recipe": maybe({"enum": list(OFFERED)}),
        "network": {"enum": list(NETWORKS)},
        "hidden": array({"type": "integer", "minimum": 1}),
        "activation": {"enum": list(ACTIVATIONS)},
        "loss": {"enum": list(LOSSES)},
        "optimizer": {"enum": list(OPTIMIZERS)},
        "learning_rate": {"type": "number", "exclusiveMinimum": 0},
        "batch_size": maybe({"type": "integer", "minimum": 1}),
        "epochs": {"type": "integer", "minimum": 1},
        "images": {"type": "integer", "minimum": 10},
        "seed": {"type": "integer", "minimum": 0},
    } | more
    return table(*(() if needed else fields), **fields)


BOX = {"type": "array", "items": WHOLE, "minItems": 4, "maxItems": 4}
CHOICE = table(index=WHOLE, text=TEXT, probability=maybe(NUMBER))
CHANGE = {"gradient": NUMBER, "before": NUMBER, "after": NUMBER}
COUNTS = {"count": WHOLE, "counts": array(WHOLE)}
ONE_SAMPLE = table(id=WHOLE, label=TEXT, image=of("Packed"))
NULLABLE = array(maybe(NUMBER))

SCHEMAS: dict[str, Any] = {
    ERROR: table(error=TEXT),
    "Packed": {
        "description": "Numbers as bytes: value = (byte − zero) · scale, row by row; data is Base64.",
        **table(shape=array(WHOLE), scale=NUMBER, zero=WHOLE, data=TEXT),
    },
    "Settings": settings(True),
    "NewTraining": settings(False, name=TEXT, paused={"type": "boolean"}),
    "Finetune": table(
        *("model", "epochs", "learning_rate", "images", "seed", "name"),
        model=maybe(TEXT),
        epochs={"type": "integer", "minimum": 1},
        learning_rate={"type": "number", "exclusiveMinimum": 0},
        images={"type": "integer", "minimum": 10},
        seed={"type": "integer", "minimum": 0},
        name=TEXT,
    ),
    "SettingsList": table(
        version=TEXT,
        limits={"type": "object", "additionalProperties": NUMBER},
        data=table(mnist={"enum": ["ready", "absent"]}),
        default_model=TEXT,
        reader=TEXT,
        training=table(
            recipes=array(table(id=TEXT, about=TEXT, settings=of("Settings"))),
            networks=array(TEXT),
            activations=array(TEXT),
            losses=array(TEXT),
            optimizers=array(TEXT),
            defaults=of("Settings"),
        ),
    ),
    "Layer": table(
        index=WHOLE,
        label=TEXT,
        kind={"enum": ["dense", "conv", "pool", "activation", "flatten", "norm", "dropout", "other"]},
        name=TEXT,
        input=TEXT,
        output_shape=array(WHOLE),
        parameters={"type": "object", "additionalProperties": array(WHOLE)},
        count=WHOLE,
    ),
    "Strokes": table(
        digits={"type": "object", "additionalProperties": array(array(array(NUMBER)))},  # a digit's strokes' points
    ),
    "Models": table(
        models=array(
            table(
                id=TEXT,
                name=TEXT,
                description=TEXT,
                reads={"enum": ["digit", "rows"]},
                input_shape=array(WHOLE),
                image_shape=maybe(array(WHOLE)),
                classes=array(TEXT),
                parameters=WHOLE,
                accuracy=maybe(NUMBER),
                card=TABLE,
                output_activation=maybe(TEXT),
                layers=array(of("Layer")),
            )
        )
    ),
    "Reading": table(
        text=TEXT,
        lines=array(
            {
                "type": "object",
                "properties": {"text": TEXT, "confidence": NUMBER, "box": maybe(BOX), "digits": array(of("Digit"))},
                "required": ["text", "confidence", "box", "digits"],
            }
        ),
        width=WHOLE,
        height=WHOLE,
        milliseconds=NUMBER,
        model=TEXT,
    ),
    "Digit": {
        "type": "object",
        "properties": {
            "digit": TEXT,
            "confidence": NUMBER,
            "box": maybe(BOX),
            "alternatives": array(table(digit=TEXT, confidence=NUMBER)),
            "image": maybe(of("Packed")),
        },
        "required": ["digit", "confidence", "box", "alternatives", "image"],
    },
    "Look": table(
        model=TEXT,
        image=of("Packed"),
        box=maybe(BOX),
        classes=array(TEXT),
        probabilities=NULLABLE,
        logits=NULLABLE,
        answer=CHOICE,
        second=CHOICE,
        evidence=table(**{"for": of("Packed"), "against": of("Packed"), "gradient": of("Packed")}),
        layers=array(
            table(
                index=WHOLE,
                label=TEXT,
                kind=TEXT,
                name=TEXT,
                shape=array(WHOLE),
                values=maybe(NULLABLE),
                maps=maybe(of("Packed")),
                relevance=maybe(NULLABLE),
            )
        ),
        paths=table(
            units=array(
                table(layer=WHOLE, units=array(table(unit=WHOLE, value=maybe(NUMBER), relevance=maybe(NUMBER))))
            ),
            edges=array(
                table(
                    from_layer=WHOLE,
                    to_layer=WHOLE,
                    to=WHOLE,
                    weight=maybe(NUMBER),
                    contribution=maybe(NUMBER),
                    **{"from": WHOLE},
                )
            ),
        ),
        milliseconds=NUMBER,
    ),
    "Weights": table(
        layer=WHOLE,
        label=TEXT,
        kind={"enum": ["dense", "conv"]},
        units=array(WHOLE),
        maps=maybe(of("Packed")),
        effective={"type": "boolean"},
        channels=WHOLE,
        vector=maybe(NULLABLE),
        bias=NULLABLE,
    ),
    "Equation": table(
        layer=maybe(WHOLE),
        unit=WHOLE,
        name=TEXT,
        value=maybe(NUMBER),
        general=TEXT,
        text=TEXT,
        terms=array(table(input=TEXT, value=maybe(NUMBER), weight=maybe(NUMBER), product=maybe(NUMBER))),
        rest=maybe(table(count=WHOLE, sum=maybe(NUMBER))),
        bias=maybe(NUMBER),
    ),
    "Problem": table(name=TEXT, severity={"enum": ["serious", "moderate", "minor"]}, seen=TEXT, advice=TEXT),
    "Training": table(
        id=TEXT,
        name=TEXT,
        kind={"enum": ["training", "finetune"]},
        state={"enum": ["loading", "waiting", "running", "paused", *ENDED]},
        settings=of("Settings"),
        parameters=WHOLE,
        layers=array(of("Layer")),
        image_shape=maybe(array(WHOLE)),
        classes=array(TEXT),
        epoch=WHOLE,
        epochs=WHOLE,
        step=WHOLE,
        steps=WHOLE,
        history={"type": "object", "additionalProperties": NULLABLE},
        curve=table(step=array(WHOLE), loss=NULLABLE),
        seconds=maybe(NUMBER),
        error=maybe(TEXT),
        problems=array(of("Problem")),
        own=maybe(table(before=maybe(NUMBER), after=maybe(NUMBER), count=WHOLE)),
    ),
    "Trainings": table(trainings=array(of("Training"))),
    "Verdict": table(image=of("Packed"), box=maybe(BOX), classes=array(TEXT), probabilities=NULLABLE, answer=TEXT),
    "Step": table(
        step=WHOLE,
        epoch=WHOLE,
        learning_rate=maybe(NUMBER),
        optimizer=TEXT,
        n=WHOLE,
        sample=table(image=maybe(of("Packed")), label=TEXT),
        output=table(classes=array(TEXT), probabilities=NULLABLE, target=NULLABLE),
        loss=table(before=maybe(NUMBER), after=maybe(NUMBER)),
        layers=array(
            table(
                index=WHOLE,
                label=TEXT,
                name=TEXT,
                activation=maybe(TEXT),
                units=array(
                    table(
                        unit=WHOLE,
                        z=maybe(NUMBER),
                        a=maybe(NUMBER),
                        delta=maybe(NUMBER),
                        weights=array(table(input=TEXT, unit=WHOLE, value=maybe(NUMBER), **CHANGE)),
                        bias=table(**CHANGE),
                    )
                ),
            )
        ),
        text=array(TEXT),
        training=of("Training"),
    ),
    "Sample": table(**COUNTS, sample=ONE_SAMPLE),
    "Samples": table(**COUNTS, samples=array(ONE_SAMPLE)),
}
