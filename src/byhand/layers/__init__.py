"""Layers."""

from lazy_loader import attach_stub

# A layer of __init__.pyi is imported when it is first used, as the names of byhand itself are.
__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
