"""How a model is used that began with another: a chat model that was trained elsewhere learns answers of its own."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from clearhead.bundle import load
from clearhead.bundle.foreign import write_arrays
from clearhead.bundle.settings import Settings
from clearhead.decoding import Rules
from clearhead.errors import RecipeError
from clearhead.model.config import DecoderOnlyConfig
from clearhead.model.shapes import parameter_shapes
from clearhead.recipe import Recipe, build_recipe
from clearhead.tasks.chat import Message
from clearhead.text import LibraryTokenizer, Roles
from clearhead.training import train
from clearhead.training.run_inputs import prepare_run

TEMPLATE = (
    "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n'}}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
ROWS = [("안녕", "반가워요 👋🏽"), ("뭐 해", "쉬어요.", "나도", "좋네요!"), ("hi", "hello <|im_end|> there")]
START, TURN_END, TEXT_END = 0, 1, 2
TRAINING = {
    "device": "cpu", "precision": "fp32", "steps": 150, "batch_tokens": 512, "validate_every": 75, "log_every": 50,
    "checkpoint_every": 75, "patience": None, "schedule": {"peak": 0.01, "warmup": 5}, "average": {"name": "none"},
}  # fmt: skip


def tokenizer() -> LibraryTokenizer:
    """Bytes, of which a text ends by another special token than a turn does; it is padding, too, as in many files."""
    tokens = ["<|im_start|>", "<|im_end|>", "<|endoftext|>", *sorted(pre_tokenizers.ByteLevel.alphabet())]
    library = Tokenizer(models.BPE({token: number for number, token in enumerate(tokens)}, []))
    library.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    library.decoder = decoders.ByteLevel()
    library.add_special_tokens(tokens[:3])
    return LibraryTokenizer(library.to_str(), Roles(2, 2, 2, None, len(tokens)))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An imported chat model of random weights, one of texts alone, and a table of conversations."""
    folder = tmp_path_factory.mktemp("chat")
    own = tokenizer()
    config = DecoderOnlyConfig(
        vocabulary=own.size, layers=1, width=32, heads=2, inner_width=64, max_length=160, positions="rotary-halves",
        norm="rms", norm_placement="pre", bias=False, activation="swiglu", scale_embeddings=False,
    )  # fmt: skip
    draw = np.random.default_rng(1)
    weights = {
        name: draw.normal(1.0 if "normalization.weight" in name else 0.0, 0.1, shape).astype(np.float32)
        for name, shape in parameter_shapes(config).items()
    }
    rules = Rules(repetition_penalty=1.01, min_tokens=2, max_tokens=40)
    settings = Settings(
        "foreign", (), 1, "mean:1.0", 1, "chat", "file", template=TEMPLATE, ends=(TURN_END,), sampling={"top_k": 1},
        rules=rules, origin="qwen2",
    )  # fmt: skip
    write_arrays(folder / "foreign", config, weights, (own, own), settings, "")
    texts = Settings("texts", (), 1, "mean:1.0", 1, "language-modelling", "file")
    write_arrays(folder / "texts", config, weights, (own, own), texts, "")
    (folder / "a.tsv").write_text("".join("\t".join(row) + "\n" for row in ROWS), encoding="utf-8")
    return folder


def recipe(folder: Path, base: str | Path = "foreign", training: dict[str, Any] | None = None, **values: Any) -> Recipe:
    plain = {
        "name": "own", "task": "chat", "data": {"folder": str(folder), "train": {"table": "a.tsv"},
        "validate": {"table": "a.tsv"}}, "model": {"from": str(folder / base)},
        "training": {**TRAINING, **(training or {})},
    }  # fmt: skip
    return build_recipe({**plain, **values}, "own")


def test_it_answers_as_it_learned_by_its_own_template_and_ends(folder: Path, tmp_path: Path) -> None:
    """field/family.md C2 and C17: in every turn, with what somebody typed as text, and each answer ends."""
    train(recipe(folder), tmp_path / "run")
    bundle = load(tmp_path / "run")
    assert (bundle.settings.template, bundle.settings.ends) == (TEMPLATE, (TURN_END,))
    assert bundle.source_tokenizer.to_json() == tokenizer().to_json()
    talk = [Message("user", "뭐 해"), Message("assistant", "쉬어요."), Message("user", "나도")]
    asked = ["안녕", "뭐 해", talk, "hi"]
    found = bundle.answers(asked, beam_size=1)
    assert [one.text for [one] in found] == ["반가워요 👋🏽", "쉬어요.", "좋네요!", "hello <|im_end|> there"]
    assert {one.ended for [one] in found} == {"end"}
    assert bundle.joined(["안녕", "ok"]).endswith("assistant<0x0A>[ok<|im_end|>]<0x0A>")


def test_how_it_writes_comes_along(folder: Path, tmp_path: Path) -> None:
    """But not how long an answer is, which it learns."""
    inputs = prepare_run(recipe(folder))
    own, base = inputs.settings, load(folder / "foreign").settings
    assert (own.sampling, own.ends, own.search) == (base.sampling, base.ends, base.search)
    assert own.rules == Rules(repetition_penalty=1.01)
    # Another task has rules of its own.
    texts = {"train": {"table": "a.tsv"}, "validate": {"table": "a.tsv"}, "folder": str(folder)}
    other = prepare_run(recipe(folder, task="language-modelling", data=texts)).settings
    assert (other.rules, other.sampling, other.template) == (Rules(), {}, None)
    # Its layers are called as they were, whatever they learn.
    assert (own.origin, other.origin, Settings.of(recipe(folder)).origin) == ("qwen2", "qwen2", "")


def test_a_model_of_texts_becomes_one_that_answers(folder: Path) -> None:
    """By a template that the recipe gives; what it ends an answer by ends it from now on."""
    written = "{% for one in messages %}{{ one['role'] + ': ' + one['content'] + '<|im_end|>' }}{% endfor %}"
    written += "{% if add_generation_prompt %}{{ 'assistant: ' }}{% endif %}"
    inputs = prepare_run(recipe(folder, "texts", text={"template": written}))
    assert (inputs.settings.template, inputs.settings.ends) == (written, (TURN_END,))
    given = prepare_run(recipe(folder, text={"template": TEMPLATE.replace("im_end", "endoftext")}))
    assert given.settings.ends == (TURN_END,)
    learned = given.training.ids[given.training.documents.learned].tolist()
    assert learned.count(TEXT_END) == 4


def test_it_goes_on_without_the_model_that_it_began_with(folder: Path, tmp_path: Path) -> None:
    """Its template and its rules, too, are in the checkpoint: what it makes is the same to the byte."""
    shutil.copytree(folder / "foreign", tmp_path / "foreign")
    asked = recipe(folder, tmp_path / "foreign", {"steps": 3, "validate_every": 3, "checkpoint_every": 1})
    train(asked, tmp_path / "straight")
    steps = iter(range(9))
    train(asked, tmp_path / "stopped", should_stop=lambda: next(steps) >= 1)
    shutil.rmtree(tmp_path / "foreign")
    train(asked, tmp_path / "stopped", resume=True)
    for name in ("history.jsonl", "bundle/model.safetensors", "bundle/config.json", "bundle/recipe.yaml"):
        assert (tmp_path / "straight" / name).read_bytes() == (tmp_path / "stopped" / name).read_bytes()
    assert json.loads((tmp_path / "stopped" / "bundle" / "config.json").read_text())["template"] == TEMPLATE


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"base": "texts"}, "model.from has pieces without the control symbols assistant, user"),
        ({"text": {"template": "x"}, "model": {}}, "text.template says how a chat model that was trained elsewhere"),
        ({"text": {"template": "x"}, "task": "language-modelling"}, "text.template says how a chat model"),
        ({"text": {"kind": "bpe"}}, "text.kind says what model.from="),
    ],
)
def test_what_does_not_go_together(folder: Path, values: dict[str, Any], message: str) -> None:
    with pytest.raises(RecipeError) as caught:
        prepare_run(recipe(folder, **values))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_template_is_for_pieces_that_come_with_one(folder: Path, chat_folder: Path) -> None:
    with pytest.raises(RecipeError, match=r"text\.template is for models that were trained elsewhere, not model\.from"):
        prepare_run(recipe(folder, chat_folder, text={"template": TEMPLATE}))
