"""A recipe, a machine and a corpus, resolved: what is chosen, and what cannot work."""

import typing
from collections.abc import Callable
from pathlib import Path

import pydantic
import pytest
import torch

from clearhead.errors import RecipeError, TrainingError
from clearhead.model import linear
from clearhead.recipe import Recipe, ResolvedRecipe, build_recipe, parse_recipe
from clearhead.training import resolving
from clearhead.training.resolving import choose_machine
from clearhead.training.run_inputs import prepare_run

MakeRecipe = Callable[..., Recipe]


class TestTheMachine:
    @pytest.mark.parametrize(
        ("has_cuda", "flags", "expected"),
        [
            (False, "fpu avx512f", ("cpu", "fp32")),
            (False, "fpu avx512_bf16 avx512f", ("cpu", "bf16")),
            (False, "fpu amx_bf16 amx_tile", ("cpu", "bf16")),
            (True, "fpu avx512f", ("cuda", "bf16")),
        ],
    )
    def test_auto(
        self,
        make_recipe: MakeRecipe,
        monkeypatch: pytest.MonkeyPatch,
        has_cuda: bool,
        flags: str,
        expected: tuple[str, str],
    ) -> None:
        """docs/decisions/0009: bf16 where there are instructions for it."""
        monkeypatch.setattr(torch.cuda, "is_available", lambda: has_cuda)
        monkeypatch.setattr(linear, "processor", lambda: {"flags": flags})
        machine = choose_machine(make_recipe("training.device=auto", "training.precision=auto").training)
        assert (machine.device, machine.precision) == expected

    def test_where_there_is_no_list_of_instructions(
        self, make_recipe: MakeRecipe, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A Mac, or Windows."""
        monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
        monkeypatch.setattr(linear, "processor", dict)
        assert choose_machine(make_recipe("training.precision=auto").training).precision == "fp32"

    def test_what_is_said_stays(self, make_recipe: MakeRecipe, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
        machine = choose_machine(make_recipe("training.device=cpu", "training.precision=bf16").training)
        assert (machine.device, machine.precision) == ("cpu", "bf16")

    def test_a_device_that_is_not_there(self, make_recipe: MakeRecipe, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
        with pytest.raises(TrainingError, match=r"training.device=cuda, but torch finds no CUDA device; choose cpu"):
            choose_machine(make_recipe("training.device=cuda").training)

    @pytest.mark.parametrize(
        ("device", "packing", "compiler", "expected"),
        [
            ("cuda", True, ("cc",), (True, True)),
            ("cuda", True, None, (False, True)),
            ("cuda", False, ("cc",), (False, False)),
            ("cpu", True, ("cc",), (False, False)),
        ],
    )
    def test_compiling_and_recording_are_for_packed_batches_on_a_gpu(
        self,
        make_recipe: MakeRecipe,
        monkeypatch: pytest.MonkeyPatch,
        device: str,
        packing: bool,
        compiler: tuple[str, ...] | None,
        expected: tuple[bool, bool],
    ) -> None:
        monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
        monkeypatch.setattr(resolving, "find_compiler", lambda: compiler)
        machine = choose_machine(make_recipe(f"training.device={device}", f"training.packing={packing}").training)
        assert (machine.compile, machine.graph) == expected

    def test_each_can_be_turned_off(self, make_recipe: MakeRecipe, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
        common = "training.device=cuda", "training.packing=true"
        for name in ("compile", "graph"):
            machine = choose_machine(make_recipe(*common, f"training.{name}=false").training)
            assert getattr(machine, name) is False

    def test_a_graph_needs_a_gpu(self, make_recipe: MakeRecipe) -> None:
        with pytest.raises(TrainingError, match=r"training.graph=true records .* but training.device=cpu; set .*=auto"):
            choose_machine(make_recipe("training.packing=true", "training.graph=true").training)


class TestResolving:
    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            (
                ("decoding.length_penalty=long",),
                "decoding.length_penalty: 'long' is not allowed: expected none, gnmt:ALPHA or mean:ALPHA with",
            ),
            (
                ("decoding.length_penalty=mean:1e308",),
                "decoding.length_penalty: 'mean:1e308' is not allowed: expected none, gnmt:ALPHA or",
            ),
            (("decoding.beam_size=2000",), "decoding.beam_size=2000 is not allowed: expected 1024 or less"),
            (("model.heads=3",), "model: width=16 is not divisible by heads=3"),
            (("text.joint=false",), "text.joint=false gives .* one matrix; set model.share_embeddings=target, or"),
            (
                ("model.max_length=8",),
                r"a training pair has \d\d tokens, but model.max_length=8; set data.filters.max_t",
            ),
            (
                ("model.max_length=2",),
                r"a training pair has \d\d tokens, but model.max_length=2; set model.max_length=\d\d$",
            ),
            (
                ("model.max_length=10", "data.filters.max_tokens=8"),
                r"a validation pair has \d\d tokens, but model.max_length=10; remove it from its files, or set",
            ),
            (
                ("training.packing=true", "training.packed_length=8"),
                r"a training pair has \d\d tokens, more than training.packed_length=8; raise it, or set .*=6$",
            ),
            (
                ("training.packing=true", "training.packed_length=200"),
                "training.batch_tokens=160 is less than one row of training.packed_length=200; raise the former to 200",
            ),
        ],
    )
    def test_choices_that_cannot_work(self, make_recipe: MakeRecipe, changes: tuple[str, ...], message: str) -> None:
        with pytest.raises(RecipeError, match=message) as caught:
            prepare_run(make_recipe(*changes))
        assert "\n" not in str(caught.value)

    @pytest.mark.parametrize(
        ("changes", "length"),
        [
            (("training.packing=true",), 128),
            (("training.packing=true", "training.batch_tokens=100"), 100),
            (("training.packing=true", "training.packed_length=40"), 40),
            ((), None),
        ],
    )
    def test_the_length_of_a_row(self, make_recipe: MakeRecipe, changes: tuple[str, ...], length: object) -> None:
        assert prepare_run(make_recipe(*changes)).recipe.training.packed_length == length

    def test_a_row_holds_the_longest_pair(self, make_recipe: MakeRecipe, tmp_path: Path) -> None:
        """131 tokens and their end, rounded up to a multiple of 8."""
        for name in ("train.en", "train.fr"):
            (tmp_path / name).write_text("q" * 131 + "\none\n", encoding="utf-8")
        for name in ("val.en", "val.fr"):
            (tmp_path / name).write_text("one\n", encoding="utf-8")
        recipe = make_recipe(f"data.folder={tmp_path}", "training.packing=true", "model.max_length=200")
        assert prepare_run(recipe).recipe.training.packed_length == 136


class TestTheResolvedRecipe:
    def test_no_section_of_it_admits_auto(self) -> None:
        """The types say so, of every key at every depth."""

        def kinds(section: type[pydantic.BaseModel]) -> list[str]:
            found = []
            for name, field in section.model_fields.items():
                parts = [field.annotation, *typing.get_args(field.annotation)]
                below = [one for one in parts if isinstance(one, type) and issubclass(one, pydantic.BaseModel)]
                found += [f"{name}: {field.annotation}", *(line for one in below for line in kinds(one))]
            return found

        assert [line for line in kinds(Recipe) if "'auto'" in line], "else this would find nothing"
        assert [line for line in kinds(ResolvedRecipe) if "'auto'" in line] == []

    def test_it_is_validated(self, make_recipe: MakeRecipe) -> None:
        with pytest.raises(pydantic.ValidationError, match=r"training\.device\n"):
            ResolvedRecipe.model_validate(make_recipe("training.device=auto").model_dump())

    @pytest.mark.parametrize("changes", [(), ("training.packing=true",)], ids=["pair by pair", "packed"])
    def test_it_is_read_again_as_a_recipe_which_resolves_to_it(
        self, make_recipe: MakeRecipe, changes: tuple[str, ...]
    ) -> None:
        resolved = prepare_run(make_recipe("training.precision=auto", *changes)).recipe
        again = build_recipe(parse_recipe(resolved.to_yaml(), "again"), "again")
        assert prepare_run(again).recipe == resolved
