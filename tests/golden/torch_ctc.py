"""PyTorch's CTC loss and its own derivative, in float64."""

import torch
import torch.nn.functional as F


def run(z, t):
    """Each row's loss, and its derivative by the logits; 0 where the loss is infinite."""
    z = torch.tensor(z, requires_grad=True)
    lengths = torch.tensor((t >= 0).sum(axis=1))
    labels = torch.tensor(t[t >= 0]).long()
    steps = torch.full((len(t),), z.shape[1])
    log_p = F.log_softmax(z, dim=2).transpose(0, 1)
    options = {"blank": z.shape[2] - 1, "reduction": "none"}
    each = F.ctc_loss(log_p, labels, steps, lengths, **options)
    F.ctc_loss(log_p, labels, steps, lengths, zero_infinity=True, **options).sum().backward()
    return {"each": each.detach().numpy(), "dz": z.grad.numpy()}
