"""The way to a translation needs no torch: what is imported is asked of processes of their own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from clearhead.native import compiler

pytestmark = pytest.mark.skipif(compiler.find_compiler() is None, reason="without a C compiler PyTorch translates")

SAID = "import sys, json; print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"


def modules(code: str, folder: Path) -> list[str]:
    """The packages that a process has imported when it has run this code, which prints nothing itself."""
    result = subprocess.run(
        [sys.executable, "-c", f"{code}\n{SAID}"], cwd=folder, capture_output=True, text=True, check=True, timeout=120
    )
    assert result.stderr == ""
    found: list[str] = json.loads(result.stdout)
    return found


def test_import_clearhead_is_free(tmp_path: Path) -> None:
    found = modules("import clearhead", tmp_path)
    assert not {"torch", "numpy", "pydantic", "typer", "tokenizers"} & set(found)


@pytest.mark.parametrize("how", ["beam_size=1", "beam_size=4", "batch_tokens=100"])
@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_translating_from_python(tmp_path: Path, how: str, precision: str) -> None:
    found = modules(
        f"import clearhead\nbundle = clearhead.load('street', precision={precision!r})\n"
        f"assert bundle.translate(['Good night', ''], to='fr', {how}) == ['Bonne nuit', '']",
        tmp_path,
    )
    assert "torch" not in found
    assert "pydantic" not in found


def test_drawing_and_reading_a_zip(tmp_path: Path) -> None:
    found = modules(
        "import clearhead, shutil\nfrom clearhead.bundle import shipped\nfrom clearhead.decoding import Sampling\n"
        "path = shutil.make_archive('street', 'zip', shipped()['street'])\n"
        "bundle = clearhead.load(path)\n"
        "[[one]] = bundle.search(['Good night'], 'fr', sampling=Sampling(top_k=1), exact=False)\n"
        "assert one.text == 'Bonne nuit'",
        tmp_path,
    )
    assert "torch" not in found


@pytest.mark.parametrize("arguments", [[], ["--beam-size", "3"], ["--sample", "--top-k", "1"], ["--precision", "int8"]])
def test_translating_on_the_command_line(tmp_path: Path, arguments: list[str]) -> None:
    given = ["translate", "street", "--to", "fr", *arguments, "--out", "out.txt"]
    (tmp_path / "in.txt").write_text("Good night\n")
    code = f"from clearhead.cli.app import main\nassert main({[*given, '--in', 'in.txt']!r}) == 0"
    found = modules(code, tmp_path)
    assert (tmp_path / "out.txt").read_text() == "Bonne nuit\n"
    assert "torch" not in found


def test_going_on_from_prompts(tmp_path: Path) -> None:
    """A decoder-only model in C, of weights by name."""
    found = modules(
        "import numpy as np\nfrom clearhead.decoding import Engine, LengthLimit, SearchOptions\n"
        "from clearhead.model.config import DecoderOnlyConfig\nfrom clearhead.model.shapes import parameter_shapes\n"
        "from clearhead.native import library as native\nfrom clearhead.runtimes.compiled import CompiledRuntime\n"
        "config = DecoderOnlyConfig(vocabulary=30, layers=1, width=8, heads=2, inner_width=8, positions='learned')\n"
        "shapes = parameter_shapes(config, shared=True)\n"
        "weights = {name: np.full(shape, 0.1, np.float32) for name, shape in shapes.items()}\n"
        "engine = Engine(CompiledRuntime(native.library(), config, weights, 'fp32'))\n"
        "options = SearchOptions(begin=1, end=2)\n"
        "assert len(engine.translate([[], [4, 5]], options, length_limit=LengthLimit(0.0, 3))) == 2",
        tmp_path,
    )
    assert "torch" not in found
    assert "pydantic" not in found


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_generating(tmp_path: Path, language_model_folder: Path, precision: str) -> None:
    found = modules(
        f"import clearhead\nbundle = clearhead.load({str(language_model_folder)!r}, precision={precision!r})\n"
        "for how in ({}, {'beam_size': 2}, {'beam_size': 1, 'stop': ['e']}):\n"
        "    assert len(bundle.generate(['one', ''], max_tokens=9, **how)) == 2\n"
        "''.join(bundle.generate_stream('one', max_tokens=9))",
        tmp_path,
    )
    assert "torch" not in found
    assert "pydantic" not in found


def test_generating_on_the_command_line(tmp_path: Path, language_model_folder: Path) -> None:
    given = ["generate", str(language_model_folder), "one", "--max-tokens", "4"]
    code = (
        "import os, sys\nfrom clearhead.cli.app import main\nbefore, sys.stdout = sys.stdout, open(os.devnull, 'w')\n"
        f"assert main({given!r}) == 0\nsys.stdout = before"
    )
    assert "torch" not in modules(code, tmp_path)


@pytest.mark.parametrize("precision", ["fp32", "bf16", "int8"])
def test_classifying_and_embedding(tmp_path: Path, classifier_folder: Path, precision: str) -> None:
    found = modules(
        f"import clearhead\nbundle = clearhead.load({str(classifier_folder)!r}, precision={precision!r})\n"
        "one, other = bundle.classify(['one', ''])\n"
        "assert (one, other) == (bundle.classify('one'), bundle.classify(''))\n"
        "assert bundle.embed(['one', 'two three']).shape == (2, 16)",
        tmp_path,
    )
    assert "torch" not in found
    assert "pydantic" not in found


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_filling(tmp_path: Path, masked_model_folder: Path, precision: str) -> None:
    found = modules(
        f"import clearhead\nbundle = clearhead.load({str(masked_model_folder)!r}, precision={precision!r})\n"
        "assert bundle.fill('one [MASK] two[MASK]') == bundle.fill(['[MASK]', 'one [MASK] two[MASK]'])[1]",
        tmp_path,
    )
    assert "torch" not in found
    assert "pydantic" not in found


def test_exact_scores_and_traces_ask_for_torch(tmp_path: Path) -> None:
    found = modules("import clearhead\nclearhead.load('street').search(['Good night'], 'fr')", tmp_path)
    assert "torch" in found


def test_an_edited_model_is_compared_by_torch_first(tmp_path: Path) -> None:
    """Whoever edits model/ on disk: C serves where it still agrees, and it takes torch to find out."""
    code = (
        "import clearhead\nimport clearhead.bundle.serving as serving\nserving.is_agreed = lambda: False\n"
        "assert clearhead.load('street').translate('Good night', to='fr') == 'Bonne nuit'"
    )
    assert "torch" in modules(code, tmp_path)


def test_without_a_compiler_pytorch_serves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLEARHEAD_OFF", "native")
    code = "import clearhead\nassert clearhead.load('street').translate('Good night', to='fr') == 'Bonne nuit'"
    assert "torch" in modules(code, tmp_path)
