"""A language model in use: what it writes after prompts, from a bundle in memory and from one on disk."""

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from clearhead import Bundle, Sampling, load
from clearhead.bundle.config_file import _digest
from clearhead.errors import BundleError, ClearheadError, DecodingError, UsageError
from clearhead.text import BytePairTokenizer
from clearhead.text.utf8 import Utf8Automaton

PROMPTS = ["one", "", "two three two three", "three", "한국어"]
HOW: list[dict[str, Any]] = [
    {"beam_size": 1}, {"beam_size": 3}, {}, {"sampling": Sampling(top_k=5, seed=9)}, {"stop": ["e", "o"]},
    {"beam_size": 2, "stop": ["t"]}, {"beam_size": 4, "beam_groups": 2, "stop": ["t"]},
]  # fmt: skip


def plainly(bundle: Bundle, prompt: str, new_tokens: int) -> list[int]:
    """Greedily, by the whole model over all so far at each step; whole characters only."""
    tokenizer, found = bundle.source_tokenizer, bundle.encode(prompt)
    utf8, read = Utf8Automaton.of(tokenizer.token_bytes), len(bundle.encode(prompt))
    while len(found) < read + new_tokens and tokenizer.end not in found[read:]:
        with torch.no_grad():
            logits = bundle.model(torch.tensor([found]))[0, -1]
        logits[[tokenizer.padding, tokenizer.begin]] = -torch.inf
        state, left = utf8.after(found[read:]), read + new_tokens - len(found) - 1
        for token in range(tokenizer.size):
            # No character may have more bytes due than tokens are left.
            after = utf8.after([token], state)
            if after == 255 or (0, 1, 2, 2, 2, 3, 3, 3)[after] > left:
                logits[token] = -torch.inf
        found.append(int(logits.argmax()))
    return found[read:]


def test_greedily_it_writes_what_a_plain_loop_writes(language_model: Bundle) -> None:
    """Prompts of different lengths in one batch, one of them empty; some run into the model's 64 positions."""
    found = language_model.generations(PROMPTS, beam_size=1, max_tokens=40)
    for prompt, [one] in zip(PROMPTS, found, strict=True):
        assert list(one.tokens) == plainly(language_model, prompt, 40)
        assert one.ended == ("end" if one.tokens[-1] == language_model.source_tokenizer.end else "length")


def test_the_model_of_these_tests_ends_now_and_then(language_model: Bundle) -> None:
    found = language_model.generations(PROMPTS, n=8, max_tokens=40)
    assert {one.ended for texts in found for one in texts} == {"end", "length"}
    assert len({one.text for texts in found for one in texts}) > 20


@pytest.mark.parametrize("how", HOW, ids=str)
def test_a_text_is_the_same_whatever_is_in_the_batch(language_model: Bundle, how: dict[str, Any]) -> None:
    together = language_model.generations(PROMPTS, max_tokens=20, **how)
    alone = [language_model.generations([one], max_tokens=20, first=n, **how)[0] for n, one in enumerate(PROMPTS)]
    assert [[one.tokens for one in texts] for texts in together] == [[one.tokens for one in texts] for texts in alone]
    small = language_model.generations(PROMPTS, max_tokens=20, batch_tokens=1, **how)
    assert [[one.text for one in texts] for texts in small] == [[one.text for one in texts] for texts in together]


def test_one_prompt_gives_a_text_and_many_give_a_list(language_model: Bundle) -> None:
    [[one], [other]] = language_model.generations(["one", "two"], max_tokens=9)
    assert language_model.generate("one", max_tokens=9) == one.text
    assert language_model.generate(["one", "two"], max_tokens=9) == [one.text, other.text]
    assert language_model.generate([]) == []
    assert "".join(language_model.generate_stream("one", max_tokens=9)) == one.text


def test_a_stop_string_ends_a_text_and_is_no_part_of_it(language_model: Bundle) -> None:
    for [one] in language_model.generations(PROMPTS, stop=["e", "o"], max_tokens=60):
        assert "e" not in one.text
        assert "o" not in one.text
        written = language_model.decode(one.tokens)
        assert (one.ended == "stop") == ("e" in written or "o" in written)


def test_a_prompt_may_fill_the_positions_and_no_more(language_model: Bundle) -> None:
    """Of 64 positions a prompt of 64 takes all but what its last token predicts; a beam ends there."""
    tokenizer = language_model.source_tokenizer
    prompt = "z" * 63
    assert len(language_model.encode(prompt)) == language_model.config.max_length == 64
    [[one]] = language_model.generations([prompt], beam_size=2)
    assert len(one.tokens) == 1
    [[one]] = language_model.generations([prompt], max_tokens=90)
    assert len(one.tokens) == 90 or one.ended == "end"
    with pytest.raises(UsageError, match="prompt 1 has 65 tokens but the model reads 64 at most"):
        language_model.generate(prompt + "z")
    assert tokenizer.encode("z" * 64) == tokenizer.encode("z") * 64


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"beam_size": 2, "sampling": Sampling()}, "beam_size=2 is for searching, and sampling draws instead"),
        ({"beam_size": 2, "n": 3}, "n=3 is more than beam_size=2; widen the beam, or draw instead"),
        ({"n": 0}, "n=0 must be a whole number from 1 to 1024"),
        ({"max_tokens": 0}, "max_tokens=0 must be a whole number from 1 to 1000000"),
        ({"beam_size": 0}, "beam_size=0 must be"),
        ({"stop": "end"}, "stop is one str; give a list of texts"),
        ({"stop": [""]}, "a stop string is empty"),
        ({"stop": [5]}, r"stop\[0\] is 5"),
        ({"workers": 0}, "workers=0 must be"),
    ],
)
@pytest.mark.usefixtures("signatures_unchecked")
def test_what_cannot_be_asked_is_one_line(language_model: Bundle, how: Any, message: str) -> None:
    with pytest.raises(ClearheadError, match=message) as error:
        language_model.generations(["one"], **how)
    assert "\n" not in str(error.value)


@pytest.mark.usefixtures("signatures_unchecked")
def test_prompts_are_texts(language_model: Bundle) -> None:
    given: Any = 5
    with pytest.raises(UsageError, match="prompts is 5, of type int; give a str or a list"):
        language_model.generate(given)
    with pytest.raises(UsageError, match=r"prompts\[0\] is 5"):
        language_model.generate([given])
    with pytest.raises(UsageError, match="prompt=5 is of type int; give a str"):
        language_model.generate_stream(given)
    with pytest.raises(UsageError, match="with beam_size=2 no text is known before the end"):
        language_model.generate_stream("one", beam_size=2)


def test_from_disk_it_writes_the_same(language_model: Bundle, tmp_path: Path) -> None:
    language_model.save(tmp_path / "bundle")
    bundle = load(tmp_path / "bundle")
    assert bundle.task == "language-modelling"
    assert bundle.settings == language_model.settings
    assert repr(bundle).startswith("<Bundle tiny: decoder-only, ")
    for how in HOW:
        assert bundle.generate(PROMPTS, max_tokens=9, **how) == language_model.generate(PROMPTS, max_tokens=9, **how)


def test_where_a_document_was_a_file_nothing_stands_before_a_prompt(language_model: Bundle) -> None:
    settings = dataclasses.replace(language_model.settings, documents="file")
    tokenizer = language_model.source_tokenizer
    within = Bundle(language_model.model, tokenizer, tokenizer, language_model.recipe, settings=settings)
    assert within.encode("one") == tokenizer.encode("one")
    assert within.encode("") == [tokenizer.begin]
    assert language_model.encode("one") == [tokenizer.begin, *tokenizer.encode("one")]


def test_a_damaged_model_is_named_as_the_cause(language_model: Bundle, tmp_path: Path) -> None:
    language_model.save(tmp_path / "bundle")
    bundle = load(tmp_path / "bundle")
    with torch.no_grad():
        bundle.model.embedding.matrix.weight.fill_(torch.nan)
    with pytest.raises(DecodingError, match="weights are damaged"):
        bundle.generate("one")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"task": "translation"}, "config.json has family=decoder-only, which is not for task=translation"),
        ({"task": None}, "its task is None, not one of translation, language-modelling"),
        ({"documents": "book"}, "its documents are 'book', not one of file, paragraph, line"),
        ({"family": "encoder-decoder"}, "is not a bundle of this clearhead"),
        ({"family": "decoder"}, "has family 'decoder'; expected encoder-decoder, decoder-only"),
    ],
)
def test_what_contradicts_itself_on_disk_is_refused(
    language_model_folder: Path, tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    folder = tmp_path / "bundle"
    shutil.copytree(language_model_folder, folder)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8")) | change
    config.pop("sha256")
    (folder / "config.json").write_text(json.dumps(config | {"sha256": _digest(config)}), encoding="utf-8")
    with pytest.raises(BundleError, match=message) as error:
        load(folder)
    assert "\n" not in str(error.value)


def test_two_tokenizers_are_one_too_many(language_model: Bundle, tmp_path: Path) -> None:
    tokenizer, folder = language_model.source_tokenizer, tmp_path / "bundle"
    again = BytePairTokenizer.from_json(tokenizer.to_json())
    settings, recipe = language_model.settings, language_model.recipe
    Bundle(language_model.model, tokenizer, again, recipe, settings=settings).save(folder)
    with pytest.raises(BundleError, match="has two tokenizers for a model of one vocabulary; copy the bundle again"):
        load(folder)
