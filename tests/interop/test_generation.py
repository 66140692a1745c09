"""How a folder wants its model to write, and that it then writes as `transformers` does, greedily and by beams."""

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

import clearhead
from clearhead.decoding import Engine, LengthPenalty, Rules, Sampling, SearchOptions, SearchStrategy
from clearhead.decoding.requests import requests_for
from clearhead.errors import InteropError
from clearhead.interop.generation import decoding_of, generation_values, not_honoured
from clearhead.interop.importing import import_model

from .conftest import Folder

SOURCES = [[5, 6, 7, 8, 9, 4, 11, 12, 1], [30, 4, 51, 60, 70, 1], [101, 1]]
# Of each class the ids that begin and end a target; of T5 an end that a random model writes now and then.
ENDS = {"marian": (319, 0), "bart": (2, 2), "t5": (0, 77), "llama": (1, 2)}
LAST, PADDING = 11, 3
# With so few ids to choose among random models end their texts, some sooner and some later.
FEW = [9, 50, 51, 60, 200, 245, 298]
# What a folder may ask for, and what clearhead makes of it.
ASKED: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"no_repeat_ngram_size": 2}, {"no_repeat_ngram_size": 2}),
    ({"repetition_penalty": 1.5}, {"repetition_penalty": 1.5}),
    ({"min_new_tokens": 6}, {"min_tokens": 6}),
    ({"bad_words_ids": [[9], [50, 51], [60, 60]]}, {"bad_words": ((9,), (50, 51), (60, 60))}),
    (
        {"no_repeat_ngram_size": 3, "repetition_penalty": 0.8, "min_new_tokens": 4},
        {"no_repeat_ngram_size": 3, "repetition_penalty": 0.8, "min_tokens": 4},
    ),
]


def test_generation_config_comes_before_config_and_a_task_s_last() -> None:
    config = {"num_beams": 4, "length_penalty": 2.0, "task_specific_params": {"summarization": {"min_length": 30}}}
    assert generation_values(config, {}, "summarisation")["min_length"] == 30
    assert "min_length" not in generation_values(config, {}, "translation")
    found = generation_values(config, {"num_beams": 6, "length_penalty": None}, "summarisation")
    assert (found["num_beams"], found["length_penalty"], found["min_length"]) == (6, 2.0, 30)
    decoding = decoding_of(found, "config.json", end=2, rows=50, is_causal=False)
    assert (decoding.beam_size, decoding.length_penalty, decoding.search) == (6, "mean:2", "huggingface")


@pytest.mark.parametrize(
    ("values", "rules"),
    [
        ({}, Rules()),
        # As bart-large-cnn's: both lengths count the token that a target begins with.
        (
            {"no_repeat_ngram_size": 3, "min_length": 56, "max_length": 142, "forced_eos_token_id": 2},
            Rules(no_repeat_ngram_size=3, min_tokens=55, max_tokens=141, forced_end=True),
        ),
        ({"min_new_tokens": 4, "max_new_tokens": 9, "min_length": 70}, Rules(min_tokens=4, max_tokens=9)),
        ({"forced_eos_token_id": [1, 2]}, Rules(forced_end=True)),
        ({"bad_words_ids": [[49], [7, 8], [50]], "suppress_tokens": [5]}, Rules(bad_words=((49,), (7, 8), (5,)))),
        ({"max_length": 5, "min_length": 30}, Rules(min_tokens=4, max_tokens=4)),
        ({"repetition_penalty": 1.3}, Rules(repetition_penalty=1.3)),
    ],
)
def test_rules_are_those_of_the_folder(values: dict[str, Any], rules: Rules) -> None:
    assert decoding_of(values, "config.json", end=2, rows=50, is_causal=False).rules == rules


@pytest.mark.parametrize(
    ("early", "search"), [(True, "huggingface:early"), ("never", "huggingface:never"), (False, "huggingface")]
)
def test_early_stopping_names_the_search(early: Any, search: str) -> None:
    assert decoding_of({"early_stopping": early}, "config.json", 2, 50, is_causal=True).search == search


def test_lengths_that_count_a_prompt_are_no_limits_of_a_text() -> None:
    values = {"min_length": 5, "max_length": 50}
    assert decoding_of(values, "config.json", 2, 50, is_causal=True).rules == Rules()
    assert list(not_honoured(values, 2, is_causal=True)) == ["min_length=5", "max_length=50"]
    assert decoding_of({"max_new_tokens": 50}, "config.json", 2, 50, is_causal=True).rules == Rules(max_tokens=50)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"repetition_penalty": 0.0}, "config.json asks for what clearhead cannot do: repetition_penalty=0.0 must be"),
        ({"no_repeat_ngram_size": -1}, "no_repeat_ngram_size=-1 must be a whole number from 0"),
        ({"min_length": "5"}, "config.json has min_length='5', which clearhead cannot take; expected a whole number"),
    ],
)
def test_what_no_decoding_has_is_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(InteropError, match=message):
        decoding_of(values, "config.json", 2, 50, is_causal=False)


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ({}, []),
        ({"no_repeat_ngram_size": 3, "min_length": 9, "repetition_penalty": 1.1, "length_penalty": 1.0}, []),
        ({"encoder_no_repeat_ngram_size": 3, "do_sample": True}, ["encoder_no_repeat_ngram_size=3", "do_sample=True"]),
        ({"length_penalty": -1.0}, ["length_penalty=-1.0"]),
        ({"forced_eos_token_id": 2}, []),
        ({"forced_eos_token_id": 5}, ["forced_eos_token_id=5"]),
    ],
)
def test_what_is_not_honoured_is_named(values: dict[str, Any], names: list[str]) -> None:
    assert list(not_honoured(values, 2, is_causal=False)) == names


def runtime_of(folder: Path) -> Any:
    import_model(folder, folder.parent / "ours")
    return clearhead.load(folder.parent / "ours")._serving.engine("fp32").runtime


def options_for(name: str, beams: int, rules: dict[str, Any], **settings: Any) -> SearchOptions:
    begin, end = ENDS[name]
    others = tuple(one for one in range(320) if one not in (*FEW, end))
    return SearchOptions(
        begin=begin, end=end, suppressed=others, beam_size=beams, top_beams=beams,
        rules=Rules(**rules, max_tokens=LAST, forced_end=name != "llama"), **settings,
    )  # fmt: skip


def ours(name: str, runtime: Any, options: SearchOptions) -> list[list[tuple[list[int], float]]]:
    """All hypotheses of the beam with their scores, for each source: one batch."""
    begins = [one[-1] for one in SOURCES] if name == "llama" else None
    sources = [one[:-1] for one in SOURCES] if name == "llama" else SOURCES
    found = Engine(runtime).results(requests_for(runtime.sizes, sources, options, begins=begins))
    return [[(list(one.tokens), one.score) for one in some] for some in found]


def theirs(name: str, model: Any, options: SearchOptions, **settings: Any) -> Iterator[list[tuple[list[int], float]]]:
    """The same by `transformers`, one source at a time; a score of 0 where it searches greedily."""
    from transformers import GenerationConfig

    (begin, end), beams, is_causal = ENDS[name], options.beam_size, name == "llama"
    model.generation_config = GenerationConfig()
    config = GenerationConfig(
        num_beams=beams, num_return_sequences=beams, suppress_tokens=list(options.suppressed), max_new_tokens=LAST,
        eos_token_id=end, pad_token_id=PADDING, decoder_start_token_id=begin, do_sample=False,
        forced_eos_token_id=None if is_causal else end, return_dict_in_generate=True, output_scores=True, **settings,
    )  # fmt: skip
    for ids in SOURCES:
        with torch.no_grad():
            mask = torch.ones(1, len(ids), dtype=torch.long)
            found = model.generate(torch.tensor([ids]), attention_mask=mask, generation_config=config)
        texts = [one[len(ids) if is_causal else 1 :].tolist() for one in found.sequences]
        texts = [text[: text.index(end) + 1] if end in text else text for text in texts]
        yield list(zip(texts, found.sequences_scores.tolist() if beams > 1 else [0.0], strict=True))


def require_equal(found: Any, expected: Any, greedy: bool) -> None:
    for mine, other in zip(found, expected, strict=True):
        assert [text for text, _ in mine] == [text for text, _ in other]
        if not greedy:
            assert [score for _, score in mine] == pytest.approx([score for _, score in other], abs=1e-4)


@pytest.mark.parametrize("name", ENDS)
def test_a_beam_is_that_of_transformers(name: str, folder_of: Folder) -> None:
    folder, model = folder_of(name)
    runtime, lengths = runtime_of(folder), set()
    for beams, power, early in itertools.product((2, 4), (0.6, 1.0, 2.0), (False, True)):
        search = SearchStrategy.parse("huggingface:early" if early else "huggingface")
        options = options_for(name, beams, {}, search=search, length_penalty=LengthPenalty("mean", power))
        found = ours(name, runtime, options)
        require_equal(found, theirs(name, model, options, length_penalty=power, early_stopping=early), greedy=False)
        lengths |= {len(text) for some in found for text, _ in some}
    assert len(lengths) > 2, "texts of several lengths, or stopping is not tested"


@pytest.mark.parametrize("name", ENDS)
def test_rules_are_kept_as_transformers_keeps_them(name: str, folder_of: Folder) -> None:
    """Greedy search weighs logits, a beam log-probabilities."""
    folder, model = folder_of(name)
    runtime = runtime_of(folder)
    for (asked, rules), beams in itertools.product(ASKED, (1, 3)):
        options = options_for(name, beams, rules, search=SearchStrategy.parse("huggingface"))
        require_equal(ours(name, runtime, options), theirs(name, model, options, **asked), greedy=beams == 1)


def test_drawing_is_from_the_tokens_that_transformers_would_draw_from(folder_of: Folder) -> None:
    """With a temperature near 0 a draw is the likeliest of them: the penalty weighs logits."""
    folder, model = folder_of("llama")
    runtime = runtime_of(folder)
    for asked, rules in ASKED:
        greedy = options_for("llama", 1, rules)
        drawn = options_for("llama", 1, rules, sampling=Sampling(temperature=1e-3))
        require_equal(ours("llama", runtime, drawn), theirs("llama", model, greedy, **asked), greedy=True)


def test_an_imported_model_keeps_to_its_folder_s_rules(folder_of: Folder) -> None:
    folder, _ = folder_of("bart")
    settings = json.loads((folder / "generation_config.json").read_text(encoding="utf-8"))
    asked = {"num_beams": 3, "no_repeat_ngram_size": 2, "min_length": 7, "max_length": 9, "early_stopping": True}
    (folder / "generation_config.json").write_text(json.dumps(settings | asked), encoding="utf-8")
    report = import_model(folder, folder.parent / "ours")
    assert not any("=" in name for name in report.ignored)
    bundle = clearhead.load(folder.parent / "ours")
    assert bundle.settings.search == "huggingface:early"
    assert bundle.settings.rules == Rules(no_repeat_ngram_size=2, min_tokens=6, max_tokens=8, forced_end=True)
    text = "the animal did not cross the street"
    [[found]] = bundle.search([text], exact=False)
    pairs = list(itertools.pairwise(found.tokens))
    assert 6 < len(found.tokens) <= 8
    assert len(set(pairs)) == len(pairs)
    assert bundle.translate(text, search="clearhead", rules=Rules(max_tokens=3)) != found.text
