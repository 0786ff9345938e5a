"""The numbers of the lessons about networks that draw, by other means."""

import numpy as np
import pytest

from tests.lessons.boards import checked


def test_the_penalty_by_central_differences():
    def penalty(W1, W2):
        slope = (W1 * (np.array([1.0, 1.0]) @ W1 > 0)) @ W2
        return (np.linalg.norm(slope) - 1) ** 2

    W1, W2, h = np.array([[1.0, 1], [0, 2]]), np.array([[1.0], [2]]), 1e-6
    for i in range(2):
        for j in range(2):
            step = np.zeros((2, 2))
            step[i, j] = h
            slope = (penalty(W1 + step, W2) - penalty(W1 - step, W2)) / (2 * h)
            assert checked("gradient-penalty")["∂P/∂W₁"][i][j] == pytest.approx(slope, rel=1e-6)
        slope = (penalty(W1, W2 + step[:, 1:]) - penalty(W1, W2 - step[:, 1:])) / (2 * h)
    assert checked("gradient-penalty")["∂P/∂W₂"][1][0] == pytest.approx(slope, rel=1e-6)


def test_the_divergence_by_integration():
    z = np.linspace(-30, 30, 200_001)
    q, log_q = np.exp(-((z - 1) ** 2) / 8) / np.sqrt(8 * np.pi), -((z - 1) ** 2) / 8 - 0.5 * np.log(8 * np.pi)
    log_p = -(z**2) / 2 - 0.5 * np.log(2 * np.pi)
    wanted = np.sum(q * (log_q - log_p)) * (z[1] - z[0])
    assert checked("latent-number")["KL, in nats"] == pytest.approx(wanted, rel=1e-9)
