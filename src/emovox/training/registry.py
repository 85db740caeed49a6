"""The models that can be trained, by name. Listing them needs neither torch nor scikit-learn."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from emovox.errors import MissingExtraError, ParameterError, UnknownModelError, suggest
from emovox.training.options import TrainingOptions

if TYPE_CHECKING:
    from emovox.training.model import Model


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """What is known of a model before it is made.

    Attributes
    ----------
    name, title, description : str
        For people; ``name`` is what commands take.
    kind : str
        ``network`` (torch) or ``classical`` (scikit-learn).
    input : str
        ``statistics``: values of shape (n, n_features); ``frames``: (n, n_frames, n_features)
        and lengths.
    module : str
        Where its network is; empty for classical models.
    exportable : bool
        Whether it can be written as an ONNX artefact.
    defaults : mapping
        Training options in which it differs from ``TrainingOptions()``.
    shape : tuple of str
        Which of the options ``dropout``, ``batch_norm`` and ``width`` it can take.
    """

    name: str
    title: str
    kind: Literal["network", "classical"]
    input: Literal["statistics", "frames"] = "statistics"
    module: str = ""
    exportable: bool = False
    description: str = ""
    defaults: Mapping[str, Any] = field(default_factory=dict)
    shape: tuple[str, ...] = ()

    def validate(self, options: TrainingOptions) -> None:
        """Check that a model can be trained so.

        Raises
        ------
        ParameterError
            If a value is not allowed, or the model has no such shape.
        """
        options.validate()
        plain = TrainingOptions()
        for name in SHAPE:
            if name not in self.shape and getattr(options, name) != getattr(plain, name):
                able = [other.name for other in MODELS.values() if name in other.shape]
                raise ParameterError(
                    f"{self.name!r} has no {name} to set.", hint=f"These have: {', '.join(able)}."
                )

    def __reduce__(self) -> tuple[Any, ...]:
        # By name: what is read-only here cannot be pickled, and a model shall be.
        return get_model_spec, (self.name,)


SHAPE = ("dropout", "batch_norm", "width")
"""Training options that change a network, which not every one can take."""


def _network(name: str, title: str, description: str, **rest: Any) -> ModelSpec:
    module = f"emovox.training.networks.{name}"
    return ModelSpec(
        name=name,
        title=title,
        kind="network",
        module=module,
        exportable=True,
        description=description,
        **rest,
    )


def _classical(name: str, title: str, description: str, **rest: Any) -> ModelSpec:
    return ModelSpec(name=name, title=title, kind="classical", description=description, **rest)


_REGULARIZED = MappingProxyType({"schedule": "cosine", "weight_decay": 1e-2})

_SPECS = (
    _network(
        "notebook_cnn",
        "Notebook CNN",
        "The reference notebook's four one-dimensional convolutions over the feature vector.",
        shape=SHAPE,
    ),
    _network(
        "deep_cnn",
        "Deep CNN",
        "Seven convolutions with batch normalization and more dropout.",
        defaults=_REGULARIZED,
    ),
    _network(
        "lstm",
        "LSTM",
        "Two recurrent layers over frames; frames of padding are ignored.",
        input="frames",
        defaults=_REGULARIZED,
    ),
    _network(
        "time_cnn",
        "Time CNN",
        "Four convolutions over time, mean and maximum over the frames of a clip.",
        input="frames",
        defaults=_REGULARIZED,
        shape=SHAPE,
    ),
    _classical("logistic", "Logistic regression", "Multinomial, L2.", exportable=True),
    _classical("knn", "k nearest neighbours", "Euclidean, weighted by distance."),
    _classical("svm", "Support vector machine", "Radial basis functions."),
    _classical("random_forest", "Random forest", "300 trees."),
    _classical("gradient_boosting", "Gradient boosting", "Trees on histograms."),
    _classical("mlp", "Multilayer perceptron", "One hidden layer.", exportable=True),
)

MODELS: Mapping[str, ModelSpec] = MappingProxyType({spec.name: spec for spec in _SPECS})
"""Name -> what is known of the model."""


def list_models() -> tuple[str, ...]:
    """Return the names of all models that can be trained."""
    return tuple(MODELS)


def get_model_spec(name: str) -> ModelSpec:
    """Return what is known of a model.

    Raises
    ------
    UnknownModelError
        If no model has this name.
    """
    if name not in MODELS:
        raise UnknownModelError(f"no model {name!r} can be trained.", hint=suggest(name, MODELS))
    return MODELS[name]


def default_options(name: str, **overrides: Any) -> TrainingOptions:
    """Return the options a model is trained with where nothing else is said.

    Parameters
    ----------
    name : str
        Of the model.
    **overrides
        Fields of ``TrainingOptions`` that are said.
    """
    return replace(TrainingOptions(), **{**get_model_spec(name).defaults, **overrides})


def create_model(name: str, options: TrainingOptions | None = None) -> Model:
    """Make a model, untrained.

    Parameters
    ----------
    name : str
        One of ``list_models()``.
    options : TrainingOptions, optional
        How it will be trained; ``default_options(name)`` where not given.

    Returns
    -------
    Model
        With ``fit`` and ``predict_probabilities``.

    Raises
    ------
    UnknownModelError
        If no model has this name.
    ParameterError
        If an option has a value that is not allowed.
    MissingExtraError
        If torch or scikit-learn is not installed.
    """
    spec = get_model_spec(name)
    options = default_options(name) if options is None else options
    spec.validate(options)
    module = import_optional(f"emovox.training.{'loop' if spec.kind == 'network' else 'classical'}")
    maker = module.NetworkModel if spec.kind == "network" else module.ClassicalModel
    model: Model = maker(spec, options)
    return model


def import_optional(module: str) -> Any:
    """Import a module of this room that needs the extra ``train``.

    Raises
    ------
    MissingExtraError
        If torch, scikit-learn or another package of that extra is not installed.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("emovox"):
            raise
        raise MissingExtraError("train") from error
