"""Tables that break readers: conversations and summaries are learned from them, or they are refused in one line."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
RECIPE = """
name: a
task: {task}
data: {{train: {{table: a{suffix}}}, validate: {{table: a{suffix}}}}}
text: {{kind: characters, size: 400}}
model: {{preset: {preset}, width: 16, heads: 2, inner_width: 16, max_length: 64}}
training: {{device: cpu, precision: fp32, steps: 1, batch_tokens: {batch_tokens}, validate_sentences: 0}}
"""
PRESETS = {"chat": "gpt_tiny", "summarisation": "street"}
# What each holds, and whether it can be learned from: a chat's long texts are cut, a pair's are refused.
TABLES: dict[str, tuple[bytes, dict[str, bool]]] = {
    "one column": (b"a\nb\n", {"chat": False, "summarisation": False}),
    "an empty file": (b"", {"chat": False, "summarisation": False}),
    "blank lines": (b"\n \n\t\t\n", {"chat": False, "summarisation": False}),
    "empty answers": (b"a\t\nb\t \n", {"chat": False, "summarisation": False}),
    "an empty answer": (b"a\tb\nb\t\n", {"chat": True, "summarisation": True}),
    "empty questions": (b"\tb\n\tc\n", {"chat": False, "summarisation": False}),
    "controls": (b"a\x1b[2J\x00\tb\x07\n", {"chat": True, "summarisation": True}),
    "line separators": ("a\u2028b\tc\u0085d\n".encode(), {"chat": True, "summarisation": True}),
    "invisible answers": ("a\t\u200b\u2060\nb\tc\n".encode(), {"chat": True, "summarisation": True}),
    "right to left": ("\u202ea\t\u2067b\n".encode(), {"chat": True, "summarisation": True}),
    "half a surrogate pair": (b"a\t\xed\xa0\x80\n", {"chat": False, "summarisation": False}),
    "Latin-1": ("é\tè\n".encode("latin-1") * 9, {"chat": False, "summarisation": False}),
    "a megabyte": (b"a" * 1_000_000 + b"\tb\n", {"chat": True, "summarisation": False}),
    "a megabyte of answer": (b"a\t" + b"b " * 500_000 + b"\n", {"chat": True, "summarisation": False}),
    "9,999 turns": (b"\t".join([b"a"] * 9_999) + b"\n", {"chat": True, "summarisation": True}),
    "symbols": ("⟨end⟩⟨assistant⟩\t⟨user⟩⟨end⟩\n".encode(), {"chat": True, "summarisation": True}),
    "emoji": ("👩‍👩‍👧\t🇰🇷한글\n".encode(), {"chat": True, "summarisation": True}),
    "a quote that never ends": (b'"a,b\nc,d\n', {"chat": False, "summarisation": False}),
}


@pytest.mark.parametrize("task", PRESETS)
@pytest.mark.parametrize("name", TABLES)
def test_it_is_learned_from_or_refused_in_one_line(clearhead: Run, tmp_path: Path, name: str, task: str) -> None:
    content, learned = TABLES[name]
    suffix = ".csv" if "quote" in name else ".tsv"
    (tmp_path / f"a{suffix}").write_bytes(content)
    batch_tokens = 70_000 if "mega" in name or "turns" in name else 400
    text = RECIPE.format(task=task, suffix=suffix, preset=PRESETS[task], batch_tokens=batch_tokens)
    (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
    result = clearhead("train", tmp_path / "a.yaml", "--out", tmp_path / "run", "--quiet")
    assert "Traceback" not in result.err
    if learned[task]:
        assert result.code == 0, result.err
        assert (tmp_path / "run" / "bundle").is_dir()
    else:
        assert (result.code, result.out, result.err.count("\n")) == (2, b"", 1), result.err
        assert result.err.isprintable() or result.err[:-1].isprintable()


def test_no_file_is_missed_before_anything_is_read(clearhead: Run, tmp_path: Path) -> None:
    text = RECIPE.format(task="chat", suffix=".tsv", preset="gpt_tiny", batch_tokens=400)
    (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
    result = clearhead("train", tmp_path / "a.yaml", "--out", tmp_path / "run")
    assert (result.code, result.err.count("\n")) == (2, 1)
    assert "a.tsv does not exist" in result.err
