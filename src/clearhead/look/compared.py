"""Two systems beside each other as one HTML file: metrics, lengths, and the sentences that changed most."""

import difflib
import functools
import html
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from clearhead.evaluation import Change, Comparison
from clearhead.look.assets import policy

# So many sentences that are better, and as many that are worse, make a page that opens at once.
MOST_SENTENCES: Final = 200
LABELS: Final = {"bleu": "BLEU", "chrf": "chrF", "ter": "TER"}


def compared_page(comparison: Comparison, language: str = "en") -> str:
    """The comparison as an HTML document that needs nothing else, and runs no script. language: "en" or "ko"."""
    say = _texts()[language]
    style = Path(__file__).with_name("compared.css").read_text(encoding="utf-8")
    names = "".join(
        f"<dt>{letter}</dt><dd>{html.escape(name)}</dd>" for letter, name in zip("AB", comparison.names, strict=True)
    )
    count = say["count"].format(lines=comparison.lines, changes=len(comparison.changes))
    return f"""<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{policy("", style)}">
<title>{say["title"]}</title>
<style>{style}</style>
</head>
<body>
<main>
<h1>{say["title"]}</h1>
<dl class="names">{names}</dl>
<p>{count}</p>
{_metrics(comparison, say)}
{_lengths(comparison, say)}
{_sentences("better", comparison.gains, say)}
{_sentences("worse", comparison.losses, say)}
</main>
</body>
</html>
"""


def marked(one: str, other: str) -> tuple[str, str]:
    """Both texts as HTML, the words that only the first has in <del>, and that only the second has in <ins>."""
    words, others = (re.findall(r"\s+|\S+", text) for text in (one, other))
    found: tuple[list[str], list[str]] = ([], [])
    for kind, begin, end, other_begin, other_end in difflib.SequenceMatcher(None, words, others, False).get_opcodes():
        for place, tag, part in (
            (0, "del", "".join(words[begin:end])),
            (1, "ins", "".join(others[other_begin:other_end])),
        ):
            safe = html.escape(part)
            found[place].append(safe if kind == "equal" or not part else f"<{tag}>{safe}</{tag}>")
    return "".join(found[0]), "".join(found[1])


def _metrics(comparison: Comparison, say: Mapping[str, str]) -> str:
    rows = [
        (LABELS[name], f"{one.first:.2f}", f"{one.second:.2f}", f"{one.gain:+.2f}", f"{one.bootstrap:.4f}",
         f"{one.randomisation:.4f}")
        for name, one in comparison.differences.items()
    ]  # fmt: skip
    first, second = comparison.exact
    rows.append((say["exact"], f"{first:.2f}", f"{second:.2f}", f"{second - first:+.2f}", "", ""))
    table = _table(("", "A", "B", "B − A", say["bootstrap"], say["randomisation"]), rows)
    signatures = "".join(f"<li>{html.escape(one.signature)}</li>" for one in comparison.differences.values())
    return f'{table}<p>{say["chance"]}</p><ul class="signatures">{signatures}</ul>'


def _lengths(comparison: Comparison, say: Mapping[str, str]) -> str:
    rows = [
        (one.name, f"{one.lines:,}", *(f"{value:.2f}" for value in one.bleu), f"{one.bleu[1] - one.bleu[0]:+.2f}",
         *(f"{value:.2f}" for value in one.chrf), f"{one.chrf[1] - one.chrf[0]:+.2f}")
        for one in comparison.lengths
    ]  # fmt: skip
    head = (say["words"], say["lines"], "BLEU A", "BLEU B", "B − A", "chrF A", "chrF B", "B − A")
    return f"<h2>{say['by_length']}</h2>{_table(head, rows)}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """The first cell of each row names it."""
    titles = "".join(f'<th scope="col">{one}</th>' if one else "<td></td>" for one in head)
    body = "".join(
        f'<tr><th scope="row">{name}</th>{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>' for name, *cells in rows
    )
    return f'<div class="wide"><table><thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table></div>'


def _sentences(kind: str, changes: Sequence[Change], say: Mapping[str, str]) -> str:
    shown = changes[:MOST_SENTENCES]
    told = say[kind].format(count=len(changes))
    if len(shown) < len(changes):
        told += " " + say["most"].format(count=len(shown))
    return f"<h2>{told}</h2>{''.join(_sentence(one, say) for one in shown)}"


def _sentence(change: Change, say: Mapping[str, str]) -> str:
    first, second = marked(change.first, change.second)
    texts = {
        say["source"]: html.escape(change.source), say["reference"]: html.escape(change.reference),
        f"A, chrF {change.first_chrf:.1f}": first, f"B, chrF {change.second_chrf:.1f}": second,
    }  # fmt: skip
    lines = "".join(
        f'<dt>{name}</dt><dd dir="auto">{text}</dd>' for name, text in texts.items() if name != say["source"] or text
    )
    return f"<section><h3>{say['line'].format(number=change.number)}</h3><dl>{lines}</dl></section>"


@functools.cache
def _texts() -> Mapping[str, Mapping[str, str]]:
    texts: dict[str, dict[str, str]] = json.loads(Path(__file__).with_name("compared.json").read_text(encoding="utf-8"))
    return texts
