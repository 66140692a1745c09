"""The tutorial runs as written, and what it says it prints is printed."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

TUTORIAL = Path(__file__).parents[2] / "docs" / "tutorial.md"


def blocks() -> list[tuple[str, str]]:
    """The tutorial's commands in order: (bash or python, text)."""
    return re.findall(r"^```(bash|python)\n(.*?)^```", TUTORIAL.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


@pytest.mark.slow
def test_the_tutorial_runs_as_written(tmp_path: Path) -> None:
    scripts = Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}"}
    printed = []
    for language, text in blocks():
        command = [sys.executable, "-c", text] if language == "python" else ["bash", "-euo", "pipefail", "-c", text]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"
        printed.append(done.stdout + done.stderr)
    everything = "".join(printed)
    assert "did you mean steps?" in everything
    assert "Traceback" not in everything
    assert len((tmp_path / "plain.fr").read_text(encoding="utf-8").split("\n")) == len(
        (tmp_path / "text" / "test.plain.en-fr.en").read_text(encoding="utf-8").split("\n")
    )
    assert "torch.Size([4, 5])" in everything


def test_the_tutorial_has_commands_of_both_kinds() -> None:
    """Were the pattern to miss them, the test above would pass on nothing."""
    languages = [language for language, _ in blocks()]
    assert languages.count("bash") >= 8
    assert languages.count("python") == 2
