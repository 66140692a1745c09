"""benchmarks/recurrent.py: its model is right, is of the Transformer's size, and learns."""

import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from clearhead.decoding import Request, SearchOptions
from clearhead.decoding.requests import translated
from clearhead.model import EncoderDecoder, TransformerConfig, multi30k_tiny, paper_base, street
from clearhead.runtimes.eager import EagerRuntime

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
# Two sentences, the second with padding.
SOURCE = torch.tensor([[5, 6, 7, 2], [8, 2, 0, 0]])
MASK = (SOURCE != 0)[:, None, None, :]
TARGET = torch.tensor([[1, 9, 4, 6, 3], [1, 3, 8, 9, 4]])


@pytest.fixture(scope="module")
def recurrent() -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(BENCHMARKS)
        yield importlib.import_module("recurrent")


@pytest.fixture(scope="module")
def model(recurrent: Any) -> Any:
    """Of large numbers, so that every one of them shows in what comes out."""
    model = recurrent.Recurrent(recurrent.RecurrentConfig(vocabulary=10, width=6, hidden_width=8)).double().eval()
    generator = torch.Generator().manual_seed(1)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, generator=generator)
    return model.requires_grad_(False)


def test_attention_is_luongs(model: Any) -> None:
    """Luong et al. 2015, equations 7 and 8, state by state: softmax over s of h·W·s; padding is not attended to."""
    cache = model.begin(model.encode(SOURCE, MASK), MASK)
    states = torch.randn(2, 3, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    found = model.attend(states, cache)
    for sentence, length in ((0, 4), (1, 2)):
        for state, context in zip(states[sentence], found[sentence], strict=True):
            vectors = cache.vectors[sentence, :length]
            powers = [(model.query.weight @ state @ vector).exp() for vector in vectors]
            expected = sum(power * vector for power, vector in zip(powers, vectors, strict=True)) / sum(powers)
            torch.testing.assert_close(context, expected)


def test_the_decoder_begins_where_the_two_ways_end(model: Any) -> None:
    """The way forward ends at a sentence's last token, the way back at its first; padding is read by neither."""
    vectors, state = model.encode(SOURCE, MASK)
    for sentence, length in ((0, 4), (1, 2)):
        ends = torch.cat((vectors[sentence, length - 1, :4], vectors[sentence, 0, 4:]))
        torch.testing.assert_close(state[1, sentence], ends)


def test_padding_changes_nothing(model: Any) -> None:
    alone = model(SOURCE[1:, :2], TARGET[1:])
    torch.testing.assert_close(model(SOURCE, TARGET)[1:], alone)


def test_searching_step_by_step_gives_the_scores_of_all_positions_at_once(model: Any) -> None:
    """With a beam of 3, so that hypotheses are reordered and sentences leave the batch at different times."""
    options = SearchOptions(begin=1, end=2, suppressed=(0, 1), beam_size=3, top_beams=3)
    # The second without its padding: search knows none.
    requests = [Request([5, 6, 7, 2], options, 4), Request([8, 2], options, 9)]
    found = translated(EagerRuntime(model), requests)
    with torch.inference_mode():
        for number, hypotheses in enumerate(found):
            for one in hypotheses:
                ids = torch.tensor([[1, *one.tokens]])
                values = model(SOURCE[number : number + 1], ids[:, :-1]).log_softmax(-1)
                total = values.gather(-1, ids[:, 1:, None]).sum()
                assert one.log_probability == pytest.approx(float(total), rel=1e-6)
    assert len({one.tokens for hypotheses in found for one in hypotheses}) > 3


@pytest.mark.parametrize(
    "config", [street(3200, 3200), multi30k_tiny(8000, 8000), paper_base(8000, 8000)], ids=["street", "tiny", "base"]
)
def test_it_has_as_many_parameters_as_the_transformer(recurrent: Any, config: TransformerConfig) -> None:
    with torch.device("meta"):
        wanted = recurrent.count(EncoderDecoder(config))
        hidden_width = recurrent.hidden_width_for(wanted, config.target_vocabulary, config.width)
        sizes = recurrent.RecurrentConfig(config.target_vocabulary, config.width, hidden_width)
        assert recurrent.count(recurrent.Recurrent(sizes)) == pytest.approx(wanted, rel=0.03)


def test_it_learns_and_repeats_exactly(recipe_file: Path) -> None:
    """In a process of its own, as clearhead's training asks for an `EncoderDecoder` where types are enforced."""
    command = [sys.executable, "-c", TRAINED_TWICE, str(recipe_file), str(BENCHMARKS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    losses = [float(line) for line in done.stdout.splitlines()]
    assert losses[1] == losses[2] < 0.7 * losses[0]


TRAINED_TWICE = """
import sys
sys.path.insert(0, sys.argv[2])
import recurrent
from clearhead.recipe import load_recipe
from clearhead.training import TrainState, cross_entropy
from clearhead.training.dataloader import batches_from
from clearhead.training.run_inputs import prepare_run
inputs = prepare_run(load_recipe(sys.argv[1], ["training.steps=60", "training.log_every=20"]))
batch = next(batches_from(TrainState(), inputs))
models = [recurrent.untrained(inputs, 20_000) for _ in range(3)]
for model in (models[0].eval(), *(recurrent.train(one, inputs)[0] for one in models[1:])):
    logits = model(batch.source, batch.target_input)
    print(repr(float(cross_entropy(logits, batch.target_output, padding=batch.padding))))
"""


@pytest.mark.slow
def test_the_whole_comparison(own_cache: Path, tmp_path: Path) -> None:
    """A street of 2,999 pairs, a tenth of its test sets, and models that have hardly learnt anything."""
    run = tmp_path / "run"
    small = [
        "data.embedded.pairs=2999",
        "data.embedded.several=0",
        "text.size=600",
        "training.packed_length=128",
        "model.width=16",
        "model.heads=2",
        "model.inner_width=16",
    ]
    steps = [f"training.{name}=4" for name in ("steps", "validate_every", "checkpoint_every", "log_every")]
    training = ["-m", "clearhead", "train", "street", *small, *steps, "training.validate_sentences=1", "--quiet"]
    subprocess.run([sys.executable, *training, "--out", str(run)], check=True)
    for file in own_cache.glob("corpora/street-*-2999-1/test.*"):
        lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
        file.write_text("".join(lines[::10]), encoding="utf-8")
    command = [sys.executable, str(BENCHMARKS / "recurrent.py"), "--beside", str(run)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows = [line.strip("|").split("|") for line in done.stdout.splitlines() if line.startswith("|")]
    rows = [[cell.strip() for cell in row] for row in rows]
    assert [len(row) for row in rows] == [3] * 7 + [7] * 7 + [7] * 15
    assert rows[3] == ["training steps", "4", "4"]
    assert [row[0] for row in rows[-4:]] == ["9", "10", "11", "12"]
    assert all(0 <= float(cell) <= 100 for row in rows[9:14] + rows[16:] for cell in row[1:])
