"""The corpus in the user's cache: written when it is first asked for, with what a guess comes to kept beside it."""

import dataclasses
import hashlib
import json
from pathlib import Path

from clearhead.files import cache_folder, publish_file, publish_folder
from clearhead.street.baselines import Baselines, score_baselines
from clearhead.street.corpus import generate
from clearhead.street.files import write


def cached(pairs: int, seed: int, several: float = 0.0) -> Path:
    """The folder of the corpus of this size and seed, with this share of lines that hold several sentences."""
    named = f"street-{grammar_key()}-{pairs}-{seed}" + (f"-{several:g}" if several else "")
    folder = cache_folder() / "corpora" / named
    if not folder.is_dir():
        with publish_folder(folder) as draft:
            write(draft, pairs, seed, several)
    return folder


def cached_baselines(folder: Path, pairs: int, seed: int, several: float = 0.0) -> list[Baselines]:
    """How far a guess comes on the test sets of the corpus in `folder`: computed once, and kept beside them."""
    kept = folder / "baselines.json"
    if not kept.is_file():
        found = score_baselines(generate(pairs, seed, several))
        with publish_file(kept) as draft:
            draft.write_text(json.dumps([dataclasses.asdict(one) for one in found], indent=1), encoding="utf-8")
    return [Baselines(**values) for values in json.loads(kept.read_text(encoding="utf-8"))]


def grammar_key() -> str:
    """A name for the grammar as it is now: a change of its sources asks for another corpus."""
    digest = hashlib.sha256()
    for module in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(module.read_bytes())
    return digest.hexdigest()[:16]
