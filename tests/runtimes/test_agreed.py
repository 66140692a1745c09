"""C serves without torch only where it was compared with the model's code as that stands."""

from pathlib import Path

import pytest

from clearhead.runtimes import agreed


def test_the_files_are_those_that_were_compared() -> None:
    """Where this fails after a change of model/ or native/: `python -m clearhead.runtimes.agreed` compares anew."""
    assert agreed._NOTE.read_text().strip() == agreed.digest()


def test_every_source_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number, path in enumerate(agreed.sources()):
        copy = tmp_path / f"{number}" / path.name
        copy.parent.mkdir()
        copy.write_bytes(path.read_bytes())
    before, files = agreed.digest(), agreed.sources()
    for path in files:
        content = path.read_bytes()
        monkeypatch.setattr(
            Path, "read_bytes", lambda self, path=path, content=content: content + b"#" if self == path else READ(self)
        )
        assert agreed.digest() != before, path.name
    monkeypatch.undo()
    assert agreed.digest() == before
    assert {"attention.py", "kernels.py", "transformer.c", "compiled.py"} <= {path.name for path in files}


READ = Path.read_bytes


@pytest.mark.slow
def test_comparing_finds_that_they_agree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agreed, "_NOTE", tmp_path / "agreed.sha256")
    agreed.compare()
    assert (tmp_path / "agreed.sha256").read_text().strip() == agreed.digest()
