"""The models that come with emovox, by name; anything that looks like a path is a path."""

from __future__ import annotations

import os
from pathlib import Path

from emovox.errors import UnknownModelError, suggest

DEFAULT_MODEL = "emovox-small"
"""What is used where nobody names a model."""

SUFFIX = ".onnx"

_PACKAGED = Path(__file__).with_name("data")


def list_models(*, folder: str | os.PathLike[str] | None = None) -> tuple[str, ...]:
    """Return the names of the models that can be used by name, sorted.

    Parameters
    ----------
    folder : path-like, optional
        Holds them as ``NAME.onnx``. Default: the one that comes with emovox.
    """
    return tuple(sorted(path.stem for path in _get_folder(folder).glob(f"*{SUFFIX}")))


def get_model(
    model: str | os.PathLike[str] | None = None, *, folder: str | os.PathLike[str] | None = None
) -> Path:
    """Return the file of a model.

    Parameters
    ----------
    model : str or path-like, optional
        Of ``list_models()``, or a path: a text counts as one if it ends in ``.onnx`` or has a
        folder in it. A name is never looked for among the user's files, so that a file lying
        about cannot take a model's place. Default: ``DEFAULT_MODEL``.
    folder : path-like, optional
        As for :func:`list_models`.

    Returns
    -------
    Path
        Of a name, there is such a file; a path is not looked at.

    Raises
    ------
    UnknownModelError
        If no model has this name.
    """
    if model is not None and _is_path(model):
        return Path(model)
    name = DEFAULT_MODEL if model is None else os.fspath(model)
    known = list_models(folder=folder)
    if name in known:
        return _get_folder(folder) / f"{name}{SUFFIX}"
    if not known:
        raise UnknownModelError(
            f"no model {name!r}: none comes with this installation.",
            hint="Give the path of a .onnx file, as 'emovox train' writes it.",
        )
    raise UnknownModelError(
        f"no model {name!r}. {suggest(name, known)}",
        hint=f"A file of your own is given as a path, such as .{os.sep}{name}{SUFFIX}.",
    )


def _is_path(model: str | os.PathLike[str]) -> bool:
    if not isinstance(model, str):
        return True
    separators = (os.sep, os.altsep or os.sep, "/")
    return model.endswith(SUFFIX) or any(separator in model for separator in separators)


def _get_folder(folder: str | os.PathLike[str] | None) -> Path:
    return _PACKAGED if folder is None else Path(folder)
