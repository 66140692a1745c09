"""From a recipe to materials."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from clearhead import street
from clearhead.errors import DataError, RecipeError, TrainingError
from clearhead.model import linear
from clearhead.recipe import Recipe, load_recipe
from clearhead.training import preparation
from clearhead.training.preparation import corpus_folder, gather, resolve

MakeRecipe = Callable[..., Recipe]


class TestResolving:
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
        training = resolve(make_recipe("training.device=auto", "training.precision=auto")).training
        assert (training.device, training.precision) == expected

    def test_where_there_is_no_list_of_instructions(
        self, make_recipe: MakeRecipe, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A Mac, or Windows."""
        monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
        monkeypatch.setattr(linear, "processor", dict)
        assert resolve(make_recipe("training.precision=auto")).training.precision == "fp32"

    def test_what_is_said_stays(self, make_recipe: MakeRecipe, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
        training = resolve(make_recipe("training.device=cpu", "training.precision=bf16")).training
        assert (training.device, training.precision) == ("cpu", "bf16")

    def test_a_device_that_is_not_there(self, make_recipe: MakeRecipe, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
        with pytest.raises(TrainingError, match=r"training.device=cuda, but torch finds no CUDA device; choose cpu"):
            resolve(make_recipe("training.device=cuda"))


class TestGathering:
    def test_what_there_is(self, make_recipe: MakeRecipe) -> None:
        materials = gather(make_recipe())
        assert len(materials.training) == 30
        assert [len(one.corpus) for one in materials.validation] == [6]
        assert materials.validation[0].sources == ("six one", "six two", "six three")
        assert materials.validation[0].references == ("six un", "six deux", "six trois")
        assert materials.source_tokenizer is materials.target_tokenizer
        assert materials.config.width == 16

    def test_separate_tokenizers(self, make_recipe: MakeRecipe) -> None:
        materials = gather(make_recipe("text={size: 262, joint: false}", "model.share_embeddings=target"))
        assert materials.source_tokenizer.encode("three") != materials.target_tokenizer.encode("three")
        assert materials.untrained_model().config.share_embeddings == "target"

    def test_tags(self, make_recipe: MakeRecipe) -> None:
        """DESIGN: the target language's tag stands before each source."""
        materials = gather(make_recipe("text={size: 260, tags: true}"))
        assert materials.source_tokenizer.languages == ("fr",)
        assert int(materials.training.source[0][0]) == materials.source_tokenizer.tag("fr")
        assert materials.validation[0].to_language == "fr"

    def test_the_model_is_the_seeds(self, make_recipe: MakeRecipe) -> None:
        first, again, other = (
            next(iter(gather(make_recipe(f"training.seed={seed}")).untrained_model().parameters()))
            for seed in (1, 1, 2)
        )
        assert torch.equal(first, again)
        assert not torch.equal(first, other)

    def test_filters_are_for_training_only(self, make_recipe: MakeRecipe) -> None:
        materials = gather(make_recipe("data.filters.max_tokens=8"))
        assert len(materials.training) < 30
        assert len(materials.validation[0].corpus) == 6

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
            gather(make_recipe(*changes))
        assert "\n" not in str(caught.value)

    @pytest.mark.parametrize(
        ("changes", "length"),
        [
            (("training.packing=true",), 128),
            (("training.packing=true", "training.batch_tokens=100"), 100),
            (("training.packing=true", "training.packed_length=40"), 40),
            ((), "auto"),
        ],
    )
    def test_the_length_of_a_row(self, make_recipe: MakeRecipe, changes: tuple[str, ...], length: object) -> None:
        assert gather(make_recipe(*changes)).recipe.training.packed_length == length

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
        monkeypatch.setattr(preparation, "find_compiler", lambda: compiler)
        training = resolve(make_recipe(f"training.device={device}", f"training.packing={packing}")).training
        assert (training.compile, training.graph) == expected

    def test_each_can_be_turned_off(self, make_recipe: MakeRecipe, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
        common = "training.device=cuda", "training.packing=true"
        for name in ("compile", "graph"):
            training = resolve(make_recipe(*common, f"training.{name}=false")).training
            assert getattr(training, name) is False

    def test_a_graph_needs_a_gpu(self, make_recipe: MakeRecipe) -> None:
        with pytest.raises(TrainingError, match=r"training.graph=true records .* but training.device=cpu; set .*=auto"):
            resolve(make_recipe("training.packing=true", "training.graph=true"))

    def test_a_row_holds_the_longest_pair(self, make_recipe: MakeRecipe, tmp_path: Path) -> None:
        """131 tokens and their end, rounded up to a multiple of 8."""
        for name in ("train.en", "train.fr"):
            (tmp_path / name).write_text("q" * 131 + "\none\n", encoding="utf-8")
        for name in ("val.en", "val.fr"):
            (tmp_path / name).write_text("one\n", encoding="utf-8")
        recipe = make_recipe(f"data.folder={tmp_path}", "training.packing=true", "model.max_length=200")
        assert gather(recipe).recipe.training.packed_length == 136

    @pytest.mark.parametrize("key", ["data.train.0.source", "data.validate.0.target"])
    def test_a_file_that_is_not_there(self, make_recipe: MakeRecipe, key: str) -> None:
        """The last file is missed before the first is read: hours may lie between."""
        with pytest.raises(DataError, match=r"trian.en does not exist; did you mean train.en\?"):
            gather(make_recipe(f"{key}=trian.en"))


def test_an_embedded_corpus_is_written_into_the_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(street, "cached", lambda pairs, seed: tmp_path / f"{pairs}-{seed}")
    recipe = load_recipe("street", ["data.embedded={corpus: street, pairs: 7, seed: 3}"])
    assert corpus_folder(recipe) == tmp_path / "7-3"
