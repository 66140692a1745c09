"""What an adapter's folder says, and what of it is refused."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from clearhead.errors import InteropError
from clearhead.interop.adapter_files import read_adapter

QUERY = "base_model.model.layers.0.query"
PAIR = {f"{QUERY}.lora_A.weight": torch.ones(2, 3), f"{QUERY}.lora_B.weight": torch.ones(5, 2)}
ROWS = "token_adapter.trainable_tokens_delta"
TABLE, HEAD = f"base_model.model.model.embed_tokens.{ROWS}", f"base_model.model.lm_head.{ROWS}"


def write(folder: Path, tensors: dict[str, torch.Tensor], **settings: Any) -> Path:
    folder.mkdir(exist_ok=True)
    values = {"peft_type": "LORA", "r": 2, "lora_alpha": 6, **settings}
    (folder / "adapter_config.json").write_text(json.dumps(values), encoding="utf-8")
    save_file(tensors, folder / "adapter_model.safetensors")
    return folder


def test_products_and_weights_by_their_modules(tmp_path: Path) -> None:
    whole = {"base_model.model.score.weight": torch.ones(4, 3)}
    found = read_adapter(write(tmp_path, PAIR | whole))
    assert (found.rank, found.scale, list(found.pairs), list(found.whole)) == (
        2,
        3.0,
        ["layers.0.query"],
        ["score.weight"],
    )
    assert (found.pairs["layers.0.query"].down.shape, found.pairs["layers.0.query"].up.shape) == ((2, 3), (5, 2))


@pytest.mark.parametrize(
    ("indices", "ids"),
    [
        ([7, 4], {"model.embed_tokens": (7, 4)}),
        ({"embed_tokens": [7, 4]}, {"model.embed_tokens": (7, 4)}),
        ({"tokens": [1], "model.embed_tokens": [7, 4]}, {"model.embed_tokens": (7, 4)}),
    ],
)
def test_rows_of_tokens(tmp_path: Path, indices: Any, ids: dict[str, tuple[int, ...]]) -> None:
    """As peft 0.21 has them: `trainable_token_indices` names ids, or modules by how their names end."""
    rows = {TABLE: torch.arange(6.0).reshape(2, 3)}
    found = read_adapter(write(tmp_path, PAIR | rows, trainable_token_indices=indices))
    assert {module: rows.ids for module, rows in found.rows.items()} == ids
    assert found.rows["model.embed_tokens"].numbers.tolist() == [[0, 1, 2], [3, 4, 5]]


def test_two_tables_have_ids_of_their_own(tmp_path: Path) -> None:
    rows = {TABLE: torch.ones(2, 3), HEAD: torch.ones(1, 3)}
    indices = {"embed_tokens": [7, 4], "lm_head": [4]}
    found = read_adapter(write(tmp_path, PAIR | rows, trainable_token_indices=indices))
    assert {module: one.ids for module, one in found.rows.items()} == {"model.embed_tokens": (7, 4), "lm_head": (4,)}


@pytest.mark.parametrize(
    ("tensors", "indices", "message"),
    [
        ({TABLE: torch.ones(2, 3)}, [7], r"trainable_token_indices=\[7\], which clearhead cannot take; .* 2 ids for"),
        ({TABLE: torch.ones(2, 3)}, [7, 7], "each once$"),
        ({TABLE: torch.ones(2, 3)}, [7, -1], "each once$"),
        ({TABLE: torch.ones(2, 3)}, [7, True], "each once$"),
        ({TABLE: torch.ones(2, 3)}, {"lm_head": [7, 8]}, "expected ids for model.embed_tokens, of which the"),
        ({TABLE: torch.ones(2, 3)}, {"embed_tokens": 7}, "each once$"),
        ({TABLE: torch.ones(2)}, [7, 8], "each once$"),
        ({TABLE: torch.ones(2, 3)}, "all", "expected a list of ids, or one for each module$"),
        ({TABLE: torch.ones(2, 3)}, None, f"=None, but the weights have model.embed_tokens.{ROWS}; get it again$"),
        ({}, [7], r"=\[7\], but the weights have no rows of tokens; get it again$"),
    ],
)  # fmt: skip
def test_rows_that_are_of_no_tokens(
    tmp_path: Path, tensors: dict[str, torch.Tensor], indices: Any, message: str
) -> None:
    with pytest.raises(InteropError, match=message) as caught:
        read_adapter(write(tmp_path, PAIR | tensors, trainable_token_indices=indices))
    assert "\n" not in str(caught.value)


def test_a_folder_without_weights(tmp_path: Path) -> None:
    write(tmp_path, PAIR)
    (tmp_path / "adapter_model.safetensors").unlink()
    with pytest.raises(
        InteropError, match=r"has no adapter_model.safetensors and no adapter_model.bin; get the adapter"
    ):
        read_adapter(tmp_path)
