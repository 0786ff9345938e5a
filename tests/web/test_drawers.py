"""Trainings of networks that draw from the page: the same arithmetic as the trainers of byhand.generating."""

import numpy as np
import pytest

from byhand.generating import GANTrainer, VAETrainer
from byhand.network import Network
from byhand.optimizers import Adam
from byhand.web.drawers import make_drawer
from byhand.web.limits import Limits
from byhand.web.settings import read_settings
from tests.web.conftest import RAW, block_data, client_of, until
from tests.web.schema import unpacked
from tests.web.test_keeping import client_keeping
from tests.web.test_trainings import downloaded, events

VAE = {"network": "vae", "hidden": [12, 8], "batch_size": 40, "epochs": 3, "images": 300, "seed": 5}
GAN = VAE | {"network": "gan"}


def begin(client, table, *states):
    key = client.post("/api/trainings", json=table).json()["id"]
    return key, until(client, key, *states)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def dense(network, x):
    """What a network of dense and ReLU layers gives, worked out with NumPy."""
    for layer, p in zip(network.layers, network.p, strict=True):
        x = x @ p.W + p.b if layer.label().startswith("Dense") else np.maximum(x, 0)
    return x


def test_paused_and_resumed_a_vae_ends_in_the_bits_of_its_trainer(client, tmp_path):
    key, _ = begin(client, VAE | {"paused": True}, "paused")
    client.post(f"/api/trainings/{key}/resume")
    found = until(client, key, "finished")
    vae = make_drawer(read_settings(VAE, Limits()))
    VAETrainer(vae, block_data().x[:300], optimizer=Adam(0.001), batch_size=40, rng=5).train(3)
    assert downloaded(client, key, tmp_path).theta.tobytes() == vae.decoder.theta.tobytes()
    assert (found["step"], found["steps"], found["epoch"]) == (24, 8, 3)
    assert (found["reads"], found["input_shape"], found["parameters"]) == ("noise", [2], vae.decoder.size)
    assert [layer["label"] for layer in found["layers"]][::2] == ["Dense(8)", "Dense(12)", "Dense(784)"]
    history = found["history"]
    total = np.array(history["reconstruction"]) + np.array(history["divergence"])
    np.testing.assert_allclose(history["loss"], total, rtol=1e-4)


def test_a_vae_tells_its_bound_on_images_held_back_and_shows_what_it_draws(client):
    """Σ log(1 + e^y) − x y and ½ Σ μ² + σ² − 1 − log σ², with the decoder's y for z = μ + σ ε."""
    key, found = begin(client, VAE, "finished")
    vae = client.app.page.server.trainings.get(key).drawer
    x = block_data().held_x / 255
    mean, log_variance = np.split(dense(vae.encoder, x), 2, axis=1)
    y = dense(vae.decoder, mean + np.exp(log_variance / 2) * np.random.default_rng(0).standard_normal(mean.shape))
    bound = (np.logaddexp(0, y) - x * y).sum() + 0.5 * (mean**2 + np.exp(log_variance) - 1 - log_variance).sum()
    assert found["history"]["val_loss"][-1] == pytest.approx(bound / len(x), rel=1e-4)
    assert found["history"]["val_loss"][-1] < found["history"]["val_loss"][0]
    look = [data for name, data in events(client, key) if name == "look"][-1]
    z = np.random.default_rng(0).standard_normal((36, 2))
    expected = sigmoid(dense(vae.decoder, z)).reshape(36, 28, 28)
    np.testing.assert_allclose(unpacked(look["images"]), expected, atol=0.51 * look["images"]["scale"])
    assert look["step"] == 24


def test_a_gan_tells_both_losses_and_draws_from_its_numbers(client, tmp_path):
    key, _ = begin(client, GAN | {"paused": True, "pace": 1000}, "paused")
    client.post(f"/api/trainings/{key}/resume")
    found = until(client, key, "finished")
    gan, data = make_drawer(read_settings(GAN, Limits())), block_data()
    adam = {"generator_optimizer": Adam(0.001), "critic_optimizer": Adam(0.001)}
    history = GANTrainer(gan, data.x[:300], **adam, batch_size=40, penalty=1.0, rng=5).train(3)
    assert downloaded(client, key, tmp_path).theta.tobytes() == gan.generator.theta.tobytes()
    for name in ("critic_loss", "generator_loss", "spread"):
        np.testing.assert_allclose(found["history"][name], history[name], rtol=1e-4)
    assert found["problems"][0]["name"] == "collapsed images"  # after so few steps all are alike
    z = np.random.default_rng(3).standard_normal((2, 16))
    drawn = client.post(f"/api/models/{key}/images", json={"z": z.tolist()}).json()["images"]
    expected = gan.generator.predict_proba(z.astype(np.float32)).reshape(2, 28, 28)
    np.testing.assert_allclose(unpacked(drawn), expected, atol=0.51 * drawn["scale"])


def test_steps_of_a_gan_are_told_while_it_learns(client):
    """A mean over the steps since the last event; both losses are those that the trainer gives."""
    key, _ = begin(client, GAN | {"paused": True, "epochs": 1}, "paused")
    with client.stream("GET", f"/api/trainings/{key}/events") as stream:
        client.post(f"/api/trainings/{key}/resume")
        lines = [line for line in stream.iter_lines() if line.startswith(("event: step", 'data: {"step"'))]
    assert any('"figures": {"critic_loss": ' in line and '"generator_loss": ' in line for line in lines)


def test_stopped_it_keeps_what_it_learnt(client, tmp_path):
    key, _ = begin(client, VAE | {"epochs": 200}, "running")
    assert client.post(f"/api/trainings/{key}/pause").json()["state"] == "paused"
    step = client.get(f"/api/trainings/{key}").json()["step"]
    found = client.post(f"/api/trainings/{key}/stop").json()
    assert (found["state"], found["step"]) == ("stopped", step)
    assert downloaded(client, key, tmp_path).plan[-1].out_shape == (784,)
    key, _ = begin(client, VAE | {"paused": True}, "paused")
    client.post(f"/api/trainings/{key}/stop")
    assert until(client, key, "stopped")["step"] == 0


def test_the_limit_of_time_holds_and_too_high_a_rate_is_said():
    with client_of(training_seconds=0.05) as client:
        _, found = begin(client, GAN | {"epochs": 200, "batch_size": 1}, "stopped", "finished")
        assert found["state"] == "stopped" and "seconds of computing" in found["error"]
    with client_of() as client:
        _, found = begin(client, VAE | {"learning_rate": 1e6, "epochs": 50}, "failed", "finished")
        assert "try a lower learning rate" in found["error"]


def test_what_networks_that_draw_refuse(client, seven):
    key, _ = begin(client, VAE | {"paused": True}, "paused")
    drawing = {"content": seven.tobytes(), "headers": RAW}
    for status, words, answer in (
        (409, "make the training slow", client.post(f"/api/trainings/{key}/step")),
        (422, "one answer", client.put(f"/api/trainings/{key}/drawing", **drawing)),
        (422, "one answer", client.post(f"/api/look?model={key}", **drawing)),
        (422, "binary-cross-entropy", client.post("/api/trainings", json={"network": "gan", "loss": "quadratic"})),
        (422, "binary-cross-entropy", client.post("/api/trainings", json={"network": "vae", "recipe": "nielsen"})),
    ):
        assert answer.status_code == status and words in answer.json()["error"]
    client.post("/api/samples?label=7", **drawing)
    assert client.post("/api/finetune", json={"model": key}).status_code == 422
    client.delete(f"/api/trainings/{key}")


def test_the_network_that_draws_outlasts_the_server(tmp_path):
    with client_keeping(tmp_path) as client:
        key, before = begin(client, VAE, "finished")
        drawn = client.post(f"/api/models/{key}/images", json={"z": [[0.5, -1]]}).json()
    with client_keeping(tmp_path) as client:
        assert client.get(f"/api/trainings/{key}").json() == before
        assert client.post(f"/api/models/{key}/images", json={"z": [[0.5, -1]]}).json() == drawn
    assert Network.load(tmp_path / "runs" / f"{key}.safetensors").input_shape == (2,)
