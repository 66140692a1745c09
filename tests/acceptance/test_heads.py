"""benchmarks/heads.py: its cases end where they should, and what it silences or cuts off is silent or cut off."""

import copy
import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from clearhead.bundle import Bundle
from clearhead.street import nouns
from clearhead.street.examples import Example

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
TIRED = "The animal didn't cross the street because it was too tired."
TRANSLATION = "L'animal n'a pas traversé la rue parce qu'il était trop fatigué."
NAMED = {"referent": "animal", "other noun": "street", "cue": "tired", "it": "it"}


@pytest.fixture(scope="module")
def parts() -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(BENCHMARKS)
        yield importlib.import_module("heads")


@pytest.fixture(scope="module")
def case(parts: Any, street: Bundle) -> Any:
    one = Example("en-fr", "coreference", TIRED, TRANSLATION)
    built = importlib.import_module("heads_parts.cases")
    return built._case(street.source_tokenizer, one, TRANSLATION.replace("il était", "elle était"), NAMED, {})


def test_a_case_ends_where_it_is_decided(case: Any, street: Bundle) -> None:
    tokenizer = street.target_tokenizer
    assert tokenizer.decode(case.target) == "L'animal n'a pas traversé la rue parce qu'"
    assert tokenizer.decode([case.right]) == "il"
    assert tokenizer.decode([case.wrong]) == "elle"
    assert street.source_tokenizer.decode(case.source) == TIRED
    words = "⟨2fr⟩ the animal didn't cross the street because it was too tired . ⟨end⟩"
    assert [word.text for word in case.words] == words.split()
    assert case.nearest_noun.text == "street"
    for word in case.words[1:-1]:
        assert street.source_tokenizer.decode(case.source[word.first : word.end]).strip().lower() == word.text


@pytest.mark.parametrize("question", ["banque or rive", "은행 or 강둑"])
def test_banks(parts: Any, street: Bundle, question: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.import_module("heads_parts.cases"), "BANK_SENTENCES", 10)
    found = parts.cases(street, question)
    assert len(found) == 10
    for one in found:
        assert one.named["bank"].text == "bank"
        assert one.named["cue"] != one.named["bank"]
        assert one.right != one.wrong


def test_what_is_seen_is_the_trace(parts: Any, case: Any, street: Bundle) -> None:
    """Also where a longer sentence stands beside it, so that it is padded."""
    longer = copy.copy(case)
    object.__setattr__(longer, "source", [*case.source[:-1], *case.source[1:]])
    object.__setattr__(longer, "target", [*case.target, *case.target[1:]])
    seen = parts.run(street.model, [case, longer])
    trace = street.trace(TIRED, "fr", TRANSLATION)
    for head in parts.heads_of(street.model):
        expected = trace[f"{head.path}.weights"][head.head]
        rows = len(case.source) if head.kind == "encoder" else len(case.target)
        columns = len(case.target) if head.kind == "decoder" else len(case.source)
        found = seen.weights[head.path][0, head.head, :rows, :columns]
        assert found == pytest.approx(expected[:rows, :columns], abs=1e-5), head
    logits = trace["output.logits"][len(case.target) - 1]
    assert float(seen.margins[0]) == pytest.approx(float(logits[case.right] - logits[case.wrong]), abs=1e-4)


@pytest.mark.parametrize(("kind", "layer", "number"), [("encoder", 0, 0), ("cross", 1, 2), ("decoder", 0, 3)])
def test_a_silent_head(parts: Any, case: Any, street: Bundle, kind: str, layer: int, number: int) -> None:
    """A head that gives zeros is one whose columns of W_O are zero (section 3.2.2)."""
    head = next(one for one in parts.heads_of(street.model) if (one.kind, one.layer, one.head) == (kind, layer, number))
    silent = parts.run(street.model, [case], {head: torch.zeros(())})
    without = copy.deepcopy(street.model)
    width = without.config.block.head_width
    with torch.no_grad():
        without.get_submodule(head.path).output.weight[:, number * width : (number + 1) * width] = 0
    expected = parts.run(without, [case])
    assert silent.margins == pytest.approx(expected.margins, abs=1e-4)
    assert abs(float(silent.margins - parts.run(street.model, [case]).margins)) > 1e-3


def test_a_cut(parts: Any, case: Any, street: Bundle) -> None:
    whole = parts.run(street.model, [case])
    cut = parts.run(street.model, [case], cut=parts.Cut("encoder", "cue", ("referent", "other noun")))
    row, animal, street_ = (case.named[name].first for name in ("cue", "referent", "other noun"))
    path = "encoder.layers.0.self_attention"
    before, after = whole.weights[path][0], cut.weights[path][0]
    assert after[:, row, [animal, street_]].abs().max() == 0
    assert after.sum(-1) == pytest.approx(torch.ones(()).expand(after.shape[:2]), abs=1e-5)
    # Other rows look as before, and what is left of this one keeps its proportions.
    others = [number for number in range(len(case.source)) if number != row]
    assert after[:, others] == pytest.approx(before[:, others], abs=1e-6)
    left = [number for number in range(len(case.source)) if number not in (animal, street_)]
    expected = before[:, row, left] / before[:, row, left].sum(-1, keepdim=True)
    assert after[:, row, left] == pytest.approx(expected, abs=1e-6)


def test_the_report(parts: Any, case: Any, street: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    """How the decoder looks at "tired" before it writes "il", as the trace has it."""
    monkeypatch.setattr(parts, "SILENCED_TOGETHER", 1)
    found = parts.answer(street.model, [case], *parts.COREFERENCE)
    weights = street.trace(TIRED, "fr")["decoder.layers.0.cross_attention.weights"][:, 13, 12]
    best = int(weights.argmax())
    text = parts.report("il or elle", found)
    assert f"cross, step → cue: cross, layer 1, head {best + 1}: 100 % ({weights[best]:.2f})" in text
    assert "1 cases, 100.0 % right" in text
    assert found["looks"][0]["chance"] == pytest.approx(100 / 14)
    [alone] = found["silenced"]
    assert len(alone) == 24  # 3 kinds × 2 layers × 4 heads


def test_two_heads_share_the_nouns(parts: Any, street: Bundle) -> None:
    """docs/heads.md: before a pronoun one finds animals and things, the other places and boxes."""
    kinds = {noun.english: noun.kind for noun in (*nouns.animals, *nouns.places, *nouns.contents, *nouns.containers)}
    found = parts.cases(street, "il or elle")[:80]
    weights = parts.run(street.model, found).weights["decoder.layers.1.cross_attention"]
    for number, one in enumerate(found):
        head = {"animal": 2, "thing": 2, "place": 1, "container": 1}[kinds[one.named["referent"].text]]
        row = weights[number, head, len(one.target) - 1]
        most = max(one.words, key=lambda word: float(row[word.first : word.end].sum()))
        assert most == one.named["referent"]
