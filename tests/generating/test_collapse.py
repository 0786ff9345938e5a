"""A GAN whose images have collapsed is measured and diagnosed."""

import numpy as np
import pytest

from byhand import Adam, BinaryCrossEntropy, Dense, Network, Sigmoid, Zeros
from byhand.diagnosis import diagnose, read_run
from byhand.diagnosis.findings import outcome, unknown
from byhand.generating import GAN, GANTrainer
from byhand.generating.training import variance


def trainer(layers, images, classes=0, labels=None):
    generator = Network(3 + classes, layers, rng=0)
    critic = Network(4 + classes, [Dense(1)], BinaryCrossEntropy(), rng=1)
    adam = Adam(1e-9)
    return GANTrainer(GAN(generator, critic, classes), images, labels, generator_optimizer=adam, critic_optimizer=adam)


def test_variances_by_hand():
    x = np.array([[0.0, 1], [2, 1], [10, 4], [10, 6]])
    assert variance(x) == pytest.approx(np.var([0, 2, 10, 10]) + np.var([1, 1, 4, 6]))
    assert variance(x, np.array([0, 0, 1, 1])) == pytest.approx((1 + 1 + 0 + 0) / 4 + (0 + 0 + 1 + 1) / 4)


def test_spread_is_that_of_what_is_drawn_in_that_of_the_images():
    images = np.random.default_rng(0).random((40, 4)).astype(np.float32)
    made = trainer([Dense(4), Sigmoid()], images)
    found = made.train(1)["spread"][-1]
    rng = np.random.default_rng(0)
    rng.permutation(40)
    wanted = np.sqrt(made.gan.draw(40, rng).var(axis=0).sum() / images.var(axis=0).sum())
    assert found == pytest.approx(wanted, rel=1e-6) and found > 0.3


def test_one_image_for_each_class_is_a_collapse_too(tmp_path):
    images, labels = np.random.default_rng(0).random((40, 4)).astype(np.float32), np.arange(40) % 2
    made = trainer([Dense(4), Sigmoid()], images, 2, labels)
    made.gan.generator.p[0].W[:3] = 0  # the noise is not looked at, the class is
    made.train(2)
    assert made.history["spread"] == pytest.approx([0, 0], abs=1e-5)
    made.history.write_csv(tmp_path / "history.csv")
    record = read_run(tmp_path)
    (problem,) = diagnose(record)
    assert problem.name == "collapsed images" and problem.severity == 3 and "0 % of what real ones do" in problem.seen
    assert "2 epochs; the critic's loss ends at" in outcome(record) and unknown(record) == ""


def test_images_that_differ_are_no_collapse(tmp_path):
    rows = "epoch,critic_loss,generator_loss,spread\n1,1.3,0.8,0.3\n2,1.2,0.9,0.92\n"
    (tmp_path / "history.csv").write_text(rows)
    assert diagnose(read_run(tmp_path)) == []
    (tmp_path / "history.csv").write_text(rows + "3,0.1,5,0.1\n")
    assert "after 92 % at best" in diagnose(read_run(tmp_path))[0].seen


def test_a_generator_that_starts_with_zeros_draws_one_image():
    images = np.random.default_rng(0).random((20, 4))
    assert trainer([Dense(4, Zeros()), Sigmoid()], images).measured()["spread"] == pytest.approx(0, abs=1e-6)
