"""Tokens that an adapter's tokenizer.json has and a model has not."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from tokenizers import AddedToken, Tokenizer

from clearhead.bundle import Bundle, load
from clearhead.errors import InteropError
from clearhead.interop.adapter_tokens import grown, grown_tokenizer
from clearhead.text.published import published


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    """Of our own."""
    return load("street")


def beside(folder: Path, tokenizer: Tokenizer) -> Path:
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


def test_tokens_of_a_tokenizer_of_ours_come_along(bundle: Bundle, tmp_path: Path) -> None:
    own = bundle.source_tokenizer
    later = own.with_tokens(["반도체", "quantum leap"])
    (tmp_path / "tokenizer.json").write_text(published(later), encoding="utf-8")
    assert grown_tokenizer(bundle, tmp_path).to_json() == later.to_json()
    (tmp_path / "tokenizer.json").write_text(published(own), encoding="utf-8")
    assert grown_tokenizer(bundle, tmp_path) is own
    (tmp_path / "tokenizer.json").unlink()
    assert grown_tokenizer(bundle, tmp_path) is own


@pytest.mark.parametrize(
    ("token", "message"),
    [
        (AddedToken("<|x|>", special=True), r"'<\|x\|>' is a special token, as the template of a model"),
        (AddedToken("xyz", lstrip=True), "the token 'xyz' has lstrip=true, which clearhead cannot take"),
    ],
)
def test_tokens_that_a_tokenizer_of_ours_cannot_have(
    bundle: Bundle, tmp_path: Path, token: AddedToken, message: str
) -> None:
    library = Tokenizer.from_str(published(bundle.source_tokenizer))
    library.add_tokens([token])
    beside(tmp_path, library)
    with pytest.raises(InteropError, match=message) as caught:
        grown_tokenizer(bundle, tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("added", [None, {}, ["a"], [{"id": "1", "content": "a", "special": False}]])
def test_what_is_no_list_of_tokens(bundle: Bundle, tmp_path: Path, added: Any) -> None:
    (tmp_path / "tokenizer.json").write_text(json.dumps({"added_tokens": added}), encoding="utf-8")
    with pytest.raises(InteropError, match=r"is no tokenizer.json of Hugging Face's \(its added_tokens\)"):
        grown_tokenizer(bundle, tmp_path)


def test_other_ids_are_refused(bundle: Bundle, tmp_path: Path) -> None:
    document = json.loads(published(bundle.source_tokenizer.with_tokens(["반도체"])))
    next(one for one in document["added_tokens"] if one["content"] == "반도체")["id"] += 1
    (tmp_path / "tokenizer.json").write_text(json.dumps(document), encoding="utf-8")
    size = bundle.source_tokenizer.size
    with pytest.raises(
        InteropError, match=f"the token '반도체' is number {size + 1}, but would be {size} after the model"
    ):
        grown_tokenizer(bundle, tmp_path)


def test_two_vocabularies_are_refused(bundle: Bundle, tmp_path: Path) -> None:
    own = bundle.source_tokenizer
    both: Any = SimpleNamespace(source_tokenizer=own, target_tokenizer=own.with_tokens(["xyz"]))
    (tmp_path / "tokenizer.json").write_text(published(own.with_tokens(["반도체"])), encoding="utf-8")
    with pytest.raises(InteropError, match=r"has new tokens, such as '반도체', but the model two vocabularies$"):
        grown_tokenizer(both, tmp_path)


def test_a_grown_model_is_the_same_but_for_rows(bundle: Bundle) -> None:
    size = bundle.source_tokenizer.size
    model = grown(bundle, size + 2)
    before = dict(bundle.model.named_parameters())
    for name, one in model.named_parameters():
        if len(one) == size + 2:
            assert (one[size:] == 0).all()
        assert torch.equal(one[: len(before[name])], before[name])
    assert model.config.source_vocabulary == model.config.target_vocabulary == size + 2
