"""eole's own `train` command on the same pieces; the speed is its log's, without the first line of it."""

import json
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from task import arguments, report, steps_for

# Source tokens a second, then target tokens a second.
SPEED = re.compile(r"(\d+)/\s*(\d+) tok/s")

task, seconds = arguments()
settings = task.settings


def config(folder: Path, steps: int, line: int) -> dict[str, object]:
    layers = {"layers": settings["layers"], "hidden_size": settings["width"], "heads": settings["heads"]}
    transformer = {**layers, "transformer_ff": settings["inner_width"], "layer_norm": "standard", "add_qkvbias": True,
                   "add_final_linear_bias": True, "add_ffnbias": True}  # fmt: skip
    return {
        "share_vocab": True,
        "src_vocab": str(task.folder / "pieces.txt"),
        "src_vocab_size": settings["vocabulary"] + 8,
        "tgt_vocab_size": settings["vocabulary"] + 8,
        "overwrite": True,
        "report_every": line,
        "data": {
            "corpus": {
                "path_src": str(task.folder / "train.source"),
                "path_tgt": str(task.folder / "train.target"),
                "transforms": [],
            }
        },
        "training": {
            "model_path": str(folder / "run"),
            "world_size": 0,
            "gpu_ranks": [],
            "compute_dtype": "bf16" if "bf16" in sys.argv else "fp32",
            "batch_type": "tokens",
            "batch_size": settings["batch_tokens"],
            "bucket_size": 29_000,
            "normalization": "tokens",
            "num_workers": 0,
            "optim": "adamw",
            "learning_rate": 0.001,
            "label_smoothing": 0.1,
            "max_grad_norm": 1.0,
            "dropout": [settings["dropout"]],
            "attention_dropout": [0.0],
            "train_steps": steps,
            "save_checkpoint_steps": steps * 10,
            "valid_steps": steps * 10,
        },
        "model": {
            "architecture": "transformer",
            "share_embeddings": True,
            "share_decoder_embeddings": True,
            "embeddings": {"word_vec_size": settings["width"], "position_encoding_type": "SinusoidalInterleaved"},
            "encoder": {"encoder_type": "transformer", **transformer},
            "decoder": {"decoder_type": "transformer", **transformer},
        },
    }


with tempfile.TemporaryDirectory() as name:
    folder = Path(name)
    steps, line = steps_for(task, seconds, times_slower=2)
    # JSON is YAML.
    (folder / "config.yaml").write_text(json.dumps(config(folder, steps, line)))
    command = [str(Path(sys.executable).with_name("eole")), "train", "-config", str(folder / "config.yaml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    speeds = [float(target) for _, target in SPEED.findall(done.stdout + done.stderr)]
    if done.returncode or len(speeds) < 2:
        sys.exit((done.stdout + done.stderr)[-3000:])
    report(statistics.mean(speeds[1:]))
