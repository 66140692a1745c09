"""Figures as data: a benchmark writes benchmarks/results/NAME.json, of which `pages.py` makes docs/benchmarks/."""

import argparse
import dataclasses
import datetime
import json
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from clearhead.processor import processor

HERE = Path(__file__).parent
RESULTS = HERE / "results"
Cell = str | int | float


@dataclasses.dataclass(frozen=True)
class Result:
    """One table. what: its heading. command: how to measure it again. machine: a key of machines.json, or a name.

    date: as 2026-11-29. method: what was repeated, and how. rows: each with the same columns, a cell "" where there is
    no figure. formats: how a column's numbers are written (`format`).
    """

    what: str
    command: Sequence[str]
    machine: str
    date: str
    method: str
    rows: Sequence[Mapping[str, Cell]]
    formats: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def cell(self, row: Mapping[str, Cell], column: str) -> str:
        value = row[column]
        return value if isinstance(value, str) else format(value, self.formats.get(column, ""))

    def find(self, first: str, column: str) -> str:
        """The cell of the row that begins with `first`. Raises SystemExit where there is not just one."""
        rows = [row for row in self.rows if str(next(iter(row.values()))).startswith(first)]
        if len(rows) != 1 or column not in rows[0]:
            raise SystemExit(f"{self.what}: {len(rows)} rows begin with {first!r}; columns: {', '.join(self.rows[0])}")
        return self.cell(rows[0], column)


def read(name: str) -> Result:
    """Raises SystemExit where there is no such result."""
    path = RESULTS / f"{name}.json"
    if not path.is_file():
        raise SystemExit(f"there is no {path.name} in benchmarks/results; measure it, or name one that is there")
    return Result(**json.loads(path.read_text(encoding="utf-8")))


def add_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--save", metavar="NAME", help="write benchmarks/results/NAME.json; then: make benchmark-pages")


def report(name: str | None, rows: Sequence[Mapping[str, Cell]], method: str, formats: Mapping[str, str]) -> None:
    """Print what was measured now; with a name, write it to that result too, which keeps its heading."""
    path = RESULTS / f"{name}.json"
    what = read(name).what if name is not None and path.is_file() else name or ""
    # Where folders lie on this machine is nobody's business.
    given = [one.rpartition("/")[2] if one.startswith("/") else one for one in sys.argv]
    command = [shlex.join(["python", *given])]
    today = datetime.date.today().isoformat()
    result = Result(what, command, machine(), today, method, rows, formats)
    print(table(result))
    if name is not None:
        write(path, result)


def table(result: Result) -> str:
    """A result as Markdown: what it was measured with, then its rows, numbers to the right."""
    columns = list(result.rows[0])
    numbers = {name for name in columns if not all(isinstance(row[name], str) for row in result.rows)}
    lines = [columns, ["---:" if name in numbers else "---" for name in columns]]
    lines += [[result.cell(row, name) for name in columns] for row in result.rows]
    commands = "\n".join(f"    {line}" for line in result.command)
    drawn = "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
    where = f"Machine {result.machine}" if len(result.machine) == 1 else result.machine
    return f"{commands}\n\n{where}, {result.date}. {result.method}.\n\n{drawn}"


def write(path: Path, result: Result) -> None:
    """A row a line, so that a change of one is seen as such."""
    head = {name: value for name, value in dataclasses.asdict(result).items() if name != "rows"}
    rows = ",\n".join(f"  {json.dumps(row, ensure_ascii=False)}" for row in result.rows)
    text = json.dumps(head, ensure_ascii=False, indent=1).removesuffix("\n}")
    path.write_text(f'{text},\n "rows": [\n{rows}\n ]\n}}\n', encoding="utf-8")


def machine() -> str:
    """What the processor is called, and the widest vectors that it has; `machines.json` may give it a letter."""
    found = processor()
    flags = found.get("flags", "").split()
    widest = next((name for name in ("amx_int8", "avx512f", "avx2") if name in flags), "no AVX2")
    return f"{found.get('model name', 'a processor')} ({widest})"
