"""What clearhead does on one CUDA GPU, measured by one command in less than eight minutes, without the network.

    python benchmarks/gpu.py --data /path/to/data
    python benchmarks/gpu.py --rehearse

Whether the fast step computes what the plain one does; training of the paper's base and big sizes in pairs a second (a
pair is one source and one target token), base also without each of the things that make it fast; the tiny model on
Multi30k from text to BLEU (with --data, the folder that holds multi30k/); decoding with base sizes, beside Hugging Face
transformers where that is installed. Every part is a process of its own with a limit of its own; a part that fails, or
for which there is no time, is reported as that.

What was found is printed as JSON and as tables, and written after each part to gpu.json in the folder that the
variable OUT names, if it names one. --rehearse goes through all of it at sizes of a toy, on a CPU: its figures mean
nothing.
"""

import argparse
import dataclasses
import datetime
import gzip
import importlib.util
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from results_file import RESULTS, Cell, Result, table, write

HERE = Path(__file__).parent
SOURCE = HERE.parent / "src"
Found = dict[str, dict[str, Any]]


@dataclasses.dataclass(frozen=True)
class Part:
    """One process. seconds: after so many it is stopped; it is not begun where fewer than a third of them are left."""

    name: str
    script: str
    arguments: tuple[str, ...]
    seconds: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=lambda given: Path(given).resolve(), help="the folder that holds multi30k/")
    parser.add_argument("--seconds", type=float, default=460, help="for all parts together")
    parser.add_argument("--parts", default="", help="beginnings of the parts' names; all where not given")
    parser.add_argument("--save", action="store_true", help="write benchmarks/results/gpu-*.json")
    parser.add_argument("--rehearse", action="store_true", help="at sizes of a toy, on a CPU")
    chosen = parser.parse_args()
    if not chosen.rehearse and not has_gpu():
        sys.exit(
            "gpu.py measures on a CUDA GPU, and torch finds none here; --rehearse runs it all on a CPU, as a trial"
        )
    out = Path(os.environ["OUT"]) if os.environ.get("OUT") else None
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        parts = rehearsal(work) if chosen.rehearse else everything(work, chosen.data, out)
        found = all_of(named(parts, chosen.parts), work, chosen.seconds, out)
    print(json.dumps(found, indent=1))
    for name, result in results(found).items():
        print(f"\n{table(result)}")
        if chosen.save and not chosen.rehearse:
            write(RESULTS / f"{name}.json", result)


def has_gpu() -> bool:
    import torch

    return torch.cuda.is_available()


def everything(work: Path, data: Path | None, out: Path | None) -> list[Part]:
    """What is most wanted first."""
    profile = ("--profile", str(out / "profile.txt")) if out else ()
    multi30k = [Part("tiny on Multi30k", "multi30k.py", (str(data), str(work)), 150)] if data else []
    decoding = [
        Part("decoding: clearhead", "decoding.py", ("clearhead", "--seconds", "40"), 80),
        Part("decoding: Hugging Face", "decoding.py", ("huggingface", "--seconds", "40"), 80),
    ]
    without = {
        "graph": ("graph=false",), "compile": ("compile=false",), "packing": ("packing=false",),
        "graph and compile": ("graph=false", "compile=false"),
    }  # fmt: skip
    return [
        Part("agreement", "agreement.py", (), 90),
        Part("training: base", "training.py", ("paper_base", *profile), 200),
        *multi30k,
        *decoding[: 2 if importlib.util.find_spec("transformers") else 1],
        Part("training: big", "training.py", ("paper_big",), 150),
        *(Part(f"training: base without {name}", "training.py", ("paper_base", *changes, "--seconds", "5"), 60)
          for name, changes in without.items()),
        *(Part(f"training: base, attention by {name}", "training.py",
               ("paper_base", "--attention", name, "--seconds", "5"), 90) for name in ("cudnn", "efficient", "math")),
        Part("training: base, 50,000 tokens a step", "training.py",
             ("paper_base", "batch_tokens=50000", "--seconds", "5"), 90),
    ]  # fmt: skip


def rehearsal(work: Path) -> list[Part]:
    """The same parts in the same order, each a toy."""
    write_toy_corpus(work / "data" / "multi30k")
    toy = ("street", "device=cpu", "batch_tokens=256", "--pieces=300", "--pairs=500", "--seconds=0.5")
    changes = (
        "training.device=cpu", "training.steps=12", "training.log_every=4", "training.batch_tokens=256",
        "training.checkpoint_every=12", "training.validate_every=12", "text.size=300", "model.preset=street",
    )  # fmt: skip
    decoding = ("--pieces=50", "--width=16", "--layers=1", "--batches=1,3", "--seconds=20")
    arguments = {
        "agreement": (),
        "tiny on Multi30k": (str(work / "data"), str(work), *changes),
        "decoding: clearhead": ("clearhead", *decoding),
        "decoding: Hugging Face": ("huggingface", *decoding),
    }

    def toys(part: Part) -> tuple[str, ...]:
        if part.name in arguments:
            return arguments[part.name]
        if part.name == "training: base":
            return (*toy, "--profile", str(work / "profile.txt"))
        if "attention" in part.name:
            return (*toy, "--attention", "math")
        return (*toy, "packing=false") if part.name.endswith("without packing") else toy

    return [dataclasses.replace(part, arguments=toys(part)) for part in everything(work, work / "data", None)]


def write_toy_corpus(folder: Path) -> None:
    """Files with the names of Multi30k's and sentences of number words."""
    folder.mkdir(parents=True)
    words = {"en": ("one", "two", "three", "four", "five"), "de": ("eins", "zwei", "drei", "vier", "fünf")}
    for name, count in (("train", 120), ("val", 10), ("test_2016_flickr", 10)):
        for language, vocabulary in words.items():
            lines = [" ".join(vocabulary[(i * k) % 5] for k in range(2 + i % 4)) for i in range(count)]
            with gzip.open(folder / f"{name}.lc.norm.tok.{language}.gz", "wt", encoding="utf-8") as file:
                file.write("\n".join(lines) + "\n")


def named(parts: Sequence[Part], beginnings: str) -> list[Part]:
    wanted = [one.strip() for one in beginnings.split(",") if one.strip()]
    return [part for part in parts if not wanted or any(part.name.startswith(one) for one in wanted)]


def all_of(parts: Sequence[Part], work: Path, seconds: float, out: Path | None) -> Found:
    """One part after the other while there is time; what is found so far is written after each."""
    found: Found = {"machine": machine()}
    ends = time.monotonic() + seconds
    for part in parts:
        left = ends - time.monotonic()
        began = time.monotonic()
        found[part.name] = ran(part, work, min(part.seconds, left)) if left > part.seconds / 3 else {"error": "no time"}
        figures = {
            key: round(value, 4) if isinstance(value, float) else value for key, value in found[part.name].items()
        }
        print(f"{part.name} ({time.monotonic() - began:.0f} s): {figures}", file=sys.stderr, flush=True)
        if out:
            (out / "gpu.json").write_text(json.dumps(found, indent=1) + "\n")
    return found


def ran(part: Part, work: Path, seconds: float) -> dict[str, Any]:
    """The figures of a part's last line of output, or why there are none."""
    caches = {"CLEARHEAD_CACHE": str(work / "cache"), "TORCHINDUCTOR_CACHE_DIR": str(work / "compiled")}
    path = os.pathsep.join([str(SOURCE), *filter(None, [os.environ.get("PYTHONPATH")])])
    command = [sys.executable, str(HERE / "gpu_parts" / part.script), *part.arguments]
    try:
        done = subprocess.run(
            command, env={**os.environ, **caches, "PYTHONPATH": path}, capture_output=True, text=True, timeout=seconds,
            check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return {"error": f"stopped after {seconds:.0f} s"}
    if done.returncode:
        print(done.stderr[-4000:], file=sys.stderr)
        return {"error": (done.stderr.strip().splitlines() or ["no reason given"])[-1][:300]}
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def machine() -> dict[str, Any]:
    import torch

    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU"
    versions = {"torch": torch.__version__, "python": platform.python_version()}
    return {"gpu": gpu, **versions, "date": str(datetime.date.today())}


def results(found: Found) -> dict[str, Result]:
    """A table for each kind of part, by the name of its file."""
    whole = {name: figures for name, figures in found.items() if name != "machine" and "error" not in figures}
    made = {"gpu-training": training(whole), "gpu-decoding": decoding(whole), "gpu-small": small(whole)}
    about = found["machine"]
    where = f"{about['gpu']}, torch {about['torch']}, Python {about['python']}"
    return {
        name: Result(what, ["python benchmarks/gpu.py --data DATA --save"], where, about["date"], method, rows, formats)
        for name, (what, method, rows, formats) in made.items()
        if rows
    }


Table = tuple[str, str, list[dict[str, Cell]], dict[str, str]]


def training(found: Found) -> Table:
    rows: list[dict[str, Cell]] = [
        {
            "training": name.removeprefix("training: "),
            "pairs a second": one["pairs_per_second"],
            "of 790 TFLOP/s": one["share_of_peak"],
            "ms a step": one["milliseconds_a_step"],
            "places filled": one["tokens_of_places"],
            "GiB": one["peak_gibibytes"],
            "s until warm": one["seconds_until_warm"],
        }
        for name, one in found.items()
        if name.startswith("training: ")
    ]
    method = (
        "A pair is a source and a target token; 25,000 of each a step, of the lengths of news; bf16; 5 to 10 seconds "
        "each. 790 TFLOP/s is what torch's bf16 matmul of 8,192 × 8,192 × 8,192 reaches there"
    )
    formats = {
        "pairs a second": ",.0f", "of 790 TFLOP/s": ".1%", "ms a step": ".1f", "places filled": ".1%", "GiB": ".1f",
        "s until warm": ".0f",
    }  # fmt: skip
    return "training on a GPU", method, rows, formats


def decoding(found: Found) -> Table:
    ours, theirs = (found.get(f"decoding: {name}", {}) for name in ("clearhead", "Hugging Face"))
    rows: list[dict[str, Cell]] = [
        {
            "tokens a second": name,
            "clearhead": ours[name],
            "Hugging Face": theirs.get(name, ""),
            "ratio": ours[name] / theirs[name] if name in theirs else "",
        }
        for name in ours
    ]
    method = "Base sizes, random weights, bf16; 27 tokens in and out; the best of 3 calls"
    return "decoding on a GPU", method, rows, {"clearhead": ",.0f", "Hugging Face": ",.0f", "ratio": ".1f"}


def small(found: Found) -> Table:
    """What is one figure each: whether the fast step agrees, and Multi30k."""
    rows: list[dict[str, Cell]] = [
        {
            "what": f"weights after 8 steps beside the plain step's: {name}",
            "measured": 100 * share,
            "unit": "% of what they moved",
        }
        for name, share in found.get("agreement", {}).items()
    ]
    if one := found.get("tiny on Multi30k"):
        rows += [
            {"what": f"tiny on Multi30k: {what}", "measured": one[key], "unit": unit}
            for what, key, unit in (
                ("steps", "steps", ""), ("all steps", "seconds_of_steps", "s"), ("from text to model", "seconds", "s"),
                ("target tokens a second of the steps", "target_tokens_per_second", ""),
                ("BLEU, lowercased, tokenize none, beam 5", "bleu_tokenize_none", ""),
                ("1,000 sentences, beam 5, warm-up included", "seconds_translating", "s"),
            )
        ]  # fmt: skip
    return "small things on a GPU", "Once each", rows, {"measured": ",.2f"}


if __name__ == "__main__":
    main()
