"""`training.batch_tokens: auto`: as many tokens as there is memory for, and the run that their number would be."""

import logging
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from hypothesis import given
from hypothesis import strategies as st

from clearhead.errors import RecipeError
from clearhead.recipe import Recipe
from clearhead.training import budget, train
from clearhead.training.budget import Trial, search
from clearhead.training.run_inputs import RunInputs, prepare_run

MakeRecipe = Callable[..., Recipe]


class Memory:
    """A step of n tokens takes `fixed` + `each` · n bytes, in rows of `row` tokens; above `last` tokens it fails."""

    def __init__(self, fixed: int, each: int, row: int = 1, last: float = math.inf) -> None:
        self.fixed, self.each, self.row, self.last = fixed, each, row, last
        self.asked: list[int] = []

    def __call__(self, tokens: int) -> tuple[int, int] | None:
        self.asked.append(tokens)
        places = math.ceil(tokens / self.row) * self.row
        return None if places > self.last else (places, self.fixed + self.each * places)


class TestSearching:
    @given(
        fixed=st.integers(0, 10_000), each=st.integers(1, 50), row=st.integers(1, 40), limit=st.integers(0, 300_000),
        tried=st.sampled_from([512, 4_096]),
    )  # fmt: skip
    def test_as_many_as_fit_and_no_more(self, fixed: int, each: int, row: int, limit: int, tried: int) -> None:
        """By arithmetic: (limit - fixed) / each tokens."""
        found = search(Memory(fixed, each, row), row, 4_096, float(limit), tried)
        right = min(4_096, (limit - fixed) // each)
        # Of one row alone, without a second to draw a line to, no more is known.
        assert found == (right if right >= 2 * row else row if right >= row else 0)

    def test_on_a_gpu_it_is_tried_up_to_the_most(self) -> None:
        memory = Memory(100, 10)
        assert search(memory, 30, 25_000, 1e9, 25_000) == 25_000
        assert memory.asked == [30, 60, 120, 240, 480, 960, 1920, 3840, 7680, 15360, 25_000]

    def test_on_a_cpu_a_few_tokens_are_enough(self) -> None:
        memory = Memory(100, 10)
        assert search(memory, 30, 4_096, 30_100.0, 512) == 3_000
        assert memory.asked == [30, 60, 120, 240, 480, 960]

    def test_what_would_take_too_much_is_not_tried(self) -> None:
        """1,000 bytes are 90 tokens, so that 120 are not tried; the 90 themselves are."""
        memory = Memory(100, 10)
        assert search(memory, 30, 25_000, 1_000.0, 25_000) == 90
        assert memory.asked == [30, 60, 90]

    def test_an_end_that_comes_before_the_line_says(self) -> None:
        """At 700 tokens, where the line through 240 and 480 leads to 990."""
        memory = Memory(100, 10, last=700)
        found = search(memory, 30, 25_000, 10_000.0, 25_000)
        assert 480 <= found <= 700
        assert memory.asked[-1] == found

    def test_an_end_at_once(self) -> None:
        assert search(Memory(100, 10, last=29), 30, 4_096, 1e9, 4_096) == 0
        assert search(Memory(100, 10, last=30), 30, 4_096, 1e9, 4_096) == 30

    def test_what_takes_no_memory_that_can_be_seen(self) -> None:
        assert search(Memory(100, 0), 30, 4_096, 1_000.0, 512) == 4_096


@pytest.fixture
def enough_for(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Let steps be really taken, and let there be memory for so many tokens."""

    def patch(tokens: int) -> None:
        def on_cpu(trial: Trial) -> tuple[int, budget.Taken]:
            def taken(tokens: int) -> tuple[int, int]:
                places = trial.step(tokens)
                return places, 1_000 * places

            return 2_000 * tokens, taken

        monkeypatch.setattr(budget, "_on_cpu", on_cpu)

    return patch


def chosen(folder: Path) -> object:
    return yaml.safe_load((folder / "bundle" / "recipe.yaml").read_text(encoding="utf-8"))["training"]["batch_tokens"]


def left_by(folder: Path) -> dict[Path, bytes]:
    """All that a run wrote, but for its clocks."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != "timing.jsonl")
    return {path.relative_to(folder): path.read_bytes() for path in files}


class TestTheRun:
    @pytest.mark.parametrize("changes", [(), ("training.packing=true",)], ids=["pair by pair", "packed"])
    def test_it_is_the_one_that_the_number_would_have_been(
        self,
        make_recipe: MakeRecipe,
        tmp_path: Path,
        enough_for: Callable[[int], None],
        changes: tuple[str, ...],
    ) -> None:
        """Bit by bit, dropout and all, the recipe in its bundle included: two blocks of 64, one row of 128."""
        enough_for(170)
        train(make_recipe("training.batch_tokens=auto", *changes), tmp_path / "auto")
        assert chosen(tmp_path / "auto") == 128
        train(make_recipe("training.batch_tokens=128", *changes), tmp_path / "number")
        assert left_by(tmp_path / "auto") == left_by(tmp_path / "number")

    def test_a_resumed_run_keeps_the_number(
        self, make_recipe: MakeRecipe, tmp_path: Path, enough_for: Callable[[int], None]
    ) -> None:
        """Whatever there is memory for now."""
        recipe = make_recipe("training.batch_tokens=auto")
        enough_for(170)
        steps = iter([False] * 5 + [True] * 2)
        train(recipe, tmp_path / "auto", should_stop=lambda: next(steps))
        enough_for(1_000)
        assert train(recipe, tmp_path / "auto", resume=True).state.step == 12
        assert chosen(tmp_path / "auto") == 128
        train(make_recipe("training.batch_tokens=128"), tmp_path / "number")
        assert left_by(tmp_path / "auto") == left_by(tmp_path / "number")

    def test_random_numbers_stay_as_they_were(self, inputs: RunInputs) -> None:
        torch.manual_seed(1)
        expected = torch.rand(3)
        torch.manual_seed(1)
        Trial(inputs.untrained_model, inputs.recipe.training, 14).step(30)
        assert torch.equal(torch.rand(3), expected)


def found(inputs: RunInputs, **changes: Any) -> int:
    settings = inputs.recipe.training.model_copy(update=changes)
    return budget.find_batch_tokens(inputs.untrained_model, settings, longest=14)


@pytest.fixture(scope="module")
def inputs(make_recipe: MakeRecipe) -> RunInputs:
    return prepare_run(make_recipe())


class TestFinding:
    def test_here(self, inputs: RunInputs, caplog: pytest.LogCaptureFixture) -> None:
        """A model of width 16: whatever this machine is, there is memory for it."""
        with caplog.at_level(logging.INFO):
            assert found(inputs) == 4_096
        (message,) = (record.getMessage() for record in caplog.records if record.name == budget.__name__)
        assert message.startswith("training.batch_tokens=auto is 4,096, ")

    def test_less_than_the_most(
        self, inputs: RunInputs, enough_for: Callable[[int], None], caplog: pytest.LogCaptureFixture
    ) -> None:
        """Whole blocks of 64; in packed rows whole rows."""
        enough_for(1_000)
        with caplog.at_level(logging.INFO):
            assert found(inputs) == 960
            assert found(inputs, packing=True, packed_length=150) == 900
        assert "training.batch_tokens=auto is 960: a step then takes about 50% of the 0.0 GiB that are" in caplog.text

    def test_never_less_than_the_longest_pair(self, inputs: RunInputs, enough_for: Callable[[int], None]) -> None:
        enough_for(20)
        assert found(inputs) == 14

    def test_not_even_that(self, inputs: RunInputs, enough_for: Callable[[int], None]) -> None:
        enough_for(13)
        with pytest.raises(RecipeError, match=r"^training.batch_tokens=auto: a step with one row of 14 tokens takes m"):
            found(inputs)

    def test_where_nobody_knows(
        self, inputs: RunInputs, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        monkeypatch.setattr(budget, "resident", lambda: None)
        with caplog.at_level(logging.INFO):
            assert found(inputs) == 4_096
        assert "as how much memory is free is not known here" in caplog.text


def test_a_batch_is_as_full_as_any_can_be(inputs: RunInputs) -> None:
    """On both sides, without padding; packed rows may be longer than the model has positions for."""
    batch = inputs.task.full_batch(3, 14, 64, packing=False)
    assert batch.source.shape == batch.target_output.shape == (3, 14)
    assert (batch.source_tokens, batch.target_tokens, batch.segments) == (42, 42, None)
    assert (batch.target_output != batch.padding).all()
    packing = inputs.recipe.training.model_copy(update={"packing": True, "packed_length": 150})
    assert Trial(inputs.untrained_model, packing, 150).step(200) == 300


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
class TestOnAGpu:
    @pytest.fixture
    def large(self, make_recipe: MakeRecipe) -> RunInputs:
        sizes = "model.width=512", "model.inner_width=2048", "model.heads=8"
        return prepare_run(make_recipe("training.device=cuda", *sizes))

    def test_a_large_one_takes_the_batch_of_the_paper(self, large: RunInputs) -> None:
        assert found(large) == 25_000

    def test_in_little_memory_it_finds_less_which_a_step_has_room_for(self, large: RunInputs) -> None:
        torch.cuda.empty_cache()
        total = torch.cuda.get_device_properties(0).total_memory
        torch.cuda.set_per_process_memory_fraction(2**30 / total)
        try:
            tokens = found(large)
            assert 14 < tokens < 25_000
            Trial(large.untrained_model, large.recipe.training, 14).step(tokens)
            with pytest.raises(torch.OutOfMemoryError):
                Trial(large.untrained_model, large.recipe.training, 14).step(3 * tokens)
        finally:
            torch.cuda.set_per_process_memory_fraction(1.0)
