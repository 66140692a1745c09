"""What the machine's processor is."""

import platform
from collections.abc import Iterator
from pathlib import Path

import pytest

from clearhead.processor import processor, processor_kind

# As Linux writes them: a block for each core, of which an empty line ends the first.
EPYC = "processor\t: 0\nvendor_id\t: AuthenticAMD\ncpu family\t: 25\nmodel\t\t: 17\nflags\t\t: sse avx2\n"
GRAVITON = "processor\t: 0\nFeatures\t: fp asimd sve\nCPU implementer\t: 0x41\nCPU part\t: 0xd40\n"


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    processor.cache_clear()
    yield
    processor.cache_clear()


def linux_says(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(Path, "read_text", lambda path, **_: {"/proc/cpuinfo": text}[str(path)])


def test_the_first_core(monkeypatch: pytest.MonkeyPatch) -> None:
    linux_says(monkeypatch, f"{EPYC}\n{GRAVITON}")
    assert processor()["cpu family"] == "25"
    assert processor()["flags"].split() == ["sse", "avx2"]
    assert "Features" not in processor()


@pytest.mark.parametrize(("text", "kind"), [(EPYC, "AuthenticAMD 25 17"), (GRAVITON, "0x41 0xd40")])
def test_its_kind(monkeypatch: pytest.MonkeyPatch, text: str, kind: str) -> None:
    linux_says(monkeypatch, text)
    assert processor_kind() == kind


def test_where_there_is_no_linux(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(path: Path, **_: object) -> str:
        raise FileNotFoundError(path)

    monkeypatch.setattr(Path, "read_text", missing)
    monkeypatch.setattr(platform, "machine", lambda: "arm64")
    assert processor_kind() == "arm64"
    assert "flags" not in processor()


def test_a_linux_that_tells_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    linux_says(monkeypatch, "")
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    assert processor_kind() == "riscv64"
