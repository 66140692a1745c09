"""Writes docs/gallery.md and docs/gallery.ko.md, and draws their pictures into docs/images/gallery/.

    python docs/gallery.py

Every number in the text is read from the model's traces. The same model gives the same files, byte for byte, with the
same matplotlib and the same fonts.
"""

import argparse
import dataclasses
import json
import tempfile
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image

import clearhead
from clearhead import look
from clearhead.tracing import Trace

DOCS = Path(__file__).parent
FOLDER = Path("images/gallery")
SENTENCE = "The animal didn't cross the street because it was too tired."
NOUN, PRONOUNS = "animal", ("il", "elle")
# Pixels an inch, and colours: letters stay sharp where a page shows a picture at half its size.
RESOLUTION, COLOURS = 120, 256
# Letters in a line of text; those of Korean are twice as wide.
WIDTH = {"en": 120, "ko": 76}

# What the pages say, with places for what the model computed.
WORDS: Mapping[str, Any] = json.loads((DOCS / "gallery.json").read_text(encoding="utf-8"))


@dataclasses.dataclass(frozen=True)
class Section:
    """One picture: the function of clearhead.look that draws it, and in what language the model answers.

    attention: "encoder.self_attention", whose last layer is meant, or "noun", the head that looks at the noun the most.
    """

    name: str
    draw: str
    to: str
    attention: str = ""


SECTIONS = (
    Section("attention", "draw_attention", "fr", "noun"),
    Section("heads", "draw_heads", "fr", "encoder.self_attention"),
    Section("masked", "draw_attention", "ko", "decoder.self_attention"),
    Section("positions", "draw_positions", "fr"),
    Section("beam", "draw_beam", "ko"),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="?", default="street", help="a run or bundle folder, or street, which is there")
    parser.add_argument("--out", type=Path, default=DOCS)
    chosen = parser.parse_args()
    bundle = clearhead.load(chosen.model)
    traces = {to: bundle.trace(SENTENCE, to, beam_size=3) for to in ("fr", "ko")}
    for language in WORDS:
        (chosen.out / page_name(language)).write_text(page(language, facts(traces["fr"])), encoding="utf-8")
        for section in SECTIONS:
            path = chosen.out / picture(section, language)
            save(drawn(section, traces[section.to], language), path)
            print(path)


def page_name(language: str) -> str:
    return "gallery.md" if language == "en" else f"gallery.{language}.md"


def picture(section: Section, language: str) -> Path:
    return FOLDER / f"{section.name}.{language}.png"


def page(language: str, values: Mapping[str, str]) -> str:
    """The whole page in Markdown; `values` fills its places (see `facts`)."""
    words = WORDS[language]
    parts = list(words["opening"])
    for section in SECTIONS:
        heading = words[section.name]["heading"]
        parts += [
            f"## {heading}",
            words[section.name]["text"],
            f"![{heading}]({picture(section, language).as_posix()})",
        ]
    return "\n\n".join(wrapped(part.format(**values), WIDTH[language]) for part in parts) + "\n"


def wrapped(part: str, width: int) -> str:
    """A paragraph in lines; headings, pictures and code as they are."""
    return part if part.startswith(("#", "!", " ", "`" * 3)) else textwrap.fill(part, width, break_on_hyphens=False)


def facts(trace: Trace) -> dict[str, str]:
    """What the text says of the trace into French. SystemExit where the model does not write a pronoun."""
    attention, head, row = noun_head(trace)
    weight = trace[f"{attention}.weights"][head, row, column(trace)]
    return {
        "sentence": SENTENCE,
        "layer": str(int(attention.split(".")[2]) + 1),
        "head": str(head + 1),
        "pronoun": trace.predicted.pieces[row].lstrip("▁"),
        "row": str(row + 1),
        "noun": NOUN,
        "weight": f"{float(weight):.2f}",
        "beam": str(trace.settings["beam_size"]),
    }


def noun_head(trace: Trace) -> tuple[str, int, int]:
    """The attention, head and row that look at the noun the most while the pronoun is written."""
    rows = [row for row, piece in enumerate(trace.predicted.pieces) if piece.lstrip("▁") in PRONOUNS]
    if not rows:
        raise SystemExit(f"gallery.py: the model wrote {trace.predicted.text!r} without a pronoun; train it for longer")
    names = [f"decoder.layers.{layer}.cross_attention" for layer in range(trace.config["decoder_layers"])]
    looking = {name: trace[f"{name}.weights"][:, rows[0], column(trace)] for name in names}
    best = max(names, key=lambda name: float(looking[name].max()))
    return best, int(looking[best].argmax()), rows[0]


def column(trace: Trace) -> int:
    return [piece.lstrip("▁") for piece in trace.source.pieces].index(NOUN)


def drawn(section: Section, trace: Trace, language: str) -> Any:
    """A section's figure."""
    draw, stack, _, part = getattr(look, section.draw), *section.attention.partition(".")
    if section.attention == "noun":
        attention, head, _ = noun_head(trace)
        return draw(trace, attention, head, language=language)
    if section.attention:
        return draw(trace, f"{stack}.layers.{trace.config[f'{stack}_layers'] - 1}.{part}", language=language)
    return draw(trace, language=language)


def save(figure: Any, path: Path) -> None:
    """A small .png: with few colours, and without a date."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "whole.png"
        look.save_figure(figure, whole, RESOLUTION)
        with Image.open(whole) as image:
            few = image.convert("RGB").quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    few.save(path, optimize=True)


if __name__ == "__main__":
    main()
