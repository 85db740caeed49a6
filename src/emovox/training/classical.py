"""Classical models through scikit-learn, behind the interface of the networks.

Each has a few settings. The first is taken as it is; where dev rows may decide
(``select=True``), all are fitted and the one with the best UAR on them is kept.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.svm import SVC
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from emovox.errors import ParameterError
from emovox.metrics import compute_accuracy, compute_uar
from emovox.training.history import EpochRecord, History, RunContext, Scores
from emovox.training.model import Model
from emovox.training.registry import import_optional
from emovox.training.rows import N_CLASSES, Rows
from emovox.types import FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class _Recipe:
    """How a classical model is made.

    ``make`` is called with a setting, and with ``random_state`` and ``class_weight`` where the
    model has them.
    """

    make: Callable[..., Any]
    settings: tuple[Mapping[str, Any], ...]
    fixed: Mapping[str, Any] = field(default_factory=dict)
    has_seed: bool = True
    has_class_weights: bool = True


_RECIPES: Mapping[str, _Recipe] = MappingProxyType(
    {
        "logistic": _Recipe(
            LogisticRegression, ({"C": 0.1}, {"C": 0.01}, {"C": 1.0}), {"max_iter": 500}
        ),
        "knn": _Recipe(
            KNeighborsClassifier,
            ({"n_neighbors": 10}, {"n_neighbors": 5}, {"n_neighbors": 30}),
            {"weights": "distance", "n_jobs": 1},
            has_seed=False,
            has_class_weights=False,
        ),
        "svm": _Recipe(SVC, ({"C": 3.0}, {"C": 1.0}), {"cache_size": 500, "break_ties": True}),
        "random_forest": _Recipe(
            RandomForestClassifier,
            ({"min_samples_leaf": 1}, {"min_samples_leaf": 5}),
            {"n_estimators": 300, "n_jobs": 1},
        ),
        # Its own early stopping would split speakers.
        "gradient_boosting": _Recipe(
            HistGradientBoostingClassifier,
            ({"max_iter": 150}, {"max_iter": 75}),
            {"early_stopping": False, "max_leaf_nodes": 15, "l2_regularization": 1.0},
        ),
        "mlp": _Recipe(
            MLPClassifier,
            ({"alpha": 1.0}, {"alpha": 0.01}),
            {"hidden_layer_sizes": (256,), "max_iter": 60},
            has_class_weights=False,
        ),
    }
)


class ClassicalModel(Model):
    """A scikit-learn classifier and the scaler before it.

    Attributes
    ----------
    estimator_ : object
        The fitted classifier; takes standardized features.
    """

    estimator_: Any

    def to_network(self) -> Any:
        """Return a network that decides as the classifier does; see `Model.to_network`."""
        return import_optional("emovox.training.classical_network").copy_to_network(self.estimator_)

    def _fit(self, train: Rows, watch: Rows | None, *, select: bool, run: RunContext) -> History:
        recipe = _RECIPES[self.name]
        if self.options.class_weights != "none" and not recipe.has_class_weights:
            raise ParameterError(
                f"{self.name} cannot weigh classes.", hint="Set class_weights to 'none'."
            )
        select = select and self.options.keep == "best"
        settings = recipe.settings if select else recipe.settings[:1]
        estimators: list[Any] = []
        records: list[EpochRecord] = []
        run.start(records)
        rng = np.random.default_rng(self.options.seed)
        sample = train.take(rng.permutation(len(train))[: self.options.evaluate_train])
        for number, setting in enumerate(settings, start=1):
            start = time.perf_counter()
            estimators.append(self._fit_setting(recipe, setting, train))
            record = EpochRecord(
                epoch=number,
                train_eval=self._evaluate(estimators[-1], sample) if len(sample) else None,
                watch=None if watch is None else self._evaluate(estimators[-1], watch),
                seconds=time.perf_counter() - start,
                setting=", ".join(f"{name}={value}" for name, value in setting.items()),
            )
            records.append(record)
            run.report(record, len(settings))
        uars = [-1.0 if r.watch is None or not select else r.watch.uar for r in records]
        best = int(np.argmax(uars))
        self.estimator_ = estimators[best]
        return History(records=tuple(records), selected_epoch=best + 1, n_threads=self._n_threads)

    def _predict(self, values: FloatArray, lengths: IntArray | None) -> NDArray[np.float64]:  # noqa: ARG002 - one signature
        return self._ask(self.estimator_, values)

    @property
    def _n_threads(self) -> int:
        return self.options.n_threads or 1

    def _fit_setting(self, recipe: _Recipe, setting: Mapping[str, Any], train: Rows) -> Any:
        arguments = {**recipe.fixed, **setting}
        if recipe.has_seed:
            arguments["random_state"] = self.options.seed
        if self.options.class_weights == "balanced":
            arguments["class_weight"] = "balanced"
        estimator = recipe.make(**arguments)
        # One thread: sums keep their order, so the same seed gives the same figures.
        with threadpool_limits(self._n_threads), warnings.catch_warnings():
            # A fixed number of rounds is meant; that they end it is no news.
            warnings.simplefilter("ignore", ConvergenceWarning)
            estimator.fit(self.scaler_.transform(train.values), train.labels)
        return estimator

    def _ask(self, estimator: Any, values: FloatArray) -> NDArray[np.float64]:
        scaled = self.scaler_.transform(values)
        with threadpool_limits(self._n_threads):
            if hasattr(estimator, "predict_proba"):
                scores = estimator.predict_proba(scaled)
            else:
                # Votes of one emotion against another, refined by distance: an order, of which
                # this makes something that adds up to 1; it is not calibrated.
                scores = _softmax(estimator.decision_function(scaled))
        probabilities = np.zeros((len(values), N_CLASSES))
        probabilities[:, estimator.classes_] = scores
        return probabilities

    def _evaluate(self, estimator: Any, rows: Rows) -> Scores:
        probabilities = self._ask(estimator, rows.values)
        prediction = probabilities.argmax(axis=1)
        of_truth = probabilities[np.arange(len(rows)), rows.labels]
        return Scores(
            loss=float(-np.log(np.maximum(of_truth, 1e-12)).mean()),
            accuracy=float(compute_accuracy(rows.labels, prediction)),
            uar=float(compute_uar(rows.labels, prediction)),
        )


def _softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    if logits.ndim == 1:  # two classes: the distance from the one boundary
        logits = np.stack([-logits, logits], axis=1)
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    scaled: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return scaled
