"""Speed side by side with other toolkits: same data, same sizes, same batches' budget, one after the other in turn.

    make bench DATA=/path/to/data
    python benchmarks/bench.py training --data /path/to/data --peers clearhead,joeynmt --rounds 5
    python benchmarks/bench.py training --data /path/to/data --size base --rounds 3

`tiny` has the sizes of recipes/multi30k-en-de.yaml and batches of 4,096 tokens; `base` has the paper's, and 1,024, of
which a step takes a second or more. A peer computes in float32, or in bfloat16 where its name says so: under autocast,
or by its own setting. clearhead alone chooses by itself.

Each peer runs in a virtual environment of its own under .bench/, made when it is first asked for, with the torch that
constraints.txt names. A round runs every peer once; the table gives the median over the rounds, and its ratio to
clearhead's in the same round, since a machine's speed changes from one minute to the next.
"""

import argparse
import dataclasses
import json
import os
import statistics
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import results_file

from clearhead.data import plan
from clearhead.recipe import load_recipe
from clearhead.training.run_inputs import RunInputs, prepare_run

HERE = Path(__file__).parent
WORK = HERE.parent / ".bench"
SIZES = {
    "tiny": ["text.size=8000", "model.dropout=0.3", "training.batch_tokens=4096"],
    "base": ["text.size=8000", "model.preset=paper_base", "model.dropout=0.1", "training.batch_tokens=1024"],
}
# The columns of figures, and how their numbers are written.
FORMATS = {
    "target tokens a second": ",", "clearhead is so many times as fast": ".2f", "peak memory, MiB": ",",
}  # fmt: skip
# Target tokens a second on two cores: how many steps to ask of a command that counts steps and not seconds.
LIKELY_SPEED = {"tiny": 8_000, "base": 600}


@dataclasses.dataclass(frozen=True)
class Peer:
    """requirements: what pip installs beside torch, none for clearhead's own environment. arguments: of its script."""

    name: str
    script: str
    requirements: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()


TORCH, HUGGING_FACE, EOLE = ("numpy",), ("numpy", "transformers"), ("eole==0.6.4", "aiohttp")
TRAINING = [
    Peer("clearhead", "with_clearhead.py"),
    Peer("clearhead fp32", "with_clearhead.py", arguments=("training.precision=fp32",)),
    Peer("the same model through plain nn.Linear", "with_plain_linear.py"),
    Peer("the same model through plain nn.Linear bf16", "with_plain_linear.py", arguments=("bf16",)),
    Peer("torch.nn.Transformer", "with_torch.py", TORCH, ("transformer",)),
    Peer("torch.nn.Transformer bf16", "with_torch.py", TORCH, ("transformer", "bf16")),
    Peer("torch.nn.GRU with attention", "with_torch.py", TORCH, ("recurrent",)),
    Peer("torch.nn.GRU with attention bf16", "with_torch.py", TORCH, ("recurrent", "bf16")),
    Peer("Hugging Face (Marian)", "with_huggingface.py", HUGGING_FACE),
    Peer("Hugging Face (Marian) bf16", "with_huggingface.py", HUGGING_FACE, ("bf16",)),
    Peer("eole", "with_eole.py", EOLE),
    Peer("eole bf16", "with_eole.py", EOLE, ("bf16",)),
    Peer("JoeyNMT", "with_joeynmt.py", ("joeynmt==2.3.0", "importlib_metadata", "sentencepiece==0.2.0")),
]


@dataclasses.dataclass(frozen=True)
class Measurement:
    """Target tokens a second, and the greatest resident memory of the process and those that it started, in MiB."""

    peer: str
    round: int
    tokens_per_second: float
    peak_mebibytes: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["training"])
    parser.add_argument("--data", type=Path, required=True, help="the folder that holds multi30k/")
    parser.add_argument("--size", choices=SIZES, default="tiny")
    parser.add_argument("--peers", help="names with commas between them, or their beginnings; all, if not given")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=20, help="how long each measurement is")
    parser.add_argument("--json", type=Path, help="where to write every measurement")
    results_file.add_option(parser)
    chosen = parser.parse_args()
    peers = named(chosen.peers.split(",")) if chosen.peers else TRAINING
    task = write_task(chosen.data, chosen.size)
    pythons = {peer.name: environment(peer) for peer in peers}
    found: list[Measurement] = []
    longest = max(len(peer.name) for peer in peers)
    for number in range(1, chosen.rounds + 1):
        for peer in peers:
            found.append(measured(peer, pythons[peer.name], task, chosen.seconds, number))
            speed = f"{found[-1].tokens_per_second:10,.0f} tokens/s"
            print(f"round {number}  {peer.name:{longest}} {speed}", file=sys.stderr)
    rows, method = summary(found, [peer.name for peer in peers])
    results_file.report(chosen.save, rows, f"{method}; {chosen.size}", FORMATS)
    if chosen.json:
        chosen.json.write_text(json.dumps([dataclasses.asdict(one) for one in found], indent=1) + "\n")


def named(names: Sequence[str]) -> list[Peer]:
    """The peers of these names; a name that is no peer's whole name stands for all that begin with it."""
    chosen = set()
    for name in (name.strip().lower() for name in names):
        found = [peer for peer in TRAINING if peer.name.lower() == name]
        found = found or [peer for peer in TRAINING if name and peer.name.lower().startswith(name)]
        if not found:
            raise SystemExit(f"--peers: {name!r} is none of: {', '.join(peer.name for peer in TRAINING)}")
        chosen.update(found)
    return [peer for peer in TRAINING if peer in chosen]


def write_task(data: Path, size: str) -> Path:
    """The corpus as clearhead prepares it, as files that every peer can read."""
    os.environ["CLEARHEAD_DATA"] = str(data.absolute())
    recipe = load_recipe(HERE.parent / "recipes" / "multi30k-en-de.yaml", SIZES[size])
    inputs = prepare_run(recipe)
    folder = WORK / f"task-{size}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "recipe.yaml").write_text(recipe.to_yaml())
    write_words(folder, inputs)
    write_ids(folder, inputs)
    config, tokenizer = inputs.config, inputs.target_tokenizer
    settings = {
        "vocabulary": tokenizer.size, "padding": tokenizer.padding, "begin": tokenizer.begin, "end": tokenizer.end,
        "width": config.width, "heads": config.heads, "inner_width": config.inner_width,
        "layers": config.encoder_layers, "dropout": config.dropout, "norm_placement": config.norm_placement,
        "parameters": sum(parameter.numel() for parameter in inputs.untrained_model().parameters()),
        "batch_tokens": inputs.recipe.training.batch_tokens, "likely_speed": LIKELY_SPEED[size],
    }  # fmt: skip
    (folder / "task.json").write_text(json.dumps(settings, indent=1))
    return folder


def write_words(folder: Path, inputs: RunInputs) -> None:
    """Each sentence as words t12 t345 …, one a piece, without its end: for toolkits with vocabularies of words."""
    corpora = {"train": inputs.training, "validate": inputs.validation[0].corpus}
    for name, corpus in corpora.items():
        for side, file in (("source", corpus.source), ("target", corpus.target)):
            lines = (" ".join(f"t{piece}" for piece in file[number][:-1]) for number in range(len(file)))
            (folder / f"{name}.{side}").write_text("\n".join(lines) + "\n")
    (folder / "pieces.txt").write_text("".join(f"t{piece}\n" for piece in range(inputs.target_tokenizer.size)))


def write_ids(folder: Path, inputs: RunInputs) -> None:
    """The same sentences as ids with their ends, and the batches of clearhead's first epoch."""
    corpus, training = inputs.training, inputs.recipe.training
    batches = plan(corpus.source.lengths, corpus.target.lengths, batch_tokens=training.batch_tokens, seed=1, epoch=0)
    everything = np.arange(len(corpus))
    np.savez(
        folder / "ids.npz",
        source_ids=corpus.source.gather(everything)[0].astype(np.int64),
        source_stops=np.cumsum(corpus.source.lengths),
        target_ids=corpus.target.gather(everything)[0].astype(np.int64),
        target_stops=np.cumsum(corpus.target.lengths),
        batch_examples=np.concatenate(batches),
        batch_stops=np.cumsum([len(batch) for batch in batches]),
    )


def environment(peer: Peer) -> str:
    """The interpreter that runs a peer; its environment is made where there is none."""
    if not peer.requirements:
        return sys.executable
    folder = WORK / Path(peer.script).stem
    python, done = folder / "bin" / "python", folder / ".installed"
    if not done.exists():
        print(f"installing {peer.name}", file=sys.stderr)
        venv.create(folder, with_pip=True, clear=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        torch = [
            line for line in (HERE.parent / "constraints.txt").read_text().splitlines() if line.startswith("torch==")
        ]
        subprocess.run([*pip, *torch, *peer.requirements], check=True)
        done.touch()
    return str(python)


def measured(peer: Peer, python: str, task: Path, seconds: float, number: int) -> Measurement:
    """One run of one peer, whose last line of output says how fast it was."""
    command = [python, str(HERE / "peers" / peer.script), str(task), str(seconds), *peer.arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{peer.name} failed: {' '.join(command)}")
    speed = json.loads(output.splitlines()[-1])["tokens_per_second"]
    return Measurement(peer.name, number, speed, usage.ru_maxrss / 1024)


def summary(found: Sequence[Measurement], names: Sequence[str]) -> tuple[list[dict[str, results_file.Cell]], str]:
    """A row for each peer, and how they were measured."""
    own = {one.round: one.tokens_per_second for one in found if one.peer == names[0]}
    speed, times, memory = FORMATS
    rows: list[dict[str, results_file.Cell]] = []
    for name in names:
        runs = [one for one in found if one.peer == name]
        rows.append({
            "toolkit": name,
            speed: round(statistics.median(one.tokens_per_second for one in runs)),
            times: round(statistics.median(own[one.round] / one.tokens_per_second for one in runs), 3),
            memory: round(max(one.peak_mebibytes for one in runs)),
        })  # fmt: skip
    return rows, f"Medians of {len(own)} rounds, and of the rounds' ratios"


if __name__ == "__main__":
    main()
