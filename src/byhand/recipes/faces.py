"""Faces and other pictures: a small convolutional network, and a linear one to compare with."""

from dataclasses import replace

from byhand.data.augment import Augment, Flip, Rotate, Scale, Shift
from byhand.layers import BatchNorm, Conv2D, Dense, Dropout, Flatten, MaxPool2D, ReLU
from byhand.losses import CategoricalCrossEntropy
from byhand.optimizers import Adam
from byhand.recipes.base import Figure, Outcome, Recipe, accuracy_on_test, hold_back
from byhand.regularizers import L2
from byhand.schedules import CosineAnnealing
from byhand.training import Evaluation

faces = Recipe(
    name="faces",
    source="byhand",
    takes="The 200 pictures of 25 × 25 pixels that scikit-image ships, half of them faces: convolutions of 3 × 3 with "
    "16 and 32 filters, ReLU and a max pooling of 2 × 2 after each, dropout of one half; Adam along a cosine, batches "
    "of 32, 40 epochs. A fifth is held back; with so few pictures a cross-validation says more.",
    prepare=hold_back(0.2),
    layers=(
        *(Conv2D(16), ReLU(), MaxPool2D()),
        *(Conv2D(32), ReLU(), MaxPool2D()),
        *(Flatten(), Dropout(0.5), Dense(2)),
    ),
    loss=CategoricalCrossEntropy(),
    optimizer=Adam(CosineAnnealing(0.002)),
    dataset="faces",
    input_shape=(25, 25, 1),
    epochs=40,
    batch_size=32,
    figures=(
        Figure("train accuracy", lambda run: run.train),
        Figure("validation accuracy", lambda run: run.validation or 0.0),
    ),
)

faces_linear = replace(
    faces,
    name="faces-linear",
    takes="The linear network to compare `faces` with: two outputs, softmax and cross-entropy (logistic regression), "
    "L2 0.005, 100 epochs.",
    layers=(Flatten(), Dense(2)),
    optimizer=Adam(CosineAnnealing(0.003)),
    regularizers=(L2(0.005),),
    epochs=100,
)


def weighted_f1_on_test(run: Outcome) -> float:
    """The F1 of the classes on the test pictures, weighted by how many each has, as scikit-learn reports it."""
    return run.test.scores.weighted()[2] if isinstance(run.test, Evaluation) else 0.0


lfw = replace(
    faces,
    name="lfw",
    takes="Seven people of Labeled Faces in the Wild, with the pictures, sizes and test pictures of scikit-learn's "
    "example of eigenfaces, whose F1 is the published figure. Convolutions of 3 × 3 with 32, 64 and 64 filters, a "
    "pooling of 2 × 2 and batch normalisation after each, dropout of one half; pictures mirrored by chance, moved, "
    "turned and scaled a little; Adam along a cosine, 40 epochs; a tenth of the training pictures is held back.",
    prepare=hold_back(0.1),
    layers=(
        *(Conv2D(32), MaxPool2D(), BatchNorm(), ReLU()),  # (25, 18, 32)
        *(Conv2D(64), MaxPool2D(), BatchNorm(), ReLU()),  # (12, 9, 64)
        *(Conv2D(64), MaxPool2D(), BatchNorm(), ReLU()),  # (6, 4, 64)
        *(Flatten(), Dropout(0.5), Dense(7)),
    ),
    dataset="lfw",
    input_shape=(50, 37, 1),
    augment=Augment((Flip(), Shift(2, 2), Scale((0.9, 1.1)), Rotate(8))),
    figures=(
        Figure("validation accuracy", lambda run: run.validation or 0.0),
        Figure("test accuracy", accuracy_on_test),
        Figure("test F1, weighted", weighted_f1_on_test, 0.80),
    ),
)
