"""Replace scikit-learn's MLPClassifier by changing one import; the results are the same.

Run it with: python examples/moving_from_mlpclassifier.py  (needs scikit-learn: pip install "byhand[sklearn]")
"""

import warnings

from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from byhand.interop.estimators import NetworkClassifier


def main() -> None:
    """Train both, compare them, search a grid, and print the network's equations."""
    warnings.simplefilter("ignore", ConvergenceWarning)  # thirty epochs are enough to see what is to be seen
    x, y = load_digits(return_X_y=True)
    x_train, x_test, y_train, y_test = train_test_split(x, y, random_state=0)

    for kind in (MLPClassifier, NetworkClassifier):
        model = make_pipeline(MinMaxScaler(), kind((30,), learning_rate_init=0.01, max_iter=30, random_state=0))
        model.fit(x_train, y_train)
        print(f"{kind.__name__:18} loss {model[-1].loss_:.6f}, {model.score(x_test, y_test):.2%} of the test set right")

    # Whatever takes a scikit-learn estimator takes this one: here a search over two parameters.
    search = GridSearchCV(
        model, {"networkclassifier__alpha": [1e-4, 1.0], "networkclassifier__activation": ["relu", "tanh"]}, cv=3
    )
    search.fit(x_train, y_train)
    print(f"best: {search.best_params_}, {search.best_score_:.2%} in cross-validation")

    # And this is what MLPClassifier has not: the network itself.
    network = search.best_estimator_[-1].network_
    print(network.summary())
    print(network.explain())


if __name__ == "__main__":
    main()
