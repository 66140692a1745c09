"""docs/questions.md and docs/heads.md: their numbers are those of the model that comes with clearhead."""

import json
import math
import re
from pathlib import Path

import pytest
from torch import Tensor

from clearhead.bundle import Bundle, shipped
from clearhead.look.showing import untrained
from clearhead.tracing import Trace

DOCS = Path(__file__).parents[2] / "docs"
PAGE = Path(__file__).parents[2] / "src" / "clearhead" / "look" / "page"
LANGUAGES = {"en": "questions.md", "ko": "questions.ko.md"}
TIRED = "The animal didn't cross the street because it was too tired."
# The decoder's attention to the source: the heads that look at the reason and at "it", and those that find each noun.
READS, FINDS = "decoder.layers.0.cross_attention", "decoder.layers.1.cross_attention"
REASON, PRONOUNS, MASCULINE, FEMININE = 1, 3, 2, 1
ENCODERS = ["encoder.layers.0.self_attention", "encoder.layers.1.self_attention"]
ANIMAL, DIDN, STREET, IT, CUE, PRONOUN = 2, 3, 7, 9, 12, 13  # Places in the source, and the decoder's row.


@pytest.fixture(scope="module")
def traces(street: Bundle) -> tuple[Trace, Trace]:
    """Of "too tired" and of "too wide", as the page traces them."""
    tired, wide = (street.trace(text, "fr", beam_size=3) for text in (TIRED, TIRED.replace("tired", "wide")))
    return tired, wide


def shown(number: float, digits: int) -> str:
    return f"{number:.{digits}f}".replace("-", "−")


def numbers(street: Bundle, tired: Trace, wide: Trace) -> dict[int, list[str]]:
    """What must stand in the answer to each question."""
    asking = tired[f"{READS}.weights"][:, PRONOUN]
    from_it = [tired[f"{one}.weights"][:, IT, ANIMAL] for one in ENCODERS]
    place, total = (tired[f"source_embedding.{name}"][DIDN] for name in ("positions", "sum"))
    scores = tired["decoder.layers.0.self_attention.masked"][0, 2]
    before = untrained(street, tired)["output.probabilities"][PRONOUN]
    lines = (shipped()["street"].parent / "history.jsonl").read_text(encoding="utf-8").splitlines()
    history = [one for one in map(json.loads, lines) if "loss" in one]
    fastest_step = max((one["learning_rate"], one["step"]) for one in history)
    beginnings = {node["piece"]: shown(node["total"], 3) for node in tired.tree if node["length"] == 1}
    feed_forward = tired["encoder.layers.0.feed_forward.activated"]
    pronoun, other = (tired.predicted.ids[PRONOUN], wide.predicted.ids[PRONOUN])
    logits = tired["output.logits"][PRONOUN]
    return {
        1: [str(tired.source.ids[ANIMAL])],
        2: [shown(math.sin(3), 4), shown(math.cos(3), 4), shown(float(total[0] - place[0]), 2), shown(total[0], 2)],
        3: [
            shown(max(float(one.max()) for one in from_it), 2),
            shown(asking[REASON, CUE], 3),
            shown(asking[PRONOUNS, IT], 3),
        ],
        4: [
            shown(tired[f"{READS}.{name}"][PRONOUNS, PRONOUN, IT], at)
            for name, at in (("scores", 1), ("scaled", 2), ("weights", 3))
        ],
        5: [shown(tired[f"{FINDS}.weights"][MASCULINE, PRONOUN, ANIMAL], 2)],
        6: [shown(wide[f"{FINDS}.weights"][FEMININE, PRONOUN, STREET], 2)],
        7: [str(int((scores == -math.inf).sum()))],
        8: [percent(logits.softmax(-1), pronoun, 1), *(shown(logits[one], 2) for one in (pronoun, other))],
        9: [beginnings[piece] for piece in ("▁L", "L", "l", "Le")],
        10: [f"{100 * float((feed_forward == 0).double().mean()):.1f} %"],
        11: [percent(before, int(before.argmax()), 1), percent(before, pronoun, 2)],
        12: [shown(history[0]["loss"], 1), shown(history[-1]["loss"], 3), *map(str, fastest_step)],
    }  # fmt: skip


def percent(probabilities: Tensor, token: int, digits: int) -> str:
    return f"{100 * float(probabilities[token]):.{digits}f} %"


def answers(name: str) -> dict[int, str]:
    text = (DOCS / name).read_text(encoding="utf-8")
    return {int(number): body for number, body in re.findall(r"^## (\d+)\. (.*?)(?=^## |\Z)", text, re.M | re.S)}


@pytest.mark.parametrize("name", LANGUAGES.values())
def test_every_number_of_the_questions(street: Bundle, traces: tuple[Trace, Trace], name: str) -> None:
    found = answers(name)
    assert sorted(found) == list(range(1, 13))
    for number, expected in numbers(street, *traces).items():
        for one in expected:
            assert one in found[number], (number, one)


def test_what_the_questions_say_in_words(traces: tuple[Trace, Trace]) -> None:
    tired, wide = traces
    assert len(tired.source.pieces) == 15
    assert tired.source.pieces[DIDN] == "▁didn"
    assert (tired.predicted.pieces[PRONOUN], wide.predicted.pieces[PRONOUN]) == ("il", "elle")
    assert tired.target.pieces[:3] == ("⟨begin⟩", "L", "'")
    assert {node["piece"]: node["fate"] for node in tired.tree if node["length"] == 1}["▁L"] == "dropped"
    assert tired["output.logits"][PRONOUN].argsort(descending=True)[1] == wide.predicted.ids[PRONOUN]


@pytest.mark.parametrize(("language", "name"), LANGUAGES.items())
def test_what_is_to_be_clicked_is_on_the_page(traces: tuple[Trace, Trace], language: str, name: str) -> None:
    catalogue = (PAGE / "texts.js").read_text(encoding="utf-8")
    texts = json.loads(catalogue[catalogue.index("{") : catalogue.rindex("}") + 1])
    words = {both[language == "ko"].replace("{number}", "1") for both in texts.values()}
    tired = traces[0]
    words |= {f"{place}: {piece}" for place, piece in enumerate(tired.source.pieces)}
    words |= {f"{row}: {piece}" for row, piece in enumerate(tired.predicted.pieces, 1)}
    words |= {node["piece"] for node in tired.tree} | {str(number) for number in range(1, 5)}
    for body in answers(name).values():
        clicks = re.findall(r"\*\*([^*]+)\*\*", body)
        assert clicks
        assert {part for click in clicks for part in click.split(" · ")} <= words


@pytest.mark.parametrize("name", ["heads.md", "heads.ko.md"])
def test_the_two_sentences_in_heads(traces: tuple[Trace, Trace], name: str) -> None:
    """The table of weights, row by row."""
    text = (DOCS / name).read_text(encoding="utf-8")
    rows = [re.findall(r"\b\d\.\d\d\b", line) for line in text.splitlines() if line.count("|") == 6]
    found = [row for row in rows if len(row) == 4]
    looked_at = [(READS, REASON), (READS, PRONOUNS), (FINDS, MASCULINE), (FINDS, FEMININE)]
    lines = [trace[f"{path}.weights"][head, PRONOUN] for path, head in looked_at for trace in traces]
    assert found == [[shown(line[at], 2) for at in (ANIMAL, STREET, CUE, IT)] for line in lines]
