"""What a command writes is never what it reads."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clearhead.cli.overwriting import refuse_overwriting
from clearhead.errors import UsageError

Run = Callable[..., Any]


@pytest.fixture
def place(tmp_path: Path, run_folder: Path) -> Path:
    """A folder with a text, the same by other names, a model, its .zip, and matrices."""
    (tmp_path / "text").write_text("one\ntwo\n")
    (tmp_path / "link").symlink_to("text")
    os.link(tmp_path / "text", tmp_path / "hard")
    shutil.copytree(run_folder / "bundle", tmp_path / "run" / "bundle")
    shutil.make_archive(str(tmp_path / "model"), "zip", tmp_path / "run")
    (tmp_path / "weights").symlink_to(tmp_path / "run" / "bundle" / "model.safetensors")
    (tmp_path / "own.json").write_text('{"X": [[1, 2], [3, 4]]}')
    return tmp_path


COMMANDS = [
    ("translate run --in text --out text", "--out text is the file that is read as --in; name another, or it would be"),
    ("translate run --in text --out ./run/../text", "is the file that is read as --in"),
    ("translate run --in text --out link", "--out link is the file that is read as --in"),
    ("translate run --in link --out text", "--out text is the file that is read as --in"),
    ("translate run --in text --out hard", "--out hard is the file that is read as --in"),
    ("translate run --shortlist text --in own.json --out text", "--out text is the file that is read as --shortlist"),
    ("translate run --in text --out run/bundle/config.json", "--out run/bundle/config.json is a part of the model run"),
    ("translate run/bundle --in text --out weights", "--out weights is a part of the model run/bundle"),
    ("translate model.zip --in text --out model.zip", "--out model.zip is a part of the model model.zip"),
    ("shortlist run text own.json --out text", "--out text is the file that is read as SOURCE"),
    ("shortlist run own.json text --out link", "--out link is the file that is read as TARGET"),
    ("shortlist run text text --out weights", "--out weights is a part of the model run"),
    ("look run one --html weights", "--html weights is a part of the model run"),
    ("byhand block --matrix own.json --md own.json", "--md own.json is the file that is read as --matrix"),
    ("byhand block --md new --html ./new", "--html new is written by|--md new is written by --html as well"),
    ("byhand block --from run one --html weights", "--html weights is a part of the model run"),
]


@pytest.mark.parametrize(("command", "message"), COMMANDS, ids=[command for command, _ in COMMANDS])
def test_a_file_that_is_read_is_not_written(
    clearhead: Run, place: Path, monkeypatch: pytest.MonkeyPatch, command: str, message: str
) -> None:
    """One line, and every file is as it was."""
    monkeypatch.chdir(place)
    before = {path: path.read_bytes() for path in place.rglob("*") if path.is_file()}
    result = clearhead(*command.split())
    assert (result.code, result.out, result.err.count("\n")) == (2, b"", 1)
    assert any(one in result.err for one in message.split("|")), result.err
    assert {path: path.read_bytes() for path in place.rglob("*") if path.is_file()} == before


@pytest.mark.skipif(os.name == "nt", reason="needs a shell's files")
@pytest.mark.parametrize(
    ("arguments", "stdin", "stdout", "message"),
    [
        (["--out", "text"], "text", None, "--out text is the file that is read as standard input"),
        (["--in", "text"], None, "text", "standard output is the file that is read as --in text"),
        ([], "text", "text", "standard output is the file that is read as standard input"),
    ],
)
def test_streams_that_are_files(
    place: Path, arguments: list[str], stdin: str | None, stdout: str | None, message: str
) -> None:
    """As in `clearhead translate MODEL < text >> text`, which would have read its own translations."""
    command = [sys.executable, "-m", "clearhead", "translate", "run", *arguments]
    with (place / (stdin or "own.json")).open("rb") as source, (place / (stdout or "new")).open("ab") as sink:
        done = subprocess.run(command, stdin=source, stdout=sink, stderr=subprocess.PIPE, cwd=place, check=False)
    assert done.returncode == 2
    assert message in done.stderr.decode()
    assert (place / "text").read_bytes() == b"one\ntwo\n"


def test_other_files_are_written(clearhead: Run, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is there, one beside the bundle, and a device that is both read and written."""
    monkeypatch.chdir(place)
    (place / "old").write_text("old")
    for name in ("old", "run/new"):
        assert clearhead("translate", "run", "--in", "text", "--out", name, "--beam-size", 1).code == 0
        assert len((place / name).read_text(encoding="utf-8").splitlines()) == 2
    refuse_overwriting({"--out": Path(os.devnull)}, {"--in": Path(os.devnull), "--shortlist": None})
    with pytest.raises(UsageError, match="is the file that is read as --in"):
        refuse_overwriting({"--out": Path("text")}, {"--in": Path("hard")})
