"""What people do wrong on their first day: each mistake is answered in one line with its remedy, and by exit code 2.

A row is a mistake, what was typed, and what the line must hold: the value that is wrong, and the remedy. Names in
braces are files and models that the fixture makes; {t} is an empty folder beside them.
"""

import json
import os
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]

RECIPE = """\
name: mine
data:
  folder: {corpus}
  train: {{source: train.en, target: train.fr}}
  validate: {{source: val.en, target: val.fr}}
text: {{size: 259}}
model: {{preset: street, width: 16, heads: 2, inner_width: 32, max_length: 64}}
training:
  device: cpu
  precision: fp32
  steps: 2
  batch_tokens: 160
"""

# What is typed after `clearhead`; a training goes into {t}/run.
TYPED = {
    "a misspelt command": ("tranlsate street", ["No such command 'tranlsate'", "clearhead --help"]),
    "a misspelt option": ("translate {run} --beam-sise 3", ["No such option: --beam-sise", "translate --help"]),
    "a text in place of a file": ("translate {run} 'one two'", ["from standard input or --in FILE", "echo TEXT |"]),
    "no model": ("translate", ["Missing argument 'MODEL'", "translate --help"]),
    "a misspelt model": ("translate stret", ["model stret does not exist", "clearhead's own: street"]),
    "a misspelt folder": ("translate {t}/rnu", ["/rnu does not exist", "made by `clearhead train`"]),
    "a recipe as a model": ("translate {recipe}", ["ok.yaml is not a model", "`clearhead train", "--out RUN`"]),
    "a checkpoint as a model": ("translate {run}/checkpoints/step-120", ["is not a model", "did you mean {run}?"]),
    "a file of weights as a model": (
        "translate {run}/bundle/model.safetensors",
        ["is not a model", "did you mean {run}/bundle?"],
    ),
    "a run that was not validated": ("translate {stopped}", ["has no bundle", "go on with its training (--resume)"]),
    "a folder of Hugging Face's": ("translate {marian}", ["Hugging Face's", "clearhead import {marian} --out MODEL"]),
    "a name of the hub": ("translate Helsinki-NLP/opus-mt-en-de", ["does not exist", "`clearhead import`"]),
    "a GGUF file": ("translate {gguf}", ["is not a model", "clearhead import {gguf} --out MODEL"]),
    "a language that the model lacks": ("translate {tags} --in {en} --to de", ["into en, fr, not 'de'", "--to"]),
    "no language where there are two": ("translate {tags} --in {en}", ["into en, fr; say which", "--to en"]),
    "a device with a new name": ("translate {run} --device gpu", ["'gpu' is not one of 'cpu', 'cuda'", "--help"]),
    "a precision that is none": ("translate {run} --precision fp16", ["'fp16' is not one of 'fp32', 'bf16', 'int8'"]),
    "lines that are not there": ("translate {run} --in {t}/none", ["/none cannot be read", "name a"]),
    "a folder for a file": ("translate {run} --in {t}", ["cannot be read (Is a directory)"]),
    "a PDF for a text": ("translate {run} --in {pdf}", ["is a PDF", "copy its text into a text file in UTF-8"]),
    "terms that are not there": ("translate {run} --in {en} --terms {t}/none", ["cannot be read", "by --terms"]),
    "the same file in and out": ("translate {run} --in {mine} --out {mine}", ["is the file that is read as --in"]),
    "no such folder to write to": ("translate {run} --in {en} --out {t}/a/b", ["/a/b cannot be written"]),
    "a translator that is to classify": ("classify {run} one", ["this model translates", "use `clearhead translate`"]),
    "a translator that is to write on": ("generate {run} one", ["this model translates", "use `clearhead translate`"]),
    "a translator that is to chat": ("chat {run} one", ["this model translates", "use `clearhead translate`"]),
    "a classifier that is to translate": ("translate {classifier}", ["classifies texts", "use `clearhead classify`"]),
    "a language model that is to translate": ("translate {language_model}", ["use `clearhead generate`"]),
    "no mask to fill": ("fill {masked_model} 'one two'", ["[MASK]"]),
    "files before the model": ("score {en} {fr} {run}", ["model {en} is not a model; expected a folder"]),
    "files to evaluate of unlike lengths": ("evaluate {run} {en} {short}", ["has 30 lines but {short} has 28"]),
    "only the source to evaluate": ("evaluate {run} {en}", ["REFERENCE"]),
    "a text for a classifier to evaluate": ("evaluate {classifier} {en} {fr}", ["is evaluated by --table FILE"]),
    "more checkpoints than there are": ("average {run} --last 50 --out {t}/mean", ["holds 2 checkpoints", "ask for 2"]),
    "one model to average": ("average {run} --out {t}/mean", ["alone has no mean", "a run by --last N"]),
    "a run to import": ("import {run} --out {t}/a", ["{run} is a model of clearhead's already; use it as it is"]),
    "a checkpoint of PyTorch to import": ("import {pytorch} --out {t}/a", ["is one file of a model; give its folder"]),
    "a short name of a format": ("export {run} --to hf --out {t}/a", ["'hf' is not one of 'huggingface',"]),
    "a topic for a worksheet": ("byhand attention", ["topic 'attention' is not known", "did you mean self-attention?"]),
}  # fmt: skip

# What is typed after `clearhead train`, in place of {recipe} where it begins with a key; the run is {t}/run.
TRAINED = {
    "a recipe that is not there": ("{t}/none.yaml", ["/none.yaml does not exist; expected a YAML file"]),
    "a misspelt name of a recipe": ("streets", ["recipe 'streets' is no file and none of clearhead's own", "street"]),
    "a text file as a recipe": ("{en}", ["is no recipe but a .en file", "YAML that names your text files"]),
    "a run as a recipe": ("{run}", ["{run} is a folder; expected a YAML file"]),
    "a setting as an option": ("{recipe} --steps 9", ["No such option: --steps", "as in training.steps=VALUE"]),
    "spaces around =": ("{recipe} training.steps = 9", ["'training.steps' is not key=value", "training.steps=100"]),
    "a misspelt key": ("training.stepz=9", ["unknown key training.stepz; did you mean steps?"]),
    "a key without its section": ("steps=9", ["unknown key steps; did you mean training.steps?"]),
    "another toolkit's key": ("training.learning_rate=1e-3", ["did you mean training.schedule.peak?"]),
    "epochs": ("training.epochs=3", ["unknown key training.epochs; did you mean training.steps?"]),
    "a thousand as 1k": ("training.steps=1k", ["training.steps='1k'", "write 1000"]),
    "per cent where a share is meant": ("model.dropout=30", ["model.dropout=30", "expected less than 1"]),
    "a preset that is none": ("model.preset=base", ["model.preset='base'", "'paper_base'"]),
    "a device that is none": ("training.device=gpu", ["training.device='gpu'", "expected 'auto', 'cpu' or 'cuda'"]),
    "a precision that no run has": ("training.precision=fp16", ["'fp16'", "expected 'auto', 'fp32' or 'bf16'"]),
    "a width that heads do not share": ("model.heads=3", ["width=16 is not divisible by heads=3", "choose a width"]),
    "a task that is none": ("task=translating", ["task='translating'", "expected 'translation'"]),
    "files of unlike lengths": ("data.train.target={short}", ["has 30 lines but {short} has 28", "one line for each"]),
    "an empty file": ("data.train.source={empty}", ["{empty} is empty (0 lines); expected a line or more"]),
    "blank lines alone": ("data.train.source={blank}", ["no pair is left to train on", "30 with an empty side"]),
    "a folder for a text": ("data.train.source={t}", ["{t} is a folder; expected a text file"]),
    "a misspelt file": ("data.train.source=train.eng", ["train.eng does not exist; did you mean train.en?"]),
    "a misspelt folder": ("data.folder={t}/txet", ["nor does its folder {t}/txet; check the path"]),
    "validation that is not there": ("data.validate.source=valid.en", ["valid.en does not exist; did you mean val.en"]),
    "an older Korean encoding": ("data.train.target={cp949}", ["not UTF-8", "iconv -f CP949 -t UTF-8 FILE > NEW"]),
    "UTF-16": ("data.train.target={utf16}", ["is in UTF-16, expected UTF-8", "iconv -f UTF-16 -t UTF-8 FILE > NEW"]),
    "a PDF": ("data.train.target={pdf}", ["is a PDF; copy its text into a text file in UTF-8"]),
    "a table as a text": ("data.train.target={csv}", ["looks like a table", "save each column as a text file"]),
    "a column by another name": (
        "'data.train={table: {csv}, columns: [english, French]}'",
        ["the column 'english' not in its first line (English, French)", "name another, or give its number, from 1"],
    ),
    "a third column of two": (
        "'data.train={table: {csv}, columns: [1, 3]}'",
        ["has 2 columns, expected 3 or more, separated by a comma", "columns: [1, 2]"],
    ),
    "columns from 0": ("'data.train={table: {csv}, columns: [0, 1]}'", ["columns.0=0", "expected 1 or more"]),
    "semicolons in a CSV file": (
        "'data.train={table: {semicolons}, columns: [English, French]}'",
        ["but 2 by a semicolon", "save it as CSV UTF-8 with commas"],
    ),
    "a field of a field": (
        "'data.train={table: {jsonl}, columns: [en, fr]}'",
        ["has no field 'en'", "translation.en, translation.fr"],
    ),
    "a list of JSON": ("'data.train={table: {json}, columns: [en, fr]}'", ["looks like JSON", "write it as .jsonl"]),
    "columns the wrong way round, filtered": (
        "'data.train={table: {turned}, from: en, to: ko}' data.filters.scripts=true",
        ["no pair is left to train on", "30 in another script than their language's"],
    ),
    "tags without languages": ("text.tags=true", ["has no target language", "add `to:`, such as to: fr"]),
    "a vocabulary that holds no bytes": ("text.size=9", ["text.size=9 cannot hold the 256 bytes"]),
    "a batch smaller than a sentence": ("training.batch_tokens=5", ["training.batch_tokens=5; raise it, or set"]),
    "a model shorter than a sentence": ("model.max_length=8", ["but model.max_length=8; set", "or model.max_length="]),
    "filters that leave nothing": ("data.filters.max_tokens=1", ["no pair is left", "loosen data.filters"]),
    "a share above 1": ("'data.validate={share: 5}'", ["data.validate.0.share=5", "expected less than 1"]),
    "a run that is there": ("{recipe} --out {run}", ["already holds a run; go on with it by --resume, or name"]),
    "another model in a run that is there": (
        "{tiny} model.width=32 --out {run} --resume",
        ["model.width is 32, but was 16", "train into another folder by --out"],
    ),
    "no run to go on with": ("{recipe} --resume", ["holds no run to go on with; train without --resume"]),
    "a file for the run's folder": ("{recipe} --out {mine}", ["--out {mine} is a file; name a folder for the run"]),
    "no place for the run": ("{recipe} --out {mine}/run", ["cannot be written", "or name another folder"]),
    "no name for the run": ("{recipe} --output {t}/run", ["No such option: --output"]),
    "a log that is none": ("{recipe} --log wandb", ["'wandb' is not one of 'csv', 'tensorboard'"]),
}  # fmt: skip

# What is changed in a recipe's text, and the line's words.
WRITTEN = {
    "tabs": ("  steps", "\tsteps", ["line 11: a tab stands where YAML wants spaces; indent with spaces"]),
    "no space after a colon": ("steps: 2", "steps:2", ["could not find expected ':'", "`training: {steps: 100}`"]),
    "a space too many": ("  steps", "   steps", ["line 11: ", "expected YAML such as"]),
    "a key twice": ("text:", "name: again\ntext:", ["name stands twice, lines 1 and 6; keep one of them"]),
    "no validation": ("  validate: {source: val.en, target: val.fr}\n", "", ["data.validate is missing; add it"]),
    "no steps": ("  steps: 2\n", "", ["training.steps is missing; add it"]),
    "no name": ("name: mine\n", "", ["name is missing; add it"]),
    "one file alone": ("{source: train.en, target: train.fr}", "train.en", ["expected the keys source, target"]),
    "a variable that is not set": ("name: mine", "name: ${NOT_SET_HERE}", ["NOT_SET_HERE"]),
}

# What can be done, and is probably not meant: a warning, and the run goes on.
DOUBTED = {
    "one file for both sides": ("data.train.target=train.en", "is both the source and the target"),
    "columns the wrong way round": (
        "'data.train={table: {turned}, from: en, to: ko}'",
        "is the wrong way round: its source is written as ko is, and its target as en is; exchange",
    ),
}


@pytest.fixture
def place(
    tmp_path: Path,
    corpus: Path,
    recipe_file: Path,
    run_folder: Path,
    two_languages_folder: Path,
    classifier_folder: Path,
    language_model_folder: Path,
    masked_model_folder: Path,
) -> dict[str, str]:
    """A folder of files as people have them; their names by what stands in braces above."""
    english, french = ((corpus / f"train.{one}").read_text().splitlines() for one in ("en", "fr"))
    korean = [f"강아지가 길을 {number}번 건넜다" for number in range(30)]
    pairs = list(zip(english, french, strict=True))
    texts: dict[str, str] = {
        "recipe.ok.yaml": RECIPE.format(corpus=corpus),
        "short.fr": "\n".join(french[:28]),
        "empty.en": "",
        "blank.en": "\n" * 30,
        "mine.en": "one two\n",
        "csv.csv": "English,French\n" + "".join(f"{one},{other}\n" for one, other in pairs),
        "semicolons.csv": "English;French\n" + "".join(f"{one};{other}\n" for one, other in pairs),
        "jsonl.jsonl": "".join(json.dumps({"translation": {"en": one, "fr": other}}) + "\n" for one, other in pairs),
        "json.json": json.dumps([{"en": one, "fr": other} for one, other in pairs], indent=1),
        "turned.tsv": "".join(f"{one}\t{other}\n" for one, other in zip(korean, english, strict=True)),
        "gguf.gguf": "GGUF",
        "pytorch.pt": "PK",
        "pdf.pdf": "%PDF-1.4\n",
    }
    folder = tmp_path / "files"
    (folder / "marian").mkdir(parents=True)
    (folder / "stopped" / "checkpoints").mkdir(parents=True)
    (folder / "marian" / "config.json").write_text('{"model_type": "marian"}')
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "cp949.ko").write_text("".join(f"{line}\n" for line in korean), encoding="cp949")
    (folder / "utf16.fr").write_text("\n".join(french), encoding="utf-16")
    (tmp_path / "t").mkdir()
    models = {
        "run": run_folder, "tags": two_languages_folder, "classifier": classifier_folder, "tiny": recipe_file,
        "language_model": language_model_folder, "masked_model": masked_model_folder,
        "en": corpus / "train.en", "fr": corpus / "train.fr", "t": tmp_path / "t",
    }  # fmt: skip
    return {path.name.partition(".")[0]: str(path) for path in folder.iterdir()} | {
        name: str(path) for name, path in models.items()
    }


def filled(text: str, names: dict[str, str]) -> str:
    """The names in braces; what else stands in braces is YAML."""
    for name, path in names.items():
        text = text.replace(f"{{{name}}}", path)
    return text


def line_of(result: Any) -> str:
    """The one line that a mistake is answered in; what was said of progress may stand before it."""
    *before, last = result.err.splitlines()
    assert result.code == 2, result.err
    assert result.out == b""
    assert last.startswith("clearhead: ")
    assert not any("Traceback" in line or line.startswith("clearhead: ") for line in before)
    return str(last)


@pytest.mark.parametrize("mistake", TYPED)
def test_what_is_typed(clearhead: Run, place: dict[str, str], mistake: str) -> None:
    typed, words = TYPED[mistake]
    said = line_of(clearhead(*(filled(one, place) for one in shlex.split(typed)), stdin=b"one two\n"))
    assert all(filled(one, place) in said for one in words), said
    assert not any(Path(place["t"]).iterdir())


def training(typed: str, names: dict[str, str]) -> list[str]:
    first = typed.partition(" ")[0]
    begins_with_key = "=" in first and not first.startswith("{")
    arguments = [filled(one, names) for one in shlex.split(typed)]
    out = [] if "--out" in typed else ["--out", f"{names['t']}/run"]
    return ["train", *([names["recipe"]] if begins_with_key else []), *arguments, *out]


@pytest.mark.parametrize("mistake", TRAINED)
def test_what_is_trained(clearhead: Run, place: dict[str, str], mistake: str) -> None:
    typed, words = TRAINED[mistake]
    said = line_of(clearhead(*training(typed, place)))
    assert all(filled(one, place) in said for one in words), said
    assert not (Path(place["t"]) / "run" / "checkpoints").exists()


@pytest.mark.parametrize("mistake", WRITTEN)
def test_what_is_written(clearhead: Run, place: dict[str, str], mistake: str) -> None:
    old, new, words = WRITTEN[mistake]
    recipe = Path(place["recipe"])
    text = recipe.read_text(encoding="utf-8")
    assert old in text
    recipe.write_text(text.replace(old, new, 1), encoding="utf-8")
    said = line_of(clearhead(*training("{recipe}", place)))
    assert all(one in said for one in words), said


@pytest.mark.parametrize("mistake", DOUBTED)
def test_what_is_doubted(clearhead: Run, place: dict[str, str], mistake: str) -> None:
    typed, words = DOUBTED[mistake]
    result = clearhead(*training(f"{typed} training.steps=1", place))
    assert result.code == 0
    assert any(line.startswith("warning: ") and words in line for line in result.err.splitlines())


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_no_right_to_write(clearhead: Run, place: dict[str, str]) -> None:
    locked = Path(place["t"]) / "locked"
    locked.mkdir(mode=0o500)
    said = line_of(clearhead("train", place["recipe"], "--out", locked / "run"))
    assert "cannot be written (Permission denied); make room or check its rights, or name another folder" in said
    said = line_of(clearhead("translate", place["run"], "--in", place["en"], "--out", locked / "out"))
    assert "cannot be written (Permission denied)" in said


def test_there_are_enough() -> None:
    assert len({**TYPED, **TRAINED, **WRITTEN, **DOUBTED}) > 90
