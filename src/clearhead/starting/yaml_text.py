"""A recipe's plain values as YAML for people: short sections in one line, and a comment above what was chosen."""

import json
import re
import textwrap
from collections.abc import Mapping
from typing import Any, Final

# What YAML reads as it stands: a word, a path or a decimal, but for what it reads as a switch or as nothing.
_PLAIN: Final = re.compile(r"[A-Za-z][\w./-]*", re.ASCII)
_WORDS: Final = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
_WIDTH: Final = 118
# Sections with a line for each key; all others stand in one line.
_TALL: Final = ("data", "training")


def recipe_text(values: Mapping[str, Any], reasons: Mapping[str, str], heading: str) -> str:
    """The YAML of plain values.

    reasons: what is said above a key, named as in training.steps. heading: what is said above all, line by line.
    """
    lines = [f"# {_visible(line)}".rstrip() for line in heading.split("\n")]
    for key, value in values.items():
        lines += _comment(reasons.get(key), 0)
        if key not in _TALL:
            lines.append(f"{key}: {flow(value)}")
            continue
        lines.append(f"{key}:")
        for name, inner in value.items():
            lines += _comment(reasons.get(f"{key}.{name}"), 2)
            lines.append(f"  {name}: {flow(inner)}")
    return "".join(f"{line}\n" for line in lines)


def flow(value: object) -> str:
    """One value in a line, as YAML reads it back."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {flow(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(flow, value)) + "]"
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
        return value
    # A line's end of Unicode's would be one of YAML's, too.
    text = json.dumps(value, ensure_ascii=False)
    return "".join(one if one.isprintable() else f"\\U{ord(one):08x}" for one in text)


def _comment(reason: str | None, indent: int) -> list[str]:
    margin = " " * indent + "# "
    return textwrap.wrap(_visible(reason or ""), _WIDTH, initial_indent=margin, subsequent_indent=margin)


def _visible(text: str) -> str:
    """Without what could end a comment, or stand in no YAML: files and labels may have any name."""
    return "".join(one if one.isprintable() else " " for one in text)
