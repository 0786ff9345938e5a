"""JSON schemas of the playground, and of a mini-batch that is followed by hand."""

from typing import Any

from byhand.web.schema_parts import A_NUMBER, A_TEXT, AN_INTEGER, NULLABLE, array, maybe, of, table
from byhand.web.settings import ACTIVATION_CHOICES, OPTIMIZER_CHOICES

LEARNING_SCHEMAS: dict[str, Any] = {
    "NewPlane": table(
        *("points", "classes", "theta", "memory", "step", "steps", "at", "unit"),
        *("hidden", "activation", "optimizer", "learning_rate", "batch_size", "seed"),
        points=array({"type": "array", "items": A_NUMBER, "minItems": 3, "maxItems": 3}),
        classes={"type": "integer", "minimum": 2},
        theta=maybe(A_TEXT),
        memory={"type": "object", "additionalProperties": A_TEXT},
        step={"type": "integer", "minimum": 0},
        steps={"type": "integer", "minimum": 0},
        at={"type": "array", "items": A_NUMBER, "minItems": 2, "maxItems": 2},
        unit={"type": "array", "minItems": 2, "maxItems": 2},
        hidden=array({"type": "integer", "minimum": 1}),
        activation={"enum": list(ACTIVATION_CHOICES)},
        optimizer={"enum": list(OPTIMIZER_CHOICES)},
        learning_rate={"type": "number", "exclusiveMinimum": 0},
        batch_size=maybe({"type": "integer", "minimum": 1}),
        seed={"type": "integer", "minimum": 0},
    ),
    "Plane": table(
        step=AN_INTEGER,
        loss=maybe(A_NUMBER),
        accuracy=maybe(A_NUMBER),
        probabilities=NULLABLE,
        theta=A_TEXT,
        gradient=A_TEXT,
        memory={"type": "object", "additionalProperties": A_TEXT},
        parameters=array(table(layer=AN_INTEGER, name=A_TEXT, start=AN_INTEGER, shape=array(AN_INTEGER))),
        layers=array(of("Layer")),
        surface=of("Packed"),
        units=array(of("Packed")),
        equations=array(of("Equation")),
        rule=array(A_TEXT),
    ),
    "Points": table(
        points=array({"type": "array", "items": A_NUMBER, "minItems": 3, "maxItems": 3}),
        classes=array(A_TEXT),
        axes=array(A_TEXT),
        rows=AN_INTEGER,
    ),
    "Class": table(
        teacher={"type": "boolean"},
        people=array(
            table(
                person=A_TEXT,
                name=A_TEXT,
                me={"type": "boolean"},
                drawings=maybe(AN_INTEGER),
                runs=array(
                    table(
                        id=A_TEXT,
                        name=A_TEXT,
                        kind=A_TEXT,
                        state=A_TEXT,
                        settings=of("Settings"),
                        epoch=AN_INTEGER,
                        epochs=AN_INTEGER,
                        accuracy=maybe(A_NUMBER),
                        loss=maybe(A_NUMBER),
                    )
                ),
            )
        ),
    ),
    "Kernel": table(
        layer=AN_INTEGER,
        name=A_TEXT,
        kind={"enum": ["conv", "max", "mean"]},
        top=AN_INTEGER,
        left=AN_INTEGER,
        extent=array(AN_INTEGER),
        inside=array(array({"type": "boolean"})),
        channels=array(
            table(
                channel=AN_INTEGER,
                values=array(NULLABLE),
                weights=maybe(array(NULLABLE)),
                sum=maybe(A_NUMBER),
            )
        ),
        bias=maybe(A_NUMBER),
        value=maybe(A_NUMBER),
    ),
    "Batch": table(
        step=AN_INTEGER,
        n=AN_INTEGER,
        images=maybe(of("Packed")),
        labels=array(A_TEXT),
        classes=array(A_TEXT),
        probabilities=array(NULLABLE),
        targets=array(NULLABLE),
        errors=array(NULLABLE),
        error=A_TEXT,
        losses=NULLABLE,
    ),
    "Chain": table(
        name=A_TEXT,
        input=A_TEXT,
        value=maybe(A_NUMBER),
        weight=maybe(A_NUMBER),
        sample=AN_INTEGER,
        terms=array(table(value=maybe(A_NUMBER), delta=maybe(A_NUMBER), product=maybe(A_NUMBER))),
        levels=array(
            table(
                *("names",),
                layer=AN_INTEGER,
                unit=AN_INTEGER,
                name=A_TEXT,
                value=maybe(A_NUMBER),
                rule=array(A_TEXT),
                names=array(A_TEXT),
                sum=maybe(A_NUMBER),
                slope=maybe(A_NUMBER),
                terms=array(
                    table(unit=AN_INTEGER, weight=maybe(A_NUMBER), delta=maybe(A_NUMBER), product=maybe(A_NUMBER))
                ),
            )
        ),
    ),
}
