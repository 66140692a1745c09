"""The mean of several models' weights, by hand, and what has none."""

import dataclasses
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from clearhead.bundle import Bundle, load
from clearhead.bundle.settings import Settings
from clearhead.errors import BundleError, TrainingError, UsageError
from clearhead.files import sha256
from clearhead.model import EncoderDecoder
from clearhead.recipe import Recipe
from clearhead.text import BytePairTokenizer
from clearhead.training import average_models

MakeRecipe = Callable[..., Recipe]
Make = Callable[..., Path]
LINES = ("one two three", "un deux trois un deux")


@pytest.fixture
def make(make_recipe: MakeRecipe, tmp_path: Path) -> Make:
    """`make("a", 1.5)`: a bundle whose every weight is 1.5, of these languages, settings and changes to its recipe."""

    def make(
        name: str, value: float, *changes: str, languages: Sequence[str] = ("en", "fr"), lines: Sequence[str] = LINES,
        scripts: Sequence[str] | None = None, **settings: Any,
    ) -> Path:  # fmt: skip
        recipe = make_recipe("text.size=263", *changes)
        tokenizer = BytePairTokenizer.learn(lines, 263, languages)
        model = EncoderDecoder(recipe.model.config(tokenizer.size, tokenizer.size), seed=3).eval()
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.fill_(value)
        own = dataclasses.replace(Settings.of(recipe), **settings)
        bundle = Bundle(model, tokenizer, tokenizer, recipe, source_scripts=scripts, settings=own)
        bundle.save(tmp_path / name)
        return tmp_path / name

    return make


def weights(bundle: Path) -> dict[str, np.ndarray]:
    return load_file(bundle / "model.safetensors")


def only_value(bundle: Path) -> float:
    (value,) = np.unique(np.concatenate([one.ravel() for one in weights(bundle).values()]))
    return float(value)


class TestMean:
    @pytest.mark.parametrize(
        ("values", "shares", "mean"),
        [
            ((1.0, 2.0), None, 1.5),
            ((1.0, 2.0, 6.0), None, 3.0),
            ((1.0, 5.0), (3, 1), 2.0),
            ((0.0, 1.0), (0.75, 0.25), 0.25),
            # In float32 1 + 2^-24 is 1, and the mean would be 2/3.
            ((1.0, 2.0**-24, 1.0), None, float(np.float32((2 + 2.0**-24) / 3))),
        ],
    )
    def test_by_hand(
        self, make: Make, tmp_path: Path, values: Sequence[float], shares: Sequence[float] | None, mean: float
    ) -> None:
        places = [make(f"모델 {number}", value) for number, value in enumerate(values)]
        told = average_models(places, tmp_path / "평균", shares)
        assert only_value(tmp_path / "평균") == mean
        assert [one.share for one in told.models] == pytest.approx(
            [one / sum(shares or [1] * len(values)) for one in shares or [1] * len(values)]
        )

    def test_of_a_runs_checkpoints(self, run_folder: Path, tmp_path: Path) -> None:
        """Of the averaged weights, which are validated, in float64 by NumPy; each shared matrix is stored once."""
        steps = [run_folder / "checkpoints" / f"step-{step}" for step in (60, 120)]
        average_models(steps, tmp_path / "mean")
        one, other = (load_file(step / "average.safetensors") for step in steps)
        found = weights(tmp_path / "mean")
        assert found.keys() == one.keys() == weights(run_folder / "bundle").keys()
        for name, numbers in found.items():
            expected = np.mean([one[name].astype(np.float64), other[name].astype(np.float64)], 0)
            np.testing.assert_array_equal(numbers, expected.astype(np.float32))
        assert not all(np.array_equal(found[name], one[name]) for name in found)

    def test_it_is_a_bundle_like_the_runs(self, run_folder: Path, tmp_path: Path) -> None:
        average_models([run_folder, run_folder / "checkpoints" / "step-60"], tmp_path / "mean")
        mean, own = load(tmp_path / "mean"), load(run_folder)
        assert (mean.config, mean.settings, mean.source_scripts) == (own.config, own.settings, own.source_scripts)
        assert (mean.recipe, mean.source_tokenizer.to_json()) == (own.recipe, own.source_tokenizer.to_json())
        assert mean.model.output.matrix.weight is mean.model.source_embedding.matrix.weight
        assert mean.translate(["one two", "three"]) != ["", ""]

    def test_alike_models_stay_as_they_are(self, run_folder: Path, tmp_path: Path) -> None:
        copy = shutil.copytree(run_folder / "bundle", tmp_path / "copy")
        average_models([run_folder, copy, shutil.copytree(copy, tmp_path / "again")], tmp_path / "mean")
        one, other = weights(tmp_path / "mean"), weights(run_folder / "bundle")
        assert all(np.array_equal(one[name], other[name]) for name in one | other)

    @pytest.mark.parametrize(("precision", "kind"), [("fp16", np.float16), ("fp32", np.float32)])
    def test_it_is_stored_in_the_first_ones_precision(
        self, make: Make, tmp_path: Path, precision: str, kind: type
    ) -> None:
        """1 + 2^-12 is no float16: what is stored is the nearest, 1."""
        first = make("a", 1.0, f"training.bundle_precision={precision}")
        average_models([first, make("b", 1 + 2.0**-11)], tmp_path / "mean")
        assert {one.dtype for one in weights(tmp_path / "mean").values()} == {np.dtype(kind)}
        assert only_value(tmp_path / "mean") == (1.0 if precision == "fp16" else 1 + 2.0**-12)

    def test_in_a_zip(self, make: Make, tmp_path: Path) -> None:
        archive = shutil.make_archive(str(tmp_path / "b"), "zip", make("b", 3.0))
        average_models([make("a", 1.0), archive], tmp_path / "mean")
        assert only_value(tmp_path / "mean") == 2.0


class TestWhatElse:
    def test_the_readme_says_what_it_was_made_of(self, run_folder: Path, tmp_path: Path) -> None:
        """By names, steps and hashes, and by no path of the machine."""
        step = run_folder / "checkpoints" / "step-60"
        copy = shutil.copytree(run_folder / "bundle", tmp_path / "다른 모델")
        told = average_models([step, run_folder, copy], tmp_path / "mean", [1, 2, 1])
        assert [one.name for one in told.models] == ["tiny, step 60", "tiny", "tiny (다른 모델)"]
        hashes = [sha256(step / "average.safetensors"), *[sha256(copy / "model.safetensors")] * 2]
        assert [one.sha256 for one in told.models] == hashes
        text = (tmp_path / "mean" / "README.md").read_text(encoding="utf-8")
        listed = [line for line in text.splitlines() if line.startswith("- ")]
        shares = ("0.2500", "0.5000", "0.2500")
        assert listed == [
            f"- {name}: {share} of each weight; SHA-256 {digest}"
            for name, share, digest in zip(("tiny, step 60", "tiny", "tiny (다른 모델)"), shares, hashes, strict=True)
        ]
        assert str(tmp_path) not in text
        assert "the mean of 3 models of 9,776 parameters" in str(told)

    def test_how_it_decodes_is_the_first_ones(self, make: Make, tmp_path: Path) -> None:
        first = make("a", 1.0, "decoding.beam_size=3")
        average_models([first, make("b", 2.0, "decoding.beam_size=4", "model.dropout=0.3")], tmp_path / "mean")
        assert load(tmp_path / "mean").settings == load(first).settings

    def test_languages_and_scripts_are_those_of_all(self, make: Make, tmp_path: Path) -> None:
        """By tags one model has several languages. Where a model does not say its scripts, nobody knows them all."""
        first = make("a", 1.0, scripts=["LATIN"])
        second = make("b", 2.0, scripts=["HANGUL", "LATIN"])
        bundle = load(make("c", 2.0, scripts=["GREEK"]))
        bundle.settings = dataclasses.replace(bundle.settings, languages=(("fr", "en"),))
        bundle.save(tmp_path / "other")
        average_models([first, second, tmp_path / "other"], tmp_path / "mean")
        mean = load(tmp_path / "mean")
        assert mean.settings.languages == (("en", "fr"), ("fr", "en"))
        assert mean.source_scripts == ("LATIN", "HANGUL", "GREEK")
        average_models([first, make("e", 2.0)], tmp_path / "unknown")
        assert load(tmp_path / "unknown").source_scripts is None

    def test_models_that_began_otherwise_have_little_in_common(
        self, make: Make, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        first = make("a", 1.0, "training.seed=1")
        average_models([first, make("b", 2.0, "training.seed=7")], tmp_path / "mean")
        (said,) = [record.getMessage() for record in caplog.records if "random numbers" in record.getMessage()]
        assert "began with other random numbers (training.seed 1 and 7)" in said
        assert "\n" not in said
        caplog.clear()
        # One that was tuned from another was drawn from that one's seed.
        average_models([first, make("c", 2.0, "training.seed=7", "model.from=a")], tmp_path / "tuned")
        assert "random numbers" not in caplog.text


REMEDY = "; average checkpoints of one run, or models that were tuned from one"


class TestRefused:
    @pytest.mark.parametrize(
        ("changes", "settings", "message"),
        [
            (["model.width=32"], {}, "b has width=32, but .*a has 16" + REMEDY),
            (["model.norm=rms"], {}, "b has norm='rms', but .*a has 'layer'" + REMEDY),
            ([], {"task": "summarisation"}, "b has task='summarisation', but .*a has 'translation'" + REMEDY),
            ([], {"languages": ["en", "ko"]}, "b has another tokenizer than .*a" + REMEDY),
            ([], {"lines": ["six cinq six cinq", "quatre six quatre"]}, "b has another tokenizer than .*a" + REMEDY),
        ],
    )
    def test_what_differs_is_said(
        self, make: Make, tmp_path: Path, changes: list[str], settings: dict[str, Any], message: str
    ) -> None:
        with pytest.raises(UsageError, match=message) as caught:
            average_models([make("a", 1.0), make("b", 2.0, *changes, **settings)], tmp_path / "mean")
        assert "\n" not in str(caught.value)
        assert not (tmp_path / "mean").exists()

    def test_other_languages_without_tags(self, make: Make, tmp_path: Path) -> None:
        """Whose weights translate into one language."""
        first = make("a", 1.0, languages=())
        bundle = load(make("b", 2.0, languages=()))
        bundle.settings = dataclasses.replace(bundle.settings, languages=(("en", "ko"),))
        bundle.save(tmp_path / "ko")
        with pytest.raises(UsageError, match=r"ko has languages=.*'ko'.*, but .*a has .*'fr'"):
            average_models([first, tmp_path / "ko"], tmp_path / "mean")

    @pytest.mark.parametrize(
        ("count", "shares", "message"),
        [
            (1, None, "a mean is of two models or more, not of 1; name others beside it"),
            (2, [1.0], "2 models need 2 shares, in their order, not 1"),
            (2, [1.0, 0.0], "a share is 0.0; expected numbers above 0, such as 0.7 and 0.3"),
            (2, [1.0, float("nan")], "a share is nan; expected"),
            (2, [1.0, -1], "a share is -1; expected"),
            (2, [1.0, float("inf")], "a share is inf; expected"),
        ],
    )
    def test_shares_and_numbers(
        self, make: Make, tmp_path: Path, count: int, shares: list[float] | None, message: str
    ) -> None:
        with pytest.raises(UsageError, match=message):
            average_models([make("a", 1.0), make("b", 2.0)][:count], tmp_path / "mean", shares)

    @pytest.mark.usefixtures("signatures_unchecked")
    def test_wrong_types(self, make: Make, tmp_path: Path) -> None:
        place = make("a", 1.0)
        with pytest.raises(UsageError, match=r"places is one path, .*; give a list of them"):
            average_models(str(place), tmp_path / "mean")
        with pytest.raises(UsageError, match="a share is '1'; expected numbers above 0"):
            average_models([place, make("b", 1.0)], tmp_path / "mean", ["1", "2"])  # type: ignore[list-item]

    def test_one_model_twice(self, run_folder: Path, tmp_path: Path) -> None:
        """By whichever names: a run's folder stands for its bundle."""
        with pytest.raises(UsageError, match=r"bundle and .*tiny are one model; name each once, and weigh them"):
            average_models([run_folder, run_folder / "bundle"], tmp_path / "mean")
        step = run_folder / "checkpoints" / "step-60"
        with pytest.raises(UsageError, match="are one model"):
            average_models([step, step.parent / ".." / "checkpoints" / "step-60"], tmp_path / "mean")

    def test_what_is_there_stays(self, run_folder: Path, make: Make, tmp_path: Path) -> None:
        kept = make("kept", 1.0)
        with pytest.raises(UsageError, match="kept exists and is not empty, so nothing is written there"):
            average_models([run_folder, kept], kept)
        assert only_value(kept) == 1.0

    def test_what_cannot_be_read(self, run_folder: Path, tmp_path: Path) -> None:
        with pytest.raises(BundleError, match="없음 does not exist"):
            average_models([run_folder, tmp_path / "없음"], tmp_path / "mean")
        copy = shutil.copytree(run_folder / "checkpoints" / "step-60", tmp_path / "step-60")
        (copy / "average.safetensors").unlink()
        with pytest.raises(TrainingError, match="step-60 is damaged"):
            average_models([run_folder, copy], tmp_path / "mean")
        assert not (tmp_path / "mean").exists()
