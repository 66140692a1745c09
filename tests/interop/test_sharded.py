"""Weights in several files."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from clearhead.errors import InteropError
from clearhead.interop.tensors import open_tensors

INDEX = "model.safetensors.index.json"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save_file({"a": torch.ones(2), "b": torch.zeros(1)}, tmp_path / "one.safetensors")
    save_file({"c": torch.full((3,), 2.0)}, tmp_path / "two.safetensors")
    return tmp_path


def write(folder: Path, found: Any) -> None:
    (folder / INDEX).write_text(json.dumps(found), encoding="utf-8")


def test_all_files_are_one(folder: Path) -> None:
    files = {"a": "one.safetensors", "b": "one.safetensors", "c": "two.safetensors"}
    write(folder, {"metadata": {"total_size": 24}, "weight_map": files})
    found = open_tensors(folder)
    assert list(found.shapes) == ["a", "b", "c"]
    assert np.array_equal(found.read("c"), [2, 2, 2])


def test_as_transformers_writes_them(tmp_path: Path) -> None:
    from transformers import T5Config, T5ForConditionalGeneration

    sizes = {"d_model": 8, "d_kv": 4, "d_ff": 16, "num_layers": 1, "num_heads": 2, "vocab_size": 11}
    model = T5ForConditionalGeneration(T5Config(**sizes))
    model.save_pretrained(tmp_path, max_shard_size="1KB")
    assert (tmp_path / INDEX).is_file()
    found, expected = open_tensors(tmp_path), model.state_dict()
    for name in found.shapes:
        assert np.array_equal(found.read(name), expected[name].numpy())


@pytest.mark.parametrize(
    ("index", "message"),
    [
        ([], "no JSON document with names"),
        ({}, "weight_map does not say"),
        ({"weight_map": {}}, "weight_map does not say"),
        ({"weight_map": {"a": 1}}, "weight_map does not say"),
        ({"weight_map": {"a": "../one.safetensors"}}, "'../one.safetensors', which is not one beside it"),
        ({"weight_map": {"a": "/etc/passwd"}}, "which is not one beside it"),
        ({"weight_map": {"a": "x\\y"}}, "which is not one beside it"),
        ({"weight_map": {"a": ".."}}, "which is not one beside it"),
        ({"weight_map": {"a": "one\0"}}, "which is not one beside it"),
        ({"weight_map": {"a": INDEX}}, "which is not one beside it"),
        ({"weight_map": {"a": "three.safetensors"}}, "is not there; get the missing file"),
        ({"weight_map": {"c": "one.safetensors"}}, "'c' is to be in one.safetensors, and is not"),
        ({"weight_map": {"a": "one.safetensors", "x": "again.safetensors"}}, "'a' is in again.safetensors and in one"),
    ],
)
def test_a_hostile_index_is_refused(folder: Path, index: Any, message: str) -> None:
    save_file({"a": torch.ones(2)}, folder / "again.safetensors")
    write(folder, index)
    with pytest.raises(InteropError, match=message) as refused:
        open_tensors(folder)
    assert "\n" not in str(refused.value)
