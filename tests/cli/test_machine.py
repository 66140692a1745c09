"""Settings of the whole process."""

import os
import sys

import pytest

from clearhead.cli.machine import keep_freed_memory, wait_briefly


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_other_systems_are_left_alone(monkeypatch: pytest.MonkeyPatch, platform: str) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    assert not keep_freed_memory()


def test_it_can_be_asked_twice() -> None:
    assert keep_freed_memory() == keep_freed_memory()


@pytest.mark.parametrize("name", ["GOMP_SPINCOUNT", "OMP_WAIT_POLICY"])
def test_who_has_said_how_threads_wait_is_obeyed(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    for one in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY"):
        monkeypatch.delenv(one, raising=False)
    monkeypatch.setenv(name, "active")
    before = dict(os.environ)
    wait_briefly()
    assert dict(os.environ) == before


def test_threads_wait_briefly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOMP_SPINCOUNT", "")
    for one in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY"):
        monkeypatch.delenv(one, raising=False)
    wait_briefly()
    assert 0 < int(os.environ["GOMP_SPINCOUNT"]) <= 100_000
