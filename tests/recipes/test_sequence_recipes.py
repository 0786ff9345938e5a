"""Recipes for sequences: their splits, what they measure, and that they run from data to figures."""

from dataclasses import replace

import numpy as np
import pytest

import byhand as b
from byhand.data import Dataset, load, load_text
from byhand.data.made import adding_problem, load_adding, load_addition, load_sorting, load_sums
from byhand.recipes import PUBLISHED, RECIPES, fitted_to, run_recipe
from byhand.recipes.answers import answering
from byhand.recipes.forecasts import airline_split, sunspots_split
from byhand.recipes.run import in_batches, new_network
from byhand.recipes.surnames import split_lines
from byhand.training import evaluate
from byhand.training.evaluate import Evaluator
from byhand.tuning.measure import material, measure
from tests.recipes import SEQUENCE_RECIPES


def speakers(n=90, steps=9):
    """Sequences of 4 to 9 steps that rise, fall or stay, with their lengths."""
    rng = np.random.default_rng(0)
    y = np.arange(n) % 3
    x = (np.arange(steps) * (y - 1)[:, np.newaxis])[..., np.newaxis] + rng.standard_normal((n, steps, 2))
    lengths = rng.integers(4, steps + 1, n)
    x[np.arange(steps) >= lengths[:, np.newaxis]] = 0
    x = x.astype(np.float32)
    part = 2 * n // 3
    return Dataset(
        "speakers", x[:part], y[:part], x[part:], y[part:], ("falls", "stays", "rises"), None, None,
        lengths[:part], lengths[part:],
    )  # fmt: skip


def series(values):
    return Dataset("series", values[:-1, np.newaxis], values[1:], None, None, (), None)


def test_they_are_not_among_the_published_ones():
    assert not SEQUENCE_RECIPES & set(PUBLISHED) and set(RECIPES) > SEQUENCE_RECIPES


def test_all_images_have_their_pixels_in_one_order():
    """Of images that hold the places of their pixels, every one becomes the same order, in every run."""
    places = np.tile(np.arange(784.0), (60, 1))
    data = Dataset("places", places, np.arange(60) % 10, places[:5], np.arange(5), tuple("0123456789"), None)
    splits = [RECIPES["permuted-pixels"].prepare(data, np.random.default_rng(seed)) for seed in (1, 2)]
    x = np.concatenate([part[0] for split in splits for part in (split.train, split.validation, split.test)])
    assert len(x) == 2 * 65 and (x == x[0]).all() and (np.sort(x[0]) == np.arange(784)).all()
    assert np.median(abs(np.diff(x[0]))) > 100  # neighbours are far apart


def test_units_that_read_pixels_remember_over_one_to_784_steps():
    """A state that a gate σ(b) keeps at each step lasts 1 / (1 − σ(b)) = 1 + eᵇ steps."""
    recipe = RECIPES["pixels"]
    network = new_network(recipe, np.zeros((1, 784), np.uint8), (), np.random.default_rng(0))
    b = network.named_parameters()["1.b"].astype(float)
    lasting = 1 + np.exp(b[128:256])
    assert lasting.min() >= 2 and lasting.max() <= 784 and abs(lasting.mean() - 393) < 60
    assert not b[:128].any() and not b[256:].any()


def test_lengths_go_through_a_whole_run():
    data = speakers()
    recipe = replace(RECIPES["vowels"], layers=(b.Bidirectional(b.GRU(8)), b.Dense(9)), epochs=20)
    run = run_recipe(recipe, 0, dataset=data, progress=False)
    assert run.network.input_shape == (9, 2) and run.network.outputs == 3  # the data set's, not the recipe's
    assert run.outcome.test.accuracy >= 0.9
    x, y, lengths = run.split.test
    right = [
        run.network.predict(x[i : i + 1], mask=np.ones((1, 9), bool) * (np.arange(9) < lengths[i])) for i in range(30)
    ]
    assert run.outcome.test.accuracy == np.mean(np.concatenate(right) == y)
    held = run.split.validation
    assert len(held) == 3 and all((held[0][i, held[2][i] :] == 0).all() for i in range(len(held[0])))


def test_trials_see_the_lengths_too():
    recipe = replace(RECIPES["vowels"], layers=(b.GRU(4), b.Dense(3)), epochs=1, input_shape=(9, 2))
    data = speakers()
    made = material(recipe, data, 0)
    assert (made.lengths >= 4).all() and len(made.lengths) == 60
    padded = replace(
        made, x=np.where(np.arange(9)[:, np.newaxis] < made.lengths[:, np.newaxis, np.newaxis], made.x, 9e3)
    )
    assert measure(recipe, made).losses == measure(recipe, padded).losses
    with pytest.raises(b.ByhandError, match="continue each other"):
        material(RECIPES["shakespeare-lstm"], data, 0, folds=2)


def test_names_are_split_the_same_way_for_every_seed():
    y = np.arange(400) % 4
    x = np.arange(400)[:, np.newaxis] + 1
    data = Dataset("names", x, y, None, None, tuple("abcd"), None, None, np.ones(400, int), None, tuple("xyz"))
    first, second = (split_lines(data, np.random.default_rng(seed)) for seed in (0, 1))
    assert (first.test[0] == second.test[0]).all() and len(first.test[0]) == 40 and len(first.validation[0]) == 36
    assert not (first.validation[0] == second.validation[0]).all()
    assert sorted(np.concatenate([pair[0] for pair in (first.train, first.validation, first.test)])[:, 0]) == sorted(
        x[:, 0]
    )
    assert np.bincount(first.test[1]).tolist() == [10] * 4


@pytest.mark.parametrize(
    ("split", "errors", "values"),
    [
        (airline_split, RECIPES["airline"].judge, np.exp(np.random.default_rng(0).normal(5, 0.2, 144))),
        (sunspots_split, RECIPES["sunspots"].judge, np.random.default_rng(0).uniform(0, 150, 309)),
    ],
    ids=["airline", "sunspots"],
)
def test_forecasts_see_the_past_only_and_stand_beside_naive_ones(split, errors, values):
    data = series(values)
    parts = split(data, np.random.default_rng(0))
    later = values.copy()
    later[-20:] *= 2
    other = split(series(later), np.random.default_rng(0))
    same = len(parts.test[0]) - 20  # the first twenty changed values come after these
    for part, changed in ((parts.train, other.train), (parts.validation, other.validation)):
        assert (part[0] == changed[0]).all() and (part[1] == changed[1]).all()
    assert (parts.test[0][:same] == other.test[0][:same]).all() and (parts.test[1][:same] == other.test[1][:same]).all()

    class Perfect:
        """Knows the targets."""

        def predict(self, x):
            return parts.test[1] if len(x) == len(parts.test[0]) else parts.validation[1]

    found = errors(Perfect(), parts, data)
    assert found["test RMSE"] == pytest.approx(0, abs=1e-3) and found["validation RMSE"] == pytest.approx(0, abs=1e-3)
    n = len(parts.test[0])
    assert found["test RMSE, as last month" if n == 48 else "test RMSE, as last year"] == pytest.approx(
        np.sqrt(np.mean((values[-n:] - values[-n - 1 : -1]) ** 2))
    )


def test_the_airlines_naive_forecast():
    """y[t−12] · y[t−1] / y[t−13] of a series that grows by the same factor each year is right, as no change is."""
    t = np.arange(144)
    values = 100 * 1.1 ** (t / 12) * (2 + np.sin(t * np.pi / 6))
    data = series(values)
    found = RECIPES["airline"].judge(type("Zero", (), {"predict": lambda self, x: np.zeros(len(x))})(), airline_split(
        series(values * np.exp(np.random.default_rng(0).normal(0, 1e-9, 144))), np.random.default_rng(0)
    ), data)  # fmt: skip
    assert found["test RMSE, last year times last month's growth"] == pytest.approx(0, abs=1e-9)
    assert found["test RMSE, as last month"] > 10


@pytest.mark.parametrize("name", ["adding", "adding-gru", "adding-rnn"])
def test_a_short_adding_problem_is_learnt(name):
    data = load_adding(train=600, test=100, steps=6)
    recipe = replace(RECIPES[name], input_shape=(6, 2), epochs=1)
    run = run_recipe(recipe, 0, dataset=data, progress=False)
    x, y = adding_problem(700, 6, np.random.default_rng(0))
    errors = run.network.predict(x[600:]) - y[600:]
    assert run.recipe.figures[1].measure(run.outcome) == pytest.approx(np.mean(errors**2), rel=1e-4)
    assert run.recipe.figures[0].measure(run.outcome) < 0.5


def test_whole_answers_are_counted():
    data = load_sums(train=300, test=50, digits=2)
    layers = (b.Embedding(12, 4), b.LSTM(8), b.RepeatVector(3), b.LSTM(8, return_sequences=True), b.Dense(12))
    run = run_recipe(
        replace(RECIPES["sums"], layers=layers, input_shape=(5,), epochs=3), 0, dataset=data, progress=False
    )
    answers = run.network.predict(data.x_test)
    right = answers == data.y_test
    assert run.outcome.test.accuracy == pytest.approx(right.mean())
    assert run.recipe.figures[2].measure(run.outcome) == right.all(axis=1).mean() <= right.mean()


@pytest.mark.parametrize(
    ("name", "data"), [("addition", load_addition(test=40)), ("sorting", load_sorting(train=400, test=40))]
)
def test_answers_are_written_token_by_token(name, data):
    recipe = RECIPES[name]
    layers = answering(data.x_train.shape[1], data.y_train.shape[1], 16, 2, 1)
    run = run_recipe(replace(recipe, layers=layers, epochs=2), 0, dataset=data, progress=False)
    assert len(run.split.validation[0]) == (500 if name == "addition" else 40)  # a tenth of the few
    x, right = data.x_test, []
    for question, answer in zip(x, data.y_test, strict=True):  # each token from the tokens before it, one at a time
        tokens = [*question, 10]
        for _ in answer:
            padded = np.zeros((1, len(question) + len(answer)), int)
            padded[0, : len(tokens)] = tokens
            tokens.append(int(run.network.predict(padded)[0, len(tokens) - len(question) - 1]))
        right.append(tokens[len(question) + 1 :] == list(answer))
    assert recipe.figures[2].measure(run.outcome) == np.mean(right)


def test_labels_of_steps_are_split_into_as_many_as_asked_for():
    """Answers of several tokens are no classes whose shares a part could keep."""
    split = RECIPES["sums"].prepare(load_sums(train=300, test=20, digits=2), np.random.default_rng(0))
    assert len(split.train[0]) == 270 and len(split.validation[0]) == 30
    assert len({row.tobytes() for row in np.concatenate([split.train[0], split.validation[0]])}) == 300


def test_a_text_of_ones_own_is_learnt_and_carried_on(tmp_path):
    file = tmp_path / "a.txt"
    file.write_text("abcd" * 12000)
    data = load_text(file)
    layers = (b.Embedding(65, 4), b.LSTM(8, return_sequences=True), b.Dense(65))
    recipe = replace(RECIPES["shakespeare-lstm"], layers=layers, epochs=3, optimizer=b.Adam(0.03))
    run = run_recipe(recipe, 0, dataset=data, progress=False)
    assert run.network.layers[0].vocabulary == run.network.outputs == 4 and run.network.classes == tuple("abcd")
    assert run.outcome.test.accuracy > 0.99 and run.outcome.history["val_loss"][-1] == pytest.approx(
        Evaluator(run.network, *run.split.validation, **in_batches(recipe))()["loss"]
    )
    gpt = fitted_to(RECIPES["shakespeare"], data)
    assert b.Network(gpt.input_shape, gpt.layers, gpt.loss).outputs == 4
    x, y = run.split.test  # by hand: each batch goes on from the state of the one before
    workspace, right = run.network.workspace(32), []
    for start in range(0, len(x), 32):
        right.append(
            run.network.forward(x[start : start + 32], workspace, carry=start > 0).argmax(axis=-1)
            == y[start : start + 32]
        )
    assert evaluate(run.network, x, y, size=32, carry=True).accuracy == pytest.approx(np.mean(right))
    tokens = np.concatenate([part[0].reshape(-1) for part in (run.split.train, run.split.validation, run.split.test)])
    assert len(tokens) > 0.8 * 48000


def test_a_recipe_and_its_data_must_both_be_tokens_or_numbers(tmp_path):
    with pytest.raises(b.ByhandError, match="The recipe surnames is for tokens, and speakers holds numbers"):
        fitted_to(RECIPES["surnames"], speakers())
    for name in ("a", "b"):
        (tmp_path / f"{name}.txt").write_text("x\ny\n")
    with pytest.raises(b.ByhandError, match="The recipe vowels is for numbers"):
        fitted_to(RECIPES["vowels"], load(tmp_path))
    assert fitted_to(RECIPES["surnames"], load(tmp_path)).layers[0].vocabulary == 3


def test_what_is_measured_while_training_leaves_out_steps_that_are_not_there():
    data = speakers()
    x, lengths = data.x_train, data.lengths_train
    steps = np.broadcast_to(np.arange(9) % 3, (len(x), 9)).copy()
    network = b.Network((9, 2), [b.GRU(4, return_sequences=True), b.Dense(3)], b.CategoricalCrossEntropy())
    there = np.arange(9) < lengths[:, np.newaxis]
    watch = b.Watch()
    b.fit(network, x, steps, lengths=lengths, epochs=1, callbacks=[watch], progress=False)
    assert watch.record.data["counts"] == np.bincount(steps[there]).tolist()
    right = network.predict(x, mask=there) == steps
    for k in range(3):
        assert watch.record.columns[f"recall {k}"][-1] == pytest.approx(right[there & (steps == k)].mean())


def test_a_model_of_lines_reads_lines(tmp_path):
    for name, letters in (("vowels", "aeiou"), ("others", "bcdfg")):
        (tmp_path / f"{name}.txt").write_text("\n".join(a + c + d for a in letters for c in letters for d in letters))
    recipe = replace(RECIPES["surnames"], layers=(b.Embedding(9, 4, padding=0), b.LSTM(8), b.Dense(9)), epochs=8)
    network = run_recipe(recipe, 0, dataset=load(tmp_path), progress=False).network
    network.save(tmp_path / "m.safetensors")
    network = b.Network.load(tmp_path / "m.safetensors")
    (tmp_path / "new").mkdir()
    (tmp_path / "new/a.txt").write_text("ei\n\nfg\r\na\n")
    assert b.predict(network, tmp_path / "new/a.txt").answers.tolist() == ["vowels", "others", "vowels"]
    assert b.predict(network, ["cc", "aa"]).answers.tolist() == ["others", "vowels"]
    for lines, words in (
        (["ab", "aß"], "Character 2 of line 2, 'ß', is not in the vocabulary"),
        (["abcd"], "Line 1 has 4 characters; the network takes 1 to 3"),
        ([], "no lines of text"),
    ):
        with pytest.raises(b.ByhandError, match=words):
            b.predict(network, lines)
    network.vocabulary = ("<unknown>", *"abcdefgio")
    network.save(tmp_path / "w.safetensors")
    network = b.Network.load(tmp_path / "w.safetensors")
    words = network.predict_proba(np.array([[2, 1, 0], [4, 4, 3]]))
    np.testing.assert_array_equal(b.predict(network, ["A zebra", "c C b"]).probabilities, words)
    with pytest.raises(b.ByhandError, match="Line 1 has 4 words; the network takes 1 to 3"):
        b.predict(network, ["a b c!"])
    for damaged in (("", *"bcdefgiou"), ("a", "b")):
        network.vocabulary = damaged
        network.save(tmp_path / "d.safetensors")
        with pytest.raises(b.ByhandError, match="its vocabulary is damaged"):
            b.Network.load(tmp_path / "d.safetensors")
