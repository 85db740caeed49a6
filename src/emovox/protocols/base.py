"""What every protocol is: a name, a source, and folds made from clips."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from emovox.errors import ParameterError, ProtocolError
from emovox.protocols.audit import validate_fold
from emovox.protocols.fold import Assignment, Fold
from emovox.types import Clip


@dataclass(frozen=True, kw_only=True)
class SplitProtocol(ABC):
    """A rule that says who is in train, dev and test.

    Attributes
    ----------
    name : str
        Such as ``speaker``.
    description : str
        One sentence.
    source : str
        Who published it.
    """

    leaky: ClassVar[bool] = False
    """True where the rule is faulty on purpose."""
    options: ClassVar[tuple[str, ...]] = ()
    """Fields that a study may set."""

    name: str
    description: str
    source: str

    @abstractmethod
    def folds(
        self, clips: Sequence[Clip], *, seed: int = 0, n_variants: int = 0
    ) -> tuple[Fold, ...]:
        """Return the folds, the same for the same clips and seed.

        Parameters
        ----------
        clips : sequence of Clip
            All clips of the study.
        seed : int, default=0
            Of whatever the protocol leaves to chance. Not negative.
        n_variants : int, default=0
            Altered copies of each clip.

        Returns
        -------
        tuple of Fold
            Their ``splits`` have one row a clip, in the order of ``clips``.

        Raises
        ------
        ProtocolError
            If the clips do not allow it.
        ParameterError
            If ``seed`` or ``n_variants`` is negative.
        """


class DisjointProtocol(SplitProtocol):
    """A protocol with disjoint speakers. It says which clip goes where and nothing about copies.

    Altered copies are placed by `Fold`, so no such protocol can put one into dev or test; every
    fold is audited before it is handed out.
    """

    @abstractmethod
    def assign(self, clips: Sequence[Clip], seed: int) -> Iterator[Assignment]:
        """Yield who goes where, fold by fold."""

    def folds(
        self, clips: Sequence[Clip], *, seed: int = 0, n_variants: int = 0
    ) -> tuple[Fold, ...]:
        """Return the folds; see `SplitProtocol.folds`."""
        check_request(clips, seed, n_variants)
        folds = tuple(
            Fold.from_clips(self.name, assignment, n_variants=n_variants)
            for assignment in self.assign(clips, seed)
        )
        for fold in folds:
            validate_fold(fold, clips)
        return folds


def check_request(clips: Sequence[Clip], seed: int, n_variants: int) -> None:
    """Raise if there are no clips, or a number is negative."""
    if not clips:
        raise ProtocolError("there are no clips to divide.")
    for name, value in (("seed", seed), ("n_variants", n_variants)):
        if value < 0:
            raise ParameterError(f"{name} is {value}; it must be 0 or more.")


def check_share(share: float) -> None:
    """Raise if the share of dev speakers is not in [0, 1)."""
    if not 0 <= share < 1:
        raise ParameterError(f"dev_share is {share}; it must be at least 0 and below 1.")
