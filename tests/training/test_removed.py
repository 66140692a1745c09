"""What a run says of the pairs that its filters left out."""

import json
from pathlib import Path
from types import SimpleNamespace

from clearhead.data import Filters, ParallelFiles, prepare
from clearhead.text import BytePairTokenizer
from clearhead.training.removed import write_removed

BYTES = BytePairTokenizer.learn(["-"], 259)


def test_each_reason_with_its_first_ten(tmp_path: Path) -> None:
    sources = [*(f"line {n}" for n in range(3)), *["copy"] * 12, "привет всем", "x" * 500, "", "ééé" * 80]
    targets = [*(f"ligne {n}" for n in range(3)), *["Copy "] * 12, "bonjour", "y", "z", "é" * 240]
    (tmp_path / "a.en").write_text("\n".join(sources) + "\n", encoding="utf-8")
    (tmp_path / "a.fr").write_text("\n".join(targets) + "\n", encoding="utf-8")
    direction = ParallelFiles(tmp_path / "a.en", tmp_path / "a.fr", "en", "fr")
    filters = Filters(max_tokens=490, max_ratio=9.0, no_copies=True, scripts=True)
    for _ in range(2):  # The second time from the cache.
        corpus = prepare([direction], BYTES, BYTES, filters, False, tmp_path / "cache")
        assert write_removed(tmp_path / "run", corpus)
        found = json.loads((tmp_path / "run" / "removed.json").read_text(encoding="utf-8"))
        assert (found["read"], found["kept"]) == (19, 3)
        assert {reason: one["pairs"] for reason, one in found["removed"].items()} == {
            "copy": 13, "script": 1, "too_long": 1, "empty": 1,
        }  # fmt: skip
        copies = found["removed"]["copy"]
        assert copies["what"] == "the same on both sides"
        assert len(copies["examples"]) == 10
        assert copies["examples"][0] == {"files": "a.en, a.fr", "number": 4, "source": "copy", "target": "Copy "}
        assert found["removed"]["too_long"]["examples"] == [
            {"files": "a.en, a.fr", "number": 17, "source": "x" * 200 + "…", "target": "y"}
        ]


def test_nothing_removed_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("one\n", encoding="utf-8")
    corpus = prepare([ParallelFiles(tmp_path / "a", tmp_path / "a")], BYTES, BYTES, Filters(), False, tmp_path / "c")
    assert not write_removed(tmp_path, corpus)
    assert not write_removed(tmp_path, SimpleNamespace(report="12 tokens"))
    assert not (tmp_path / "removed.json").exists()
