"""A source and what is written about it, one behind the other in one sequence, in ONNX."""

from byhand.exchange.onnx.graph import Exported, Flow, GraphWriter, means, write_chain
from byhand.exchange.onnx.writing_attention import write_attended
from byhand.exchange.onnx.writing_steps import recurrent_node
from byhand.layers import CrossAttention, DecoderBlock, EncoderDecoder, SplitSteps


def _some(to: GraphWriter, flow: Flow, start: int, stop: int) -> Flow:
    """Some steps of a sequence; those that are there stand at their beginning."""
    mask = to.cut(flow.mask, start, stop, 1) if flow.mask else None
    steps = to.node("ReduceSum", mask, to.constant("axes", [1]), keepdims=0) if mask else None
    lengths = to.node("Cast", steps, to=to.onnx.TensorProto.INT32) if steps else None
    shape = (stop - start, *flow.shape[1:])
    return flow.to(to.cut(flow.name, start, stop, 1), shape, mask=mask, lengths=lengths)


def _both(at: Exported, flow: Flow) -> tuple[Flow, Flow]:
    """The source, and the steps behind it."""
    source, steps = at.layer.source, flow.shape[0]
    return _some(at.to, flow, 0, source), _some(at.to, flow, source, steps)


@means(EncoderDecoder)
def _encoder_decoder(at: Exported, flow: Flow) -> Flow:
    """Two recurrent nodes, the second one with the first one's last states."""
    to, layers, (source, rest) = at.to, at.layer.layers, _both(at, flow)
    first, second = ({name[2:]: a for name, a in at.p.items() if name.startswith(f"{i}.")} for i in (0, 1))
    states = recurrent_node(to, layers[0], [first], source, range(1, 1 + len(at.layer.layer.states)))
    (y,) = recurrent_node(to, layers[1], [second], rest, (0,), *states)  # (T, 1, n, k)
    return rest.to(to.reshaped(to.transposed(y, 2, 0, 1, 3), at.plan.out_shape))


@means(SplitSteps)
def _split_steps(at: Exported, flow: Flow) -> Flow:
    """Each part's layers, and Concat along the steps."""
    inner, parts = 0, []
    for layers, part in zip((at.layer.first, at.layer.second), _both(at, flow), strict=True):
        if layers:
            own = {name.removeprefix(f"{inner}."): a for name, a in at.p.items() if name.startswith(f"{inner}.")}
            part = write_chain(at.to, layers, at.plan.children[inner].children, own, part)
            inner += 1
        parts.append(part.name)
    return flow.to(at.to.node("Concat", *parts, axis=1))


@means(CrossAttention)
def _cross_attention(at: Exported, flow: Flow) -> Flow:
    """Queries of the steps behind the source, keys and values of the source; 0 at the source's steps."""
    to, layer, (source, rest) = at.to, at.layer, _both(at, flow)
    heads, (steps, d) = layer.heads, rest.shape
    q = to.node("MatMul", rest.name, to.constant("W", at.p["W"]))
    kv = to.node("MatMul", source.name, to.constant("U", at.p["U"]))
    if layer.bias:
        q, kv = to.node("Add", q, to.constant("b", at.p["b"])), to.node("Add", kv, to.constant("u", at.p["u"]))
    q = to.transposed(to.reshaped(q, (steps, heads, d // heads)), 0, 2, 1, 3)  # (n, heads, T, e)
    kv = to.transposed(to.reshaped(kv, (layer.source, 2 * heads, d // heads)), 0, 2, 1, 3)  # (n, 2 heads, S, e)
    k, v = to.cut(kv, 0, heads, 1), to.cut(kv, heads, 2 * heads, 1)
    y = write_attended(at, (q, k, v), (steps, d), [], source.mask)
    return flow.to(to.node("Pad", y, to.constant("pads", [0, layer.source, 0, 0, 0, 0])))


@means(DecoderBlock)
def _decoder_block(at: Exported, flow: Flow) -> Flow:
    return write_chain(at.to, at.layer.layers, at.plan.children, at.p, flow)
