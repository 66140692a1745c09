"""The corpus in the cache: written once, whole or not at all."""

import json
from pathlib import Path

import pytest

from clearhead.street import Baselines, cache, cached, cached_baselines


def test_it_is_written_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def write(folder: Path, pairs: int, seed: int) -> None:
        calls.append((pairs, seed))
        (folder / "train").touch()

    monkeypatch.setattr(cache, "write", write)
    folders = {cached(7, 3) for _ in range(2)}
    assert calls == [(7, 3)]
    assert [path.name for folder in folders for path in folder.iterdir()] == ["train"]


def test_half_of_one_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    def write(folder: Path, pairs: int, seed: int) -> None:
        (folder / "train").touch()
        raise KeyboardInterrupt

    monkeypatch.setattr(cache, "write", write)
    with pytest.raises(KeyboardInterrupt):
        cached(8, 1)
    monkeypatch.setattr(cache, "write", lambda folder, pairs, seed: (folder / "whole").touch())
    assert [path.name for path in cached(8, 1).iterdir()] == ["whole"]


def test_baselines_are_computed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = (Baselines("en-fr", "coreference", 0.43, 0.5, None),)
    calls = []
    monkeypatch.setattr(cache, "generate", lambda pairs, seed: calls.append((pairs, seed)))
    monkeypatch.setattr(cache, "score_baselines", lambda corpus: found)
    assert cached_baselines(tmp_path, 50, 4) == cached_baselines(tmp_path, 50, 4) == list(found)
    assert calls == [(50, 4)]
    assert json.loads((tmp_path / "baselines.json").read_text())[0]["cue"] == 0.43
