"""Compiling: each kind of layer once, as one graph, with the gradients of the plain model."""

import subprocess
import sys

import pytest

from clearhead.errors import TrainingError
from clearhead.training.compile import compiler_errors

# In a process of its own: the checks of shapes that tests switch on are no part of what is compiled.
SCRIPT = """
import torch
from torch._dynamo.backends.registry import lookup_backend
from clearhead.model import EncoderDecoder, Segments, TransformerConfig
from clearhead.training.compile import compile_layers
from clearhead.training.flat_parameters import FlatParameters

graphs = []

def counting(graph, inputs):
    graphs.append(graph)
    return lookup_backend("{backend}")(graph, inputs)

config = TransformerConfig(
    source_vocabulary=50, target_vocabulary=50, width=16, heads=4, inner_width=32, encoder_layers=3, decoder_layers=3,
    dropout={dropout}, positions="{positions}", norm_placement="{norm_placement}", max_length=64,
)
plain, compiled = (EncoderDecoder(config, seed=3).train().to("{device}") for _ in range(2))
FlatParameters(compiled)  # As in training: all weights share one tensor's memory.
compile_layers([*compiled.encoder.layers, *compiled.decoder.layers], counting)
source, target = torch.randint(3, 50, (2, 4, 40), device="{device}")
segments = (torch.arange(40, device="{device}") // 10 + 1).expand(4, 40).contiguous()
for step in range(3):
    if step == 1:
        torch.compiler.set_stance("fail_on_recompile")
    for model in (plain, compiled):
        states = model.hidden_states(source, target, segments=Segments(segments, segments))
        torch.autograd.backward(states.square().sum() / 100)
assert len(graphs) == 2, len(graphs)
assert list(plain.state_dict()) == list(compiled.state_dict())
if "{device}" == "cpu":
    for one, other in zip(plain.parameters(), compiled.parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad, rtol=1e-4, atol=1e-4)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    "settings",
    [
        {"backend": "eager", "device": "cpu", "dropout": 0.0, "positions": "sinusoidal", "norm_placement": "post"},
        {"backend": "aot_eager", "device": "cpu", "dropout": 0.0, "positions": "rotary", "norm_placement": "pre"},
        # No numbers, but the way that a GPU takes.
        {"backend": "eager", "device": "meta", "dropout": 0.1, "positions": "rotary", "norm_placement": "post"},
    ],
    ids=["post-norm", "pre-norm", "not on a CPU"],
)
def test_two_kinds_of_layers_are_two_graphs(settings: dict[str, object]) -> None:
    """Six layers, three steps: nothing is compiled after the first, and no graph is broken, which would raise."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(**settings)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]


def test_what_a_compiler_refuses_is_said_in_one_line() -> None:
    refusal = type("InvalidCxxCompiler", (RuntimeError,), {"__module__": "torch._inductor.exc"})
    message = r"cannot compile the training step \(No working C\+\+ compiler"
    with pytest.raises(TrainingError, match=message) as caught, compiler_errors():
        raise refusal("\nNo working C++ compiler found in torch._inductor.config.cpp.cxx: (None, 'g++')\n\nSet ...")
    assert "set training.compile=false" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_other_errors_pass() -> None:
    with pytest.raises(RuntimeError, match="something else"), compiler_errors():
        raise RuntimeError("something else")
