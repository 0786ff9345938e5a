from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from byhand import plots
from byhand.core.errors import ByhandError

EPOCHS = [1, 2, 3]


def words(figure: Figure) -> list[str]:
    """Every title above a picture, in order."""
    return [ax.get_title() for ax in figure.axes if ax.axison]


def legend(figure: Figure, k: int = 0) -> list[str]:
    return [text.get_text() for text in figure.axes[k].get_legend().get_texts()]


def brightness(colour: object) -> float:
    return float(np.dot(to_rgb(colour), (0.299, 0.587, 0.114)))  # type: ignore[arg-type]


def test_digits_marks_the_wrong_ones_by_sign_frame_and_colour() -> None:
    images = np.random.default_rng(0).integers(0, 256, (3, 28, 28), dtype=np.uint8)
    figure = plots.digits(images, truth=[7, 2, 1], predicted=[7, 3, 1], confidence=[0.5, 0.123, 1])
    assert words(figure) == ["✓ 7\n50.0 %", "✗ 3, is 2\n12.3 %", "✓ 1\n100.0 %"]
    right, wrong, _ = figure.axes[:3]
    assert wrong.spines["left"].get_linewidth() > 2 > right.spines["left"].get_linewidth()
    assert to_rgb(right.title.get_color()) != to_rgb(wrong.title.get_color())
    assert "right: 2" in figure.get_suptitle() and "wrong: 1" in figure.get_suptitle()
    np.testing.assert_array_equal(wrong.images[0].get_array(), images[1])


def test_digits_with_less_to_say() -> None:
    images = np.zeros((2, 8, 8))
    assert words(plots.digits(images)) == ["", ""]
    assert words(plots.digits(images, truth=["a", "b"])) == ["a", "b"]
    assert words(plots.digits(images, predicted=[1, 2], confidence=[0.9, 0.8])) == ["1\n90.0 %", "2\n80.0 %"]
    assert len(plots.digits(np.zeros((7, 8, 8))).axes) == 8  # two rows of four, one place left empty


def test_curves() -> None:
    history = {
        "epoch": EPOCHS,
        "loss": [0.9, 0.5, 0.25],
        "val_loss": [0.8, 0.6, 0.5],
        "accuracy": [0.5, 0.75, 0.875],
        "val_accuracy": [0.4, 0.6, 0.7],
        "learning_rate": [0.1, 0.1, 0.1],
        "seconds": [1, 1, 1],
    }
    figure = plots.curves(history)
    assert [ax.get_ylabel() for ax in figure.axes] == ["loss", "accuracy (%)"]
    assert [ax.get_xlabel() for ax in figure.axes] == ["epoch", "epoch"]
    assert legend(figure) == ["training, last 0.25", "validation, last 0.5"]
    assert legend(figure, 1) == ["training, last 87.50 %", "validation, last 70.00 %"]
    training, validation = figure.axes[1].lines
    np.testing.assert_allclose(training.get_ydata(), [50, 75, 87.5])
    np.testing.assert_allclose(validation.get_xdata(), EPOCHS)
    assert training.get_linestyle() != validation.get_linestyle()
    assert training.get_color() != validation.get_color()


def test_curves_with_missing_columns() -> None:
    assert legend(plots.curves({"epoch": EPOCHS, "val_loss": [1, 2, 3]})) == ["validation, last 3"]
    figure = plots.curves({"epoch": EPOCHS, "accuracy": [0.1, 0.2, 0.3], "learning_rate": [3, 2, 1]})
    assert [ax.get_ylabel() for ax in figure.axes] == ["accuracy (%)", "learning rate"]
    assert plots.curves({"epoch": EPOCHS, "loss": [100, 1, 0.1]}).axes[0].get_yscale() == "log"
    assert plots.curves({"epoch": EPOCHS, "loss": [1, np.nan, 0.5]}).axes[0].get_yscale() == "linear"


def test_confusion_has_every_count_in_its_cell() -> None:
    matrix = np.array([[90, 3, 0], [40, 80, 1], [0, 0, 70]])
    figure = plots.confusion(matrix, ["cat", "dog", "cow"])
    ax = figure.axes[0]
    assert {(t.get_position()[1], t.get_position()[0]): t.get_text() for t in ax.texts} == {
        (row, column): str(matrix[row, column]) for row in range(3) for column in range(3)
    }
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("read as", "was")
    assert [t.get_text() for t in ax.get_yticklabels()] == ["cat", "dog", "cow"]
    assert ax.get_title() == "240 of 284 right (84.51 %)"
    assert figure.axes[1].get_ylabel() == "mistakes"
    mistakes = ax.images[0].get_array()
    assert mistakes.mask.tolist() == [[True, False, True], [False, True, False], [True, True, True]]


def test_confusion_is_readable_on_dark_and_light() -> None:
    matrix = np.arange(1, 101).reshape(10, 10)
    ax = plots.confusion(matrix).axes[0]
    mistakes = ax.images[0]
    for text in ax.texts:
        column, row = (int(v) for v in text.get_position())
        if row != column:
            cell = mistakes.cmap(mistakes.norm(matrix[row, column]))[:3]
            assert abs(brightness(cell) - brightness(text.get_color())) > 0.4
    assert len(plots.confusion(np.eye(4)).axes[0].texts) == 16  # no mistake at all


def test_first_layer_weights() -> None:
    W = np.random.default_rng(0).normal(size=(12, 7))
    figure = plots.first_layer_weights(W, (3, 4), count=5)
    assert words(figure)[:5] == [f"unit {k}" for k in range(5)]
    for k in range(5):
        image = figure.axes[k].images[0]
        np.testing.assert_array_equal(image.get_array(), W[:, k].reshape(3, 4))
        low, high = image.get_clim()
        assert low == -high and high == figure.axes[0].images[0].get_clim()[1]
    assert figure.axes[-1].get_ylabel() == "weight"
    assert len(words(plots.first_layer_weights(np.zeros((12, 2)), (3, 4)))) == 3  # two units and the colour bar


def test_activations() -> None:
    figure = plots.activations(
        {
            "square": (lambda z: z**2, lambda z: 2 * z),
            "step": (lambda z: (z > 0) * 1.0, np.zeros_like),
        },
        reach=2,
    )
    square, step = figure.axes
    assert square.get_title() == "square" and square.get_xlabel() == "z" and square.get_ylabel()
    f, derivative = square.lines[-2:]
    np.testing.assert_allclose(f.get_ydata(), f.get_xdata() ** 2)
    np.testing.assert_allclose(derivative.get_ydata(), 2 * derivative.get_xdata())
    assert (f.get_xdata()[0], f.get_xdata()[-1]) == (-2, 2)
    assert np.isnan(step.lines[-2].get_ydata()).sum() == 1  # a gap, not a slope, where it jumps
    assert [t.get_text() for t in figure.legends[0].get_texts()] == ["f(z)", "f′(z)"]


def test_diagnosis() -> None:
    history = {"epoch": [1, 2], "loss": [2.0, 1.0], "val_loss": [2.0, 1.5]}
    figure = plots.diagnosis(history, [0, 1, 2], {"layer 1": [0.1, 0, 0.01]}, {"layer 2": [0, 0.5, 1]})
    gradients, idle, loss = figure.axes
    assert gradients.get_yscale() == "log"
    np.testing.assert_array_equal(gradients.lines[0].get_ydata(), [0.1, np.nan, 0.01])
    np.testing.assert_array_equal(idle.lines[0].get_ydata(), [0, 50, 100])
    assert idle.get_legend().get_texts()[0].get_text() == "layer 2"
    assert [line.get_ydata().tolist() for line in loss.lines] == [[2, 1], [2, 1.5]]
    assert len(plots.diagnosis(history, [], {}, {}).axes) == 1


@pytest.mark.parametrize("suffix, start", [(".png", b"\x89PNG"), (".SVG", b"<?xml"), (".pdf", b"%PDF")])
def test_save(tmp_path: Path, suffix: str, start: bytes) -> None:
    first, second = tmp_path / f"new/a{suffix}", tmp_path / f"b{suffix}"
    for path in (first, second):
        plots.save(plots.curves({"epoch": [1, 2], "loss": [1, 2]}), path)
    assert first.read_bytes().startswith(start)
    assert first.read_bytes() == second.read_bytes()
    assert [p.name for p in first.parent.iterdir()] == [first.name]


def test_save_refuses_what_it_cannot_write(tmp_path: Path) -> None:
    figure = plots.curves({"epoch": [1, 2], "loss": [1, 2]})
    for name in ("a.bmp", "a", "a.png.exe"):
        with pytest.raises(ByhandError, match=r"\.png, \.svg, \.pdf"):
            plots.save(figure, tmp_path / name)
    (tmp_path / "file").write_text("x")
    with pytest.raises(ByhandError, match="cannot be written"):
        plots.save(figure, tmp_path / "file" / "a.png")
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


BAD = {
    "one image": lambda: plots.digits(np.zeros((28, 28))),
    "no image": lambda: plots.digits(np.zeros((0, 28, 28))),
    "labels of another number": lambda: plots.digits(np.zeros((3, 8, 8)), truth=[1, 2]),
    "no epoch": lambda: plots.curves({"loss": [1, 2]}),
    "nothing to draw": lambda: plots.curves({"epoch": [1, 2], "seconds": [1, 2]}),
    "columns of unequal length": lambda: plots.curves({"epoch": [1, 2], "loss": [1]}),
    "not square": lambda: plots.confusion(np.zeros((2, 3))),
    "one row": lambda: plots.confusion(np.zeros(4)),
    "empty": lambda: plots.confusion(np.zeros((0, 0))),
    "negative counts": lambda: plots.confusion(np.array([[1, -1], [0, 1]])),
    "shares": lambda: plots.confusion(np.array([[0.5, 0.5], [0, 1]])),
    "names of another number": lambda: plots.confusion(np.eye(3), ["a", "b"]),
    "other image shape": lambda: plots.first_layer_weights(np.zeros((784, 10)), (27, 28)),
    "no unit": lambda: plots.first_layer_weights(np.zeros((784, 10)), (28, 28), count=0),
    "no function": lambda: plots.activations({}),
    "nothing measured": lambda: plots.diagnosis({}, [], {}, {}),
    "measurements of unequal length": lambda: plots.diagnosis({}, [0, 1], {"layer 1": [1]}, {}),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_refused(name: str) -> None:
    with pytest.raises(ByhandError) as refusal:
        BAD[name]()
    assert str(refusal.value).endswith(".") and "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("draw", "words"),
    [
        (lambda: plots.filters(np.zeros((3, 3, 1)), ""), "(3, 3, 1)"),
        (lambda: plots.feature_maps(np.zeros((3, 3)), ""), "(3, 3)"),
        (lambda: plots.decided(np.zeros((3, 3)), np.zeros((3, 4)), np.zeros((3, 3)), "1", 2), "(3, 4)"),
        (lambda: plots.units([]), "no layer"),
        (lambda: plots.neighbours(np.zeros((3, 3)), np.zeros((2, 3, 3)), ["1"], [1, 2]), "as many names"),
        (lambda: plots.plane(np.zeros((3, 1)), [0, 1, 2], "abc", (1, 0), np.zeros(2), "1"), "(3, 1)"),
    ],
)
def test_pictures_of_what_a_network_sees_refuse_other_shapes(draw, words):
    with pytest.raises(ByhandError) as caught:
        draw()
    assert words in str(caught.value)


def test_filters_stand_in_their_places_on_one_scale():
    W = np.arange(2 * 3 * 2 * 4, dtype=float).reshape(2, 3, 2, 4) - 24
    ax = plots.filters(W, "title").axes[0]
    board, image = ax.images[0].get_array(), ax.images[0]
    assert board.shape == (2 * 3 - 1, 4 * 4 - 1)
    np.testing.assert_array_equal(board[3:5, 8:11], W[:, :, 1, 2])
    assert image.get_clim() == (-24, 24)
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["0", "1"]


def test_the_map_shows_every_class_and_the_image():
    points, labels = np.random.default_rng(0).standard_normal((30, 2)), np.arange(30) % 3
    ax = plots.plane(points, labels, ("0", "1", "long"), (0.6, 0.25), np.array([0.5, -0.5]), "long").axes[0]
    drawn = [part.get_offsets() for part in ax.collections]
    for k in range(3):
        np.testing.assert_array_equal(drawn[k], points[labels == k])
    np.testing.assert_array_equal(drawn[3], [[0.5, -0.5]])
    assert "60 %" in ax.get_xlabel() and "25 %" in ax.get_ylabel()
