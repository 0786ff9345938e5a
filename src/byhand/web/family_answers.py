"""Who answers what about transformers, recurrent networks, networks that draw and networks that write."""

from byhand.web.answers import drawing
from byhand.web.attention import attention_over
from byhand.web.call import Answer, Call
from byhand.web.generate import images_of, next_characters
from byhand.web.recurrence import states_over


def post_attention(call: Call) -> Answer:
    """What the heads look at."""
    values, model = call.values, call.server.model(call.values["id"])
    model.require_digit()
    place = (values.get("layer", 0), values.get("head", 0), values.get("query", 0), values.get("key"))
    return Answer(attention_over(model.network, drawing(call).image, *place))


def post_states(call: Call) -> Answer:
    """State and gates, step by step."""
    values, model = call.values, call.server.model(call.values["id"])
    model.require_digit()
    place = (values.get("layer", 0), values.get("step"), values.get("unit", 0))
    return Answer(states_over(model.network, drawing(call).image, *place))


def post_images(call: Call) -> Answer:
    """Images drawn from numbers."""
    return Answer(images_of(call.server.model(call.values["id"]), call.table()))


def post_next(call: Call) -> Answer:
    """The next character of a text."""
    return Answer(next_characters(call.server.model(call.values["id"]).network, call.table()))
