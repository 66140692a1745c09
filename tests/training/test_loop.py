"""Whole runs of a tiny model: exact resume, early stopping, accumulation, what is kept."""

import contextlib
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from clearhead.bundle import load
from clearhead.data import plan
from clearhead.decoding import Sampling
from clearhead.errors import RecipeError, TrainingError
from clearhead.files import publish_folder, sha256
from clearhead.model import EncoderDecoder
from clearhead.recipe import Recipe
from clearhead.training import (
    Callback,
    Callbacks,
    Progress,
    RunInputs,
    TrainState,
    Validation,
    checkpoint,
    loop,
    train,
    train_step,
)
from clearhead.training.run_inputs import prepare_run
from clearhead.training.workers import can_fork

MakeRecipe = Callable[..., Recipe]
WEIGHTS = ("model.safetensors", "average.safetensors", "optimizer.safetensors", "position.json")


class Killed(BaseException):
    """Stands for a signal that nobody can catch."""


class Told(Callback):
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.progress: list[Progress] = []

    def on_start(self, inputs: RunInputs, parameters: int, resumed_at: int) -> None:
        self.lines.append(f"started at {resumed_at}")

    def on_log(self, progress: Progress) -> None:
        self.progress.append(progress)

    def on_warning(self, message: str) -> None:
        self.lines.append(message)

    def on_end(self) -> None:
        self.lines.append("finished")


def after(steps: int) -> Callable[[], bool]:
    """A `should_stop` that lets so many steps pass."""
    calls: Iterator[int] = iter(range(10**6))
    return lambda: next(calls) >= steps


def left_by(folder: Path, step: int = 12) -> dict[str, bytes]:
    """Everything in a run folder that must repeat exactly."""
    files = [folder / "checkpoints" / f"step-{step}" / name for name in WEIGHTS]
    files += [folder / "history.jsonl", folder / "bundle" / "model.safetensors", folder / "bundle" / "README.md"]
    return {path.name if path.parent.name != "bundle" else f"bundle/{path.name}": path.read_bytes() for path in files}


def history(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / "history.jsonl").read_text().split("\n")[:-1]]


@pytest.fixture(scope="module")
def straight(make_recipe: MakeRecipe, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A run of 12 steps that nobody interrupts; dropout and the moving average are on."""
    folder = tmp_path_factory.mktemp("straight") / "run"
    train(make_recipe(), folder)
    return left_by(folder)


class TestRepeating:
    def test_the_same_seed_gives_the_same_run(
        self, make_recipe: MakeRecipe, tmp_path: Path, straight: dict[str, bytes]
    ) -> None:
        torch.manual_seed(12345)  # What was drawn before is of no matter.
        train(make_recipe(), tmp_path / "run")
        assert left_by(tmp_path / "run") == straight

    def test_another_seed_gives_another(
        self, make_recipe: MakeRecipe, tmp_path: Path, straight: dict[str, bytes]
    ) -> None:
        train(make_recipe("training.seed=2"), tmp_path / "run")
        assert left_by(tmp_path / "run")["history.jsonl"] != straight["history.jsonl"]


@contextlib.contextmanager
def default_dtype(dtype: torch.dtype) -> Iterator[None]:
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize(
    "around",
    [torch.no_grad, torch.inference_mode, lambda: default_dtype(torch.float64), lambda: default_dtype(torch.bfloat16)],
    ids=["no_grad", "inference_mode", "float64", "bfloat16"],
)
def test_the_run_is_the_same_whatever_the_caller_has_set(
    make_recipe: MakeRecipe,
    tmp_path: Path,
    straight: dict[str, bytes],
    around: Callable[[], contextlib.AbstractContextManager[None]],
) -> None:
    with around():
        train(make_recipe(), tmp_path / "run", should_stop=after(5))
        train(make_recipe(), tmp_path / "run", resume=True)
    assert left_by(tmp_path / "run") == straight


@pytest.mark.skipif(not can_fork(), reason="processes are doubled on Linux alone")
@pytest.mark.parametrize(
    "changes", [(), ("training.packing=true", "training.packed_length=40")], ids=["pair by pair", "packed"]
)
def test_several_processes_take_up_a_run_where_they_left_it(
    make_recipe: MakeRecipe, tmp_path: Path, changes: tuple[str, ...]
) -> None:
    """Within an epoch and with dropout; each process finds its place in the data by itself."""
    recipe = make_recipe("training.workers=2", *changes)
    train(recipe, tmp_path / "straight")
    train(recipe, tmp_path / "resumed", should_stop=after(5))
    train(recipe, tmp_path / "resumed", resume=True)
    assert left_by(tmp_path / "resumed") == left_by(tmp_path / "straight")


class TestTheCallersNumbers:
    """faults.md C11: whoever trains goes on drawing what they would have drawn."""

    @pytest.mark.parametrize("end", ["done", "an error"])
    def test_torchs_generator_is_as_it_was(self, make_recipe: MakeRecipe, tmp_path: Path, end: str) -> None:
        torch.manual_seed(7)
        before = torch.random.get_rng_state()

        def stop() -> bool:
            if end == "an error":
                raise Killed
            return False

        with contextlib.suppress(Killed):
            train(make_recipe("training.steps=4"), tmp_path / "run", should_stop=stop)
        assert torch.equal(torch.random.get_rng_state(), before)
        expected = torch.Generator().manual_seed(7)
        assert torch.equal(torch.rand(3), torch.rand(3, generator=expected))

    def test_a_run_does_not_depend_on_it(self, make_recipe: MakeRecipe, tmp_path: Path) -> None:
        found = []
        for seed in (1, 2):
            torch.manual_seed(seed)
            train(make_recipe("training.steps=4"), tmp_path / str(seed))
            found.append(load(tmp_path / str(seed)).model.state_dict())
        assert all(torch.equal(found[0][name], found[1][name]) for name in found[0])

    def test_nor_does_loading_a_model_or_translating_touch_it(self, run_folder: Path) -> None:
        torch.manual_seed(7)
        before = torch.random.get_rng_state()
        load(run_folder).search(["one two"], sampling=Sampling())
        assert torch.equal(torch.random.get_rng_state(), before)


def as_version_0_1(folder: Path, inputs: RunInputs, **changes: object) -> None:
    """Write a checkpoint as that version did, with these changes of its state."""
    state = json.dumps(json.loads((folder / "position.json").read_text()) | changes)
    for corpus in (inputs.training, *(one.corpus for one in inputs.validation)):
        state = state.replace(corpus.key, corpus.former_keys[-1])
    (folder / "corpus.json").write_text(json.dumps({"key": inputs.training.former_keys[-1]}))
    for now, then in (("selection_metric", "judged_by"), ("validations_without_improvement", "waited")):
        assert now in state
        state = state.replace(now, then)
    (folder / "position.json").write_text(state)
    recipe = (folder / "recipe.yaml").read_text()
    assert "  freeze: []\n" in recipe
    recipe = recipe.replace("  freeze: []\n", "").replace(
        "  packing: false\n", "  packing: false\n  packed_length: auto\n"
    )
    (folder / "recipe.yaml").write_text(recipe)
    files = sorted(path for path in folder.iterdir() if path.name != "manifest.json")
    (folder / "manifest.json").write_text(json.dumps({path.name: sha256(path) for path in files}))


class TestResuming:
    @pytest.mark.parametrize("parts", [[0], [1], [5], [11], [3, 4], [1, 1, 1, 6]], ids=str)
    def test_an_interrupted_run_is_the_same_bit_by_bit(
        self, make_recipe: MakeRecipe, tmp_path: Path, straight: dict[str, bytes], parts: list[int]
    ) -> None:
        """Stopped after each of these numbers of steps, in the middle of epochs and between logged lines."""
        for number, steps in enumerate(parts):
            end = train(make_recipe(), tmp_path / "run", resume=number > 0, should_stop=after(steps)).state
            assert end.step == sum(parts[: number + 1])
        assert train(make_recipe(), tmp_path / "run", resume=True).state.step == 12
        assert left_by(tmp_path / "run") == straight

    @pytest.mark.parametrize("call", [1, 2, 4, 5])
    def test_killed_inside_a_save(
        self,
        make_recipe: MakeRecipe,
        tmp_path: Path,
        straight: dict[str, bytes],
        monkeypatch: pytest.MonkeyPatch,
        call: int,
    ) -> None:
        """The process ends just before the n-th rename of a bundle or a checkpoint into its place."""
        calls: Iterator[int] = iter(range(1, 100))

        def killed(draft: Path, path: Path) -> None:
            if next(calls) == call:
                raise Killed
            draft.rename(path) if not path.exists() else put(draft, path)

        from clearhead import files

        put = files._put_in_place
        with monkeypatch.context() as patch:
            patch.setattr(files, "_put_in_place", killed)
            # Nothing tidies up after a SIGKILL.
            patch.setattr(files.shutil, "rmtree", lambda path, ignore_errors=False: None)
            with pytest.raises(Killed):
                train(make_recipe(), tmp_path / "run")
        assert list((tmp_path / "run").rglob(".*.draft-*"))
        train(make_recipe(), tmp_path / "run", resume=True)
        assert left_by(tmp_path / "run") == straight
        assert not list((tmp_path / "run").rglob(".*"))

    @pytest.mark.parametrize(("name", "damage"), [("optimizer.safetensors", "flipped"), ("position.json", "cut")])
    def test_a_damaged_checkpoint_falls_back(
        self, make_recipe: MakeRecipe, tmp_path: Path, straight: dict[str, bytes], name: str, damage: str
    ) -> None:
        train(make_recipe(), tmp_path / "run", should_stop=after(9))
        path = tmp_path / "run" / "checkpoints" / "step-9" / name
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 4
        path.write_bytes(content[: len(content) // 2] if damage == "cut" else content)
        told = Told()
        train(make_recipe(), tmp_path / "run", resume=True, callbacks=[told])
        assert "damaged" in told.lines[0]
        assert told.lines[1:] == ["started at 8", "finished"]
        assert left_by(tmp_path / "run") == straight

    def test_no_whole_checkpoint(self, make_recipe: MakeRecipe, tmp_path: Path) -> None:
        train(make_recipe(), tmp_path / "run", should_stop=after(2))
        (tmp_path / "run" / "checkpoints" / "step-2" / "position.json").write_text("{}")
        with pytest.raises(TrainingError, match=r"holds no whole checkpoint to go on from .*position.json is damaged"):
            train(make_recipe(), tmp_path / "run", resume=True)

    def test_nothing_to_resume(self, make_recipe: MakeRecipe, tmp_path: Path) -> None:
        with pytest.raises(TrainingError, match="holds no run to go on with; train without --resume to begin one"):
            train(make_recipe(), tmp_path / "none", resume=True)
        assert not (tmp_path / "none").exists()

    def test_a_finished_run_stays_as_it_is(self, make_recipe: MakeRecipe, tmp_path: Path) -> None:
        train(make_recipe(), tmp_path / "run")
        before, told = left_by(tmp_path / "run"), Told()
        assert train(make_recipe(), tmp_path / "run", resume=True, callbacks=[told]).state.step == 12
        assert left_by(tmp_path / "run") == before
        assert told.lines[0] == (
            f"{tmp_path}/run has 12 steps and training.steps=12, so nothing is left to train; ask for more, as in "
            "training.steps=24"
        )

    def test_a_run_of_version_0_1_goes_on(
        self, make_recipe: MakeRecipe, tmp_path: Path, straight: dict[str, bytes]
    ) -> None:
        """Its checkpoints have other names for two counters and the corpora, its recipes a key less, an `auto` more."""
        train(make_recipe(), tmp_path / "run", should_stop=after(5))
        for folder in (tmp_path / "run" / "checkpoints").iterdir():
            as_version_0_1(folder, prepare_run(make_recipe()))
        told = Told()
        train(make_recipe(), tmp_path / "run", resume=True, callbacks=[told])
        assert told.lines == ["started at 5", "finished"]
        assert left_by(tmp_path / "run") == straight

    def test_the_best_model_of_a_run_of_version_0_1_is_kept_until_there_is_a_better_one(
        self, make_recipe: MakeRecipe, tmp_path: Path
    ) -> None:
        train(make_recipe(), tmp_path / "run", should_stop=after(5))
        kept = (tmp_path / "run" / "bundle" / "model.safetensors").read_bytes()
        for folder in (tmp_path / "run" / "checkpoints").iterdir():
            as_version_0_1(folder, prepare_run(make_recipe()), best=0.25)
        state = train(make_recipe(), tmp_path / "run", resume=True).state
        assert (state.best, state.best_step, state.validations_without_improvement) == (0.25, 4, 2)
        assert (tmp_path / "run" / "bundle" / "model.safetensors").read_bytes() == kept

    def test_more_steps(self, make_recipe: MakeRecipe, tmp_path: Path) -> None:
        train(make_recipe(), tmp_path / "run")
        told = Told()
        end = train(make_recipe("training.steps=14"), tmp_path / "run", resume=True, callbacks=[told]).state
        assert end.step == 14
        assert told.lines[0] == "training.steps is 14, but was 12 at the checkpoint"

    def test_other_training_files_are_noticed(self, make_recipe: MakeRecipe, tmp_path: Path, corpus: Path) -> None:
        for name in ("train.en", "train.fr", "val.en", "val.fr"):
            (tmp_path / name).write_bytes((corpus / name).read_bytes())
        recipe = make_recipe(f"data.folder={tmp_path}")
        train(recipe, tmp_path / "run", should_stop=after(1))
        for name in ("train.en", "train.fr"):
            with (tmp_path / name).open("a") as file:
                file.write("six\n")
        told = Told()
        train(recipe, tmp_path / "run", resume=True, callbacks=[told])
        assert told.lines[0] == "the training files are not what they were at the checkpoint"

    def test_another_model(self, make_recipe: MakeRecipe, tmp_path: Path) -> None:
        train(make_recipe(), tmp_path / "run", should_stop=after(1))
        with pytest.raises(TrainingError, match=r"does not fit the recipe's model .*; train into another folder"):
            train(make_recipe("model.inner_width=64"), tmp_path / "run", resume=True)


class Asked:
    """A `should_stop` that is asked to at its n-th look within a validation, and never between steps."""

    def __init__(self, look: int) -> None:
        self.left = look

    def __call__(self) -> bool:
        return False

    @property
    def asked(self) -> bool:
        self.left -= 1
        return self.left <= 0


class TestInterruptedValidation:
    """faults.md C15: a signal is answered between the batches of a validation, of which nothing then counts."""

    # Each validation here looks twice: before its one batch, and before what it translates.
    @pytest.mark.parametrize("looks", [(1,), (2,), (3,), (4,), (5,), (6,), (1, 1, 2), (4, 1, 1)], ids=str)
    def test_the_run_is_the_same_bit_by_bit(
        self, make_recipe: MakeRecipe, tmp_path: Path, straight: dict[str, bytes], looks: tuple[int, ...]
    ) -> None:
        """At the first, at the last, and again at the same one after the run was resumed."""
        for number, look in enumerate(looks):
            end = train(make_recipe(), tmp_path / "run", resume=number > 0, should_stop=Asked(look)).state
            assert end.awaits_validation
            assert not end.is_at_the_end(12)
        assert end.step == 4 * ((sum(look - 1 for look in looks) // 2) + 1)
        assert not [line for line in history(tmp_path / "run") if line["step"] == end.step and "validation" in line]
        assert train(make_recipe(), tmp_path / "run", resume=True).state.is_at_the_end(12)
        assert left_by(tmp_path / "run") == straight

    def test_killed_after_it_was_made_up_for(
        self, make_recipe: MakeRecipe, tmp_path: Path, straight: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Between the line of the history and the checkpoint: the line does not come twice."""
        train(make_recipe(), tmp_path / "run", should_stop=Asked(1))

        def killed(*given: object) -> None:
            raise Killed

        with monkeypatch.context() as patch:
            patch.setattr(loop, "save_checkpoint", killed)
            with pytest.raises(Killed):
                train(make_recipe(), tmp_path / "run", resume=True)
        assert "validation" in history(tmp_path / "run")[-1]
        train(make_recipe(), tmp_path / "run", resume=True)
        assert left_by(tmp_path / "run") == straight


class TestBundleThatIsGone:
    """faults.md C6: it is said, and the bundle is written again."""

    def test_from_the_best_checkpoint(
        self, make_recipe: MakeRecipe, tmp_path: Path, straight: dict[str, bytes]
    ) -> None:
        """The same bytes, at the end of a run and in the middle."""
        told = Told()
        train(make_recipe(), tmp_path / "run", should_stop=after(9))
        (tmp_path / "run" / "bundle").rename(tmp_path / "elsewhere")
        train(make_recipe(), tmp_path / "run", resume=True, should_stop=after(0), callbacks=[told])
        best = tmp_path / "run" / "checkpoints" / "step-8"
        assert told.lines[0] == f"{tmp_path}/run/bundle was gone, and is written again from {best}"
        for path in (tmp_path / "elsewhere").iterdir():
            assert (tmp_path / "run" / "bundle" / path.name).read_bytes() == path.read_bytes()
        train(make_recipe(), tmp_path / "run", resume=True)
        shutil.rmtree(tmp_path / "run" / "bundle")
        train(make_recipe(), tmp_path / "run", resume=True)
        assert left_by(tmp_path / "run") == straight

    @pytest.mark.parametrize("steps", [9, 12])
    def test_where_that_checkpoint_is_gone_too(self, make_recipe: MakeRecipe, tmp_path: Path, steps: int) -> None:
        """What there is now takes its place at once, at the end of a run as well."""
        told = Told()
        train(make_recipe(), tmp_path / "run", should_stop=after(steps))
        best = tmp_path / "run" / "checkpoints" / f"step-{steps // 4 * 4}"
        position = json.loads((tmp_path / "run" / "checkpoints" / f"step-{steps}" / "position.json").read_text())
        assert position["best_step"] == steps // 4 * 4
        shutil.rmtree(tmp_path / "run" / "bundle")
        if steps == 9:
            shutil.rmtree(best)
        else:
            kept = [line for line in history(tmp_path / "run") if "validation" not in line]
            (tmp_path / "run" / "history.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in kept))
        end = train(make_recipe(), tmp_path / "run", resume=True, should_stop=after(1), callbacks=[told]).state
        assert told.lines[0].startswith(f"{tmp_path}/run/bundle is gone, and the checkpoint of step {best.name[5:]} ")
        assert (end.best_step, end.is_at_the_end(steps)) == (steps, True)
        assert load(tmp_path / "run").recipe.name == "tiny"


class TestPrecision:
    def test_bf16_is_nearly_the_same_run(
        self, make_recipe: MakeRecipe, tmp_path: Path, straight: dict[str, bytes]
    ) -> None:
        """Rounded factors, and so not the same bits, but the same losses within what 8 bits hold."""
        train(make_recipe("training.precision=bf16"), tmp_path / "run")
        rounded = [line["loss"] for line in history(tmp_path / "run") if "loss" in line]
        lines = [json.loads(line) for line in straight["history.jsonl"].decode().splitlines()]
        exact = [line["loss"] for line in lines if "loss" in line]
        assert rounded != exact
        assert rounded == pytest.approx(exact, rel=0.01)

    def test_an_interrupted_run_in_bf16_is_the_same(self, make_recipe: MakeRecipe, tmp_path: Path) -> None:
        recipe = make_recipe("training.precision=bf16")
        train(recipe, tmp_path / "whole")
        train(recipe, tmp_path / "parts", should_stop=after(5))
        train(recipe, tmp_path / "parts", resume=True)
        assert left_by(tmp_path / "parts") == left_by(tmp_path / "whole")

    def test_weights_stay_in_float32(self, make_recipe: MakeRecipe, tmp_path: Path) -> None:
        train(make_recipe("training.precision=bf16"), tmp_path / "run")
        parameters = list(load(tmp_path / "run").model.parameters())
        assert all(parameter.dtype == torch.float32 for parameter in parameters)
        # Of numbers that are rounded to 8 bits all would survive another rounding; of others hardly any do.
        matrix = parameters[0]
        assert float((matrix.bfloat16().float() == matrix).float().mean()) < 0.1


class TestFolder:
    def test_an_existing_run_is_refused(self, make_recipe: MakeRecipe, tmp_path: Path) -> None:
        train(make_recipe(), tmp_path / "run", should_stop=after(1))
        before = sorted(path.name for path in (tmp_path / "run").rglob("*"))
        with pytest.raises(TrainingError, match="already holds a run; go on with it by --resume, or name another"):
            train(make_recipe(), tmp_path / "run")
        assert sorted(path.name for path in (tmp_path / "run").rglob("*")) == before

    def test_a_file_is_refused(self, make_recipe: MakeRecipe, tmp_path: Path) -> None:
        (tmp_path / "run").write_text("mine")
        with pytest.raises(TrainingError, match="is a file; name a folder"):
            train(make_recipe(), tmp_path / "run")

    @pytest.mark.parametrize("is_there", [True, False])
    def test_a_bundle_on_another_disk(
        self, make_recipe: MakeRecipe, tmp_path: Path, straight: dict[str, bytes], is_there: bool
    ) -> None:
        """faults.md C10: `bundle` is a link, to an empty folder or to none yet; it stays one."""
        (tmp_path / "run").mkdir()
        (tmp_path / "run" / "bundle").symlink_to(tmp_path / "disk" / "model")
        if is_there:
            (tmp_path / "disk" / "model").mkdir(parents=True)
        train(make_recipe(), tmp_path / "run")
        assert (tmp_path / "run" / "bundle").is_symlink()
        assert left_by(tmp_path / "run") == straight
        assert [path.name for path in (tmp_path / "disk").iterdir()] == ["model"]

    @pytest.mark.parametrize("name", ["bundle", "checkpoints"])
    @pytest.mark.parametrize("kind", ["a file", "a link to itself"])
    def test_what_a_run_cannot_replace_is_refused_at_once(
        self, make_recipe: MakeRecipe, tmp_path: Path, name: str, kind: str
    ) -> None:
        """faults.md C10: not at the first validation, hours later."""
        place = tmp_path / "run" / name
        place.parent.mkdir()
        place.touch() if kind == "a file" else place.symlink_to(place)
        with pytest.raises(
            TrainingError, match=f"{place} is {kind}, where the run writes a folder; remove it, or name"
        ):
            train(make_recipe(), tmp_path / "run")

    @pytest.mark.skipif(os.name == "nt" or sys.platform == "darwin", reason="names are always Unicode there")
    def test_a_name_that_is_not_utf_8_is_refused_at_once(self, make_recipe: MakeRecipe, tmp_path: Path) -> None:
        """faults.md C15: "café" as an older system wrote it."""
        folder = tmp_path / os.fsdecode(b"caf\xe9")
        with pytest.raises(TrainingError, match="has a name that is not UTF-8, so its model could not be loaded; name"):
            train(make_recipe(), folder)
        assert not folder.exists()

    def test_an_error_in_the_data_leaves_no_folder(self, make_recipe: MakeRecipe, tmp_path: Path) -> None:
        with pytest.raises(RecipeError):
            train(make_recipe("model.max_length=8"), tmp_path / "run")
        assert not (tmp_path / "run").exists()

    def test_designs_layout(self, run_folder: Path) -> None:
        """DESIGN, "A run and a bundle on disk"."""
        names = sorted(path.name for path in run_folder.iterdir())
        assert names == ["bundle", "checkpoints", "history.jsonl", "samples.jsonl", "timing.jsonl"]
        assert sorted(path.name for path in (run_folder / "checkpoints").iterdir()) == ["step-120", "step-60"]

    def test_the_bundles_recipe_is_resolved(self, run_folder: Path) -> None:
        training = load(run_folder).recipe.training
        assert training.device in ("cpu", "cuda")
        assert training.precision in ("fp32", "bf16")

    def test_it_learned_something(self, run_folder: Path) -> None:
        """From the entropy of 259 equal pieces, ln 259 = 5.56, towards that of eleven words."""
        losses = [line["validation"]["loss"] for line in history(run_folder) if "validation" in line]  # type: ignore[index]
        assert losses[0] < 3
        assert losses[1] < losses[0]


class TestHistory:
    def test_what_a_line_says(self, run_folder: Path) -> None:
        first = history(run_folder)[0]
        assert set(first) == {"step", "loss", "learning_rate", "tokens", "skipped"}
        assert first["learning_rate"] == pytest.approx(0.01 * 2 / 4)

    def test_every_token_is_counted_once_an_epoch(self, make_recipe: MakeRecipe, tmp_path: Path) -> None:
        """The 30 French pairs of train.fr, each with its end symbol, are what two epochs see twice."""
        recipe = make_recipe("training.batch_tokens=1000", "training.steps=2")
        end = train(recipe, tmp_path / "run").state
        inputs = prepare_run(recipe)
        assert end.tokens == 2 * inputs.training.target.tokens
        assert end.epoch == 1

    def test_the_first_loss_is_that_of_the_untrained_model(self, make_recipe: MakeRecipe, tmp_path: Path) -> None:
        """With log_every=1, no dropout and no smoothing: the mean of -log p over the first batch."""
        recipe = make_recipe(
            "training.steps=1", "training.log_every=1", "training.batch_tokens=1000", "model.dropout=0",
            "training.loss.label_smoothing=0",
        )  # fmt: skip
        train(recipe, tmp_path / "run")
        inputs = prepare_run(recipe)
        model, tokenizer = inputs.untrained_model().eval(), inputs.target_tokenizer
        total = 0.0
        with torch.inference_mode():
            for number in range(len(inputs.training)):
                source, target = (
                    torch.tensor([file[number].tolist()]) for file in (inputs.training.source, inputs.training.target)
                )
                shifted = torch.cat([torch.tensor([[tokenizer.begin]]), target[:, :-1]], dim=1)
                chosen = model(source, shifted).double().log_softmax(-1).gather(-1, target[..., None])
                total -= float(chosen.sum())
        assert history(tmp_path / "run")[0]["loss"] == pytest.approx(total / inputs.training.target.tokens, rel=1e-5)


class TestAccumulating:
    def test_two_halves_are_one_batch(self, make_recipe: MakeRecipe, tmp_path: Path) -> None:
        """One step over the whole corpus: as one batch, and as two ragged ones whose losses are summed."""
        # An epsilon of 1 makes Adam's first step g/(|g| + 1): without it a gradient of 1e-10 and one of -1e-10 would
        # take weights two rates apart.
        common = (
            "training.steps=1", "model.dropout=0", "training.average.name=none", "training.optimizer.epsilon=1",
            "training.schedule={name: constant, peak: 1.0, warmup: 1}",
        )  # fmt: skip
        halves = next(budget for budget in range(100, 500) if len(lengths_plan(make_recipe(*common), budget)) == 2)
        train(make_recipe(*common, "training.batch_tokens=1000"), tmp_path / "one")
        train(make_recipe(*common, f"training.batch_tokens={halves}", "training.accumulate=2"), tmp_path / "two")
        one, two = load(tmp_path / "one").model, load(tmp_path / "two").model
        start = prepare_run(make_recipe(*common)).untrained_model()
        for a, b, before in zip(one.parameters(), two.parameters(), start.parameters(), strict=True):
            torch.testing.assert_close(a, b, rtol=0, atol=2e-6)
            assert not torch.equal(a, before)
        assert history(tmp_path / "one")[0]["loss"] == pytest.approx(history(tmp_path / "two")[0]["loss"], rel=1e-6)


def lengths_plan(recipe: Recipe, budget: int) -> list[object]:
    corpus = prepare_run(recipe).training
    return list(plan(corpus.source.lengths, corpus.target.lengths, batch_tokens=budget, seed=1, epoch=0))


class TestPacking:
    """Rows of 64 places with several pairs each: the same run in all that is promised of one."""

    SETTINGS = "training.packing=true", "training.packed_length=64"

    def test_an_interrupted_run_is_the_same_bit_by_bit(self, make_recipe: MakeRecipe, tmp_path: Path) -> None:
        train(make_recipe(*self.SETTINGS), tmp_path / "straight")
        train(make_recipe(*self.SETTINGS), tmp_path / "run", should_stop=after(3))
        train(make_recipe(*self.SETTINGS), tmp_path / "run", resume=True, should_stop=after(4))
        train(make_recipe(*self.SETTINGS), tmp_path / "run", resume=True)
        assert left_by(tmp_path / "run") == left_by(tmp_path / "straight")

    def test_one_batch_of_the_whole_corpus_is_the_same_packed_or_not(
        self, make_recipe: MakeRecipe, tmp_path: Path
    ) -> None:
        """Six epochs of a step each, without dropout: the losses differ by the order of their sums alone."""
        common = (
            "training.batch_tokens=1000", "training.steps=6", "training.log_every=1", "model.dropout=0",
            "training.optimizer.epsilon=1e-4",
        )  # fmt: skip
        train(make_recipe(*common), tmp_path / "plain")
        end = train(make_recipe(*common, *self.SETTINGS), tmp_path / "packed").state
        assert end.epoch == 5
        plain, packed = ([line for line in history(tmp_path / name) if "loss" in line] for name in ("plain", "packed"))
        assert [line["tokens"] for line in packed] == [line["tokens"] for line in plain]
        assert [line["loss"] for line in packed] == pytest.approx([line["loss"] for line in plain], rel=1e-5)


class TestStopping:
    @pytest.fixture
    def figures(self, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
        """Let validation give these losses, one after the other."""

        def give(*losses: float) -> None:
            left = iter(losses)
            monkeypatch.setattr(loop, "validate", lambda *given: Validation(next(left), 1.0, None))

        return give

    def test_patience(self, make_recipe: MakeRecipe, tmp_path: Path, figures: Callable[..., None]) -> None:
        """The best is the second of 3, 2, 2.5, 2.4: patience 2 ends the run at the fourth, step 8."""
        figures(3.0, 2.0, 2.5, 2.4, 1.0)
        recipe = make_recipe("training.validate_every=2", "training.patience=2", "training.keep_checkpoints=9")
        end = train(recipe, tmp_path / "run").state
        assert (end.step, end.best, end.best_step, end.stopped_early) == (8, 2.0, 4, True)
        assert [line["best"] for line in history(tmp_path / "run") if "best" in line] == [True, True, False, False]

    def test_the_bundle_is_the_one_that_was_best(
        self, make_recipe: MakeRecipe, tmp_path: Path, figures: Callable[..., None]
    ) -> None:
        figures(3.0, 2.0, 2.5)
        train(make_recipe("training.keep_checkpoints=9"), tmp_path / "run")
        best = tmp_path / "run" / "checkpoints" / "step-8" / "average.safetensors"
        assert (tmp_path / "run" / "bundle" / "model.safetensors").read_bytes() == best.read_bytes()

    def test_more_patience_later(self, make_recipe: MakeRecipe, tmp_path: Path, figures: Callable[..., None]) -> None:
        figures(1.0, 2.0, 3.0)
        recipe = "training.validate_every=2", "training.steps=6"
        assert train(make_recipe(*recipe, "training.patience=1"), tmp_path / "run").state.step == 4
        assert train(make_recipe(*recipe, "training.patience=2"), tmp_path / "run", resume=True).state.step == 6

    def test_what_is_not_a_number_is_never_best(
        self, make_recipe: MakeRecipe, tmp_path: Path, figures: Callable[..., None]
    ) -> None:
        figures(float("nan"), 2.0, float("nan"))
        end = train(make_recipe(), tmp_path / "run").state
        assert (end.best, end.best_step) == (2.0, 8)

    def test_ten_bad_gradients_in_a_row(
        self, make_recipe: MakeRecipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Counted on the device, so the run ends at the next logged line; the weights are what they were."""
        real = train_step.linear_cross_entropy
        monkeypatch.setattr(
            train_step, "linear_cross_entropy", lambda *given, **named: real(*given, **named) * float("nan")
        )
        told = Told()
        message = (
            r"training diverged at step 10, at a learning rate of \S+: the gradients of 10 steps in a row, up to step "
            r"10 \(epoch 3, batch \d\), were not finite numbers; lower training.schedule.peak=0.01 or raise .*warmup=4"
        )
        with pytest.raises(TrainingError, match=message):
            train(make_recipe(), tmp_path / "run", callbacks=[told])
        assert [progress.skipped for progress in told.progress] == [2, 4, 6, 8, 10]
        assert told.lines[-1] == "finished"
        untrained = prepare_run(make_recipe()).untrained_model()
        assert all(
            torch.equal(*pair) for pair in zip(restored(tmp_path / "run", 8), untrained.parameters(), strict=True)
        )

    def test_weights_that_are_no_numbers(
        self, make_recipe: MakeRecipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """faults.md C7: the step, the rate and what to change; not that a bundle is damaged."""
        real = train_step.TrainStep.step

        def spoiled(self: train_step.TrainStep, number: int, batches: Any) -> None:
            real(self, number, batches)
            self.flat.values[0] = self.average.flat.values[0] = float("inf")

        monkeypatch.setattr(train_step.TrainStep, "step", spoiled)
        with pytest.raises(TrainingError) as caught:
            train(make_recipe(), tmp_path / "run")
        assert str(caught.value) == (
            "training diverged at step 4, at a learning rate of 1.00e-02: the validation loss is not a number, nor are "
            "the weights; lower training.schedule.peak=0.01 or raise training.schedule.warmup=4"
        )

    def test_it_learns_on_after_one(
        self, make_recipe: MakeRecipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        real, calls = train_step.linear_cross_entropy, iter(range(100))
        monkeypatch.setattr(
            train_step,
            "linear_cross_entropy",
            lambda *given, **named: real(*given, **named) * (float("nan") if next(calls) == 2 else 1.0),
        )
        end = train(make_recipe(), tmp_path / "run").state
        assert end.step == 12
        lines = [line for line in history(tmp_path / "run") if "loss" in line]
        assert [line["skipped"] for line in lines] == [0, 1, 1, 1, 1, 1]
        assert lines[1]["loss"] is None
        assert all(torch.isfinite(parameter).all() for parameter in load(tmp_path / "run").model.parameters())


def restored(folder: Path, step: int) -> list[torch.Tensor]:
    from safetensors.torch import load_file

    stored = load_file(folder / "checkpoints" / f"step-{step}" / "model.safetensors")
    model = load(folder).model
    return [stored[name] for name, _ in model.named_parameters()]


class TestDisk:
    """ENOSPC and EIO: one line, and what was there before still loads."""

    @pytest.mark.parametrize("place", ["save_weights", "save_file", "_write_json", "publish_folder"])
    def test_a_checkpoint_that_cannot_be_written(
        self,
        make_recipe: MakeRecipe,
        tmp_path: Path,
        straight: dict[str, bytes],
        monkeypatch: pytest.MonkeyPatch,
        place: str,
    ) -> None:
        real = getattr(checkpoint, place)
        train(make_recipe(), tmp_path / "run", should_stop=after(5))

        def full(*given: object, **named: object) -> object:
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(checkpoint, place, full)
            with pytest.raises(
                TrainingError, match=r"cannot be written .No space left on device.; make room"
            ) as caught:
                train(make_recipe(), tmp_path / "run", resume=True)
        assert "\n" not in str(caught.value)
        assert getattr(checkpoint, place) is real
        assert checkpoint.newest_checkpoint(tmp_path / "run" / "checkpoints")[0].name == "step-5"
        assert not list((tmp_path / "run").rglob(".*"))
        train(make_recipe(), tmp_path / "run", resume=True)
        assert left_by(tmp_path / "run") == straight

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
    def test_a_history_that_cannot_be_written(
        self, make_recipe: MakeRecipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        train(make_recipe(), tmp_path / "run", should_stop=after(4))
        run = loop.Run(prepare_run(make_recipe()), tmp_path / "run", Callbacks())
        run.resume(tmp_path / "run" / "checkpoints" / "step-4")
        run.history.history = Path("/dev/full")
        with pytest.raises(TrainingError, match=r"cannot be written .No space left on device"):
            run.go(lambda: False)


def test_the_position_comes_back(make_recipe: MakeRecipe, tmp_path: Path) -> None:
    end = train(make_recipe(), tmp_path / "run", should_stop=after(3)).state
    assert isinstance(end, TrainState)
    assert (end.step, end.best_step, end.stopped_early) == (3, 0, False)


def test_publish_is_what_saves(tmp_path: Path) -> None:
    """The tests above patch these names; should they move, this fails first."""
    assert checkpoint.publish_folder is publish_folder
    assert issubclass(EncoderDecoder, torch.nn.Module)
