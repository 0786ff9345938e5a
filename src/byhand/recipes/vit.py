"""A vision transformer on MNIST."""

from dataclasses import replace

from byhand.data.augment import Augment, Rotate, Scale, Shift
from byhand.layers import ClassToken, Dense, FirstStep, LayerNorm, LearnedPositions, PatchEmbedding, TransformerBlock
from byhand.optimizers import AdamW
from byhand.recipes.dense import dense
from byhand.schedules import WarmupCosine

vit = replace(
    dense,
    name="vit",
    takes="A vision transformer (Dosovitskiy et al., 2020): patches of 7 × 7 pixels, a class token, learnt positions, "
    "four pre-norm blocks of 64 units with 4 heads and 128 hidden units. Images moved, turned and scaled a little; "
    "AdamW with warm-up and a cosine, batches of 128, 5,000 images held back for validation.",
    layers=(
        PatchEmbedding(7, 64),
        ClassToken(),
        LearnedPositions(17),
        *[TransformerBlock(64, 4, 128)] * 4,
        *(LayerNorm(), FirstStep(), Dense(10)),
    ),
    optimizer=AdamW(WarmupCosine(0.002), weight_decay=0.05),
    input_shape=(28, 28, 1),
    epochs=30,
    augment=Augment((Shift(2, 2), Rotate(10), Scale((0.9, 1.1)))),
)
vit_4 = replace(
    vit,
    name="vit-4",
    takes="The recipe `vit` with patches of 4 × 4 pixels, 49 steps and the class token, and six blocks: about the "
    "network of the repository PyTorch-Scratch-Vision-Transformer-ViT, which publishes 99.5 % after 100 epochs.",
    layers=(
        PatchEmbedding(4, 64),
        ClassToken(),
        LearnedPositions(50),
        *[TransformerBlock(64, 4, 128)] * 6,
        *(LayerNorm(), FirstStep(), Dense(10)),
    ),
)
