"""clearhead's own `train` command; the speed is its timing.jsonl's, without the first line of it."""

import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from task import arguments, report, steps_for

task, seconds = arguments()
steps, line = steps_for(task, seconds)
with tempfile.TemporaryDirectory() as name:
    run = Path(name) / "run"
    never = [f"training.{key}={steps * 10}" for key in ("validate_every", "checkpoint_every")]
    settings = [
        f"training.steps={steps}",
        f"training.log_every={line}",
        "training.validate_sentences=1",
        *never,
    ]
    command = [sys.executable, "-m", "clearhead", "train", str(task.folder / "recipe.yaml"), *settings, *sys.argv[3:]]
    done = subprocess.run([*command, "--out", str(run), "--quiet"], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr[-2000:])
    speeds = [json.loads(line)["tokens_per_second"] for line in (run / "timing.jsonl").read_text().splitlines()]
    report(statistics.mean(speeds[1:]))
