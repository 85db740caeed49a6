"""Classical models whose decision is a network: copied into torch, so that they can be exported."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from torch import nn

from emovox.errors import ParameterError
from emovox.training.rows import N_CLASSES


def copy_to_network(estimator: Any) -> nn.Module:
    """Return a network with the weights of a fitted classifier.

    Parameters
    ----------
    estimator : LogisticRegression or MLPClassifier
        Fitted to standardized features and to labels that are indices into ``EMOTIONS``. The
        multilayer perceptron must have relu units.

    Returns
    -------
    Module
        From standardized features to logits (batch, 8), whose softmax over the emotions it was
        fitted to equals ``predict_proba``. The logits of the others mean nothing.

    Raises
    ------
    ParameterError
        If it is another kind of model.
    """
    layers: list[nn.Module] = []
    if isinstance(estimator, MLPClassifier) and estimator.activation == "relu":
        *hidden, last = zip(estimator.coefs_, estimator.intercepts_, strict=True)
        for weights, bias in hidden:
            layers += [_make_linear(weights, bias), nn.ReLU()]
    elif isinstance(estimator, LogisticRegression):
        last = (estimator.coef_.T, estimator.intercept_)
    else:
        raise ParameterError(
            f"{type(estimator).__name__} cannot be exported; logistic regression and the "
            "multilayer perceptron can, and all networks."
        )
    return nn.Sequential(*layers, _make_linear(*_spread(*last, estimator.classes_)))


def _spread(
    weights: NDArray[Any], bias: NDArray[Any], classes: NDArray[np.int64]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Put the columns of the known classes in their places among the eight."""
    if len(classes) == 2:  # one column, for the second class against the first
        weights, bias = np.pad(weights, ((0, 0), (1, 0))), np.pad(bias, (1, 0))
    all_weights, all_bias = np.zeros((len(weights), N_CLASSES)), np.zeros(N_CLASSES)
    all_weights[:, classes], all_bias[classes] = weights, bias
    return all_weights, all_bias


def _make_linear(weights: NDArray[Any], bias: NDArray[Any]) -> nn.Linear:
    linear = nn.Linear(*weights.shape)
    with torch.no_grad():
        linear.weight.copy_(torch.from_numpy(weights.T.copy()))
        linear.bias.copy_(torch.from_numpy(bias))
    return linear
