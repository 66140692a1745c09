"""Models of ours, as CTranslate2 translates and goes on with what is exported."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
import tokenizers
import torch

import clearhead
from clearhead.errors import InteropError, PackageError, UsageError
from clearhead.interop import export_model, import_model
from clearhead.model.config import DecoderOnlyConfig, EncoderOnlyConfig, TransformerConfig
from clearhead.street.corpus import validation

from .conftest import CAUSAL as GOING_ON
from .conftest import PAIRS as THEIRS
from .conftest import Folder
from .own_models import BERT, LINES, LLAMA, MODELS, PAIR, STACK, write_bundle

OTHERS: dict[str, Any] = {
    "tensor2tensor's positions": TransformerConfig(**PAIR, positions="sinusoidal-concatenated", activation="swiglu"),
    "learned positions": TransformerConfig(**PAIR, positions="learned", bias=False, norm_placement="pre"),
    "rms": TransformerConfig(**PAIR, norm="rms", norm_placement="pre", share_embeddings="target"),
    "gpt, rotary": DecoderOnlyConfig(**STACK, positions="rotary", norm_placement="pre"),
}
ALL: dict[str, Any] = {**{name: config for name, (_, config) in MODELS.items()}, **OTHERS}
PAIRS = [name for name, config in ALL.items() if isinstance(config, TransformerConfig)]
REFUSED = ("llama, scaled, all biases", "llama, as 3.1")
CAUSAL = [name for name, one in ALL.items() if isinstance(one, DecoderOnlyConfig) and name not in REFUSED]


@pytest.fixture(scope="module")
def library() -> Any:
    return pytest.importorskip("ctranslate2")


def controls(bundle: clearhead.Bundle, names: list[str]) -> list[list[str]]:
    """What a model of ours never writes."""
    tokenizer = bundle.target_tokenizer
    found = [tokenizer.padding, tokenizer.begin, *map(tokenizer.tag, tokenizer.languages)]
    found += [*map(tokenizer.symbol, tokenizer.symbols), *([] if tokenizer.unknown is None else [tokenizer.unknown])]
    return [[names[one]] for one in found]


def reading(folder: Path) -> tokenizers.Tokenizer:
    return tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))


@pytest.mark.parametrize("name", PAIRS)
def test_translations_and_their_scores_are_the_same(name: str, library: Any, tmp_path: Path) -> None:
    ours = clearhead.load(write_bundle(tmp_path / "ours", ALL[name]))
    export_model(ours, "ctranslate2", tmp_path / "theirs")
    translator, cut = library.Translator(str(tmp_path / "theirs")), reading(tmp_path / "theirs")
    tokenizer = ours.target_tokenizer
    names = [str(tokenizers.Tokenizer.id_to_token(target(tmp_path / "theirs"), one)) for one in range(tokenizer.size)]
    for line in LINES:
        told = ours.search([line], exact=False)[0][0]
        count = len(told.tokens)
        [found] = translator.translate_batch(
            [cut.encode(line).tokens], beam_size=1, max_decoding_length=count, return_scores=True,
            suppress_sequences=controls(ours, names),
        )  # fmt: skip
        written = [names.index(one) for one in found.hypotheses[0]]
        assert written == [one for one in told.tokens if one != tokenizer.end][:count]


def target(folder: Path) -> tokenizers.Tokenizer:
    other = folder / "target_tokenizer.json"
    return tokenizers.Tokenizer.from_file(str(other)) if other.exists() else reading(folder)


@pytest.mark.parametrize("name", PAIRS)
def test_a_translation_is_as_probable(name: str, library: Any, tmp_path: Path) -> None:
    ours = clearhead.load(write_bundle(tmp_path / "ours", ALL[name]))
    export_model(ours, "ctranslate2", tmp_path / "theirs")
    translator = library.Translator(str(tmp_path / "theirs"))
    source, written = reading(tmp_path / "theirs").encode(LINES[0]).tokens, target(tmp_path / "theirs").encode(LINES[0])
    tokens = [one for one in written.tokens if one != "⟨end⟩"]
    [found] = translator.score_batch([source], [tokens])
    told = ours.score([LINES[0]], [LINES[0]])[0].log_probability
    assert sum(found.log_probs) == pytest.approx(told, abs=1e-3)


@pytest.mark.parametrize("name", CAUSAL)
def test_a_causal_model_goes_on_the_same(name: str, library: Any, tmp_path: Path) -> None:
    ours = clearhead.load(write_bundle(tmp_path / "ours", ALL[name]))
    export_model(ours, "ctranslate2", tmp_path / "theirs")
    generator, cut = library.Generator(str(tmp_path / "theirs")), reading(tmp_path / "theirs")
    names = [str(cut.id_to_token(one)) for one in range(cut.get_vocab_size())]
    [found] = generator.generate_batch(
        [cut.encode("the animal").tokens], max_length=12, sampling_topk=1, include_prompt_in_result=False,
        suppress_sequences=controls(ours, names),
    )  # fmt: skip
    assert cut.decode(found.sequences_ids[0]) == ours.generate("the animal", beam_size=1, max_tokens=12)


@pytest.mark.parametrize("name", THEIRS)
def test_what_was_imported_is_as_probable(name: str, folder_of: Folder, library: Any, tmp_path: Path) -> None:
    """Its tokens are those of its own tokenizer, and its targets begin as it was trained."""
    folder, _ = folder_of(name)
    import_model(folder, tmp_path / "ours")
    ours = clearhead.load(tmp_path / "ours")
    export_model(ours, "ctranslate2", tmp_path / "again")
    translator = library.Translator(str(tmp_path / "again"))
    vocabulary = json.loads(next((tmp_path / "again").glob("[st][ha]*_vocabulary.json")).read_text(encoding="utf-8"))
    told = ours.score([LINES[0]], ["ab ba"])[0]
    ids = [one for one in told.tokens if one != ours.target_tokenizer.end]
    source = [vocabulary[one] for one in ours.encode(LINES[0])]
    [found] = translator.score_batch([source], [[vocabulary[one] for one in ids]])
    forced = len(ours.target_tokenizer.opening)
    assert sum(found.log_probs[forced:]) == pytest.approx(told.log_probability, abs=1e-3)


@pytest.mark.parametrize("name", [name for name in GOING_ON if name not in REFUSED])
def test_an_imported_causal_model_is_as_probable(name: str, folder_of: Folder, library: Any, tmp_path: Path) -> None:
    folder, theirs = folder_of(name)
    import_model(folder, tmp_path / "ours")
    export_model(tmp_path / "ours", "ctranslate2", tmp_path / "again")
    generator, ids = library.Generator(str(tmp_path / "again")), [5, 6, 7, 8, 9, 4, 11, 12]
    names = json.loads((tmp_path / "again" / "vocabulary.json").read_text(encoding="utf-8"))
    found = generator.score_batch([[names[one] for one in ids]])[0].log_probs
    with torch.no_grad():
        told = theirs(input_ids=torch.tensor([ids])).logits[0].log_softmax(-1)
    wanted = [float(told[place, one]) for place, one in enumerate(ids[1:])]
    assert found[-len(wanted) :] == pytest.approx(wanted, abs=1e-4)


@pytest.mark.parametrize("numbers", ["float32", "int8"])
def test_street_translates_200_of_its_sentences(numbers: str, library: Any, tmp_path: Path) -> None:
    """The same ones in float32; in int8 nearly all."""
    export_model("street", "ctranslate2", tmp_path / "theirs", numbers)
    ours, cut = clearhead.load("street"), reading(tmp_path / "theirs")
    translator = library.Translator(str(tmp_path / "theirs"), compute_type=numbers)
    names = [str(cut.id_to_token(one)) for one in range(cut.get_vocab_size())]
    own = [one for one in validation(3) if len(one.source.split()) <= 12]
    equal = count = 0
    for _, to in ours.settings.languages:
        sources = [one.source for one in own if one.direction.endswith(f"-{to}")][:67]
        tokens = [cut.encode(f"⟨2{to}⟩{one}").tokens for one in sources]
        found = translator.translate_batch(tokens, beam_size=1, suppress_sequences=controls(ours, names))
        ids = [[cut.token_to_id(one) for one in told.hypotheses[0]] for told in found]
        wanted = ours.translate(sources, to=to)
        equal += sum(cut.decode(one) == other for one, other in zip(ids, wanted, strict=True))
        count += len(sources)
    assert count > 190
    assert equal == count if numbers == "float32" else equal > 0.95 * count


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (TransformerConfig(**PAIR, positions="alibi"), "positions=alibi is nothing that CTranslate2 computes"),
        (TransformerConfig(**PAIR, activation="relu2"), "activation=relu2 is nothing"),
        (ALL[REFUSED[0]], "rotary_scaling=llama3 is nothing"),
        (DecoderOnlyConfig(**LLAMA | {"norm": "layer"}, query_key_norm=True), "query_key_norm=True is nothing"),
        (EncoderOnlyConfig(**BERT), "a model that reads whole texts is not exported --to ctranslate2"),
    ],
)
def test_what_it_lacks_is_refused_by_name(config: Any, message: str, library: Any, tmp_path: Path) -> None:
    place = write_bundle(tmp_path / "ours", config)
    with pytest.raises(InteropError, match=message):
        export_model(place, "ctranslate2", tmp_path / "theirs")
    assert not (tmp_path / "theirs").exists()


def test_other_numbers_and_a_missing_package_are_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="quantization='int3' is not for to=ctranslate2; choose one of float32"):
        export_model("street", "ctranslate2", tmp_path / "theirs", "int3")
    monkeypatch.setitem(sys.modules, "ctranslate2", None)
    with pytest.raises(PackageError, match=r"pip install 'clearhead\[export\]'"):
        export_model("street", "ctranslate2", tmp_path / "theirs")
