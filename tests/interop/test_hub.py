"""A name on the hub: one line where its package or the network is missing. Nothing here asks the network."""

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from clearhead.errors import InteropError, PackageError
from clearhead.interop.hub import fetched, is_hub_name


def test_a_name_is_owner_and_name_where_nothing_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert is_hub_name("owner/some-model_1.0")
    assert not is_hub_name("a.gguf")
    assert not is_hub_name("/owner/model")
    assert not is_hub_name("a/b/c")
    (tmp_path / "owner" / "mine").mkdir(parents=True)
    assert not is_hub_name("owner/mine")


def test_without_the_package_its_install_command_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(PackageError, match=r"pip install 'clearhead\[import\]'"):
        fetched("owner/model")


def test_without_a_network_one_line_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str) -> Any:
        raise ConnectionError("no route\nto host")

    monkeypatch.setitem(sys.modules, "huggingface_hub", SimpleNamespace(list_repo_files=refuse, snapshot_download=None))
    with pytest.raises(
        InteropError, match=r"cannot be fetched from the Hugging Face hub .ConnectionError: no route to"
    ):
        fetched("owner/model")


@pytest.mark.parametrize(
    ("there", "wanted"), [(["model.safetensors", "pytorch_model.bin"], "model*"), (["pytorch_model.bin"], "pytorch*")]
)
def test_one_format_of_weights_is_fetched_and_no_code(
    there: list[str], wanted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []
    hub = SimpleNamespace(
        list_repo_files=lambda name: there,
        snapshot_download=lambda name, allow_patterns: asked.append(allow_patterns) or "/cache/it",
    )
    monkeypatch.setitem(sys.modules, "huggingface_hub", hub)
    assert fetched("owner/model") == Path("/cache/it")
    weights = [one for one in asked[0] if "model*" in one]
    assert len(weights) == 1
    assert weights[0].startswith(wanted.removesuffix("*"))
    assert not any(one.endswith(".py") for one in asked[0])
