"""What networks make: sequences, token by token, and images."""

from byhand.generating.gan import GAN
from byhand.generating.gradient_penalty import GradientPenalty
from byhand.generating.next_token import NextToken, StepByStep, Windowed, next_token
from byhand.generating.text import generate_text
from byhand.generating.training import GANTrainer, VAETrainer
from byhand.generating.translate import teacher_forcing, translate
from byhand.generating.vae import VAE

__all__ = [
    "GAN",
    "VAE",
    "GANTrainer",
    "GradientPenalty",
    "NextToken",
    "StepByStep",
    "VAETrainer",
    "Windowed",
    "generate_text",
    "next_token",
    "teacher_forcing",
    "translate",
]
