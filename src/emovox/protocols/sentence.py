"""Cross-validation over speakers and sentences at once: nothing that is tested was heard."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from emovox.errors import ProtocolError
from emovox.protocols.fold import TEST, TRAIN, UNUSED, Assignment
from emovox.protocols.speaker import SpeakerProtocol, deal_voices
from emovox.protocols.voices import collect_voices, hold_out_dev, unite
from emovox.types import Clip


@dataclass(frozen=True, kw_only=True)
class SentenceProtocol(SpeakerProtocol):
    """Test speakers say sentences that no training or dev clip has.

    Speakers are dealt to the folds as `SpeakerProtocol` does. The sentences of each corpus are
    dealt too, those of one set of emotions in turn; fold k tests its speakers on the k-th part
    of the sentences, or on one of fewer parts, where a corpus has fewer sentences than there are
    folds. Other clips of test speakers, and test sentences of other speakers, are unused. So
    every speaker is tested once, on some of what was recorded, and less is trained on.
    """

    def assign(self, clips: Sequence[Clip], seed: int) -> Iterator[Assignment]:
        """Yield who goes where, fold by fold."""
        voices = collect_voices(clips)
        self.check_voices(voices)
        rng = np.random.default_rng(seed)
        hands = deal_voices(voices, min(self.n_folds, len(voices)), rng)
        part, n_parts = _deal_sentences(clips, len(hands), rng)
        for index, hand in enumerate(hands, start=1):
            tested_part = np.array([(index - 1) % n_parts[clip.corpus] for clip in clips])
            is_sentence = part == tested_part
            is_speaker = np.zeros(len(clips), dtype=bool)
            for voice in hand:
                is_speaker[list(voice.clips)] = True
            clean = np.where(is_sentence | is_speaker, UNUSED, TRAIN).astype(np.int8)
            clean, divided = hold_out_dev(clips, clean, rng, share=self.dev_share)
            clean[is_sentence & is_speaker] = TEST
            reserved = frozenset(np.flatnonzero(clean == UNUSED).tolist())
            yield Assignment(index, clean, divided, reserved)


def _deal_sentences(
    clips: Sequence[Clip], n_folds: int, rng: np.random.Generator
) -> tuple[np.ndarray, dict[str, int]]:
    """Return which part of its corpus's sentences each clip is in, and how many parts there are."""
    emotions: dict[tuple[str, str], set[str]] = defaultdict(set)
    for clip in clips:
        if not clip.sentence:
            raise ProtocolError(
                f"clip {clip.path!r} has no sentence: nobody can say whether it was heard.",
                hint="Fill the column sentence, leave the clip out, or use protocol 'speaker'.",
            )
        emotions[clip.corpus, clip.sentence].add(clip.emotion)
    # Sentences that share a file stay together, wherever they are listed.
    names = {f"{corpus}\n{sentence}": (corpus, sentence) for corpus, sentence in emotions}
    groups = sorted(unite((f"{clip.corpus}\n{clip.sentence}", clip.sha256) for clip in clips))
    part_of: dict[tuple[str, str], int] = {}
    n_parts: dict[str, int] = {}
    for corpus in sorted({corpus for corpus, _ in emotions}):
        own = [group for group in groups if names[group[0]][0] == corpus]
        n_parts[corpus] = min(n_folds, len(own))
        if len(own) < 2:
            raise ProtocolError(
                f"corpus {corpus!r} has one sentence only: it cannot be in train and in test.",
                hint="Leave the corpus out, or use protocol 'speaker'.",
            )
        kinds: dict[tuple[str, ...], list[tuple[str, ...]]] = defaultdict(list)
        for group in own:
            said = set().union(*(emotions[names[name]] for name in group))
            kinds[tuple(sorted(said))].append(group)
        dealt = 0
        for kind in sorted(kinds):
            for number in rng.permutation(len(kinds[kind])):
                for name in kinds[kind][number]:
                    part_of[names[name]] = dealt % n_parts[corpus]
                dealt += 1
    return np.array([part_of[clip.corpus, clip.sentence] for clip in clips]), n_parts
