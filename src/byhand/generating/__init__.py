"""Sequences by networks that predict the next token."""

from byhand.generating.next_token import NextToken, StepByStep, Windowed, next_token
from byhand.generating.text import generate_text

__all__ = ["NextToken", "StepByStep", "Windowed", "generate_text", "next_token"]
