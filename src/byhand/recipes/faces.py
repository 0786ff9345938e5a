"""Faces and other pictures: a small convolutional network, and a linear one to compare with."""

from dataclasses import replace

from byhand.layers import Conv2D, Dense, Dropout, Flatten, MaxPool2D, ReLU
from byhand.losses import CategoricalCrossEntropy
from byhand.optimizers import Adam
from byhand.recipes.base import Figure, Recipe, hold_back
from byhand.regularizers import L2
from byhand.schedules import CosineAnnealing

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
