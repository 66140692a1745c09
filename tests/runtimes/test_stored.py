"""Weights that are read from a file one by one, against the library's own reader and a model that holds them."""

import os
import warnings
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from clearhead.errors import BundleError
from clearhead.model import DecoderOnly, DecoderOnlyConfig, EncoderDecoder, TransformerConfig
from clearhead.model.config import PositionKind, Sharing
from clearhead.runtimes.preparing import weights_of
from clearhead.runtimes.stored import StoredWeights

POSITIONS = get_args(PositionKind)
KINDS = [torch.float32, torch.float16, torch.bfloat16, torch.float64]


def small(**changes: Any) -> TransformerConfig:
    sizes = {"source_vocabulary": 11, "target_vocabulary": 11, "width": 8, "heads": 2, "inner_width": 12}
    return TransformerConfig(**{**sizes, "encoder_layers": 1, "decoder_layers": 2, "max_length": 9, **changes})


def stored(path: Path, model: EncoderDecoder | DecoderOnly, kind: torch.dtype = torch.float32) -> StoredWeights:
    save_file({name: one.detach().to(kind) for name, one in model.named_parameters()}, path)
    return StoredWeights(path, model.config)


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_numbers_of_every_kind_come_as_float32(tmp_path: Path, kind: torch.dtype) -> None:
    model = EncoderDecoder(small(), seed=2)
    found = stored(tmp_path / "a", model, kind)
    for name, parameter in model.named_parameters():
        assert found[name].dtype == np.float32
        assert np.array_equal(found[name], parameter.detach().to(kind).float().numpy())


@pytest.mark.parametrize("sharing", ["all", "target", "none"])
@pytest.mark.parametrize("positions", POSITIONS)
def test_they_are_what_a_model_in_use_holds(tmp_path: Path, sharing: Sharing, positions: PositionKind) -> None:
    """Shared matrices under each of their names, and the tables that no file has: to the last bit."""
    model = EncoderDecoder(small(share_embeddings=sharing, positions=positions), seed=3)
    found, expected = stored(tmp_path / "a", model).with_tables(), weights_of(model)
    assert set(found) == set(expected)
    assert len(found) == len(expected)
    for name, array in expected.items():
        assert np.array_equal(found[name], array), name


@pytest.mark.parametrize("positions", POSITIONS)
def test_they_are_what_a_decoder_only_in_use_holds(tmp_path: Path, positions: PositionKind) -> None:
    config = DecoderOnlyConfig(
        vocabulary=11, layers=2, width=8, heads=2, inner_width=12, max_length=9, positions=positions, rotary_base=300.0
    )
    model = DecoderOnly(config, seed=3)
    found, expected = stored(tmp_path / "a", model).with_tables(), weights_of(model)
    assert set(found) == set(expected)
    for name, array in expected.items():
        assert np.array_equal(found[name], array), name


def test_a_rotary_table_is_as_wide_as_a_head(tmp_path: Path) -> None:
    model = EncoderDecoder(small(positions="rotary", head_width=6), seed=3)
    assert stored(tmp_path / "a", model).with_tables()["rotary.sine"].shape == (9, 3)


def test_another_file_under_its_name_is_another_file(tmp_path: Path) -> None:
    """As when a training that goes on writes a better bundle in its place."""
    model, path = EncoderDecoder(small(), seed=2), tmp_path / "a"
    found = stored(path, model)
    stored(tmp_path / "b", EncoderDecoder(small(), seed=5))
    (tmp_path / "b").replace(path)
    name, parameter = next(model.named_parameters())
    assert np.array_equal(found[name], parameter.detach().numpy())
    path.unlink()
    assert np.array_equal(found[name], parameter.detach().numpy())


def test_what_float32_does_not_hold_is_infinite_and_said_by_nobody(tmp_path: Path) -> None:
    model = EncoderDecoder(small(), seed=2).double()
    with torch.no_grad():
        model.output.matrix.weight[0, 0] = 1e300
    found = stored(tmp_path / "a", model, torch.float64)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert found["output.matrix.weight"][0, 0] == np.inf


@pytest.mark.parametrize("change", ["cut", "written"])
def test_a_file_that_was_changed_is_not_believed(tmp_path: Path, change: str) -> None:
    path = tmp_path / "a"
    found = stored(path, EncoderDecoder(small(), seed=2))
    with path.open("r+b") as file:
        if change == "cut":
            file.truncate(path.stat().st_size - 4)
        else:
            file.seek(-4, os.SEEK_END)
            file.write(b"1234")
    os.utime(path, ns=(0, 0))
    with pytest.raises(BundleError, match="was changed while it was in use; load the bundle again"):
        found[next(iter(found))]
