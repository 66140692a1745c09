"""benchmarks/pages.py: docs/benchmarks/ is what the results say, each of them in one table, with where it is from."""

import importlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PAGES, OUT = ROOT / "benchmarks" / "pages", ROOT / "docs" / "benchmarks"


@pytest.fixture(scope="module")
def pages() -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "benchmarks")
        yield importlib.import_module("pages")


@pytest.fixture(scope="module")
def results_file(pages: Any) -> Any:
    return importlib.import_module("results_file")


def test_the_stored_pages_are_those_of_the_results(pages: Any) -> None:
    made = pages.pages()
    assert {page for page in made.values() if page.parent == OUT} == set(OUT.glob("*"))
    assert {page.name for page in made.values() if page.parent == OUT.parent} == {"street.md"}
    for path, page in made.items():
        expected = pages.rendered(path.read_text(encoding="utf-8"))
        assert page.read_text(encoding="utf-8") == expected, "make benchmark-pages"


def test_each_result_is_one_table_of_one_page(pages: Any, results_file: Any) -> None:
    """And no table of figures is written by hand: the index alone has one, of links, and street's of sentences."""
    asked = [name for path in PAGES.rglob("*.md") for name in pages.TABLE.findall(path.read_text(encoding="utf-8"))]
    asked.remove("machines")
    assert sorted(asked) == sorted(path.stem for path in results_file.RESULTS.glob("*.json"))
    by_hand = {path for path in PAGES.rglob("*.md") if "|---" in path.read_text(encoding="utf-8")}
    assert by_hand == {PAGES / "README.md", PAGES / "docs" / "street.md"}


def test_each_result_says_how_and_where_and_when(results_file: Any) -> None:
    machines = json.loads((ROOT / "benchmarks" / "machines.json").read_text(encoding="utf-8"))
    for path in results_file.RESULTS.glob("*.json"):
        result = results_file.read(path.stem)
        assert all([result.command, result.rows, result.method]), path.name
        assert all(list(row) == list(result.rows[0]) for row in result.rows), path.name
        assert len(result.machine) > 1 or result.machine in machines, path.name
        assert re.fullmatch(r"20\d\d-[01]\d-[0-3]\d", result.date), path.name


def test_a_table_and_a_cell_by_hand(
    pages: Any, results_file: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results_file, "RESULTS", tmp_path)
    rows = [{"toolkit": "clearhead", "speed": 8288, "ratio": 1.0}, {"toolkit": "JoeyNMT", "speed": "", "ratio": 7.1}]
    formats = {"speed": ",", "ratio": ".2f"}
    results_file.write(
        tmp_path / "one.json",
        results_file.Result("One", ["make it"], "A", "2026-11-29", "Medians of 3 rounds", rows, formats),
    )
    assert pages.rendered("It is {{one | Joey | ratio}} times.\n\n{{one}}\n") == (
        "It is 7.10 times.\n\n    make it\n\nMachine A, 2026-11-29. Medians of 3 rounds.\n\n"
        "| toolkit | speed | ratio |\n| --- | ---: | ---: |\n| clearhead | 8,288 | 1.00 |\n| JoeyNMT |  | 7.10 |\n"
    )


@pytest.mark.parametrize("text", ["{{none}}", "{{none | a | b}}", "{{training-tiny | no such row | toolkit}}"])
def test_what_is_not_there_is_said_in_one_line(pages: Any, text: str) -> None:
    with pytest.raises(SystemExit) as caught:
        pages.rendered(text)
    assert "\n" not in str(caught.value)


def test_what_is_measured_now_takes_the_place_of_the_older_figures(
    results_file: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(results_file, "RESULTS", tmp_path)
    monkeypatch.setattr("sys.argv", ["benchmarks/bench.py", "training", "--data", "/home/me/data", "--save", "one"])
    before = results_file.Result("Its heading", ["make it"], "A", "2020-01-01", "Once", [{"a": 1}], {})
    results_file.write(tmp_path / "one.json", before)
    results_file.report("one", [{"a": 2.5}], "Twice", {"a": ".2f"})
    after = results_file.read("one")
    assert (after.what, after.rows, after.method) == ("Its heading", [{"a": 2.5}], "Twice")
    assert after.command == ["python benchmarks/bench.py training --data data --save one"]
    assert "| 2.50 |" in capsys.readouterr().out
    results_file.report(None, [{"a": 3}], "Thrice", {})
    assert results_file.read("one") == after
