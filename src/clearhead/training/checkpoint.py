"""A run's state on disk, from which it goes on exactly: weights, their average, optimiser and position."""

import dataclasses
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from clearhead.bundle import load_tokenizers, load_weights, save_weights, tokenizer_files
from clearhead.errors import BundleError, TokenizerError, TrainingError
from clearhead.files import publish_folder, sha256
from clearhead.model import EncoderDecoder
from clearhead.text import Tokenizer
from clearhead.training.average import MovingAverage
from clearhead.training.optimizer import Updater


@dataclasses.dataclass
class Position:
    """Where a run is. An epoch's plan is computed again from (seed, epoch), so two numbers say where the data is.

    step: updates done; epoch, batch: the next batch to read; tokens: real target tokens seen.
    best: the best validation figure so far (lower is better) and the step it was seen at; waited: validations since.
    stopped_early: patience has run out.
    unlogged_loss, unlogged_tokens: the loss summed, and its tokens, since the last line of the history.
    """

    step: int = 0
    epoch: int = 0
    batch: int = 0
    tokens: int = 0
    best: float | None = None
    best_step: int = 0
    waited: int = 0
    stopped_early: bool = False
    unlogged_loss: float = 0.0
    unlogged_tokens: int = 0


def save_checkpoint(
    folder: Path,
    position: Position,
    model: EncoderDecoder,
    average: MovingAverage,
    updater: Updater,
    tokenizers: tuple[Tokenizer, Tokenizer],
    keep: int,
) -> Path:
    """Write `folder`/step-N, whole or not at all, and remove all but the newest `keep`."""
    path = folder / f"step-{position.step}"
    with publish_folder(path) as draft:
        save_weights(model, draft / "model.safetensors")
        save_weights(average.model, draft / "average.safetensors")
        save_file(
            {name: value.detach().cpu() for name, value in updater.state().items()}, draft / "optimizer.safetensors"
        )
        for name, tokenizer in tokenizer_files(*tokenizers).items():
            tokenizer.save(draft / name)
        (draft / "position.json").write_text(json.dumps(dataclasses.asdict(position)) + "\n", encoding="utf-8")
        manifest = {file.name: sha256(file) for file in sorted(draft.iterdir())}
        (draft / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    for old in list(checkpoints(folder))[keep:]:
        shutil.rmtree(old)
    return path


def checkpoints(folder: Path) -> Iterator[Path]:
    """The checkpoints in `folder`, newest first."""
    found = [
        (int(match[1]), path) for path in folder.glob("step-*") if (match := re.fullmatch(r"step-(\d+)", path.name))
    ]
    return (path for _, path in sorted(found, reverse=True))


def newest_checkpoint(folder: Path) -> tuple[Path, list[str]]:
    """The newest whole checkpoint, and a line about each newer one that is damaged.

    Raises TrainingError where there is none.
    """
    damaged: list[str] = []
    for path in checkpoints(folder):
        problem = find_damage(path)
        if problem is None:
            return path, damaged
        damaged.append(problem)
    detail = f" ({damaged[0]})" if damaged else ""
    raise TrainingError(
        f"{folder} holds no whole checkpoint to go on from{detail}; train without --resume, or restore it"
    )


def find_damage(path: Path) -> str | None:
    """What is wrong with a checkpoint, or None. Every file is held against its hash."""
    try:
        manifest = json.loads((path / "manifest.json").read_text(encoding="utf-8"))
        for name, expected in manifest.items():
            if sha256(path / Path(name).name) != expected:
                return f"{path / name} is damaged: its sha256 is not that in manifest.json"
    except (OSError, ValueError, AttributeError) as error:
        return f"{path} is damaged: {error}"
    return None


def read_position(path: Path) -> Position:
    """The position of a checkpoint that `find_damage` found whole."""
    values: dict[str, Any] = json.loads((path / "position.json").read_text(encoding="utf-8"))
    return Position(**values)


def read_tokenizers(path: Path) -> tuple[Tokenizer, Tokenizer]:
    """The tokenizers of a checkpoint: a run goes on with those it began with."""
    try:
        return load_tokenizers(path)
    except TokenizerError as error:
        raise TrainingError(f"checkpoint {path}: {error}") from None


def restore(path: Path, model: EncoderDecoder, average: MovingAverage, updater: Updater) -> None:
    """Fill model, average and optimiser from a whole checkpoint. Raises TrainingError where they do not fit it."""
    try:
        load_weights(model, path / "model.safetensors")
        load_weights(average.model, path / "average.safetensors")
        updater.restore(_read_optimizer(path / "optimizer.safetensors"))
    except (BundleError, SafetensorError, KeyError) as error:
        raise TrainingError(
            f"checkpoint {path} does not fit the recipe's model ({error}); train into another folder"
        ) from None


def _read_optimizer(path: Path) -> dict[str, Tensor]:
    state: dict[str, torch.Tensor] = load_file(path)
    return state
