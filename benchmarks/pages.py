"""Makes docs/benchmarks/*.md of benchmarks/pages/*.md, in which a figure stands as a name and never as a number.

    python benchmarks/pages.py

{{NAME}} alone on a line is the table of benchmarks/results/NAME.json, with its command, machine and date.
{{NAME | ROW | COLUMN}} anywhere is one cell: of the row whose first cell begins with ROW.
{{machines}} is the list of machines. What lies in pages/docs/ goes to docs/ itself.
"""

import json
import re
import sys
from pathlib import Path

from results_file import HERE, read, table

PAGES = HERE / "pages"
OUT = HERE.parent / "docs" / "benchmarks"
TABLE = re.compile(r"^\{\{([\w-]+)\}\}$", re.MULTILINE)
CELL = re.compile(r"\{\{([\w-]+) \| ([^|}]+) \| ([^|}]+)\}\}")


def main() -> None:
    OUT.mkdir(exist_ok=True)
    for page, made in pages().items():
        made.write_text(rendered(page.read_text(encoding="utf-8")), encoding="utf-8")
        print(made, file=sys.stderr)


def pages() -> dict[Path, Path]:
    """Each template, and the page that is made of it."""
    return {
        page: (OUT.parent if page.parent.name == "docs" else OUT) / page.name for page in sorted(PAGES.rglob("*.md"))
    }


def rendered(template: str) -> str:
    """The page that a template is for."""
    named = {"machines": machines()}
    text = TABLE.sub(lambda found: named.get(found[1]) or table(read(found[1])), template)
    return CELL.sub(lambda found: read(found[1]).find(found[2], found[3]), text)


def machines() -> str:
    known = json.loads((HERE / "machines.json").read_text(encoding="utf-8"))
    return "\n".join(f"- **Machine {letter}**: {said}." for letter, said in known.items())


if __name__ == "__main__":
    main()
