"""Hostile inputs are tried in a process of their own, which says of each what became of it."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from clearhead.bundle import Bundle

PROGRAM = Path(__file__).with_name("contained.py")
# Of the processor, for one input; of memory, beyond what was held before it.
# Of the processor: a Zen 3 takes twice what a Zen 4 does, and nearly 18 s for 80,000 lines with stray bytes.
MOST_SECONDS, MOST_BYTES = 40.0, 1 << 30
MOST_CHARACTERS, MOST_NOTES = 720, 12

Job = Mapping[str, Any]
Contained = Callable[[Mapping[str, Job]], None]


@pytest.fixture
def contained(tmp_path: Path, compiled_already: None) -> Contained:
    """`contained({name: job})` fails where a job does not end as a user would wish; `contained.py` has the forms.

    A job's `lines` is how many lines stand on standard output where it is not refused; its `code`, where it has one,
    is what the command must end with.
    """

    def contained(jobs: Mapping[str, Job]) -> None:
        found: dict[str, str] = {}
        left = dict(jobs)
        while left:
            results, said = _tried(left, tmp_path)
            found |= {one["name"]: problem for one in results if (problem := _problem(left[one["name"]], one))}
            left = {name: job for name, job in left.items() if name not in {one["name"] for one in results}}
            if left:  # The process ended at the first of these.
                culprit = next(iter(left))
                found[culprit] = f"ended the process: {said[-2_000:]}"
                del left[culprit]
            elif said:
                found["the process"] = f"wrote past Python: {said[-2_000:]}"
        if found:
            told = "\n\n".join(f"{name!r}: {problem[-3_000:]}" for name, problem in found.items())
            pytest.fail(f"{len(found)} of {len(jobs)}:\n{told}", pytrace=False)

    return contained


def _tried(jobs: Mapping[str, Job], folder: Path) -> tuple[list[dict[str, Any]], str]:
    asked, answered = folder / "jobs.jsonl", folder / "results.jsonl"
    asked.write_text("".join(json.dumps({"name": name, **job}) + "\n" for name, job in jobs.items()), encoding="utf-8")
    answered.write_text("")
    done = subprocess.run(
        [sys.executable, str(PROGRAM), str(asked), str(answered)],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
    )  # fmt: skip
    return [json.loads(line) for line in answered.read_text(encoding="utf-8").splitlines()], done.stdout.decode(
        "utf-8", "replace"
    )


def _problem(job: Job, result: Mapping[str, Any]) -> str:
    """What is wrong with a result; nothing where a user would be content."""
    notes = result["said"].splitlines()
    said = [line for line in (*notes, result["refusal"]) if line]
    code, lines, longest = result["code"], result["lines"], max(map(len, said), default=0)
    checks = {
        result["broken"]: bool(result["broken"]),
        f"exit code {code}": code not in {0, 2} or code != job.get("code", code),
        f"took {result['seconds']:.1f} s of the processor": result["seconds"] > MOST_SECONDS,
        f"took {result['memory'] >> 20:,} MiB": result["memory"] > MOST_BYTES,
        "filled the memory": any("not enough memory" in line for line in said),
        f"{len(said)} lines of notes": len(said) > MOST_NOTES,
        "a note without our name": not all(line.startswith("clearhead: ") for line in notes),
        f"a note of {longest} characters": longest > MOST_CHARACTERS,
        "a refusal of several lines": "\n" in result["refusal"],
        "refused without a word": code == 2 and not said,
        f"{lines} lines out": code == 0 and lines != job.get("lines", lines),
        f"{lines} lines, and then refused": code == 2 and lines != 0 and "lines" in job,
    }
    found = [problem for problem, holds in checks.items() if holds]
    return f"{'; '.join(found)}: {said}" if found else ""


@pytest.fixture(scope="session")
def whole_trace(brief: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trace's file, with the tree of a beam search and all weights."""
    path = tmp_path_factory.mktemp("trace") / "whole.safetensors"
    brief.trace("one two", "fr", beam_size=3).save(path, weights=True)
    return path
