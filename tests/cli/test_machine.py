"""Settings of the whole process."""

import sys

import pytest

from clearhead.cli.machine import keep_freed_memory


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_other_systems_are_left_alone(monkeypatch: pytest.MonkeyPatch, platform: str) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    assert not keep_freed_memory()


def test_it_can_be_asked_twice() -> None:
    assert keep_freed_memory() == keep_freed_memory()
