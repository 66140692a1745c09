"""The corpus in the cache: written once, whole or not at all."""

import json
from pathlib import Path

import pytest

from clearhead.street import Baselines, cache, cached, cached_baselines


def test_it_is_written_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def write(folder: Path, pairs: int, seed: int, several: float) -> None:
        calls.append((pairs, seed, several))
        (folder / "train").touch()

    monkeypatch.setattr(cache, "write", write)
    folders = {cached(*asked) for _ in range(2) for asked in ((7, 3), (7, 3, 0.0), (7, 3, 0.1))}
    assert calls == [(7, 3, 0.0), (7, 3, 0.1)]
    assert [path.name for folder in folders for path in folder.iterdir()] == ["train", "train"]


def test_half_of_one_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    def write(folder: Path, *asked: object) -> None:
        (folder / "train").touch()
        raise KeyboardInterrupt

    monkeypatch.setattr(cache, "write", write)
    with pytest.raises(KeyboardInterrupt):
        cached(8, 1)
    monkeypatch.setattr(cache, "write", lambda folder, *asked: (folder / "whole").touch())
    assert [path.name for path in cached(8, 1).iterdir()] == ["whole"]


def test_baselines_are_computed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = (Baselines("en-fr", "coreference", 0.43, 0.5, None),)
    calls = []
    monkeypatch.setattr(cache, "generate", lambda *asked: calls.append(asked))
    monkeypatch.setattr(cache, "score_baselines", lambda corpus: found)
    assert cached_baselines(tmp_path, 50, 4, 0.1) == cached_baselines(tmp_path, 50, 4, 0.1) == list(found)
    assert calls == [(50, 4, 0.1)]
    assert json.loads((tmp_path / "baselines.json").read_text())[0]["cue"] == 0.43
