"""Texts that are read whole, from a bundle in memory and from one on disk."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from clearhead import Bundle, load
from clearhead.errors import ClearheadError, UsageError
from clearhead.model import DecoderOnly, DecoderOnlyConfig, padding_mask
from clearhead.native import library as native

TEXTS = ["one two", "", "three", "un deux trois un", "two one", "한국어 😀", " ", "one " * 60]


def states(bundle: Bundle, text: str) -> torch.Tensor:
    """The last vectors of one text, by the model itself: begin, its pieces, end, at most as many as it takes."""
    tokenizer = bundle.source_tokenizer
    ids = [tokenizer.begin, *tokenizer.encode(text)[: bundle.config.max_length - 2], tokenizer.end]
    with torch.no_grad():
        found: torch.Tensor = bundle.model.hidden_states(torch.tensor([ids]))
    return found


@pytest.fixture(params=["C", "PyTorch"])
def either(request: pytest.FixtureRequest, classifier_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Bundle:
    """The classifier from disk, by C or by PyTorch."""
    if request.param == "PyTorch":
        monkeypatch.setattr(native, "library", lambda: None)
    return load(classifier_folder)


class TestClassifying:
    def test_the_label_and_the_probabilities_are_the_models(self, classifier: Bundle, either: Bundle) -> None:
        found = either.classify(TEXTS)
        for text, label in zip(TEXTS, found, strict=True):
            with torch.no_grad():
                [expected] = classifier.model.class_logits(states(classifier, text)).softmax(-1).tolist()
            assert [*label.probabilities] == ["question", "command", "문장"]
            assert [*label.probabilities.values()] == pytest.approx(expected, abs=1e-4)
            assert label.probability == max(label.probabilities.values())
            assert label.probabilities[label.label] == label.probability
        assert len({label.label for label in found}) > 1

    def test_one_text_gives_one_label_and_many_give_a_list(self, either: Bundle) -> None:
        [one, other] = either.classify(["one two", "three"])
        assert either.classify("one two").label == one.label
        assert either.classify("three").probability == pytest.approx(other.probability, abs=1e-4)  # Weights are large.
        assert either.classify([]) == []

    def test_too_long_a_text_is_cut_and_can_be_asked_for(self, either: Bundle) -> None:
        assert either.too_long(TEXTS) == [7]
        long, longer = either.classify("one " * 60), either.classify("one " * 90)
        assert long.probability == pytest.approx(longer.probability, abs=1e-4)

    def test_the_ids_are_those_that_are_read(self, either: Bundle) -> None:
        tokenizer = either.source_tokenizer
        assert either.encode("one") == [tokenizer.begin, *tokenizer.encode("one"), tokenizer.end]
        assert len(either.encode("one " * 60)) == either.config.max_length


class TestFilling:
    def test_the_most_probable_pieces_of_each_mask_are_the_models(self, masked_model: Bundle) -> None:
        """Two masks: after a space, where a piece has the space, and after a letter."""
        tokenizer, model = masked_model.source_tokenizer, masked_model.model
        mask = tokenizer.symbol("mask")
        ids = [tokenizer.begin, *tokenizer.encode("one"), mask, *tokenizer.encode(" two"), mask, tokenizer.end]
        with torch.no_grad():
            probabilities = model(torch.tensor([ids])).logits[0].softmax(-1)
        pieces = tokenizer.token_bytes
        found = masked_model.fill("one [MASK] two[MASK]", n=4)
        places = [place for place, one in enumerate(ids) if one == mask]
        for place, fillings, is_spaced in zip(places, found.fillings, (True, False), strict=True):
            allowed = {}
            for token, piece in enumerate(pieces):
                try:
                    text = "" if piece is None else piece.decode()
                except UnicodeDecodeError:
                    continue
                if text and (not is_spaced or (text[0] == " " and text != " ")):
                    allowed[token] = float(probabilities[place, token])
            best = sorted(allowed, key=lambda token: -allowed[token])[:4]
            assert [one.token for one in fillings] == best
            assert [one.probability for one in fillings] == pytest.approx([allowed[one] for one in best], rel=1e-4)
            texts = [tokenizer.decode([one]) for one in best]
            assert [one.text for one in fillings] == [text[is_spaced:] for text in texts]
        first, second = (one[0].text for one in found.fillings)
        assert found.text == f"one {first} two{second}"

    def test_what_stands_in_a_text_is_as_it_was(self, masked_model: Bundle) -> None:
        """A mask is at the beginning, alone, beside another, and in a text that is no ASCII."""
        for text in ("[MASK] one", "[MASK]", "[MASK][MASK]", "[MASK] [MASK]", "한국어 [MASK]😀", " [MASK]\n"):
            found = masked_model.fill(text)
            assert len(found.fillings) == text.count("[MASK]")
            expected = text
            for best, *_ in found.fillings:
                expected = expected.replace("[MASK]", best.text, 1)
            assert found.text == expected

    def test_a_text_is_the_same_whatever_is_beside_it(self, masked_model_folder: Path) -> None:
        bundle = load(masked_model_folder)
        texts = ["one [MASK]", "[MASK] two three un deux", "[MASK]" * 20, "trois[MASK]"]
        together = bundle.fill(texts, n=3)
        assert [bundle.fill(text, n=3) for text in texts] == together
        assert bundle.fill(texts[::-1], n=3)[::-1] == together
        assert bundle.fill([]) == []

    def test_no_more_pieces_than_there_are(self, masked_model: Bundle) -> None:
        [[*spaced]] = masked_model.fill("one [MASK]", n=1024).fillings
        [[*whole]] = masked_model.fill("one[MASK]", n=1024).fillings
        pieces = [piece for piece in masked_model.source_tokenizer.token_bytes if piece is not None]
        assert len(spaced) == len([one for one in pieces if one[:1] == b" " and len(one) > 1]) > 5
        assert len(whole) == len([one for one in pieces if len(one) > 1 or one[0] < 128])
        assert sum(one.probability for one in whole) <= 1.0 + 1e-5

    @pytest.mark.parametrize(
        ("given", "message"),
        [
            ("one two", r"text 1 has no \[MASK\]; write \[MASK\] where a piece is to be filled in"),
            (["[MASK]", "[mask]"], r"text 2 has no \[MASK\]"),
            ("one " * 40 + "[MASK]", "text 1 has 43 tokens but the model reads 40 at most; shorten it"),
        ],
    )
    def test_what_cannot_be_filled(self, masked_model: Bundle, given: Any, message: str) -> None:
        with pytest.raises(UsageError, match=message) as error:
            masked_model.fill(given)
        assert "\n" not in str(error.value)
        with pytest.raises(UsageError, match="text 12"):
            masked_model.fill(["[MASK]", "one"], first=10)

    def test_how_many_has_bounds(self, masked_model: Bundle) -> None:
        with pytest.raises(ClearheadError, match="n=0 must be a whole number from 1 to 1024"):
            masked_model.fill("[MASK]", n=0)

    def test_one_network_that_writes_and_fills(self, masked_model: Bundle, tmp_path: Path) -> None:
        """Under a full mask the token of a place is predicted at the place before it. By C and by PyTorch."""
        tokenizer = masked_model.source_tokenizer
        config = DecoderOnlyConfig(
            vocabulary=tokenizer.size, layers=2, width=16, heads=2, inner_width=32, max_length=40
        )
        settings = dataclasses.replace(masked_model.settings, task="masked-next-token")
        made = Bundle(DecoderOnly(config, seed=5).eval(), tokenizer, tokenizer, masked_model.recipe, settings=settings)
        made.save(tmp_path / "both")
        bundle, mask = load(tmp_path / "both"), tokenizer.symbol("mask")
        ids = [tokenizer.begin, *tokenizer.encode("one"), mask, *tokenizer.encode(" two"), tokenizer.end]
        with torch.no_grad():
            states = made.model.hidden_states(torch.tensor([ids]), torch.ones(1, 1, 1, len(ids), dtype=torch.bool))
            probabilities = made.model.output(states)[0].softmax(-1)[ids.index(mask) - 1]
        for one in (bundle, made):
            [found] = one.fill("one[MASK] two", n=3).fillings
            assert [one.probability for one in found] == pytest.approx(
                probabilities[[one.token for one in found]].tolist()
            )
            assert found[0].probability >= found[1].probability >= found[2].probability
        assert isinstance(bundle.generate("one", max_tokens=3), str)
        with pytest.raises(UsageError, match="and embed is for classification or masked-language-modelling"):
            bundle.embed(["one"])


class TestEmbedding:
    def test_the_mean_over_the_tokens_of_length_1(self, classifier: Bundle, either: Bundle) -> None:
        found = either.embed(TEXTS)
        assert found.dtype == np.float32
        for text, vector in zip(TEXTS, found, strict=True):
            mean = states(classifier, text)[0].mean(0)
            np.testing.assert_allclose(vector, mean / mean.norm(), atol=1e-5)
        np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1.0, atol=1e-6)

    def test_equal_to_what_padding_masked_gives(self, classifier: Bundle) -> None:
        """As sentence-transformers computes it: over a padded batch, by its mask."""
        tokenizer, ids = classifier.source_tokenizer, [classifier.encode(text) for text in TEXTS]
        padded = torch.tensor([[*one, *[tokenizer.padding] * (40 - len(one))] for one in ids])
        mask = padding_mask(padded, tokenizer.padding)
        with torch.no_grad():
            vectors = classifier.model.hidden_states(padded, mask)
        real = mask[:, 0, 0, :, None].float()
        expected = torch.nn.functional.normalize((vectors * real).sum(1) / real.sum(1))
        np.testing.assert_allclose(classifier.embed(TEXTS), expected, atol=1e-5)

    @pytest.mark.parametrize("precision", ["fp32", "bf16", "int8"])
    def test_a_text_is_the_same_whatever_is_beside_it(self, classifier_folder: Path, precision: Any) -> None:
        """To the last bit where C computes; in another order too."""
        bundle = load(classifier_folder, precision=precision)
        together = bundle.embed(TEXTS)
        assert np.array_equal(bundle.embed(TEXTS[::-1])[::-1], together) or native.library() is None
        for text, vector in zip(TEXTS, together, strict=True):
            np.testing.assert_allclose(bundle.embed([text])[0], vector, atol=0 if native.library() else 1e-6)

    def test_none_gives_none(self, either: Bundle) -> None:
        assert either.embed([]).shape == (0, 16)


class TestNearest:
    def test_in_the_order_of_the_cosines(self, either: Bundle) -> None:
        cosines = either.embed(TEXTS) @ either.embed(["two"])[0]
        found = either.nearest("two", TEXTS, n=4)
        order = [place for place in np.argsort(-cosines).tolist() if TEXTS[place].strip()]
        assert [one.place for one in found] == order[:4]
        assert [one.cosine for one in found] == pytest.approx(cosines[order[:4]].tolist(), abs=1e-5)
        assert either.nearest("two", [], n=4) == []

    def test_vectors_that_are_given_are_not_made_again(self, classifier: Bundle) -> None:
        vectors = classifier.embed(TEXTS)
        found = classifier.nearest("two", TEXTS, n=3, vectors=vectors)
        assert [one.place for one in found] == [one.place for one in classifier.nearest("two", TEXTS, n=3)]
        with pytest.raises(UsageError, match="is not this model's vector of text"):
            classifier.nearest("two", TEXTS[1:] + TEXTS[:1], vectors=-vectors)

    def test_what_is_no_query(self, classifier: Bundle) -> None:
        with pytest.raises(UsageError, match="query is blank; give the text to look for"):
            classifier.nearest(" ", TEXTS)
        with pytest.raises(ClearheadError, match="n=0 must be a whole number"):
            classifier.nearest("one", TEXTS, n=0)


@pytest.mark.usefixtures("signatures_unchecked")
@pytest.mark.parametrize(
    ("verb", "given", "message"),
    [
        ("embed", "one", "texts is one str; give a list of texts"),
        ("embed", [5], r"texts\[0\] is 5"),
        ("classify", 5, "texts is 5, of type int; give a str or a list"),
        ("classify", ["one", None], r"texts\[1\] is None"),
    ],
)
def test_what_are_no_texts(classifier: Bundle, verb: str, given: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message) as error:
        getattr(classifier, verb)(given)
    assert "\n" not in str(error.value)


def test_what_is_done_to_the_model_is_what_it_says(classifier_folder: Path) -> None:
    bundle = load(classifier_folder)
    before = bundle.embed(["one"])
    with torch.no_grad():
        bundle.model.embedding.segments.weight[0, 0] += 1.0
    assert np.abs(bundle.embed(["one"]) - before).max() > 1e-3
    bundle.model.encoder.register_forward_hook(lambda *given: torch.ones_like(given[-1]))
    np.testing.assert_allclose(bundle.embed(["one"]), 0.25, atol=1e-6)  # 1/√16 each.


def test_text_that_breaks_tools(classifier_folder: Path, masked_model_folder: Path, hostile: list[str]) -> None:
    """As many come out as go in."""
    classifier, masked = load(classifier_folder), load(masked_model_folder)
    assert len(classifier.classify(hostile)) == len(hostile)
    assert np.isfinite(classifier.embed(hostile)).all()
    short = [text for text in hostile if len(masked.encode(text)) < masked.config.max_length]
    assert len(short) > len(hostile) // 3
    for found in masked.fill([f"{text}[MASK]" for text in short], n=2):
        assert all("\ufffd" not in one.text for one in found.fillings[-1])
