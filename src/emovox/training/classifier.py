"""Every model that can be trained, as a scikit-learn classifier on a matrix."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from emovox.emotions import EMOTIONS
from emovox.errors import ParameterError
from emovox.training.loop import EVALUATION_BATCH
from emovox.training.options import TrainingOptions
from emovox.training.registry import create_model, default_options, get_model_spec
from emovox.training.rows import N_CLASSES, Rows
from emovox.types import FloatArray, IntArray

# Parameters that are options of a training, left to the model's defaults where they are None.
_OPTIONS = (
    "epochs",
    "batch_size",
    "learning_rate",
    "weight_decay",
    "schedule",
    "label_smoothing",
    "class_weights",
    "n_threads",
)


class EmotionClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """One of emovox's models behind scikit-learn's interface.

    It learns from the rows of a matrix and standardizes them itself, by the rows it is fitted on.
    All epochs are trained: choosing one would take rows of speakers that are in neither training
    nor test, and scikit-learn has no place for them; a study has.

    Parameters
    ----------
    model : str, default="deep_cnn"
        One of ``list_models()``.
    epochs, batch_size, learning_rate, weight_decay, schedule, label_smoothing, class_weights
        Options of the training, see `TrainingOptions`. None: as the model has them. Classical
        models know ``class_weights`` alone.
    frame_size : int, default=1
        For models that read sequences: features of one frame. A row holds its frames one after
        the other; frames of zeros at its end are padding, as ``FeatureExtractor(kind="frames")``
        lays them out.
    device : str, default="auto"
        ``cpu``, ``cuda``, ``mps``; ``auto`` takes the fastest there is.
    precision : str, default="float32"
        Of the training. ``auto`` measures which is faster, so that figures may differ from run to
        run.
    n_threads : int, optional
        Threads; None leaves them as they are.
    random_state : int, RandomState or None, default=0
        Decides weights, order of rows and dropout. None: something else each time.

    Attributes
    ----------
    classes_ : ndarray, shape (n_classes,)
        Labels, sorted; at most eight, as networks have eight outputs.
    n_features_in_ : int
        Columns of the matrix it was fitted to.
    model_ : Model
        The trained model. Where all labels are emotions it is one that ``export_artefact`` can
        write.
    history_ : History
        Figures by epoch.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> X, y = rng.normal(size=(40, 6)), np.repeat(["happy", "sad"], 20)
    >>> X[20:] += 3
    >>> float(EmotionClassifier("logistic").fit(X, y).score(X, y))
    1.0
    """

    def __init__(  # noqa: PLR0913 - scikit-learn wants each setting to be a parameter of its own
        self,
        model: str = "deep_cnn",
        *,
        epochs: int | None = None,
        batch_size: int | None = None,
        learning_rate: float | None = None,
        weight_decay: float | None = None,
        schedule: str | None = None,
        label_smoothing: float | None = None,
        class_weights: str | None = None,
        frame_size: int = 1,
        device: str = "auto",
        precision: str = "float32",
        n_threads: int | None = None,
        random_state: Any = 0,
    ) -> None:
        self.model = model
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.schedule = schedule
        self.label_smoothing = label_smoothing
        self.class_weights = class_weights
        self.frame_size = frame_size
        self.device = device
        self.precision = precision
        self.n_threads = n_threads
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike) -> EmotionClassifier:  # noqa: N803
        """Train.

        Parameters
        ----------
        X : array-like, shape (n, n_features)
            One row a recording.
        y : array-like, shape (n,)
            Labels: emotions or any others, at most eight.

        Returns
        -------
        EmotionClassifier
            Itself.

        Raises
        ------
        ValueError
            If rows cannot be used (`ParameterError` is one).
        UnknownModelError
            If there is no such model.
        """
        get_model_spec(self.model)
        values, labels = validate_data(self, X, y, dtype=np.float32, order="C")
        check_classification_targets(labels)
        self.classes_, index = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise ParameterError(
                f"all rows are of one class, {self.classes_[0]!r}; at least two are needed."
            )
        if len(self.classes_) > N_CLASSES:
            raise ParameterError(
                f"y has {len(self.classes_)} classes; the models have {N_CLASSES} outputs."
            )
        self._outputs = _place_classes(self.classes_)
        model = create_model(self.model, self._make_options())
        self.history_ = model.fit(Rows.of(*self._shape(values, self._outputs[index])))
        self.model_ = model
        return self

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:  # noqa: N803
        """Return the probability of each class.

        Parameters
        ----------
        X : array-like, shape (n, n_features)

        Returns
        -------
        ndarray of float64, shape (n, n_classes)
            Columns in the order of ``classes_``; rows add up to 1.
        """
        check_is_fitted(self, "model_")
        given = validate_data(self, X, dtype=np.float32, order="C", reset=False)
        values, _, lengths = self._shape(given, np.zeros(len(given), np.int64))
        if self.model_.spec.kind == "network":
            return _ask_network(self.model_, values, lengths)[:, self._outputs]
        probabilities = self.model_.predict_probabilities(values, lengths)
        return probabilities[:, self._outputs].astype(np.float64)

    def predict(self, X: ArrayLike) -> NDArray[Any]:  # noqa: N803
        """Return the most probable class of each row, shape (n,)."""
        best = self.predict_proba(X).argmax(axis=1)
        predicted: NDArray[Any] = self.classes_[best]
        return predicted

    def _make_options(self) -> TrainingOptions:
        said = {name: getattr(self, name) for name in _OPTIONS}
        state = self.random_state
        if not isinstance(state, int | np.integer):
            state = check_random_state(state).randint(np.iinfo(np.int32).max)
        return default_options(
            self.model,
            seed=int(state),
            device=self.device,
            precision=self.precision,
            evaluate_train=0,
            **{name: value for name, value in said.items() if value is not None},
        )

    def _shape(
        self, values: FloatArray, labels: IntArray
    ) -> tuple[FloatArray, IntArray, IntArray | None]:
        """Return rows as the model takes them: vectors, or frames and how many of them."""
        if get_model_spec(self.model).input == "frames":
            return _split_frames(values, labels, self.frame_size)
        if self.frame_size != 1:
            raise ParameterError(
                f"frame_size is {self.frame_size}, but {self.model!r} reads no frames."
            )
        return values, labels, None


def _place_classes(classes: NDArray[Any]) -> IntArray:
    """Return which of the eight outputs each class has: its own, if all are emotions."""
    names = [str(name) for name in classes]
    if set(names) <= set(EMOTIONS):
        return np.array([EMOTIONS.index(name) for name in names], dtype=np.int64)
    return np.arange(len(classes))


def _split_frames(
    values: FloatArray, labels: IntArray, frame_size: int
) -> tuple[FloatArray, IntArray, IntArray]:
    n_features = values.shape[1]
    if frame_size < 1 or n_features % frame_size:
        raise ParameterError(
            f"rows of {n_features} features are no whole frames of {frame_size}.",
            hint="frame_size is the number of features of one frame.",
        )
    frames = values.reshape(len(values), -1, frame_size)
    there = (frames != 0).any(axis=2)
    lengths = there.shape[1] - there[:, ::-1].argmax(axis=1)
    # Zeros alone: one frame of silence.
    return frames, labels, np.where(there.any(axis=1), lengths, 1)


def _ask_network(model: Any, values: FloatArray, lengths: IntArray | None) -> NDArray[np.float64]:
    """Return the probabilities of a network, computed in float64.

    In float32 a row's last digits depend on which rows it is asked with, and scikit-learn wants
    that they do not.
    """
    network = copy.deepcopy(model.to_network()).double().eval()
    scaled = (values.astype(np.float64) - model.scaler_.mean) / model.scaler_.deviation
    inputs = [torch.from_numpy(scaled)]
    if lengths is not None:
        inputs.append(torch.from_numpy(lengths))
    batches = zip(*(torch.split(tensor, EVALUATION_BATCH) for tensor in inputs), strict=True)
    with torch.inference_mode():
        logits = torch.cat([network(*batch) for batch in batches])
        unseen = torch.from_numpy(~model.present_)
        probabilities: NDArray[np.float64] = (
            logits.masked_fill(unseen, -torch.inf).softmax(dim=1).numpy()
        )
    return probabilities
