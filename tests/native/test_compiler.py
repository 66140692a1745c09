"""Compiling the C files: once, by whichever compiler there is, and never a reason to fail."""

import logging
from pathlib import Path

import pytest

from clearhead.native import compiler

needs_compiler = pytest.mark.skipif(compiler.find_compiler() is None, reason="this machine has no C compiler")


@needs_compiler
def test_the_library_is_compiled_once(tmp_path: Path) -> None:
    first = compiler.compiled(tmp_path)
    assert first is not None
    assert first.is_file()
    written = first.stat().st_mtime_ns
    assert compiler.compiled(tmp_path) == first
    assert first.stat().st_mtime_ns == written


@needs_compiler
def test_another_compiler_makes_another_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = compiler.compiled(tmp_path)
    monkeypatch.setenv("CC", "cc -DNOTHING")
    assert compiler.compiled(tmp_path) != first


def test_without_a_compiler_there_is_no_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "no-such-compiler")
    assert compiler.compiled(tmp_path) is None
    assert not list(tmp_path.iterdir())


def test_a_compiler_that_fails_is_said_and_survived(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    broken = tmp_path / "broken"
    broken.write_text('#!/bin/sh\n[ "$1" = --version ] && exit 0\necho "no space left" >&2\nexit 1\n')
    broken.chmod(0o755)
    monkeypatch.setenv("CC", str(broken))
    with caplog.at_level(logging.WARNING):
        assert compiler.compiled(tmp_path / "cache") is None
    assert "no space left" in caplog.text
    assert not list((tmp_path / "cache" / "native").iterdir())


def test_a_compiler_without_openmp_compiles_without_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    picky = tmp_path / "picky"
    picky.write_text(
        '#!/bin/sh\nout=\nfor one in "$@"; do\n  [ "$one" = -fopenmp ] && exit 1\n'
        '  [ "$before" = -o ] && out=$one\n  before=$one\ndone\n[ -n "$out" ] && echo "$@" > "$out"\nexit 0\n'
    )
    picky.chmod(0o755)
    monkeypatch.setenv("CC", str(picky))
    library = compiler.compiled(tmp_path / "cache")
    assert library is not None
    assert "-march=native" in library.read_text()
    assert "-fopenmp" not in library.read_text()


def test_a_cache_that_cannot_be_written_is_survived(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("not a folder")
    assert compiler.compiled(tmp_path / "file") is None
