"""Worksheets drawn: as Markdown that is legible in a terminal, and as one HTML file made for printing on A4."""

import html
import math
import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from clearhead.byhand.sheet import Cell, Line, Matrix, Section, Sheet
from clearhead.byhand.texts import Texts
from clearhead.look.assets import asset, escaped, one_script, policy
from clearhead.look.pencil import filled_in

# How high a sheet may be, in rows of a matrix, to be drawn larger, and as usual; if higher it is drawn smaller.
_ROOM = ((29, "roomy"), (36, "usual"), (47, "tight"))
# The most answers that are written larger.
_SHORT_KEY = 90
# The widest line and the longest text, in letters, of a section that leaves half of the page to another.
_HALF_LINE, _HALF_TEXT = 46, 200
_FULL_LINE = 95
# Indices and powers for which not every font has a letter.
_RAISED = {"ᵀ": "<sup>T</sup>", "ˣ": "<sup>x</sup>", "ᵢ": "<sub>i</sub>", "ⱼ": "<sub>j</sub>", "ₖ": "<sub>k</sub>"} | {
    "₀₁₂₃₄₅₆₇₈₉"[digit]: f"<sub>{digit}</sub>" for digit in range(10)
}
# Columns of text after which a line of matrices goes on below: those of a usual terminal.
_WIDEST_LINE = 80


def markdown(sheet: Sheet, answers: bool = False, key: bool = True) -> str:
    """The sheet as Markdown. answers: with its blanks filled in; key: followed by all answers and their sums."""
    say = Texts(sheet.language)
    parts = [f"# {sheet.title}", sheet.introduction]
    parts += [one for one in (sheet.source, sheet.rounding) if one]
    for number, section in enumerate(sheet.sections, start=1):
        parts += [f"## {number}. {section.heading}", section.text]
        parts += [f"> {section.beside}"] if section.beside else []
        parts.append("```\n" + "\n\n".join(_text_line(line, answers) for line in section.lines) + "\n```")
    if key:
        parts.append(f"# {say('sheet.answers')}")
        for heading, matrix, lines in _keys(sheet):
            parts.append(f"**{heading}** {matrix.name}\n\n" + "\n".join(f"- {place}: {sum}" for place, sum in lines))
    return "\n\n".join(parts) + "\n"


def page(sheet: Sheet, answers: bool = False, key: bool = True) -> str:
    """The sheet as one HTML document that needs nothing else. answers, key: as in `markdown`."""
    say = Texts(sheet.language)
    style = Path(__file__).with_name("sheets.css").read_text(encoding="utf-8") + _widths(sheet)
    halves = _halves(sheet.sections)
    sections = "\n".join(
        _section(number, one, answers, number - 1 in halves) for number, one in enumerate(sheet.sections, start=1)
    )
    height = sum(map(_height, sheet.sections)) - sum(_height(sheet.sections[place]) for place in halves) / 2
    room = next((name for most, name in _ROOM if height <= most), "tight dense")
    notes = " ".join(_math(one) for one in (sheet.source, sheet.rounding) if one)
    end, script, data = "", "", ""
    if key:
        # With the answers come the means to fill the sheet in on the screen.
        style, script = style + asset("pencil.css"), one_script("worksheet.js")
        data = f'<script type="application/json" id="data">{escaped(filled_in(sheet))}</script>\n'
        data += f'<script type="module">{script}</script>\n'
        end = _key(sheet, say)
    return f"""<!DOCTYPE html>
<html lang="{sheet.language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{policy(script, style)}">
<title>{html.escape(sheet.title)}</title>
<style>{style}</style>
</head>
<body>
<main class="{room}">
<header>
<p class="who"><span>{say("sheet.name")}</span><span>{say("sheet.date")}</span></p>
<h1>{html.escape(sheet.title)}</h1>
<p>{_math(sheet.introduction)}</p>
<p class="notes">{notes}</p>
</header>
{sections}
</main>
{end}{data}</body>
</html>
"""


def _halves(sections: Sequence[Section]) -> set[int]:
    """The places of sections that are narrow enough to stand two beside each other."""
    narrow = [
        len(one.text) <= _HALF_TEXT and all(sum(map(_breadth, line)) <= _HALF_LINE for line in one.lines)
        for one in sections
    ]
    found: set[int] = set()
    for place in range(len(sections) - 1):
        if narrow[place] and narrow[place + 1] and place not in found:
            found |= {place, place + 1}
    return found


def _height(section: Section) -> float:
    """About how high a section is drawn, in rows of a matrix: its heading and text, and what its lines need."""

    def line(one: Line) -> float:
        matrices = [each for each in one if isinstance(each, Matrix)]
        rows = max(each.shape[0] + bool(each.columns) / 2 + 1 for each in matrices)
        return rows * math.ceil(sum(map(_breadth, one)) / _FULL_LINE)

    return 2 + sum(map(line, section.lines))


def _breadth(one: Matrix | str) -> int:
    """About how many letters wide a matrix or a sign is drawn."""
    if isinstance(one, str):
        return _width(one) + 2
    blank = _widest(one) + 3
    labels = one.columns or ("",) * one.shape[1]
    columns = (
        max(_width(label), *(blank if cell.blank else _width(cell.text) + 1 for cell in column))
        for label, column in zip(labels, zip(*one.cells, strict=True), strict=True)
    )
    return max(map(_width, one.rows), default=0) + sum(columns) + 3


def _section(number: int, section: Section, answers: bool, is_half: bool) -> str:
    lines = "\n".join(
        f'<div class="line{" even" * _is_even(line)}">{_html_line(line, answers)}</div>' for line in section.lines
    )
    beside = f"<aside>{_math(section.beside)}</aside>" if section.beside else ""
    kind = ' class="half"' if is_half else ""
    return (
        f'<section{kind}>\n<h2><span class="number">{number}</span> {_math(section.heading)}</h2>{beside}\n'
        f"<p>{_math(section.text)}</p>\n{lines}\n</section>"
    )


def _is_even(line: Line) -> bool:
    """Whether all matrices of a line have as many rows as each other."""
    return len({one.shape[0] for one in line if isinstance(one, Matrix)}) == 1


def _html_line(line: Line, answers: bool) -> str:
    """Matrices and signs; a sign stays with the matrix after it where the line is broken."""
    drawn, signs = "", ""
    for one in line:
        if isinstance(one, str):
            signs += f'<span class="sign">{_math(one)}</span>'
        else:
            table = _table(one, answers)
            drawn += f'<span class="step">{signs}{table}</span>' if signs else table
            signs = ""
    return drawn + signs


def _table(matrix: Matrix, answers: bool) -> str:
    head = "".join(f'<th scope="col">{_math(one)}</th>' for one in matrix.columns)
    corner = "<td></td>" if matrix.rows and matrix.columns else ""
    rows = [f"<tr>{corner}{head}</tr>"] if matrix.columns else []
    for number, row in enumerate(matrix.cells):
        label = f'<th scope="row">{_math(matrix.rows[number])}</th>' if matrix.rows else ""
        rows.append(
            f"<tr>{label}{''.join(_place(matrix, number, j, cell, answers) for j, cell in enumerate(row))}</tr>"
        )
    widest = _widest(matrix)
    return (
        f'<figure class="matrix wide-{widest}"><figcaption>{_math(matrix.name)}</figcaption>'
        f"<table>{''.join(rows)}</table></figure>"
    )


def _widest(matrix: Matrix) -> int:
    """How many letters the widest answer has."""
    return max(matrix.room, max((_width(cell.text) for row in matrix.cells for cell in row if cell.blank), default=0))


def _widths(sheet: Sheet) -> str:
    """A style for each width of the blanks: the policy allows no style attributes."""
    found = sorted({_widest(one) for section in sheet.sections for one in section.matrices})
    return "".join(f".wide-{wide} {{ --wide: {wide}ch; }}\n" for wide in found)


def _place(matrix: Matrix, row: int, column: int, cell: Cell, answers: bool) -> str:
    """One cell; the corners carry the ends of the brackets."""
    last_row, last_column = matrix.shape[0] - 1, matrix.shape[1] - 1
    marks = [
        name
        for name, applies in (
            ("left", column == 0), ("right", column == last_column), ("top", row == 0), ("bottom", row == last_row),
        )
        if applies
    ]  # fmt: skip
    text = _blank(cell, answers) if cell.blank else _math(cell.text)
    return f'<td class="{" ".join(marks)}">{text}</td>' if marks else f"<td>{text}</td>"


def _blank(cell: Cell, answers: bool) -> str:
    return f'<span class="blank">{_math(cell.text) if answers else ""}</span>'


def _key(sheet: Sheet, say: Texts) -> str:
    groups = "".join(
        f"<h3>{html.escape(heading)} {_math(matrix.name)}</h3><dl>"
        + "".join(f"<div><dt>{_math(place)}</dt><dd>{_math(sum)}</dd></div>" for place, sum in lines)
        + "</dl>"
        for heading, matrix, lines in _keys(sheet)
    )
    kind = "key" if sum(1 for _ in sheet.blanks()) <= _SHORT_KEY else "key long"
    return f'<section class="{kind}"><h2>{say("sheet.answers")}</h2><div class="columns">{groups}</div></section>\n'


def _keys(sheet: Sheet) -> list[tuple[str, Matrix, list[tuple[str, str]]]]:
    """For each matrix with blanks: the step's number, the matrix, and every answer with its place."""
    found: list[tuple[str, Matrix, list[tuple[str, str]]]] = []
    for number, section in enumerate(sheet.sections, start=1):
        for matrix in section.matrices:
            lines = [
                (matrix.place(i, j), cell.working)
                for i, row in enumerate(matrix.cells)
                for j, cell in enumerate(row)
                if cell.blank
            ]
            found += [(f"{number}.", matrix, lines)] if lines else []
    return found


def _math(text: str) -> str:
    """Text as HTML, its powers and indices raised and lowered: e^(−2), 10000^(2i/d), W_Q."""
    safe = html.escape(text)
    safe = re.sub(r"\^\(([^()]*)\)", r"<sup>\1</sup>", safe)
    safe = re.sub(r"\^([^\W_]+)", r"<sup>\1</sup>", safe)
    safe = re.sub(r"\bW_([QKVO])", r"W<sub>\1</sub>", safe)
    return "".join(_RAISED.get(letter, letter) for letter in safe)


def _text_line(line: Line, answers: bool) -> str:
    """Matrices and signs side by side, broken where they would be too wide."""
    blocks = [[one] if isinstance(one, str) else _text_matrix(one, answers) for one in line]
    groups: list[list[list[str]]] = [[]]
    width = 0
    for block in blocks:
        wide = max(map(_width, block)) + 2
        if groups[-1] and width + wide > _WIDEST_LINE and len(block) > 1:
            # A sign goes with what follows it.
            carried = [groups[-1].pop()] if len(groups[-1][-1]) == 1 else []
            groups.append(carried)
            width = sum(max(map(_width, one)) + 2 for one in carried)
        groups[-1].append(block)
        width += wide
    return "\n\n".join(_side_by_side(group) for group in groups)


def _side_by_side(blocks: Sequence[Sequence[str]]) -> str:
    height = max(map(len, blocks))
    padded = []
    for block in blocks:
        above = (height - len(block)) // 2 if len(block) == 1 else height - len(block)
        wide = max(map(_width, block))
        lines = [*[""] * above, *block]
        lines += [""] * (height - len(lines))
        padded.append([line + " " * (wide - _width(line)) for line in lines])
    return "\n".join("  ".join(row).rstrip() for row in zip(*padded, strict=True))


def _text_matrix(matrix: Matrix, answers: bool) -> list[str]:
    names = bool(matrix.columns)
    # All blanks of a matrix are as wide as its widest answer, so that none gives its own away.
    blank = _widest(matrix)
    wide = [
        max(2, *(blank if one.blank else _width(one.text) for one in column), _width(matrix.columns[j]) if names else 0)
        for j, column in enumerate(zip(*matrix.cells, strict=True))
    ]
    margin = max(map(_width, matrix.rows), default=0)

    def shown(cell: Cell, width: int) -> str:
        return _right("_" * blank if cell.blank and not answers else cell.text, width)

    lines = [matrix.name]
    if matrix.columns:
        labels = " ".join(_right(one, width) for one, width in zip(matrix.columns, wide, strict=True))
        lines.append(" " * (margin + 2) + labels)
    for number, row in enumerate(matrix.cells):
        label = _right(matrix.rows[number], margin) if matrix.rows else ""
        lines.append(f"{label}[ {' '.join(shown(cell, width) for cell, width in zip(row, wide, strict=True))} ]")
    return lines


def _right(text: str, width: int) -> str:
    return " " * (width - _width(text)) + text


def _width(text: str) -> int:
    """How many columns of a terminal a text takes: Korean letters take two."""
    return sum(
        0 if unicodedata.combining(one) else 2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text
    )
