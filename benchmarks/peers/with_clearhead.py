"""clearhead's own `train` command; the speed is its timing.jsonl's, without the first line of it."""

import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from task import arguments, report

STEPS_A_LINE = 10

task, seconds = arguments()
# The command counts steps: as many as are likely to take so many seconds.
steps = max(3 * STEPS_A_LINE, int(seconds * task.settings["likely_speed"] / task.settings["batch_tokens"]))
steps += -steps % STEPS_A_LINE
with tempfile.TemporaryDirectory() as name:
    run = Path(name) / "run"
    never = [f"training.{key}={steps * 10}" for key in ("validate_every", "checkpoint_every")]
    settings = [
        f"training.steps={steps}",
        f"training.log_every={STEPS_A_LINE}",
        "training.validate_sentences=1",
        *never,
    ]
    command = [sys.executable, "-m", "clearhead", "train", str(task.folder / "recipe.yaml"), *settings, *sys.argv[3:]]
    done = subprocess.run([*command, "--out", str(run), "--quiet"], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr[-2000:])
    lines = (run / "timing.jsonl").read_text().splitlines()
    report(statistics.mean(json.loads(line)["tokens_per_second"] for line in lines[1:]))
