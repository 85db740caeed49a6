"""Corpora: who said what how. Readers, manifests, checks, downloads, synthetic voices."""

from __future__ import annotations

from emovox.corpora.check import CheckReport, check_corpus
from emovox.corpora.data import read_crema_d_votes
from emovox.corpora.exchange import LAYOUTS, export_table
from emovox.corpora.fetch import FetchOptions, fetch_corpus
from emovox.corpora.found import IndexResult, LeftOut, Note
from emovox.corpora.index import IndexOptions, index_corpus
from emovox.corpora.info import Archive, CorpusInfo, CorpusReader, Fault, ParsedName
from emovox.corpora.manifest import (
    COLUMNS,
    clips_to_rows,
    read_manifest,
    rows_to_clips,
    write_manifest,
)
from emovox.corpora.own import index_folders, index_table
from emovox.corpora.registry import get_corpus, list_corpora
from emovox.corpora.synthetic import SyntheticOptions, make_synthetic_corpus, make_voice
from emovox.corpora.synthetic_style import Voice
from emovox.corpora.synthetic_voice import synthesize_clip

__all__ = [
    "COLUMNS",
    "LAYOUTS",
    "Archive",
    "CheckReport",
    "CorpusInfo",
    "CorpusReader",
    "Fault",
    "FetchOptions",
    "IndexOptions",
    "IndexResult",
    "LeftOut",
    "Note",
    "ParsedName",
    "SyntheticOptions",
    "Voice",
    "check_corpus",
    "clips_to_rows",
    "export_table",
    "fetch_corpus",
    "get_corpus",
    "index_corpus",
    "index_folders",
    "index_table",
    "list_corpora",
    "make_synthetic_corpus",
    "make_voice",
    "read_crema_d_votes",
    "read_manifest",
    "rows_to_clips",
    "synthesize_clip",
    "write_manifest",
]
