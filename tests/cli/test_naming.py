"""What the user is told to type."""

import shutil
import sys
from pathlib import Path

import pytest

from clearhead.cli.naming import command


def test_as_the_shell_finds_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    assert command() == "clearhead"


@pytest.mark.parametrize(("folder", "expected"), [("a/.venv/bin", ".venv/bin/clearhead"), ("b c", None)])
def test_by_its_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, folder: str, expected: str | None) -> None:
    """From where the user stands if that is above it, else the whole path, quoted."""
    monkeypatch.setattr(shutil, "which", lambda name: None)
    (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "a").mkdir(exist_ok=True)
    (tmp_path / folder / "clearhead").touch()
    monkeypatch.setattr(sys, "executable", str(tmp_path / folder / "python"))
    monkeypatch.chdir(tmp_path / "a")
    assert command() == (expected or f"'{tmp_path}/b c/clearhead'")


def test_as_a_module(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python3"))
    assert command() == "python3 -m clearhead"
