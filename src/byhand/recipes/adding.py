"""The adding problem: remember two numbers over hundreds of steps."""

from dataclasses import replace

from byhand.layers import GRU, LSTM, RNN, Dense, Layer
from byhand.losses import MSE
from byhand.optimizers import Adam
from byhand.recipes.base import Figure, Outcome, Recipe, hold_back
from byhand.regularizers import ClipNorm
from byhand.schedules import CosineAnnealing
from byhand.training import RegressionEvaluation


def error_on_test(run: Outcome) -> float:
    """The mean squared error on the test sequences."""
    return run.test.rmse**2 if isinstance(run.test, RegressionEvaluation) else 0.0


adding = Recipe(
    name="adding",
    source="byhand",
    takes="The adding problem (Hochreiter and Schmidhuber, 1997) over 200 steps: the sum of two marked numbers among "
    "200. An LSTM of 64 units whose forget gate starts open (bias 5; Tallec and Ollivier, 2018, for long spans), one "
    "output, mean squared error; the gradient's norm is clipped at 1; Adam along a cosine, batches of 50. 20,000 "
    "sequences, of which 1,000 are held back, and 1,000 to test with. Always answering 1 has a mean squared error of "
    "0.167.",
    prepare=hold_back(1_000),
    layers=(LSTM(64, forget_bias=5.0), Dense(1)),
    loss=MSE(),
    optimizer=Adam(CosineAnnealing(0.01)),
    dataset="adding",
    input_shape=(200, 2),
    epochs=16,
    batch_size=50,
    regularizers=(ClipNorm(1.0),),
    figures=(
        Figure("validation mean squared error", lambda run: run.history["val_loss"][-1], percent=False),
        Figure("test mean squared error", error_on_test, percent=False),
    ),
)


def _with(layer: Layer, name: str, what: str) -> Recipe:
    return replace(adding, name=name, takes=f"The recipe adding with {what} of 64 units.", layers=(layer, Dense(1)))


adding_gru = replace(_with(GRU(64), "adding-gru", "a GRU"), epochs=4)
adding_rnn = _with(RNN(64), "adding-rnn", "a plain recurrent layer (tanh)")
