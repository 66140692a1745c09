"""Which keys belong to which task, and what a person is told who mixes them."""

from collections.abc import Callable
from typing import Any

import pytest

from clearhead.errors import RecipeError
from clearhead.recipe import Recipe, build_recipe, parse_recipe
from clearhead.recipe.jobs import JOBS, share_to_validate, tables_to_validate, texts_to_validate


def language_model(**changes: Any) -> dict[str, Any]:
    values = {
        "name": "tiny",
        "task": "language-modelling",
        "data": {"train": {"text": "a.txt"}, "validate": {"share": 0.1}},
        "training": {"steps": 1},
    }
    return values | changes


def test_a_task_has_a_family_and_a_family_a_task() -> None:
    recipe = build_recipe(language_model(), "r")
    assert (recipe.task, recipe.family) == ("language-modelling", "decoder-only")
    values = language_model(family="decoder-only")
    del values["task"]
    assert build_recipe(values, "r") == recipe


def test_none_is_translation(make_recipe: Callable[..., Recipe]) -> None:
    assert (make_recipe().task, make_recipe().family) == ("translation", "encoder-decoder")


def test_nothing_is_smoothed_unless_it_is_asked_for(make_recipe: Callable[..., Recipe]) -> None:
    assert make_recipe().training.loss.label_smoothing == 0.1
    assert build_recipe(language_model(), "r").training.loss.label_smoothing == 0.0
    smoothed = language_model(training={"steps": 1, "loss": {"label_smoothing": 0.2}})
    assert build_recipe(smoothed, "r").training.loss.label_smoothing == 0.2


def test_what_is_written_reads_the_same() -> None:
    for data in (
        {"train": {"text": "a.txt"}, "validate": {"share": 0.1}},
        {"train": [{"text": "a", "documents": "line"}, {"text": "b"}], "validate": {"text": "c"}},
    ):
        model = {"preset": "llama_tiny", "layers": 2, "share_embeddings": False}
        recipe = build_recipe(language_model(data=data, model=model, text={"kind": "characters"}), "r")
        assert build_recipe(parse_recipe(recipe.to_yaml(), "again"), "again") == recipe


def test_what_validates() -> None:
    share = build_recipe(language_model(), "r").data
    assert (texts_to_validate(share), share_to_validate(share)) == ((), 0.1)
    named = build_recipe(language_model(data={"train": {"text": "a"}, "validate": {"text": "b"}}), "r").data
    assert [one.text for one in texts_to_validate(named)] == ["b"]
    assert share_to_validate(named) == 0.0


TABLE = {"table": "a.tsv"}


def summarisation(**changes: Any) -> dict[str, Any]:
    data = {"train": TABLE, "validate": {"share": 0.1}}
    return {"name": "s", "task": "summarisation", "data": data, "training": {"steps": 1}} | changes


def test_pairs_stand_in_files_or_tables() -> None:
    recipe = build_recipe(summarisation(), "r")
    assert (recipe.family, [one.table for one in recipe.data.directions]) == ("encoder-decoder", ["a.tsv"])
    assert recipe.training.loss.label_smoothing == 0.1
    assert build_recipe(summarisation(data={"train": PAIRS, "validate": TABLE}), "r").data.directions[0].source == "a"
    named = {**TABLE, "columns": [2, 3], "from": "en", "to": "de", "weight": 2}
    data = build_recipe(summarisation(task="translation", data={"train": named, "validate": TABLE}), "r").data
    [one] = data.directions
    assert (one.from_language, one.to_language, one.weight) == ("en", "de", 2.0)
    assert [other.table for other in tables_to_validate(data)] == ["a.tsv"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"text": {"tags": True}}, "r: text.tags is for translation; remove it, as task=summarisation writes in one"),
        ({"data": {"train": {"text": "a"}, "validate": TABLE}}, "r: data.train names a text, but task=summarisation"),
        (
            {"data": {"train": {**TABLE, "columns": [1, 2, 3]}, "validate": TABLE}},
            "r: data.train.columns names 3 of a.tsv, but task=summarisation learns from two, as in columns: [1, 2]",
        ),
        (
            {"data": {"train": TABLE, "validate": {**TABLE, "columns": "text"}}},
            "r: data.validate.columns names 1 of a.tsv",
        ),
        (
            {"data": {"embedded": {"corpus": "street", "pairs": 7}, "train": TABLE, "validate": TABLE}},
            "r: data.embedded=street is a corpus of translations",
        ),
        ({"data": {"train": TABLE, "validate": [TABLE, {"share": 0.1}]}}, "r: data.validate has a share beside others"),
        ({"family": "decoder-only"}, "r: task=summarisation trains a model of family=encoder-decoder"),
    ],
)
def test_what_summarisation_has_no_use_for(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(RecipeError) as caught:
        build_recipe(summarisation(**changes), "r")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


PAIRS = {"source": "a", "target": "b"}
TEXT, SHARE = {"text": "a"}, {"share": 0.1}
BOTH = {"task": "masked-next-token"}
COLUMNS, MASKED = {"table": "a", "columns": [1, 2]}, {"task": "masked-language-modelling"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"data": {"train": PAIRS, "validate": SHARE}}, "r: data.train names source and target, but task=language"),
        ({"data": {"train": TEXT, "validate": PAIRS}}, "r: data.validate names source and target, but"),
        ({"task": "translation"}, "r: data.train names a text, but task=translation learns from pairs; name source"),
        ({"task": "translation", "data": {"train": PAIRS, "validate": TEXT}}, "r: data.validate names a text, but"),
        ({"data": {"train": SHARE, "validate": TEXT}}, "r: data.train.share is what is kept back"),
        ({"data": {"train": {**TEXT, "name": "a"}, "validate": SHARE}}, "r: data.train.name names a set to validate"),
        (
            {"data": {"train": TEXT, "validate": [{**TEXT, "name": "a"}, {**SHARE, "name": "a"}]}},
            "r: data.validate has a share beside others; keep one of them, or give the others a name",
        ),
        (
            {"data": {"train": TEXT, "validate": [SHARE, {**SHARE, "name": "a"}]}},
            "r: data.validate has more than one share; keep one of them",
        ),
        ({"data": {"train": TEXT, "validate": [TEXT, SHARE]}}, "r: data.validate has a share beside others"),
        (
            {"data": {"train": TEXT, "validate": SHARE, "filters": {"max_tokens": 3}}},
            "r: data.filters is for translation; remove it",
        ),
        ({"data": {"train": {"txt": "a"}, "validate": SHARE}}, "r: unknown key data.train.0.txt"),
        ({"data": {"train": {"text": "a", "docs": 1}, "validate": SHARE}}, "documents?"),
        ({"data": {"train": {"text": "a", "documents": "word"}, "validate": SHARE}}, "expected 'file', 'paragraph' or"),
        ({"data": {"train": {"documents": "line"}, "validate": SHARE}}, "r: data.train.0.text is missing; add it"),
        (
            {"data": {"train": TEXT, "validate": {"share": 1}}},
            "r: data.validate.0.share=1 is not allowed: expected less",
        ),
        ({"data": {"train": TEXT, "validate": {"share": "10%"}}}, "write 0.1"),
        ({"task": "language-modeling"}, "r: task='language-modeling' is not allowed: expected 'translation'"),
        ({"family": "encoder-decoder"}, "r: task=language-modelling trains a model of family=decoder-only, not"),
        ({"model": {"encoder_layers": 2}}, "r: model.encoder_layers is no setting of family=decoder-only; set model.l"),
        ({"model": {"preset": "street"}}, "r: model.preset=street is no model of family=decoder-only; choose gpt_tiny"),
        ({"model": {"layer": 2}}, "r: unknown key model.layer; did you mean layers?"),
        ({"text": {"tags": True}}, "r: text.tags is for translation; remove it"),
        ({"text": {"joint": False}}, "r: text.joint is for translation; remove it"),
        ({"text": {"merge_dropout": 0.1}}, "r: text.merge_dropout is for translation; remove it"),
        ({"text": {"kind": "characters", "tags": True}}, "r: text: tags=true is for kind=bpe"),
        (
            {"text": {"kind": "words", "split": "scripts"}},
            "r: text: split='scripts' is for kind=bpe, unigram, not kind=words",
        ),
        ({"text": {"kind": "unigram", "merge_dropout": 0.1}}, "r: text: merge_dropout=0.1 is for kind=bpe, not"),
        (
            {"text": {"kind": "character"}},
            "r: text.kind='character' is not allowed: expected 'bpe', 'unigram', 'words' or 'characters'",
        ),
        (
            {"training": {"steps": 1, "select_by": "bleu"}},
            "r: training.select_by=bleu is not measured by task=language-modelling; choose one of loss",
        ),
        ({"training": {"steps": 1, "masking": {"share": 0.2}}}, "r: training.masking is for masked-"),
        ({"data": {"train": COLUMNS, "validate": SHARE}}, "r: data.train.columns names 2 of a, but task=language-mod"),
        ({**MASKED, "training": {"steps": 1, "masking": None}}, "r: training.masking is null, but task=masked-lang"),
        ({**MASKED, "training": {"steps": 1, "masking": {"batches": 0.5}}}, "remove it, as task=masked-language-model"),
        (
            {**MASKED, "training": {"steps": 1, "masking": {"share": 0}}},
            "r: training.masking.share=0 is not allowed: ex",
        ),
        ({**MASKED, "training": {"steps": 1, "masking": {"random": 0.3}}}, "are more than 1 together; lower one of"),
        ({**MASKED, "training": {"steps": 1, "masking": {"shares": 0.3}}}, "unknown key training.masking.shares; did"),
    ],
)
def test_mixtures_are_refused_in_one_line(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(RecipeError) as caught:
        build_recipe(language_model(**changes), "r")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_translation_has_no_layers_of_one_stack(make_recipe: Callable[..., Recipe]) -> None:
    with pytest.raises(RecipeError, match=r"set model.encoder_layers or model.decoder_layers"):
        make_recipe("model.layers=2")
    with pytest.raises(
        RecipeError, match=r"model.preset=gpt_tiny is no model of family=encoder-decoder; choose paper_b"
    ):
        make_recipe("model.preset=gpt_tiny")


def test_what_is_masked_unless_it_is_said_otherwise(make_recipe: Callable[..., Recipe]) -> None:
    """Devlin et al. 2019: 15 %, of which 80 % become the mask and 10 % another piece."""
    assert make_recipe().training.masking is None
    recipe = build_recipe(language_model(**MASKED), "r")
    masking = recipe.training.masking
    assert masking is not None
    assert (masking.share, masking.replaced, masking.random, masking.batches) == (0.15, 0.8, 0.1, None)
    assert (recipe.family, recipe.training.loss.label_smoothing) == ("encoder-only", 0.0)
    both = build_recipe(language_model(**BOTH), "r")
    assert both.training.masking is not None
    assert (both.family, both.training.masking.batches) == ("decoder-only", 0.5)
    more = build_recipe(language_model(**MASKED, training={"steps": 1, "masking": {"share": 0.25}}), "r")
    assert more.training.masking is not None
    assert more.training.masking.share == 0.25
    assert build_recipe(parse_recipe(more.to_yaml(), "again"), "again") == more


def test_a_column_of_a_table_is_a_text() -> None:
    for task in ("language-modelling", "masked-language-modelling", "masked-next-token"):
        data = {"train": {"table": "a.tsv", "columns": 1}, "validate": {"table": "b.tsv"}}
        recipe = build_recipe(language_model(task=task, data=data), "r")
        assert [one.columns for one in recipe.data.tables] == [(1,)]


def test_what_is_counted() -> None:
    """Speed and loss are those of what is predicted: of a classifier one class a text."""
    assert {name: job.counts for name, job in JOBS.items() if job.counts != "tokens"} == {
        "masked-language-modelling": "masked tokens",
        "classification": "texts",
    }


def test_a_share_may_stand_beside_other_sets() -> None:
    data = {"train": TEXT, "validate": [SHARE, {**TEXT, "name": "news"}]}
    assert [*build_recipe(language_model(data=data), "r").data.validation_sets()] == ["", "news"]
