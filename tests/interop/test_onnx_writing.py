"""Folders of ONNX: their files, a real model's translations, and what transformers.js makes of them in node."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import tokenizers
import torch

import clearhead
from clearhead.errors import InteropError, PackageError, UsageError
from clearhead.interop import export_model, onnx_graph
from clearhead.model.config import DecoderOnlyConfig, EncoderOnlyConfig, TransformerConfig
from clearhead.street.corpus import validation

from .onnx_running import Running, greedy, settings
from .own_models import BERT, GPT, LINES, MODELS, PAIR, write_bundle
from .test_exporting import own_outputs

JAVASCRIPT = Path(__file__).parent / "javascript"


@pytest.fixture(scope="module", autouse=True)
def library() -> Any:
    return pytest.importorskip("onnx")


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("street") / "theirs"
    export_model("street", "onnx", folder)
    return folder


def sentences(languages: tuple[Any, ...]) -> list[str]:
    """Of this direction, as `test_exporting` chooses them."""
    direction = "-".join(map(str, languages))
    own = [one for one in validation(3) if one.direction == direction and len(one.source.split()) <= 12]
    return [one.source for one in own[:67]]


def test_beside_the_graphs_lies_what_a_folder_of_hugging_face_has(tmp_path: Path) -> None:
    model = write_bundle(tmp_path / "ours", MODELS["paper"][1])
    export_model(model, "huggingface", tmp_path / "theirs")
    told = export_model(model, "onnx", tmp_path / "onnx")
    assert told.kind == "ONNX MarianMTModel"
    assert set(told.files) - {"onnx/encoder_model.onnx", "onnx/decoder_model_merged.onnx"} == {
        one.name for one in (tmp_path / "theirs").iterdir() if one.name != "model.safetensors"
    }
    for name in set(told.files) - {"config.json"}:
        if not name.startswith("onnx/"):
            assert (tmp_path / "onnx" / name).read_bytes() == (tmp_path / "theirs" / name).read_bytes()
    assert settings(tmp_path / "onnx") == {
        **settings(tmp_path / "theirs"), "transformers.js_config": {"dtype": "fp32"},
    }  # fmt: skip


@pytest.mark.parametrize("name", ["paper", "llama", "classes", "relative"])
def test_the_package_finds_no_fault_with_a_graph(name: str, library: Any, tmp_path: Path) -> None:
    export_model(write_bundle(tmp_path / "ours", MODELS[name][1]), "onnx", tmp_path / "theirs")
    for path in (tmp_path / "theirs" / "onnx").iterdir():
        library.checker.check_model(path, full_check=True)


def test_what_transformers_js_has_no_class_for_is_told(street: Path, tmp_path: Path) -> None:
    told = export_model("street", "onnx", tmp_path / "theirs")
    note = "config.json says MarianMTModel, since transformers.js has no PegasusForConditionalGeneration"
    assert note in told.notes
    assert (settings(street)["model_type"], settings(street)["architectures"]) == ("marian", ["MarianMTModel"])


def test_street_translates_200_of_its_sentences_the_same(street: Path) -> None:
    ours, running = clearhead.load("street"), Running(street)
    cut = tokenizers.Tokenizer.from_file(str(street / "tokenizer.json"))
    count = 0
    for languages in ours.settings.languages:
        sources, to = sentences(languages), languages[1]
        ids = [cut.encode(f"⟨2{to}⟩{one}").ids for one in sources]
        written = greedy(running, street, ids, 256)
        assert [cut.decode(one) for one in written] == ours.translate(sources, to=to)
        count += len(sources)
    assert count > 200


def test_large_numbers_lie_beside_the_graph(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_graph, "MOST_BYTES", 2000)
    told = export_model(write_bundle(tmp_path / "ours", MODELS["llama"][1]), "onnx", tmp_path / "theirs")
    assert "onnx/model.onnx_data" in told.files
    wanted = {"dtype": "fp32", "use_external_data_format": {"model.onnx": 1}}
    assert settings(tmp_path / "theirs")["transformers.js_config"] == wanted
    Running(tmp_path / "theirs")


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (TransformerConfig(**PAIR, positions="alibi"), "positions=alibi has no counterpart in MarianMTModel"),
        (EncoderOnlyConfig(**BERT | {"norm_placement": "pre"}), "norm_placement=pre has no counterpart in Bert"),
        (DecoderOnlyConfig(**GPT | {"layers": 0}), "layers=0 has no KV cache"),
        (DecoderOnlyConfig(**GPT | {"norm_placement": "post"}), "norm_placement=post has no counterpart in GPT2"),
    ],
)
def test_what_has_no_counterpart_is_refused_by_name(config: Any, message: str, tmp_path: Path) -> None:
    place = write_bundle(tmp_path / "ours", config)
    with pytest.raises(InteropError, match=message):
        export_model(place, "onnx", tmp_path / "theirs")
    assert not (tmp_path / "theirs").exists()


def test_other_numbers_and_a_missing_package_are_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="quantization='int8' is not for to=onnx; choose one of float32"):
        export_model("street", "onnx", tmp_path / "theirs", "int8")
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(PackageError, match=r"pip install 'clearhead\[onnx\]'"):
        export_model("street", "onnx", tmp_path / "theirs")
    assert not (tmp_path / "theirs").exists()


def javascript(folder: Path, kind: str, texts: list[str]) -> Any:
    """What transformers.js makes of these texts; where it is not installed the test is skipped."""
    node = shutil.which("node")
    if node is None or not (JAVASCRIPT / "node_modules" / "@huggingface" / "transformers").is_dir():
        pytest.skip("@huggingface/transformers is not installed: make check-onnx does it, with node and npm")
    given = [node, str(JAVASCRIPT / "compute.js"), str(folder), kind, json.dumps(texts)]
    done = subprocess.run(given, capture_output=True, text=True, check=False, env={**os.environ, "NO_COLOR": "1"})
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_transformers_js_translates_200_sentences_of_street_the_same(street: Path) -> None:
    ours = clearhead.load("street")
    for languages in ours.settings.languages:
        sources, to = sentences(languages), languages[1]
        assert javascript(street, "seq2seq", [f"⟨2{to}⟩{one}" for one in sources]) == ours.translate(sources, to=to)


SOURCES = ["the animal", "not cross the street"]


@pytest.mark.parametrize("name", ["paper", "embeddings normalised", "embeddings normalised, pre-norm", "relative"])
def test_transformers_js_writes_the_same(name: str, tmp_path: Path) -> None:
    """It stops one token earlier: it counts the one that a target begins with."""
    ours = clearhead.load(write_bundle(tmp_path / "ours", MODELS[name][1]))
    export_model(ours, "onnx", tmp_path / "theirs")
    longest = ours.config.max_length - 1
    found = javascript(tmp_path / "theirs", "seq2seq", LINES)
    assert found == [one[:longest] for one in ours.translate(LINES)]


@pytest.mark.parametrize("name", ["llama", "gpt", "queries normalised", "biases of queries"])
def test_transformers_js_goes_on_the_same(name: str, tmp_path: Path) -> None:
    """Two texts of other lengths, in one batch."""
    ours = clearhead.load(write_bundle(tmp_path / "ours", MODELS[name][1]))
    export_model(ours, "onnx", tmp_path / "theirs")
    wanted = [ours.generate(one, beam_size=1, max_tokens=12) for one in SOURCES]
    assert javascript(tmp_path / "theirs", "causal", SOURCES) == wanted


@pytest.mark.parametrize("name", ["masked", "classes", "vectors"])
def test_transformers_js_reads_the_same(name: str, tmp_path: Path) -> None:
    ours = clearhead.load(write_bundle(tmp_path / "ours", MODELS[name][1]))
    export_model(ours, "onnx", tmp_path / "theirs")
    found = javascript(tmp_path / "theirs", name, SOURCES)
    for text, numbers in zip(SOURCES, found, strict=True):
        with torch.no_grad():
            wanted = own_outputs(ours, torch.tensor([ours.encode(text)]))[0]
        torch.testing.assert_close(torch.tensor(numbers)[: len(wanted)], wanted, atol=1e-4, rtol=0)


def test_transformers_js_finds_the_template_of_conversations(tmp_path: Path) -> None:
    template = "{% for one in messages %}<{{ one['role'] }}>{{ one['content'] }}{% endfor %}<assistant>"
    export_model(write_bundle(tmp_path / "ours", MODELS["llama"][1], template=template), "onnx", tmp_path / "theirs")
    assert javascript(tmp_path / "theirs", "chat", SOURCES) == f"<user>{SOURCES[0]}<user>{SOURCES[1]}<assistant>"
