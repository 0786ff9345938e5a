"""JSON schemas of what is seen in networks of further families, and of a review of forms."""

from typing import Any

from byhand.web.schema_parts import A_NUMBER, A_TEXT, AN_INTEGER, NULLABLE, array, maybe, of, table

FAMILY_SCHEMAS: dict[str, Any] = {
    "Attention": table(
        layers=array(table(name=A_TEXT, heads=AN_INTEGER, weights=of("Packed"))),
        steps=AN_INTEGER,
        grid=array(AN_INTEGER),
        token={"type": "boolean"},
        layer=AN_INTEGER,
        head=AN_INTEGER,
        query=AN_INTEGER,
        key=AN_INTEGER,
        weights=NULLABLE,
        equations=array(of("Equation")),
    ),
    "States": table(
        layers=array(table(name=A_TEXT, label=A_TEXT, units=AN_INTEGER, reverse={"type": "boolean"})),
        layer=AN_INTEGER,
        step=AN_INTEGER,
        unit=AN_INTEGER,
        steps=AN_INTEGER,
        pixels=maybe(AN_INTEGER),
        parts=array(table(name=A_TEXT, values=of("Packed"))),
        classes=array(A_TEXT),
        answers=maybe(array(NULLABLE)),
        equations=array(of("Equation")),
    ),
    "NewImages": table(
        *("label", "pixel"),
        z={"type": "array", "items": array(A_NUMBER), "minItems": 1, "maxItems": 400},
        label=maybe(AN_INTEGER),
        pixel=maybe({"type": "array", "items": AN_INTEGER, "minItems": 2, "maxItems": 2}),
    ),
    "Images": table(images=of("Packed"), equations=array(of("Equation"))),
    "NewNext": table(
        *("temperature", "count", "seed", "chosen"),
        text=A_TEXT,
        temperature={"type": "number", "exclusiveMinimum": 0},
        count={"type": "integer", "minimum": 0},
        seed={"type": "integer", "minimum": 0},
        chosen=maybe(A_TEXT),
    ),
    "Review": table(
        fields=array(
            table(
                number=AN_INTEGER,
                scan=A_TEXT,
                page=A_TEXT,
                field=A_TEXT,
                reason=A_TEXT,
                text=A_TEXT,
                label=maybe(A_TEXT),
            )
        )
    ),
    "Correction": table(label=maybe(A_TEXT)),
    "Reviewed": table(done=AN_INTEGER, count=AN_INTEGER),
    "Next": table(
        written=A_TEXT,
        characters=array(A_TEXT),
        logits=NULLABLE,
        probabilities=NULLABLE,
        others=table(count=AN_INTEGER, probability=maybe(A_NUMBER)),
        equation=of("Equation"),
    ),
}
