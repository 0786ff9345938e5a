"""The accuracy benchmark: its page by hand, and a run of it on small data; the race's twin in PyTorch."""

import json
from dataclasses import replace

import numpy as np
import pytest
from bench.accuracy import __main__ as accuracy

import byhand
from byhand.recipes import RECIPES
from tests.images import write_blocks


def found(recipe, seed, test, validation=0.99):
    return {
        "recipe": recipe, "seed": seed, "parameters": 4980, "stored_bytes": 21_400, "epochs": 30,
        "seconds": 300.0, "processor_seconds": 240.0, "validation": validation, "test": test,
    }  # fmt: skip


def line(page, name):
    (row,) = [line for line in page.splitlines() if line.startswith(f"| `{name}` |")]
    return [cell.strip() for cell in row.strip("|").split("|")][1:]


def test_the_page_gives_mean_and_spread_and_leaves_places():
    page = accuracy.page(
        [found("small", 0, 0.991, 0.98), found("small", 1, 0.993, 0.99), found("small", 2, 0.995, 1.0)]
    )
    # by hand: means 99.0 and 99.3; √((0.2² + 0 + 0.2²) / 2) = 0.2 and √((1² + 0 + 1²) / 2) = 1
    assert line(page, "small") == [*("4,980", "21 kB", "30", "4.0", "0, 1, 2", "99.00 ± 1.00", "**99.30 ± 0.20**")]
    assert line(page, "reader") == line(page, "fashion") == ["–"] * 7
    assert "--recipes small --seeds 3" in page and "| 99.77 | 0.23 |" in page


def test_the_page_says_how_to_repeat_it():
    results = [found("small", seed, 0.99) for seed in (0, 1)] + [found("voting-3", 0, 0.99), found("race", 0, 0.99)]
    start, end = "    python -m bench.accuracy --recipes", "--out docs"
    assert [*accuracy.commands(results)] == [f"{start} race voting-3 --seeds 1 {end}", f"{start} small --seeds 2 {end}"]
    assert [*accuracy.commands([*results, found("ensemble", 0, 0.99)])] == [
        f"{start} race voting-3 --seeds 1 --keep networks {end}",
        f"{start} small --seeds 2 {end}",
        f"{start} --ensemble networks {end}",
    ]


def test_an_ensemble_is_the_mean_of_its_members_and_of_an_images_versions(tmp_path, monkeypatch):
    monkeypatch.setattr(accuracy, "VERSIONS", 1)
    data = byhand.load(write_blocks(tmp_path / "data"))
    monkeypatch.setattr(accuracy.byhand, "load", lambda name: data)
    layers = (byhand.Flatten(), byhand.Dense(10))
    for i in range(3):
        network = byhand.Network((28, 28, 1), layers, byhand.CategoricalCrossEntropy(), rng=i, inputs="grey levels")
        network.save(tmp_path / f"voting-{3 + 2 * i}-0.safetensors")
    together = accuracy.ensemble(tmp_path)
    networks = [byhand.Network.load(file) for file in sorted(tmp_path.glob("*.safetensors"))]
    x = data.x_test.reshape(-1, 28, 28, 1)
    varied = RECIPES["reader"].augment(x, np.random.default_rng(0))
    p = [network.predict_proba(seen) for network in networks for seen in (x, varied)]
    named = np.argmax(np.mean(p, axis=0), axis=1)
    assert together["test"] == np.mean(named == data.y_test)
    assert together["members"] == ["voting-3-0", "voting-5-0", "voting-7-0"]
    assert together["parameters"] == 3 * 7850 and 0 < together["validation"] < 1


def test_results_are_added_in_the_pages_order(tmp_path):
    path = tmp_path / "accuracy.json"
    for name, seed in (("fashion", 0), ("small", 1), ("small", 0), ("race", 0)):
        accuracy.add(path, found(name, seed, 0.9))
    kept = [(r["recipe"], r["seed"]) for r in accuracy.read(path)]
    assert kept == [("race", 0), ("small", 0), ("small", 1), ("fashion", 0)]


@pytest.fixture
def tiny(monkeypatch, tmp_path):
    """Run the command on the dense recipe with one epoch on small data."""
    data = write_blocks(tmp_path / "data")
    recipe = replace(RECIPES["dense"], name="small", dataset=str(data), epochs=1)
    monkeypatch.setattr(accuracy, "get_recipe", lambda name: replace(recipe, name=name))

    def run(*arguments):
        monkeypatch.setattr("sys.argv", ["accuracy.py", *arguments, "--quiet", "--out", str(tmp_path / "out")])
        accuracy.main()
        return json.loads((tmp_path / "out/accuracy.json").read_text())["results"]

    return run


def test_it_trains_what_is_missing_and_nothing_twice(tiny, monkeypatch, tmp_path):
    first = tiny("--recipes", "small", "--seeds", "2")
    assert [r["seed"] for r in first] == [0, 1]
    network = byhand.Network(784, RECIPES["dense"].layers, byhand.CategoricalCrossEntropy())
    assert first[0]["parameters"] == network.size and first[0]["stored_bytes"] > 4 * network.size
    assert 0 < first[0]["validation"] <= 1 and first[0]["processor_seconds"] > 0
    assert {f.name for f in (tmp_path / "out").iterdir()} == {"accuracy.json", "accuracy.md"}
    assert "| `small` |" in (tmp_path / "out/accuracy.md").read_text()
    again = tiny("--recipes", "small", "--seeds", "3")
    assert again[:2] == first and [r["seed"] for r in again] == [0, 1, 2]
    monkeypatch.setattr(accuracy, "train", None)
    assert tiny("--report", "--recipes", "race") == again


def test_a_recipe_without_validation_gets_a_twin_that_holds_images_back(monkeypatch, tmp_path):
    data = write_blocks(tmp_path / "data")
    recipe = replace(RECIPES["race"], dataset=str(data))
    sizes = []
    inner = accuracy.train
    monkeypatch.setattr(
        accuracy, "train", lambda *a: (lambda pair: (sizes.append(len(pair[0].split.train[1])), pair)[1])(inner(*a))
    )
    assert 0 < accuracy.result(recipe, 0, tmp_path / "work", False)["validation"] <= 1
    assert sizes == [600, 540]


def test_pytorchs_twin_is_the_same_recipe():
    torch = pytest.importorskip("torch")
    from bench.speed import race_torch

    recipe = RECIPES["race"]
    assert (recipe.epochs, recipe.batch_size) == (race_torch.EPOCHS, race_torch.BATCH)
    for done in (0.0, 0.1, 0.3, 0.6, 1.0):
        assert race_torch.one_cycle(done) == pytest.approx(recipe.optimizer.learning_rate(done, 1))
    network = byhand.Network(recipe.input_shape, recipe.layers, recipe.loss)
    twin = race_torch.network()
    assert sum(p.numel() for p in twin.parameters()) == network.size
    # With byhand's own parameters, it gives byhand's outputs; after Flatten, pixels lie channel by channel there.
    parts = [
        part
        for p in network.p
        for part in (getattr(p, name, None) for name in ("W", "b", "gamma", "beta"))
        if part is not None
    ]
    with torch.no_grad():
        for own, theirs in zip(parts, twin.parameters(), strict=True):
            if own.ndim == 4:
                own = own.transpose(3, 2, 0, 1)
            elif own.shape == (800, 128):
                own = own.reshape(5, 5, 32, 128).transpose(3, 2, 0, 1).reshape(128, 800)
            elif own.ndim == 2:
                own = own.T
            theirs.copy_(torch.from_numpy(np.ascontiguousarray(own)))
        x = np.random.default_rng(0).random((3, 28, 28, 1), np.float32)
        outputs = twin.eval()(torch.from_numpy(x.transpose(0, 3, 1, 2))).numpy()
    np.testing.assert_allclose(outputs, network.forward(x), rtol=1e-4, atol=1e-4)
