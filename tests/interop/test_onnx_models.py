"""The numbers of a model, as onnxruntime computes them from its graphs: at once, step by step, and beside others."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import clearhead
from clearhead.interop import export_model, import_model
from clearhead.model.config import DecoderOnlyConfig, EncoderOnlyConfig, TransformerConfig

from .conftest import CAUSAL, CLASSES, PAIRS, Folder
from .onnx_running import Array, Running, padded
from .own_models import MODELS, write_bundle
from .test_exporting import REFUSED, outputs, own_outputs

IDS = [[5, 6, 7, 8, 9, 4, 11, 12, 2], [10, 4, 2]]
TARGET = [5, 6, 7, 8, 9, 4]
OWN_CAUSAL = [name for name, (_, one) in MODELS.items() if isinstance(one, DecoderOnlyConfig)]
OWN_PAIRS = [name for name, (_, one) in MODELS.items() if isinstance(one, TransformerConfig)]


@pytest.fixture(scope="module", autouse=True)
def library() -> Any:
    return pytest.importorskip("onnx")


def exported(name: str, place: Path) -> tuple[Running, clearhead.Bundle]:
    export_model(write_bundle(place / "ours", MODELS[name][1]), "onnx", place / "theirs")
    return Running(place / "theirs"), clearhead.load(place / "ours")


def computed(running: Running, rows: list[list[int]], is_causal: bool) -> Array:
    """All at once; of an encoder-decoder for the first six tokens of each row as its target."""
    ids, mask = padded(rows, is_left=is_causal)
    if is_causal:
        return running.advance(ids, attention_mask=mask)
    found = running.read(ids, mask)
    if not running.is_pair:
        return found
    target = np.array([TARGET] * len(rows))
    return running.advance(target, encoder_hidden_states=found, encoder_attention_mask=mask)


def close(found: Array, wanted: torch.Tensor) -> None:
    assert found.shape == tuple(wanted.shape)
    np.testing.assert_allclose(found, wanted.numpy(), atol=1e-4, rtol=0)


@pytest.mark.parametrize("name", MODELS)
def test_its_numbers_are_ours_beside_longer_texts_too(name: str, tmp_path: Path) -> None:
    running, ours = exported(name, tmp_path)
    config = ours.config
    is_causal, is_pair = isinstance(config, DecoderOnlyConfig), isinstance(config, TransformerConfig)
    found = computed(running, IDS, is_causal)
    for row, numbers in zip(IDS, found, strict=True):
        ids = torch.tensor([row])
        with torch.no_grad():
            wanted = ours.model(ids, torch.tensor([TARGET])) if is_pair else own_outputs(ours, ids)
        is_whole = is_pair or getattr(config, "classes", 0)
        own = numbers if is_whole else numbers[-len(row) :] if is_causal else numbers[: len(row)]
        close(own[None], wanted)


@pytest.mark.parametrize("name", OWN_CAUSAL)
def test_a_causal_model_is_the_same_step_by_step(name: str, tmp_path: Path) -> None:
    running, ours = exported(name, tmp_path)
    ids, mask = padded(IDS, is_left=True)
    parts = [running.advance(ids[:, :7], attention_mask=mask[:, :7])]
    parts += [running.advance(ids[:, place : place + 1], attention_mask=mask[:, : place + 1]) for place in (7, 8)]
    found = np.concatenate(parts, axis=1)
    for row, numbers in zip(IDS, found, strict=True):
        with torch.no_grad():
            close(numbers[None, -len(row) :], ours.model(torch.tensor([row])))


@pytest.mark.parametrize("name", OWN_PAIRS)
def test_an_encoder_decoder_is_the_same_step_by_step(name: str, tmp_path: Path) -> None:
    running, ours = exported(name, tmp_path)
    ids, mask = padded(IDS)
    memory = {"encoder_hidden_states": running.read(ids, mask), "encoder_attention_mask": mask}
    found = np.concatenate([running.advance(np.array([[one], [one]]), **memory) for one in TARGET], axis=1)
    for row, numbers in zip(IDS, found, strict=True):
        with torch.no_grad():
            close(numbers[None], ours.model(torch.tensor([row]), torch.tensor([TARGET])))


def test_later_steps_do_not_read_the_memory(tmp_path: Path) -> None:
    """Its keys and values are in the cache; what is given back of them is empty, as optimum's graphs do."""
    running, _ = exported("paper", tmp_path)
    ids, mask = padded(IDS)
    memory = running.read(ids, mask)
    first = running.advance(ids[:, :1], encoder_hidden_states=memory, encoder_attention_mask=mask)
    fed = dict(running.fed)
    one = running.advance(ids[:, 1:2], encoder_hidden_states=memory, encoder_attention_mask=mask)
    running.fed = fed
    other = running.advance(ids[:, 1:2], encoder_hidden_states=memory * np.nan, encoder_attention_mask=mask)
    np.testing.assert_array_equal(one, other)
    assert not np.isnan(first).any()
    names = {"input_ids": ids[:, 1:2], "encoder_hidden_states": memory, "encoder_attention_mask": mask}
    given = running.run("decoder_model_merged", {**names, **fed, "use_cache_branch": np.array([True])})
    assert {value.shape[2] for name, value in given.items() if ".encoder." in name} == {0}
    assert {value.shape[2] for name, value in given.items() if ".decoder." in name} == {2}


@pytest.mark.parametrize("name", ["gpt", "llama"])
def test_padding_may_stand_behind_a_causal_models_text_as_well(name: str, tmp_path: Path) -> None:
    running, ours = exported(name, tmp_path)
    ids, mask = padded(IDS)
    for row, numbers in zip(IDS, running.advance(ids, attention_mask=mask), strict=True):
        with torch.no_grad():
            close(numbers[None, : len(row)], ours.model(torch.tensor([row])))


def test_a_row_of_padding_alone_leaves_the_others_alone(tmp_path: Path) -> None:
    running, ours = exported("llama", tmp_path)
    ids, mask = padded(IDS, is_left=True)
    mask[1] = 0
    found = running.advance(ids, attention_mask=mask)
    assert np.isfinite(found).all()
    with torch.no_grad():
        close(found[:1], ours.model(torch.tensor(IDS[:1])))


@pytest.mark.parametrize("name", [one for one in [*CLASSES, *PAIRS] if one not in REFUSED])
def test_what_was_imported_has_the_numbers_that_it_came_with(name: str, folder_of: Folder, tmp_path: Path) -> None:
    folder, theirs = folder_of(name)
    import_model(folder, tmp_path / "ours")
    export_model(tmp_path / "ours", "onnx", tmp_path / "again")
    found = computed(Running(tmp_path / "again"), IDS[:1], name in CAUSAL)
    ids: Any = torch.tensor(IDS[:1])
    with torch.no_grad():
        wanted = outputs(theirs, ids, name in PAIRS)
    close(found, wanted)


def test_each_kind_of_segment_has_its_vector(tmp_path: Path) -> None:
    running, ours = exported("masked, segments, own matrix", tmp_path)
    assert isinstance(ours.config, EncoderOnlyConfig)
    ids, kinds = np.array([IDS[0]]), np.array([[0, 0, 0, 0, 1, 1, 1, 1, 1]])
    feeds = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": kinds}
    with torch.no_grad():
        wanted = ours.model(torch.from_numpy(ids), kinds=torch.from_numpy(kinds)).logits
    close(running.run("model", feeds)["logits"], wanted)
