"""Models of ours, as `transformers` computes them from what is exported, and as they come back."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

import clearhead
from clearhead.errors import InteropError, UsageError
from clearhead.interop import export_model, import_model
from clearhead.model.config import DecoderOnlyConfig, EncoderOnlyConfig, FamilyConfig, TransformerConfig
from clearhead.street.corpus import validation

from .conftest import CLASSES, PAIRS, Folder
from .own_models import BERT, GPT, LINES, LLAMA, MODELS, PAIR, T5, write_bundle

IDS = [[5, 6, 7, 8, 9, 4, 11, 12, 2], [10, 4, 2]]
Bundled = Callable[[FamilyConfig], Path]


@pytest.fixture
def bundled(tmp_path: Path) -> Bundled:
    return lambda config: write_bundle(tmp_path / "ours", config)


def opened(folder: Path, architecture: str) -> Any:
    """As `transformers` reads it, with every tensor of it."""
    import transformers

    made, told = getattr(transformers, architecture).from_pretrained(folder, output_loading_info=True)
    # Sentence encoders have no pooler, which BertModel then does not ask of them either.
    formula = {one for one in told["missing_keys"] if "embed_positions" in one or one.startswith("pooler")}
    assert told["missing_keys"] - formula == set()
    assert {one for one in told["unexpected_keys"] if "pooler" not in one} == set()
    assert not told["mismatched_keys"]
    return made.eval()


def outputs(model: Any, ids: torch.Tensor, is_pair: bool) -> torch.Tensor:
    """Logits, or vectors where there is no head."""
    found = model(input_ids=ids, decoder_input_ids=ids[:, :6]) if is_pair else model(input_ids=ids)
    return found.get("logits", found.get("prediction_logits", found.get("last_hidden_state")))  # type: ignore[no-any-return]


def own_outputs(bundle: clearhead.Bundle, ids: torch.Tensor) -> torch.Tensor:
    if isinstance(bundle.config, TransformerConfig):
        return bundle.model(ids, ids[:, :6])  # type: ignore[no-any-return]
    if isinstance(bundle.config, DecoderOnlyConfig):
        return bundle.model(ids)  # type: ignore[no-any-return]
    if bundle.config.classes:
        return bundle.model(ids).classes  # type: ignore[no-any-return]
    bare = bundle.config.masked_head == "none"
    return bundle.model.hidden_states(ids) if bare else bundle.model(ids).logits  # type: ignore[no-any-return]


@pytest.mark.parametrize("name", MODELS)
def test_transformers_computes_the_same(name: str, bundled: Bundled, tmp_path: Path) -> None:
    architecture, config = MODELS[name]
    told = export_model(bundled(config), "huggingface", tmp_path / "theirs")
    assert told.kind == architecture
    theirs, ours = opened(tmp_path / "theirs", architecture), clearhead.load(tmp_path / "ours")
    for row in IDS:
        ids = torch.tensor([row])
        with torch.no_grad():
            found = outputs(theirs, ids, isinstance(config, TransformerConfig))
            torch.testing.assert_close(found, own_outputs(ours, ids), atol=1e-4, rtol=0)


@pytest.mark.parametrize("name", MODELS)
def test_what_was_exported_comes_back(name: str, bundled: Bundled, tmp_path: Path) -> None:
    _, config = MODELS[name]
    export_model(bundled(config), "huggingface", tmp_path / "theirs")
    import_model(tmp_path / "theirs", tmp_path / "back")
    ours, back = clearhead.load(tmp_path / "ours"), clearhead.load(tmp_path / "back")
    ids = torch.tensor(IDS[:1])
    with torch.no_grad():
        torch.testing.assert_close(own_outputs(back, ids), own_outputs(ours, ids), atol=2e-5, rtol=0)
    assert (back.task, back.settings.labels) == (ours.task, ours.settings.labels)
    assert [back.encode(line) for line in LINES] == [ours.encode(line) for line in LINES]


@pytest.mark.parametrize("name", [name for name, (_, one) in MODELS.items() if isinstance(one, TransformerConfig)])
def test_generate_writes_the_same(name: str, bundled: Bundled, tmp_path: Path) -> None:
    architecture, config = MODELS[name]
    export_model(bundled(config), "huggingface", tmp_path / "theirs")
    theirs, ours = opened(tmp_path / "theirs", architecture), clearhead.load(tmp_path / "ours")
    options = ours._by_task.translating("search").options(1, 1, None, None)
    engine = ours._serving.engine("fp32")
    for line in LINES:
        [[found]] = engine.translate([ours.encode(line)], dataclasses.replace(options, utf8=None))
        written = theirs.generate(torch.tensor([ours.encode(line)]), max_new_tokens=20)[0, 1:].tolist()
        tokens = list(found.tokens)
        count = min(len(tokens), len(written))
        assert count > 1
        assert written[:count] == tokens[:count]


@pytest.mark.parametrize("name", ["llama", "gpt", "queries normalised"])
def test_a_causal_model_goes_on_the_same(name: str, bundled: Bundled, tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    export_model(bundled(MODELS[name][1]), "huggingface", tmp_path / "theirs")
    theirs = AutoModelForCausalLM.from_pretrained(tmp_path / "theirs").eval()
    tokenizer, ours = AutoTokenizer.from_pretrained(tmp_path / "theirs"), clearhead.load(tmp_path / "ours")
    inputs = tokenizer("the animal", return_tensors="pt")
    assert inputs["input_ids"][0].tolist() == ours.encode("the animal")
    found = theirs.generate(inputs["input_ids"], max_new_tokens=12, do_sample=False)[0, inputs["input_ids"].shape[1] :]
    written = tokenizer.decode(found, skip_special_tokens=True)
    assert written == ours.generate("the animal", beam_size=1, max_tokens=12)


def test_street_translates_200_of_its_sentences_the_same(tmp_path: Path) -> None:
    """The model that comes with clearhead: the paper's positions, and norms before the layers."""
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    told = export_model("street", "huggingface", tmp_path / "theirs")
    assert told.kind == "PegasusForConditionalGeneration"
    theirs = AutoModelForSeq2SeqLM.from_pretrained(tmp_path / "theirs").eval()
    tokenizer, ours = AutoTokenizer.from_pretrained(tmp_path / "theirs"), clearhead.load("street")
    for languages in ours.settings.languages:
        direction = "-".join(map(str, languages))
        # In the longest it may write halves of characters, which only here are kept from it.
        own = [one for one in validation(3) if one.direction == direction and len(one.source.split()) <= 12][:67]
        sources, to = [one.source for one in own], languages[1]
        inputs = tokenizer([f"⟨2{to}⟩{one}" for one in sources], return_tensors="pt", padding=True)
        written = tokenizer.batch_decode(theirs.generate(**inputs), skip_special_tokens=True)
        assert written == ours.translate(sources, to=to)
        assert len(set(written)) > 60


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (TransformerConfig(**PAIR, positions="alibi"), "positions=alibi has no counterpart in MarianMTModel"),
        (TransformerConfig(**PAIR, positions="sinusoidal-concatenated"), "expected sinusoidal or sinusoidal-halves"),
        (TransformerConfig(**PAIR, activation="swiglu"), "activation=swiglu has no counterpart"),
        (TransformerConfig(**PAIR, query_key_norm=True), "query_key_norm=True has no counterpart"),
        (TransformerConfig(**T5 | {"bias": True}), "bias=True has no counterpart in T5ForConditionalGeneration"),
        (TransformerConfig(**PAIR, norm_placement="pre", share_embeddings="none"), "share_embeddings=none .*Pegasus"),
        (EncoderOnlyConfig(**BERT | {"norm_placement": "pre"}), "norm_placement=pre has no counterpart in Bert"),
        (EncoderOnlyConfig(**BERT, masked_head="plain"), "masked_head=plain has no counterpart in BertForMaskedLM"),
        (DecoderOnlyConfig(**GPT | {"norm_placement": "post"}), "norm_placement=post has no counterpart in GPT2"),
        (DecoderOnlyConfig(**LLAMA | {"activation": "gelu"}), "activation=gelu has no counterpart in LlamaForCausalLM"),
    ],
)
def test_what_has_no_counterpart_is_refused_by_name(
    config: FamilyConfig, message: str, bundled: Bundled, tmp_path: Path
) -> None:
    with pytest.raises(InteropError, match=message):
        export_model(bundled(config), "huggingface", tmp_path / "theirs")
    assert not (tmp_path / "theirs").exists()


def test_nothing_is_written_over(bundled: Bundled, tmp_path: Path) -> None:
    model = bundled(MODELS["gpt"][1])
    with pytest.raises(UsageError, match="exists and is not empty"):
        export_model(model, "huggingface", model)
    with pytest.raises(
        UsageError, match=r"to='keras' is no format .* choose one of huggingface, ctranslate2, onnx, gguf"
    ):
        export_model(model, "keras", tmp_path / "theirs")
    bundle = clearhead.load(model)
    bundle.model.register_forward_hook(lambda *given: None)
    with pytest.raises(UsageError, match="a hook on the model, which no other program computes"):
        export_model(bundle, "huggingface", tmp_path / "theirs")


# Of classes that are imported: what none of the classes that are written computes.
REFUSED = {
    "distilbert, classes": "pooler_activation=relu", "electra": "embedding_width=8",
    "electra, classes": "embedding_width=8", "electra, discriminator": "embedding_width=8",
}  # fmt: skip


@pytest.mark.parametrize("name", [*CLASSES, *PAIRS])
def test_what_was_imported_is_exported_with_the_numbers_that_it_came_with(
    name: str, folder_of: Folder, tmp_path: Path
) -> None:
    folder, theirs = folder_of(name)
    import_model(folder, tmp_path / "ours")
    if name in REFUSED:
        with pytest.raises(InteropError, match=REFUSED[name]):
            export_model(tmp_path / "ours", "huggingface", tmp_path / "again")
        return
    told = export_model(tmp_path / "ours", "huggingface", tmp_path / "again")
    again, ids = opened(tmp_path / "again", told.kind), torch.tensor(IDS[:1])
    with torch.no_grad():
        found, wanted = (outputs(one, ids, name in PAIRS) for one in (again, theirs))
    torch.testing.assert_close(found, wanted, atol=1e-4, rtol=0)
