"""Sizes by the corpus. The steps are those of docs/reference/recipe.md, which is read here."""

import logging
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from clearhead.recipe import Recipe, load_recipe
from clearhead.tasks.translation.sizes import TIERS, choose_sizes, count_tokens, tier_for, too_large
from clearhead.training import Callback, train
from clearhead.training.run_inputs import prepare_run

MakeRecipe = Callable[..., Recipe]
REFERENCE = Path(__file__).parents[3] / "docs" / "reference" / "recipe.md"


@pytest.fixture
def bare(corpus: Path, tmp_path: Path) -> Callable[..., Recipe]:
    """A name, data and steps: all that a recipe needs."""
    path = tmp_path / "bare.yaml"
    path.write_text(
        f"name: bare\ndata:\n  folder: {corpus}\n  train: {{source: train.en, target: train.fr}}\n"
        "  validate: {source: val.en, target: val.fr}\ntraining: {steps: 1}\n"
    )
    return lambda *changes: load_recipe(path, changes)


def test_the_steps_are_the_documented_ones() -> None:
    """faults.md C2."""
    rows = re.findall(r"^\| (?:up to|more) ?([\d,]*) +\| ([\d,]+) \| (\d+) \|", REFERENCE.read_text(), re.MULTILINE)
    numbers = [tuple(int(one.replace(",", "") or 0) for one in row) for row in rows]
    assert numbers == [(one.most_tokens or 0, one.pieces, one.model.get("width", 0) or width(one)) for one in TIERS]


def width(sizes: object) -> int:
    from clearhead.model import PRESETS

    return PRESETS[sizes.model["preset"]](9, 9).width  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("tokens", "pieces"),
    [(1, 2_000), (300_000, 2_000), (300_001, 5_000), (3_000_001, 8_000), (30_000_001, 16_000), (10**12, 16_000)],
)
def test_the_step_of_a_corpus(tokens: int, pieces: int) -> None:
    assert tier_for(tokens).pieces == pieces


def test_what_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four bytes of UTF-8 for a piece, line ends among them: 7 + 1 and 12 + 4 + 1 bytes; and not without end."""
    (tmp_path / "a").write_text("sixteen\n가나다라four\n", encoding="utf-8")
    assert count_tokens([tmp_path / "a"]) == 25 // 4
    assert count_tokens([tmp_path / "a"] * 2) == 50 // 4
    monkeypatch.setattr("clearhead.tasks.translation.sizes.TIERS", [TIERS[0].__class__(3, 9, {}), TIERS[-1]])
    assert count_tokens([tmp_path / "a"] * 1_000_000) == 4


def test_a_recipe_that_names_nothing(bare: Callable[..., Recipe], caplog: pytest.LogCaptureFixture) -> None:
    """faults.md C2: not 45.9 million parameters for thirty pairs; what was chosen is said once, and written down."""
    with caplog.at_level(logging.INFO, "clearhead.tasks.translation.sizes"):
        inputs = prepare_run(bare())
    assert inputs.config.width == 128
    assert sum(parameter.numel() for parameter in inputs.untrained_model().parameters()) < 2_000_000
    assert (inputs.recipe.model.preset, inputs.recipe.text.size) == ("multi30k_tiny", 2_000)
    (line,) = (record.getMessage() for record in caplog.records)
    assert re.fullmatch(
        r"sizes for about \d+ tokens of training text: text.size=2000 model.preset=multi30k_tiny; .* may name others",
        line,
    )
    assert "size: 2000" in inputs.recipe.to_yaml()
    assert "preset: multi30k_tiny" in inputs.recipe.to_yaml()


def test_what_is_named_stays(bare: Callable[..., Recipe], corpus: Path) -> None:
    """A preset; sizes of one's own, which replace those of the paper's base; what is no size; the number of pieces."""
    files = [corpus / "train.en"]

    def chosen(*changes: str) -> tuple[object, ...]:
        recipe = bare(*changes)
        sizes = choose_sizes(recipe.text, recipe.model, files)
        return sizes.model.preset, sizes.pieces, sizes.model.width, sizes.model.dropout

    assert chosen("model.preset=paper_big") == ("paper_big", 8_000, None, None)
    assert chosen("model.width=64") == ("paper_base", 8_000, 64, None)
    assert chosen("model.dropout=0.4") == ("multi30k_tiny", 2_000, None, 0.4)
    assert chosen("text.size=500") == ("multi30k_tiny", 500, None, None)
    whole = bare("model.preset=street", "text.size=300")
    assert choose_sizes(whole.text, whole.model, files).model.model_dump() == whole.model.model_dump()


def test_a_printed_recipe_still_names_nothing(bare: Callable[..., Recipe], tmp_path: Path) -> None:
    (tmp_path / "again.yaml").write_text(bare().to_yaml())
    assert load_recipe(tmp_path / "again.yaml") == bare()


class Told(Callback):
    def __init__(self) -> None:
        self.lines: list[str] = []

    def on_warning(self, message: str) -> None:
        self.lines.append(message)


SMALL = "training.batch_tokens=600", "training.validate_sentences=0"


def test_a_resumed_run_keeps_what_was_chosen(bare: Callable[..., Recipe], tmp_path: Path) -> None:
    """Whatever would be chosen by now; and its bundle says it."""
    train(bare(*SMALL), tmp_path / "run")
    told = Told()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("clearhead.tasks.translation.sizes.count_tokens", pytest.fail)
        train(bare(*SMALL, "training.steps=2"), tmp_path / "run", resume=True, callbacks=[told])
    assert told.lines == ["training.steps is 2, but was 1 at the checkpoint"]
    assert "preset: multi30k_tiny" in (tmp_path / "run" / "bundle" / "recipe.yaml").read_text()


def test_too_many_parameters() -> None:
    """faults.md C2's own: 45.9 million for 1,800 pairs. The recipes that come with clearhead are far from it."""
    line = too_large(45_900_000, 50_000)
    assert line is not None
    assert line.startswith("the model has 45,900,000 parameters for 50,000 tokens of training text, 918 for each, and")
    assert "\n" not in line
    assert too_large(1_970_000, 900_000) is None  # Multi30k's.
    assert too_large(1_000_000, 1) is None
    assert too_large(1_000_001, 50_001) is None


def test_it_is_said_of_sizes_that_were_named(bare: Callable[..., Recipe], tmp_path: Path) -> None:
    sizes = "model={preset: street, width: 512, inner_width: 512, encoder_layers: 1, decoder_layers: 0}"
    told = Told()
    train(bare(*SMALL, sizes, "text.size=300"), tmp_path / "run", callbacks=[told])
    # Two matrices of a feed-forward layer and four of attention, 512 wide, and a row for each piece.
    (line,) = (line for line in told.lines if line.startswith("the model has "))
    assert int(line.split()[3].replace(",", "")) >= 6 * 512 * 512
