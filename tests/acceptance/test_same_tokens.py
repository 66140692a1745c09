"""benchmarks/same_tokens.py: tokens beside those of the libraries that the files are from, of each kind of files."""

import dataclasses
import gzip
import importlib
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
TEXT = (
    "the animal did not cross street because it was too tired an old dog runs über straße müde hund läuft nicht "
    "řeka zvíře přes ulici pes běží 12 345 UVEXK , . ! ?"
)
WORDS = TEXT.split()


def lines(seed: int, count: int = 200) -> list[str]:
    draw = random.Random(seed)
    return [" ".join(draw.choices(WORDS, k=draw.randint(3, 12))) for _ in range(count)]


@pytest.fixture(scope="module")
def script() -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(BENCHMARKS)
        yield importlib.import_module("same_tokens")


@pytest.mark.slow
def test_each_kind_of_files_is_cut_as_by_its_library(tmp_path: Path) -> None:
    (tmp_path / "multi30k").mkdir()
    for seed, language in enumerate(("en", "de", "cs")):
        with gzip.open(tmp_path / "multi30k" / f"train.{language}.gz", "wt", encoding="utf-8") as file:
            file.write("".join(f"{line}\n" for line in lines(seed)))
    command = [sys.executable, str(BENCHMARKS / "same_tokens.py"), "--data", str(tmp_path), "--size", "400"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [line.strip("| ").split(" | ") for line in done.stdout.splitlines() if line.startswith("| ")][2:]
    assert len(rows) == 10
    assert {row[4] for row in rows} == {"0"}
    assert [row[2] for row in rows] == ["600"] * 8 + ["200", "400"]


def test_a_line_that_differs_is_counted(script: Any, tmp_path: Path) -> None:
    """Where the library is made to cut every tenth of 300 lines otherwise, 30 differ."""
    [known] = [one for one in script.KINDS if one.files.startswith("vocab.txt, cased")]
    texts = {language: lines(seed, 100) for seed, language in enumerate(script.LANGUAGES)}
    usual = script.row(known, texts, 200)
    assert (usual["lines"], usual["lines that differ"]) == (300, 0)

    def otherwise(folder: Path) -> Any:
        cut = known.theirs(folder)
        return lambda some: [ids[1:] if number % 10 == 0 else ids for number, ids in enumerate(cut(some))]

    wrong = script.row(dataclasses.replace(known, theirs=otherwise), texts, 200)
    assert (wrong["lines that differ"], wrong["tokens"]) == (30, usual["tokens"])
