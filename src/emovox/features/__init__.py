"""Features: zero crossing rate, chroma, MFCC, RMS, mel, pitch; sets of them; a store."""

from emovox.features.bases import build_mel_filters
from emovox.features.config import FeatureConfig
from emovox.features.extraction import (
    ExtractionOptions,
    ExtractionResult,
    FeatureJob,
    extract_features,
    iter_features,
    read_part,
)
from emovox.features.fingerprint import (
    Fingerprint,
    Likeness,
    compare_fingerprints,
    compute_fingerprint,
    read_fingerprint,
)
from emovox.features.frames import (
    compute_chroma,
    compute_log_mel,
    compute_mel,
    compute_mfcc,
    compute_rms,
    compute_zcr,
)
from emovox.features.likeness import Pair, find_alike, is_copy
from emovox.features.parallel import map_parallel
from emovox.features.pitch import compute_pitch
from emovox.features.sets import FeatureSet, get_feature_set, list_feature_sets
from emovox.features.spectrum import compute_spectrum, frame_samples
from emovox.features.statistics import compute_deltas, compute_statistics, list_statistics
from emovox.features.store import FeatureStore, make_store_key

__all__ = [
    "ExtractionOptions",
    "ExtractionResult",
    "FeatureConfig",
    "FeatureJob",
    "FeatureSet",
    "FeatureStore",
    "Fingerprint",
    "Likeness",
    "Pair",
    "build_mel_filters",
    "compare_fingerprints",
    "compute_chroma",
    "compute_deltas",
    "compute_fingerprint",
    "compute_log_mel",
    "compute_mel",
    "compute_mfcc",
    "compute_pitch",
    "compute_rms",
    "compute_spectrum",
    "compute_statistics",
    "compute_zcr",
    "extract_features",
    "find_alike",
    "frame_samples",
    "get_feature_set",
    "is_copy",
    "iter_features",
    "list_feature_sets",
    "list_statistics",
    "make_store_key",
    "map_parallel",
    "read_fingerprint",
    "read_part",
]
