"""C serves without torch only where it was compared with the model's code as that stands."""

from pathlib import Path
from typing import Any, get_args

import pytest
import torch.nn.functional as F

from clearhead.model import (
    DecoderOnlyConfig,
    EncoderDecoder,
    EncoderOnlyConfig,
    FamilyConfig,
    TransformerConfig,
    heads,
    linear,
    masks,
)
from clearhead.model.config import Activation
from clearhead.native import library as native
from clearhead.runtimes import agreed, agreement
from clearhead.runtimes.preparing import compiled


def test_the_files_are_those_that_were_compared() -> None:
    """Where this fails after a change of model/ or native/: `python -m clearhead.runtimes.agreed` compares anew."""
    assert agreed._NOTE.read_text().strip() == agreed.digest()


def test_every_source_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number, path in enumerate(agreed.sources()):
        copy = tmp_path / f"{number}" / path.name
        copy.parent.mkdir()
        copy.write_bytes(path.read_bytes())
    before, files = agreed.digest(), agreed.sources()
    for path in files:
        content = path.read_bytes()
        monkeypatch.setattr(
            Path, "read_bytes", lambda self, path=path, content=content: content + b"#" if self == path else READ(self)
        )
        assert agreed.digest() != before, path.name
    monkeypatch.undo()
    assert agreed.digest() == before
    assert {"attention.py", "kernels.py", "transformer.c", "compiled.py"} <= {path.name for path in files}


READ = Path.read_bytes


@pytest.mark.slow
def test_comparing_finds_that_they_agree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agreed, "_NOTE", tmp_path / "agreed.sha256")
    agreed.compare()
    assert (tmp_path / "agreed.sha256").read_text().strip() == agreed.digest()


SMALL = TransformerConfig(
    source_vocabulary=30, target_vocabulary=30, width=16, heads=2, inner_width=24, encoder_layers=1, decoder_layers=1,
    max_length=40,
)  # fmt: skip


@pytest.mark.skipif(native.library() is None, reason="there is no C to compare")
class TestContradiction:
    def test_none_as_it_stands(self) -> None:
        assert agreed.contradiction(SMALL) is None

    def test_what_an_untrained_model_does_not_show(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Before training every bias is 0: without them an untrained model computes the same."""
        monkeypatch.setattr(linear.Linear, "forward", lambda self, inputs: F.linear(inputs, self.weight))
        runtime = agreed_runtime(model := EncoderDecoder(SMALL, seed=1))
        assert agreement.disagreement(model, runtime) is None
        found = agreed.contradiction(SMALL)
        assert found is not None
        assert found.startswith("C differs from PyTorch by")

    def test_a_model_that_contradicts_itself(self, monkeypatch: pytest.MonkeyPatch) -> None:
        causal_mask = masks.causal_mask
        monkeypatch.setattr(masks, "causal_mask", lambda *given: causal_mask(*given).triu(-3))
        monkeypatch.setattr(agreement, "disagreement", lambda model, runtime: None)
        found = agreed.contradiction(SMALL)
        assert found is not None
        assert found.startswith("token by token")

    def test_a_decoder_alone(self, monkeypatch: pytest.MonkeyPatch) -> None:
        config = DecoderOnlyConfig(vocabulary=30, width=16, heads=2, inner_width=24, layers=1, max_length=40)
        assert agreed.contradiction(config) is None
        monkeypatch.setattr(linear.Linear, "forward", lambda self, inputs: F.linear(inputs, self.weight))
        found = agreed.contradiction(config)
        assert found is not None
        assert found.startswith("C differs from PyTorch by")

    def test_an_encoder_alone(self, monkeypatch: pytest.MonkeyPatch) -> None:
        config = EncoderOnlyConfig(
            vocabulary=30, width=16, heads=2, inner_width=24, layers=1, max_length=40, classes=3, pooler=True
        )
        assert agreed.contradiction(config) is None
        for head in (heads.Transform, heads.Pooler):
            with monkeypatch.context() as patched:
                patched.setattr(head, "forward", lambda self, vectors, *_: vectors[:, :1] if len(_) else vectors)
                found = agreed.contradiction(config)
            assert found is not None
            assert found.startswith("C differs from PyTorch by")

    def test_no_c(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(native, "library", lambda: None)
        assert agreed.contradiction(SMALL) == "C is not there, or does not know a part of the model"


def test_an_activation_that_c_does_not_know_is_named_and_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    compared: list[FamilyConfig] = []
    monkeypatch.setattr(agreed, "_NOTE", tmp_path / "note")
    monkeypatch.setattr(agreed, "contradiction", compared.append)
    monkeypatch.setattr(
        agreed, "unknown_to_c", lambda block: "activation='silu'" * (block.activation == "silu") or None
    )
    agreed.compare()
    assert (tmp_path / "note").read_text().strip() == agreed.digest()
    assert f"{PART} is not compared" in capsys.readouterr().out
    for family in (TransformerConfig, DecoderOnlyConfig, EncoderOnlyConfig):
        activations = {config.activation for config in compared if isinstance(config, family)}
        assert activations == set(get_args(Activation)) - {"silu"}


PART = "activation='silu'"


def agreed_runtime(model: EncoderDecoder) -> Any:
    found = compiled(model, "fp32")
    assert found is not None
    return found
