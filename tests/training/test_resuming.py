"""What may change where a run is resumed: every key of a recipe."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pydantic
import pytest

from clearhead.errors import TrainingError
from clearhead.recipe import Recipe
from clearhead.training.checkpoint import as_found
from clearhead.training.resuming import CHANGES, Change, change_of, changed_keys, effective, flat, require_same

MakeRecipe = Callable[..., Recipe]

# For each key that fits conftest.py's recipe another value, as one types it, and that it was.
OTHERS = {
    "name": "other",
    "data.folder": "/",
    "data.train.0.source": "other.en",
    "data.train.0.target": "other.fr",
    "data.train.0.from": "xx",
    "data.train.0.to": "xx",
    "data.train.0.weight": "2.0",
    "data.validate.0.source": "other.en",
    "data.validate.0.target": "other.fr",
    "data.validate.0.from": "xx",
    "data.validate.0.to": "xx",
    "data.validate.0.weight": "2.0",
    "data.validate.0.name": "news",
    "data.filters.max_tokens": "50",
    "data.filters.max_ratio": "3.0",
    "data.filters.deduplicate": "true",
    "data.filters.no_copies": "true",
    "data.filters.scripts": "true",
    "text.kind": "characters",
    "text.size": "1000",
    "text.joint": "false",
    "text.normalize": "nfc",
    "text.split": "scripts",
    "text.tags": "true",
    "text.merge_dropout": "0.1",
    "model.preset": "paper_base",
    "model.width": "32",
    "model.heads": "4",
    "model.inner_width": "64",
    "model.encoder_layers": "2",
    "model.decoder_layers": "2",
    "model.dropout": "0.3",
    "model.attention_dropout": "0.1",
    "model.activation_dropout": "0.1",
    "model.positions": "rotary",
    "model.max_length": "100",
    "model.norm_placement": "post",
    "model.norm": "rms",
    "model.activation": "silu",
    "model.share_embeddings": "target",
    "model.output_bias": "true",
    "model.kv_heads": "1",
    "model.head_width": "4",
    "model.eps": "1.0e-6",
    "model.bias": "false",
    "model.query_key_value_bias": "false",
    "model.attention_output_bias": "true",
    "model.scale": "0.5",
    "model.scale_embeddings": "false",
    "model.embedding_norm": "true",
    "model.query_key_norm": "true",
    "model.position_shift": "5",
    "model.rotary_base": "500.0",
    "model.rotary_scaling": "llama3",
    "model.rotary_factor": "2.0",
    "model.rotary_trained_length": "50",
    "model.rotary_low_turns": "2.0",
    "model.rotary_high_turns": "3.0",
    "model.relative_buckets": "16",
    "model.relative_distance": "64",
    "model.initialization": "gpt2",
    "training.steps": "14",
    "training.batch_tokens": "200",
    "training.packing": "true",
    "training.packed_length": "64",
    "training.compile": "false",
    "training.graph": "false",
    "training.accumulate": "2",
    "training.loss.label_smoothing": "0.2",
    "training.loss.r_drop": "1.0",
    "training.optimizer.name": "muon",
    "training.optimizer.matrix_peak": "0.03",
    "training.optimizer.head_peak": "0.01",
    "training.optimizer.betas": "[0.9, 0.99]",
    "training.optimizer.epsilon": "1.0e-8",
    "training.optimizer.weight_decay": "0.02",
    "training.optimizer.clip": "null",
    "training.schedule.name": "cosine",
    "training.schedule.peak": "0.02",
    "training.schedule.warmup": "5",
    "training.average.name": "none",
    "training.average.decay": "0.99",
    "training.freeze": "encoder.*",
    "training.validate_every": "5",
    "training.validate_sentences": "2",
    "training.validate_samples": "1",
    "training.select_by": "bleu",
    "training.checkpoint_every": "5",
    "training.keep_checkpoints": "3",
    "training.log_every": "3",
    "training.patience": "4",
    "training.seed": "2",
    "training.workers": "2",
    "training.device": "auto",
    "training.precision": "bf16",
    "training.bundle_precision": "fp16",
    "decoding.beam_size": "3",
    "decoding.length_penalty": "none",
}
# There is one choice alone for a recipe of pairs; or its data come from elsewhere.
ONLY = {
    "family", "task", "model.layers", "model.segments", "model.masked_head", "model.pooler", "model.pooling",
    "data.embedded.corpus", "data.embedded.pairs", "data.embedded.seed", "data.embedded.several",
    "data.embedded.grammar", "data.labels", "training.class_weights", "decoding.messages", "model.from",
    "model.lora.rank", "model.lora.alpha", "model.lora.targets", "model.pooler_activation", "model.embedding_width",
    "training.masking.share", "training.masking.replaced", "training.masking.random", "training.masking.batches",
    # Of runs that begin with a trained model: tests/training/test_using.py.
    "text.template", "text.tokens", "text.symbols", "data.replay.share",
    "data.replay.train.source", "data.replay.train.target", "data.replay.train.from", "data.replay.train.to",
    "data.replay.train.weight", "data.replay.validate.source", "data.replay.validate.target",
    "data.replay.validate.from", "data.replay.validate.to", "data.replay.validate.weight", "data.replay.validate.name",
    # Sets to validate with have names alone.
    "data.train.0.name", "data.replay.train.name",
    # Of some of several corpora to learn from: test_a_tag_of_a_corpus.
    "data.train.0.tag", "data.validate.0.tag", "data.replay.train.tag", "data.replay.validate.tag",
}  # fmt: skip
MAY_CHANGE = {
    "text.merge_dropout", "model.dropout", "model.attention_dropout", "model.activation_dropout",
    "model.position_shift",
}  # fmt: skip


def sections(annotation: Any) -> list[type[pydantic.BaseModel]]:
    if isinstance(annotation, type):
        return [annotation] if issubclass(annotation, pydantic.BaseModel) else []
    return [one for part in getattr(annotation, "__args__", ()) for one in sections(part)]


def keys(section: type[pydantic.BaseModel] = Recipe, above: str = "") -> set[str]:
    """Every leaf that a recipe may have, those of the first corpus for all."""
    found: set[str] = set()
    for name, field in section.model_fields.items():
        key = above + (field.alias or name)
        inner = sections(field.annotation)
        number = "0." if key in {"data.train", "data.validate"} else ""
        found |= keys(inner[0], f"{key}.{number}") if inner else {key}
    return found


def is_refused(key: str) -> bool:
    is_made_for = key.partition(".")[0] in {"family", "task", "text", "model"}
    is_made_for |= key in {"training.optimizer.name", "data.labels"}
    return is_made_for and key not in MAY_CHANGE


def test_every_key_has_a_rule() -> None:
    """faults.md C5. A new key fails here until it is among `OTHERS`, and its rule thought of."""
    assert keys() == OTHERS.keys() | ONLY
    for key in keys():
        assert key.partition(".")[0] in CHANGES
        assert (change_of(key) is Change.REFUSED) == is_refused(key)


@pytest.fixture(scope="module")
def checkpoint(run_folder: Path, make_recipe: MakeRecipe, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of conftest.py's recipe as it is."""
    folder = tmp_path_factory.mktemp("old") / "step-60"
    shutil.copytree(run_folder / "checkpoints" / "step-60", folder)
    (folder / "recipe.yaml").write_text(make_recipe().to_yaml(), encoding="utf-8")
    return folder


@pytest.mark.parametrize("key", OTHERS)
def test_every_key_is_refused_or_done(checkpoint: Path, make_recipe: MakeRecipe, key: str) -> None:
    """faults.md C5: in one line with key, both values and remedy; or it is what the run goes on with, and said."""
    old, new = make_recipe(), make_recipe(f"{key}={OTHERS[key]}")
    if is_refused(key):
        with pytest.raises(TrainingError) as caught:
            as_found(checkpoint, new)
        message = str(caught.value)
        assert "\n" not in message
        # A preset is refused by the first size that it changes.
        if key != "model.preset":
            value = flat(effective(new))[key]
            assert f"({key} is {value}, but was {flat(effective(old))[key]} when" in message
        assert "; train into another folder by --out, or set " in message
    else:
        assert as_found(checkpoint, new) == new
        changed = set(changed_keys(flat(effective(old)), flat(effective(new))))
        assert key in changed or any(one.startswith(f"{key}.") for one in changed)


def test_two_ways_to_the_same_sizes(checkpoint: Path, make_recipe: MakeRecipe) -> None:
    """conftest.py's recipe with every size that its preset had spelled out, and another preset."""
    same = make_recipe("model.preset=multi30k_tiny", "model.dropout=0.1")
    assert same.model.config(9, 9) == make_recipe().model.config(9, 9)
    assert as_found(checkpoint, same) == same


def test_a_run_of_version_0_1_keeps_its_normal_form(checkpoint: Path, make_recipe: MakeRecipe, tmp_path: Path) -> None:
    """faults.md B1: its recipe says nfc, which was the default; the one that it is resumed by says nothing."""
    shutil.copytree(checkpoint, tmp_path / "step-60")
    old = make_recipe("text.normalize=nfc")
    (tmp_path / "step-60" / "recipe.yaml").write_text(old.to_yaml(), encoding="utf-8")
    assert as_found(tmp_path / "step-60", make_recipe()).text.normalize == "nfc"
    assert as_found(checkpoint, make_recipe()).text.normalize == "folded"
    with pytest.raises(TrainingError, match=r"text\.normalize is folded, but was nfc when"):
        as_found(tmp_path / "step-60", make_recipe("text.normalize=folded"))


def test_two_ways_to_the_same_place(make_recipe: MakeRecipe, corpus: Path, tmp_path: Path) -> None:
    """faults.md C5: `…/data` and `…/data/../data`, a link to it, and a file named from elsewhere."""
    old = flat(effective(make_recipe()))
    (tmp_path / "link").symlink_to(corpus)
    for folder in (corpus, corpus / ".." / corpus.name, f"{corpus}//", tmp_path / "link"):
        assert list(changed_keys(old, flat(effective(make_recipe(f"data.folder={folder}"))))) == []
    elsewhere = [f"data.folder={tmp_path}"]
    for kind, name in (("train", "train"), ("validate", "val")):
        for side, ending in (("source", "en"), ("target", "fr")):
            elsewhere.append(f"data.{kind}.0.{side}={corpus}/{name}.{ending}")
    assert list(changed_keys(old, flat(effective(make_recipe(*elsewhere))))) == ["data.folder"]
    other = make_recipe("data.train.0.source=../other.en")
    assert list(changed_keys(old, flat(effective(other)))) == ["data.train.0.source"]


def test_another_number_of_corpora(make_recipe: MakeRecipe) -> None:
    one = "{source: train.en, target: train.fr, from: en, to: fr}"
    more = flat(effective(make_recipe(f"data.train=[{one}, {one}]")))
    assert all(key.startswith("data.train.1.") for key in changed_keys(flat(effective(make_recipe())), more))


def test_a_tag_of_a_corpus(make_recipe: MakeRecipe) -> None:
    """Done where the pieces have its symbol; `data.prepare` refuses another one."""
    pair = "source: train.en, target: train.fr, from: en, to: fr"
    old, new = (make_recipe(f"data.train=[{{{pair}}}, {{{pair}, tag: {tag}}}]") for tag in ("null", "back"))
    assert list(changed_keys(flat(effective(old)), flat(effective(new)))) == ["data.train.1.tag"]
    assert change_of("data.train.1.tag") is Change.DONE
    require_same(Path("/run"), old, new)


def test_an_older_clearheads_key() -> None:
    assert change_of("moon.phase") is Change.DONE
    assert list(changed_keys({"moon": 1}, {})) == ["moon"]


def test_what_is_required_to_be_the_same(make_recipe: MakeRecipe) -> None:
    """faults.md C5's own examples."""
    for change in ("text.size=1000", "model.heads=4", "model.positions=rotary", "model.activation=silu"):
        key, _, value = change.partition("=")
        with pytest.raises(TrainingError, match=rf"checkpoint {os.sep}run does not fit .*{key} is {value}, but was "):
            require_same(Path("/run"), make_recipe(), make_recipe(change))
