"""scikit-learn's own checks of estimators, none of them excused."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from byhand.interop.estimators import NetworkClassifier, NetworkRegressor

CONFIGURATIONS = [
    NetworkClassifier(),
    NetworkRegressor(),
    NetworkClassifier(hidden_layer_sizes=(20, 10), activation="tanh", solver="sgd", learning_rate_init=0.1),
    NetworkRegressor(batch_size=50, activation="logistic", learning_rate_init=0.05),
]


@pytest.mark.filterwarnings("ignore")
@parametrize_with_checks(CONFIGURATIONS)
def test_keeps_scikit_learns_rules(estimator, check):
    check(estimator)
