"""`clearhead init`: sizes are tested in tests/starting; here a recipe is written, and `train` takes it."""

import gzip
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clearhead import training
from clearhead.recipe import load_recipe, share_to_validate

Run = Callable[..., Any]


@pytest.fixture
def pairs(corpus: Path, tmp_path: Path) -> list[Path]:
    """Number words, compressed."""
    for language in ("en", "fr"):
        (tmp_path / f"train.{language}.gz").write_bytes(gzip.compress((corpus / f"train.{language}").read_bytes()))
    return [tmp_path / "train.en.gz", tmp_path / "train.fr.gz"]


@pytest.mark.slow
def test_two_commands_from_files_to_scores(
    clearhead: Run, pairs: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second one is the line that the first one prints last; its scores are those of pairs that were kept back."""
    monkeypatch.chdir(tmp_path)
    result = clearhead("init", *[path.name for path in pairs], "--minutes", "0.1")
    assert (result.code, result.err) == (0, "")
    assert result.lines[0].startswith("recipe.yaml: 30 pairs, en to fr; ")
    assert result.lines[1].startswith("next: ")
    assert result.lines[1].endswith(" train recipe.yaml")
    recipe = load_recipe("recipe.yaml")
    assert (recipe.task, recipe.name, recipe.model.preset) == ("translation", "train-en-fr", "multi30k_tiny")
    assert (recipe.data.pairs[0].source, share_to_validate(recipe.data)) == ("train.en.gz", 0.1)
    trained = clearhead("train", "recipe.yaml", "training.steps=2", "training.validate_every=2")
    assert trained.code == 0
    assert "  BLEU " in trained.err
    assert (tmp_path / "runs" / "train-en-fr" / "bundle" / "config.json").is_file()


class TestRefused:
    """In one line, and nothing is written."""

    def said(self, clearhead: Run, tmp_path: Path, *arguments: object) -> str:
        before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
        result = clearhead("init", *arguments)
        assert (result.code, result.out, result.err.count("\n")) == (2, b"", 1)
        assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
        return str(result.err)

    def test_a_recipe_that_is_there(
        self, clearhead: Run, pairs: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        (tmp_path / "recipe.yaml").write_text("mine", encoding="utf-8")
        assert "recipe.yaml exists and stays as it is; name another by --out, or add --force" in self.said(
            clearhead, tmp_path, *pairs
        )

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            (["--out", "{0}"], "is no name of a recipe; expected one that ends in .yaml, such as recipe.yaml"),
            (["--out", "{tmp}/folder.yaml"], "folder.yaml is a folder; name a file in it, such as"),
            (["--out", "{tmp}/a.yaml", "--columns", "1,"], "--columns '1,' names no columns; expected two, as in 1,2"),
            (["--out", "{tmp}/a.yaml", "--columns", "1,1"], "--columns '1,1' names no columns"),
            (["--out", "{tmp}/a.yaml", "--columns", "1,2"], "--columns is for a table; leave it out"),
            (["--out", "{tmp}/a.yaml", "--minutes", "0"], "'0' is not allowed: expected 0.1 or more"),
        ],
    )
    def test_options(self, clearhead: Run, pairs: list[Path], tmp_path: Path, options: list[str], message: str) -> None:
        (tmp_path / "folder.yaml").mkdir()
        given = [one.format(pairs[0], tmp=tmp_path) for one in options]
        assert message in self.said(clearhead, tmp_path, *pairs, *given)

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (None, "does not exist"),
            (b"", "is empty (0 lines)"),
            (b"one\ntwo\n", "line 1 has 1 column, expected 2 or more, separated by a tab"),
            (b"\x89PNG\r\n\x1a\n" + bytes(2000), "is an image; give a text file"),
        ],
    )
    def test_a_file(self, clearhead: Run, tmp_path: Path, content: bytes | None, message: str) -> None:
        if content is not None:
            (tmp_path / "a.tsv").write_bytes(content)
        assert message in self.said(clearhead, tmp_path, tmp_path / "a.tsv", "--out", tmp_path / "a.yaml")


def test_force_replaces(clearhead: Run, pairs: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And --quiet says nothing."""
    corpus = types.SimpleNamespace(target=types.SimpleNamespace(tokens=100))
    found = types.SimpleNamespace(
        inputs=types.SimpleNamespace(training=corpus), seconds_a_step=1, tokens_a_step=10, seconds_a_validation=1
    )
    monkeypatch.setattr(training, "dry_run", lambda recipe, doing: found)
    out = tmp_path / "mine.yaml"
    out.write_text("old", encoding="utf-8")
    result = clearhead("init", *pairs, "--out", out, "--force", "--quiet", "--minutes", "0.1", "--to", "ko")
    assert (result.code, result.out, result.err) == (0, b"", "")
    assert load_recipe(out).data.pairs[0].to_language == "ko"
