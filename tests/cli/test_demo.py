"""`clearhead demo`, with a street of four words and a model of width 16."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clearhead import recipe, street, training
from clearhead.cli import demo
from clearhead.errors import UsageError
from clearhead.recipe import Recipe, load_recipe, shipped_recipe
from clearhead.street import cache as kept

Run = Callable[..., Any]
WORDS = {
    "en": ["one", "two", "three", "four"],
    "fr": ["un", "deux", "trois", "quatre"],
    "ko": ["일", "이", "삼", "사"],
}
BASELINES = (
    street.Baselines("en-fr", "coreference", 0.43, 0.5, None),
    street.Baselines("en-ko", "word-sense", 0.21, 0.53, 0.49),
)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was written and trained, in order."""
    done: list[str] = []

    def write(folder: Path, pairs: int, seed: int, several: float) -> None:
        done.append("written")
        for name in ("train", "validate", "test.plain", "test.agreement"):
            for direction in street.DIRECTIONS[: 1 if name == "test.agreement" else None]:
                for language in direction.split("-"):
                    lines = "".join(f"{word}\n" for word in WORDS[language])
                    (folder / f"{name}.{direction}.{language}").write_text(lines, encoding="utf-8")
                (folder / f"{name}.{direction}.distance").write_text("0\n12\n0\n12\n")

    real = training.train

    def train(*given: Any, **named: Any) -> Any:
        done.append("resumed" if named["resume"] else "trained")
        return real(*given, **named)

    def load(path: Path) -> Recipe:
        return load_recipe(
            path,
            ["text.size=263", "model.width=16", "model.heads=2", "model.inner_width=16", "training.steps=4",
             "training.validate_every=2", "training.checkpoint_every=2", "training.validate_sentences=1",
             "training.log_every=2", "data.embedded.pairs=12", "model.encoder_layers=1", "model.decoder_layers=1"],
        )  # fmt: skip

    monkeypatch.setattr(kept, "write", write)
    monkeypatch.setattr(kept, "generate", lambda *asked: None)
    monkeypatch.setattr(kept, "score_baselines", lambda corpus: BASELINES)
    monkeypatch.setattr(recipe, "load_recipe", load)
    monkeypatch.setattr(training, "train", train)
    monkeypatch.setattr(demo, "EXAMPLES", demo.EXAMPLES[2:3])
    monkeypatch.setenv("COLUMNS", "80")
    return done


@pytest.fixture
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The small street must not stay where the real one would be looked for."""
    monkeypatch.setenv("CLEARHEAD_CACHE", str(tmp_path / "cache"))


@pytest.mark.usefixtures("cache")
class TestDemo:
    def test_it_trains_scores_translates_and_says_what_is_next(
        self, clearhead: Run, small: list[str], tmp_path: Path
    ) -> None:
        result = clearhead("demo", "--out", tmp_path / "run")
        assert result.code == 0
        assert small == ["trained", "written"]
        text = result.out.decode()
        assert "trained in " in text
        for phenomenon in street.PHENOMENA:
            assert f"\n  {phenomenon}" in text
        assert "12 words between" in text
        assert "guessed by the cue word" in text
        assert "The animal didn't cross the street because it was too tired." in text
        assert f"clearhead translate {tmp_path}/run --to fr" in text
        # What an untrained model translates may be of any length.
        printed = [line for line in result.lines if str(tmp_path) not in line and not line.startswith("    →")]
        assert max(map(len, printed)) <= 80

    def test_the_second_time_it_trains_nothing(self, clearhead: Run, small: list[str], tmp_path: Path) -> None:
        first = clearhead("demo", "--out", tmp_path / "run").out.decode()
        small.clear()
        second = clearhead("demo", "--out", tmp_path / "run")
        assert small == []
        assert second.err == ""
        assert second.out.decode() == first[first.index("\n\n") + 2 :]
        # Nor where somebody kept the model alone.
        shutil.copytree(tmp_path / "run" / "bundle", tmp_path / "copy" / "bundle")
        assert clearhead("demo", "--out", tmp_path / "copy").code == 0
        assert small == []

    def test_quiet(self, clearhead: Run, small: list[str], tmp_path: Path) -> None:
        result = clearhead("demo", "--out", tmp_path / "run", "--quiet")
        assert result.err == ""
        assert "trained in" not in result.out.decode()
        assert "Now type" not in result.out.decode()
        assert "plain" in result.out.decode()

    def test_it_goes_on_where_it_was_stopped(
        self, clearhead: Run, small: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from clearhead.training import loop

        real = loop.Run._step

        def interrupted(self: loop.Run, batches: Any) -> None:
            real(self, batches)
            import signal

            signal.raise_signal(signal.SIGINT)

        with monkeypatch.context() as patch:
            patch.setattr(loop.Run, "_step", interrupted)
            stopped = clearhead("demo", "--out", tmp_path / "run")
        assert stopped.code == 130
        assert "stopped at step 1; the same command goes on from there" in stopped.err
        assert clearhead("demo", "--out", tmp_path / "run").code == 0
        assert small == ["trained", "written", "resumed"]

    def test_damaged_checkpoints(self, clearhead: Run, small: list[str], tmp_path: Path) -> None:
        clearhead("demo", "--out", tmp_path / "run")
        (tmp_path / "run" / "checkpoints" / "step-4" / "position.json").write_text("")
        assert clearhead("demo", "--out", tmp_path / "run").code == 0
        assert small == ["trained", "written", "resumed"]


def test_the_examples_are_the_issues() -> None:
    texts = [text for text, _ in demo.EXAMPLES]
    assert "The animal didn't cross the street because it was too tired." in texts
    assert "The animal didn't cross the street because it was too wide." in texts
    assert "je suis étudiant" in texts


# What conftest.py's run_folder was trained with.
AS_TRAINED = "training.steps=120", "training.validate_every=60", "training.checkpoint_every=60"


def test_what_is_finished(run_folder: Path, make_recipe: Callable[..., Recipe], tmp_path: Path) -> None:
    recipe = make_recipe(*AS_TRAINED)
    assert demo.is_finished(run_folder, recipe)
    assert not demo.is_finished(tmp_path, recipe)
    shutil.copytree(run_folder, tmp_path / "stopped")
    shutil.rmtree(tmp_path / "stopped" / "checkpoints" / "step-120")
    assert not demo.is_finished(tmp_path / "stopped", recipe)
    shutil.copytree(run_folder, tmp_path / "killed")
    shutil.rmtree(tmp_path / "killed" / "checkpoints")
    assert not demo.is_finished(tmp_path / "killed", recipe)  # Stopped between its first bundle and checkpoint.


def test_one_model_serves_every_direction() -> None:
    """What the demo trains is the recipe that comes with clearhead."""
    recipe = load_recipe(shipped_recipe("street"))
    assert recipe.data.embedded is not None
    assert recipe.text.tags
    assert [f"{one.from_language}-{one.to_language}" for one in recipe.data.train] == list(street.DIRECTIONS)


@pytest.mark.parametrize("change", ["training.steps=121", "training.seed=9", "text.size=260"])
def test_a_model_of_another_version(run_folder: Path, make_recipe: Callable[..., Recipe], change: str) -> None:
    with pytest.raises(UsageError, match="holds the demo's model by another version of clearhead; remove it, or name"):
        demo.is_finished(run_folder, make_recipe(*AS_TRAINED, change))
