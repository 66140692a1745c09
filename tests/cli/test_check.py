"""`clearhead check`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

Run = Callable[..., Any]


def rows(result: Any) -> dict[str, str]:
    assert (result.code, result.err) == (0, "")
    return {line[:16].strip(): line[16:].strip() for line in result.lines}


def test_what_there_is(clearhead: Run) -> None:
    found = rows(clearhead("check"))
    assert found["torch"] == torch.__version__
    assert {"clearhead", "Python", "processor", "GPU", "C compiler", "cache", "tokenizers"} <= set(found)


@pytest.mark.parametrize(("cuda", "reason"), [(None, "this torch is a CPU build"), ("13.0", "finds no device")])
def test_why_there_is_no_gpu(clearhead: Run, monkeypatch: pytest.MonkeyPatch, cuda: str | None, reason: str) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.version, "cuda", cuda)
    assert reason in rows(clearhead("check"))["GPU"]


def test_a_cache_that_is_not_there_yet(clearhead: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CLEARHEAD_CACHE", str(tmp_path / "a" / "b"))
    found = rows(clearhead("check"))["cache"]
    assert found.startswith(f"{tmp_path}/a/b (not made yet, ")
    assert not (tmp_path / "a").exists()


def test_a_cache_that_cannot_be_written(clearhead: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CLEARHEAD_CACHE", str(tmp_path))
    monkeypatch.setattr("os.access", lambda path, mode: False)
    assert "cannot be written: set CLEARHEAD_CACHE to a folder that can" in rows(clearhead("check"))["cache"]


@pytest.mark.parametrize(
    ("named", "said"), [("no-such-compiler", "none (cc, gcc or clang); PyTorch"), ("sh -e", "sh -e")]
)
def test_the_compiler(clearhead: Run, monkeypatch: pytest.MonkeyPatch, named: str, said: str) -> None:
    monkeypatch.setenv("CC", named)
    [row] = [line for line in clearhead("check").lines if line.startswith("C compiler")]
    assert said in row
