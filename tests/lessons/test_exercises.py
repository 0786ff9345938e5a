"""Exercises: answers by other means, slips that are recognised, and the conversation."""

import io
import json

import numpy as np
import pytest

from byhand.cli.main import main
from byhand.core.errors import ByhandError
from byhand.lessons import lessons
from byhand.lessons.asking import answer_text, ask
from byhand.lessons.exercises import EXERCISES, questions_of
from byhand.lessons.question import Question, judge, read_numbers

SEEDS = range(12)


def answers(name, seed):
    return {question.step: np.asarray(question.answer, float) for question in questions_of(name, seed)}


def numbers_in(text):
    """The numbers between brackets in a question, in their order."""
    import re

    return [float(n.replace("−", "-")) for n in re.findall(r"(?<![\w.])−?\d+(?:\.\d+)?", text)]


# ---- all of them ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EXERCISES)
def test_a_right_answer_is_right_and_a_slip_is_called_by_its_name(name):
    assert name in lessons()
    recognised, slips = set(), set()
    for seed in SEEDS:
        for question in questions_of(name, seed):
            assert question.hints and question.solution
            assert np.all(np.isfinite(question.answer))
            assert judge(question, read_numbers(answer_text(question))).right
            for slip, value in question.slips.items():
                slips.add(slip)
                if np.all(np.isfinite(value)):
                    verdict = judge(question, np.ravel(np.asarray(value, float)))
                    recognised |= {slip} if verdict.message.endswith(slip) else set()
    assert recognised == slips


@pytest.mark.parametrize("name", EXERCISES)
def test_another_seed_gives_other_numbers_and_the_same_one_the_same(name):
    first = [question.text for question in questions_of(name, 3)]
    assert first == [question.text for question in questions_of(name, 3)]
    assert any(first != [question.text for question in questions_of(name, seed)] for seed in (4, 5))


# ---- answers by other means -------------------------------------------------------------------------------------


def sigma(z):
    return 1 / (1 + np.exp(-z))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("loss", ["mse", "log-loss"])
def test_two_two_one_by_differences(loss, seed):
    name = f"two-two-one-{loss}"
    given = questions_of(name, seed)[0].text.partition("rows. ")[2]
    parts = dict(part.strip().split(" = ") for part in given.partition(", L =")[0].replace(", W", "|W").replace(
        ", b", "|b").replace(", t", "|t").split("|"))  # fmt: skip
    x, W1, b1, W2, b2, t = (
        np.array([float(n) for n in text.replace("−", "-").translate(str.maketrans("(),;ᵀ", "     ")).split()])
        for text in parts.values()
    )

    def L(W1):
        a1 = sigma(x @ W1.reshape(2, 2) + b1)
        a2 = sigma(a1 @ W2 + b2[0])
        return (a2 - t[0]) ** 2 if loss == "mse" else -(t[0] * np.log(a2) + (1 - t[0]) * np.log(1 - a2))

    h = 1e-5
    differences = [(L(W1 + step) - L(W1 - step)) / (2 * h) for step in h * np.eye(4)]
    found = answers(name, seed)
    assert found["∂L/∂W1"].ravel() == pytest.approx(differences, abs=1e-8)
    assert found["a1"] == pytest.approx(sigma(found["z1"]))


@pytest.mark.parametrize("seed", SEEDS)
def test_layer_as_matrix_by_differences(seed):
    y, dW, db, dx = questions_of("layer-as-matrix", seed)
    numbers = numbers_in(y.text.replace("2 samples", "").replace("Four", ""))
    x, W, b = np.reshape(numbers[:6], (2, 3)), np.reshape(numbers[6:12], (3, 2)), np.array(numbers[12:14])
    dy = np.reshape(numbers_in(dW.text)[:4], (2, 2))
    assert y.answer.tolist() == [[sum(x[i] * W[:, j]) + b[j] for j in range(2)] for i in range(2)]
    h = 1e-3  # L = Σ dy ⊙ y is linear in each of them
    for question, array in ((dW, W), (db, b), (dx, x)):
        for place in np.ndindex(array.shape):
            before = (dy * (x @ W + b)).sum()
            array[place] += h
            after = (dy * (x @ W + b)).sum()
            array[place] -= h
            assert question.answer[place] == pytest.approx((after - before) / h, abs=1e-8)


@pytest.mark.parametrize("seed", SEEDS)
def test_convolution_by_differences(seed):
    y, dw, db, dx = questions_of("convolution", seed)
    numbers = numbers_in(y.text)
    x, w = np.reshape(numbers[:9], (3, 3)), np.reshape(numbers[9:13], (2, 2))
    dy = np.reshape(numbers_in(dw.text)[:4], (2, 2))

    def L():
        return sum(dy[r, s] * (x[r : r + 2, s : s + 2] * w).sum() for r in range(2) for s in range(2))

    def slope(array, place):
        start = L()
        array[place] += 1
        after = L()
        array[place] -= 1
        return after - start

    assert L() == pytest.approx(np.sum(dy * y.answer))
    assert [[slope(w, (k, i)) for i in range(2)] for k in range(2)] == dw.answer.tolist()
    assert slope(x, (1, 1)) == dx.answer
    assert dy.sum() == db.answer


@pytest.mark.parametrize("seed", SEEDS)
def test_softmax_by_differences(seed):
    p, L, dz = questions_of("softmax-cross-entropy", seed)
    powers = np.array(numbers_in(p.text)[:3])
    right = int(numbers_in(L.text)[0]) - 1

    def loss(z):
        return np.log(np.exp(z).sum()) - z[right]

    z, h = np.log(powers), 1e-5
    assert L.answer == pytest.approx(loss(z))
    assert dz.answer == pytest.approx([(loss(z + s) - loss(z - s)) / (2 * h) for s in h * np.eye(3)], abs=1e-8)


@pytest.mark.parametrize("seed", SEEDS)
def test_latent_by_differences(seed):
    z, kl, gradients = questions_of("latent-number", seed)
    mu, v, _, noise = numbers_in(z.text)
    v = np.log(np.round(np.exp(v / 2), 4) ** 2)
    dz = numbers_in(gradients.text)[0]

    def L(mu, v):
        return dz * (mu + np.exp(v / 2) * noise) + 0.5 * (mu * mu + np.exp(v) - 1 - v)

    h = 1e-5
    wanted = [(L(mu + h, v) - L(mu - h, v)) / (2 * h), (L(mu, v + h) - L(mu, v - h)) / (2 * h)]
    assert gradients.answer == pytest.approx(wanted, abs=1e-4)
    assert kl.answer == pytest.approx(L(mu, v) - dz * z.answer, abs=1e-4)


def test_momentum_and_adam_by_loops():
    for seed in SEEDS:
        velocity, place, _ = questions_of("momentum", seed)
        mu, _, g1, g2 = numbers_in(velocity.text)
        eta, w = numbers_in(place.text)
        v = 0.0
        for g in (g1, g2):
            v = mu * v + g
            w -= eta * v
        assert (velocity.answer, place.answer) == pytest.approx((v, w))
        first, _, _, last = questions_of("adam", seed)
        g1 = numbers_in(first.text)[1]
        g2 = numbers_in(questions_of("adam", seed)[2].text)[0]
        m = v = 0.0
        for t, g in enumerate((g1, g2), 1):
            m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
            moved = -(m / (1 - 0.9**t)) / np.sqrt(v / (1 - 0.999**t))
        assert last.answer == pytest.approx(moved)


# ---- verdicts ---------------------------------------------------------------------------------------------------

MATRIX = Question("dW", "", np.array([[1.0, 2, 3], [4, 5, 6]]), {"the input is missing.": np.ones((2, 3))})


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([1, 2, 3, 4, 5, 6], "Right."),
        ([1.0004, 2, 3, 4, 5, 6], "Right."),
        ([1, 4, 2, 5, 3, 6], "Not yet: these are the right numbers, but transposed; rows and columns are swapped."),
        ([-1, -2, -3, -4, -5, -6], "Not yet: the sign is turned."),
        (
            [2, 4, 6, 8, 10, 12],
            "Not yet: all your numbers are 2 times the right ones; a factor is missing or too many.",
        ),
        ([1, 1, 1, 1, 1, 1], "Not yet: the input is missing."),
        ([1, 2, 3, 4, 5, 7], "Not yet, but numbers 1, 2, 3, 4, 5 are right."),
        ([9, 9, 9, 9, 9, 8], "Not yet."),
        ([1, 2], "This needs 6 numbers, row by row; you gave 2. (Decimals have a point: 0.5.)"),
    ],
)
def test_what_went_wrong_is_computed(given, message):
    assert judge(MATRIX, np.array(given, float)).message == message


def test_numbers_as_people_write_them():
    assert read_numbers("(0.5, −1/4); 2e-3 [7]").tolist() == [0.5, -0.25, 0.002, 7]
    for wrong in ("0.5 a", "1/0", "1//2"):
        with pytest.raises(ByhandError, match="is not a number"):
            read_numbers(wrong)


# ---- the conversation -------------------------------------------------------------------------------------------

TWO = [
    Question("a", "How much is 1 + 1?", 2, {"this is 1 − 1.": 0}, ("Count.", "Use fingers."), "1 + 1 = 2"),
    Question("b", "How much is 2 · 3?", 6, {}, ("Add three times.",), "2 + 2 + 2"),
]


def talk(*lines):
    said = []
    right = ask(TWO, iter(lines), said.append)
    return right, said[1:]


def test_hints_come_before_the_solution():
    right, said = talk("solution", "solution", "hint", "solution", "6")
    assert right == 1
    assert said[1:4] == [
        "Hint: Count. (Type solution again to go on.)",
        "Hint: Use fingers. (Type solution again to go on.)",
        "There are no more hints; type solution to see it.",
    ]
    assert said[4] == "1 + 1 = 2\nThe answer: 2"
    assert said[-1] == "\n1 of 2 right."


def test_wrong_answers_are_asked_again():
    right, said = talk("0", "x", "", "2.0", "6")
    assert right == 2
    assert said[1:4] == [
        "Not yet: this is 1 − 1.",
        "'x' is not a number; write numbers such as 0.25, -1/3 or 2e-3.",
        "Right.",
    ]


def test_it_ends_where_the_lines_end_and_on_quit():
    assert talk("2")[0] == 1
    assert talk()[1][-1] == "\n0 of 2 right."
    assert talk("quit")[1][-1] == "\n0 of 2 right."
    assert talk("skip", "6")[0] == 1


def test_the_command_takes_answers_from_a_pipe(monkeypatch, capsys):
    def run(lines, *arguments):
        monkeypatch.setattr("sys.argv", ["byhand", "lesson", "weight-updates", "--exercise", *arguments])
        monkeypatch.setattr("sys.stdin", io.StringIO(lines))
        with pytest.raises(SystemExit) as end:
            main()
        return end.value.code or 0, capsys.readouterr().out

    first, second = questions_of("weight-updates", 7)
    status, out = run(
        f"{float(first.slips['the learning rate is missing.'])}\n{first.answer}\n{second.answer}\n", "--seed", "7"
    )
    assert status == 0
    assert "Not yet: the learning rate is missing." in out and "2 of 2 right." in out
    assert "byhand lesson weight-updates --exercise --seed 7" in out
    assert run("1000\n")[0] == 1


def test_every_lesson_has_an_exercise(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["byhand", "lesson", "--json"])
    with pytest.raises(SystemExit):
        main()
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {record["name"] for record in records if record["exercise"]} == set(EXERCISES) == set(lessons())
    assert [record["number"] for record in records] == list(range(1, len(records) + 1))
