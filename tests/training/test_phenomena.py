"""Scores on street, phenomenon by phenomenon, with a model whose answers the test writes."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from clearhead import street
from clearhead.bundle import Bundle
from clearhead.recipe import Recipe, load_recipe
from clearhead.training.phenomena import read_baselines, score_phenomena


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    def write(name: str, lines: Sequence[str]) -> None:
        (tmp_path / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")

    write("test.plain.en-fr.en", ["a", "b", "c", "d"])
    write("test.plain.en-fr.fr", ["A", "B", "C", "D"])
    write("test.agreement.en-ko.en", ["b", "c", "a"])
    write("test.agreement.en-ko.ko", ["B", "C", "A"])
    write("test.agreement.en-ko.distance", ["4", "0", "12"])
    return tmp_path


def test_percent_exactly_right(folder: Path, two_languages: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def translate(self: Bundle, texts: Sequence[str], to: str, *, beam_size: int | None) -> list[str]:
        asked.append((to, beam_size))
        return [text.upper() if text != "a" else "?" for text in texts]

    monkeypatch.setattr(Bundle, "translate", translate)
    plain, agreement = score_phenomena(two_languages, folder, beam_size=3)
    assert (plain.phenomenon, plain.direction, plain.sentences, plain.exact) == ("plain", "en-fr", 4, 75.0)
    assert plain.by_distance == {}
    assert plain.as_trained == plain.exact
    assert agreement.exact == pytest.approx(200 / 3)
    assert agreement.as_trained == 100.0
    assert agreement.by_distance == {0: 100.0, 4: 100.0, 12: 0.0}
    assert list(agreement.by_distance) == [0, 4, 12]
    assert asked == [("fr", 3), ("ko", 3)]


def test_baselines_are_computed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = (street.Baselines("en-fr", "coreference", 0.43, 0.5, None),)
    calls = []
    monkeypatch.setattr(street, "generate", lambda pairs, seed: calls.append((pairs, seed)))
    monkeypatch.setattr(street, "baselines", lambda corpus: found)
    recipe = load_recipe("street", ["data.embedded={corpus: street, pairs: 50, seed: 4}"])
    assert read_baselines(tmp_path, recipe) == read_baselines(tmp_path, recipe) == list(found)
    assert calls == [(50, 4)]
    assert json.loads((tmp_path / "baselines.json").read_text())[0]["cue"] == 0.43


def test_the_recipe_of_another_corpus_has_none(make_recipe: Callable[..., Recipe], tmp_path: Path) -> None:
    assert read_baselines(tmp_path, make_recipe()) == []
