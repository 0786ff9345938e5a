"""byhand: neural networks with every derivative worked out by hand, and a reader of handwritten digits.

A network is one parameter vector and one gradient vector; layers see named views of both. Samples are rows.

    >>> import byhand
    >>> digits = byhand.load("mnist")
    >>> network = byhand.Network(784, [byhand.Dense(30), byhand.ReLU(), byhand.Dense(10)],
    ...                          byhand.CategoricalCrossEntropy())
    >>> history = byhand.fit(network, digits.x_train, digits.y_train)
    >>> network.predict(digits.x_test[:1])
    array([7])
"""

from lazy_loader import attach_stub

# A name of __init__.pyi is imported when it is first used, so that a program waits for no part that it does without.
__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
