"""JoeyNMT's own `train` command on the same pieces; the speed is its log's, without the first line of it."""

import json
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from task import arguments, report, steps_for

SPEED = re.compile(r"Tokens per Sec:\s+(\d+)")

task, seconds = arguments()
settings = task.settings


def side(name: str) -> dict[str, object]:
    return {"lang": name, "level": "word", "max_length": 256, "voc_file": str(task.folder / "pieces.txt")}


def half() -> dict[str, object]:
    return {
        "type": "transformer",
        "num_layers": settings["layers"],
        "num_heads": settings["heads"],
        "embeddings": {"embedding_dim": settings["width"], "scale": True, "dropout": settings["dropout"]},
        "hidden_size": settings["width"],
        "ff_size": settings["inner_width"],
        "dropout": settings["dropout"],
        "layer_norm": settings["norm_placement"],
    }


def config(folder: Path, updates: int, line: int) -> dict[str, object]:
    return {
        "name": "bench",
        "joeynmt_version": "2.3.0",
        "model_dir": str(folder / "run"),
        "use_cuda": False,
        "fp16": False,
        "data": {
            "train": str(task.folder / "train"),
            "dev": str(task.folder / "validate"),
            "dataset_type": "plain",
            "src": side("source"),
            "trg": side("target"),
        },
        "testing": {"beam_size": 1, "batch_size": 1024, "batch_type": "token"},
        "training": {
            "optimizer": "adamw",
            "adam_betas": [0.9, 0.98],
            "learning_rate": 0.001,
            "scheduling": "warmupinversesquareroot",
            "learning_rate_warmup": 400,
            "loss": "crossentropy",
            "label_smoothing": 0.1,
            "normalization": "tokens",
            "clip_grad_norm": 1.0,
            "batch_size": settings["batch_tokens"],
            "batch_type": "token",
            "epochs": 100,
            "updates": updates,
            "logging_freq": line,
            "validation_freq": updates * 1_000_000,
        },
        "model": {
            "initializer": "xavier_uniform",
            "embed_initializer": "xavier_uniform",
            "tied_embeddings": True,
            "tied_softmax": True,
            "encoder": half(),
            "decoder": half(),
        },
    }


with tempfile.TemporaryDirectory() as name:
    folder = Path(name)
    updates, line = steps_for(task, seconds, times_slower=6)
    # JSON is YAML.
    (folder / "config.yaml").write_text(json.dumps(config(folder, updates, line)))
    command = [sys.executable, "-m", "joeynmt", "train", str(folder / "config.yaml"), "--skip-test"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    speeds = [float(speed) for speed in SPEED.findall((folder / "run" / "train.log").read_text())]
    if done.returncode or len(speeds) < 2:
        sys.exit(done.stderr[-2000:])
    report(statistics.mean(speeds[1:]))
