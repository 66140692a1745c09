"""The corpus as files: UTF-8, one sentence a line, source and target line by line."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from clearhead.errors import DataError
from clearhead.street.corpus import generate
from clearhead.street.examples import DIRECTIONS, PHENOMENA, Example


@dataclass(frozen=True, slots=True)
class PhenomenonTest:
    """A test set. distances: a number for each sentence of agreement; none for other phenomena."""

    phenomenon: str
    direction: str
    sources: list[str]
    targets: list[str]
    distances: list[int]


def write(folder: Path, pairs: int, seed: int, several: float = 0.0) -> None:
    """Write train, validate and test files into a folder.

    train.<direction>.<language>, validate.<direction>.<language>, test.<phenomenon>.<direction>.<language>, and
    test.agreement.<direction>.distance with one number a line.
    """
    corpus = generate(pairs, seed, several)
    for direction in DIRECTIONS:
        write_pairs(folder, f"train.{direction}", of(corpus.train, direction))
        write_pairs(folder, f"validate.{direction}", of(corpus.validate, direction))
        for phenomenon in PHENOMENA:
            examples = [one for one in of(corpus.test, direction) if one.phenomenon == phenomenon]
            write_pairs(folder, f"test.{phenomenon}.{direction}", examples)
            if phenomenon == "agreement":
                write_lines(folder / f"test.{phenomenon}.{direction}.distance", (str(one.distance) for one in examples))


def read_tests(folder: Path) -> list[PhenomenonTest]:
    """The test sets that `write` wrote into a folder, in the order of PHENOMENA and DIRECTIONS.

    Raises DataError where one of their files is damaged.
    """
    return [
        _read_test(folder, phenomenon, direction)
        for phenomenon in PHENOMENA
        for direction in DIRECTIONS
        if any(folder.glob(f"test.{phenomenon}.{direction}.*"))
    ]


def _read_test(folder: Path, phenomenon: str, direction: str) -> PhenomenonTest:
    stem = f"test.{phenomenon}.{direction}"
    try:
        sources, targets = (_read_lines(folder / f"{stem}.{language}") for language in direction.split("-"))
        distances = _read_lines(folder / f"{stem}.distance") if (folder / f"{stem}.distance").exists() else []
        if len(sources) != len(targets) or (distances and len(distances) != len(sources)):
            raise ValueError("its files have different numbers of lines")
        return PhenomenonTest(phenomenon, direction, sources, targets, [int(one) for one in distances])
    except (OSError, ValueError) as error:
        raise DataError(
            f"{folder} holds a damaged {stem} ({error}); remove the folder, so that it is written again"
        ) from None


def _read_lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").removesuffix("\n").split("\n")


def file_names() -> set[str]:
    """The name of every file that `write` writes."""
    parts = "train", "validate", *(f"test.{phenomenon}" for phenomenon in PHENOMENA)
    names = {f"{part}.{both}.{one}" for part in parts for both in DIRECTIONS for one in both.split("-")}
    return names | {f"test.agreement.{direction}.distance" for direction in DIRECTIONS}


def of(examples: list[Example], direction: str) -> list[Example]:
    """The examples of one direction, in their order."""
    return [one for one in examples if one.direction == direction]


def write_pairs(folder: Path, stem: str, examples: list[Example]) -> None:
    """Two files whose names end in the two languages."""
    source, target = stem.rsplit(".", 1)[1].split("-")
    write_lines(folder / f"{stem}.{source}", (one.source for one in examples))
    write_lines(folder / f"{stem}.{target}", (one.target for one in examples))


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """One line each, ended by LF on every system."""
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8", newline="\n")
