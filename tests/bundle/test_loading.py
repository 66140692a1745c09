"""A model on disk: what is whole loads, and nothing else."""

import dataclasses
import hashlib
import json
import math
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

import clearhead
from clearhead.bundle import Bundle, find_bundle, load, shipped
from clearhead.errors import BundleError, UsageError
from clearhead.files import sha256
from clearhead.look.showing import untrained
from clearhead.model import EncoderDecoder, TransformerConfig
from clearhead.recipe import Recipe, load_recipe, shipped_recipe
from clearhead.street import DIRECTIONS, scored
from clearhead.street.examples import example
from clearhead.text import BytePairTokenizer

TIRED = "The animal didn't cross the street because it was too tired."
WIDE = TIRED.replace("tired", "wide")


@pytest.fixture
def copy(run_folder: Path, tmp_path: Path) -> Path:
    """A bundle's folder that a test may damage."""
    return shutil.copytree(run_folder / "bundle", tmp_path / "copy")


@pytest.fixture
def separate(make_recipe: Callable[..., Recipe], tmp_path: Path) -> Path:
    """A bundle whose sides have tokenizers of their own."""
    recipe = make_recipe("text.joint=false", "model.share_embeddings=target")
    source, target = BytePairTokenizer.learn(["one two one two"], 260), BytePairTokenizer.learn(["un deux"], 259)
    model = EncoderDecoder(recipe.model.config(source.size, target.size)).eval()
    Bundle(model, source, target, recipe).save(tmp_path / "separate")
    return tmp_path / "separate"


def rewrite(folder: Path, **changes: object) -> None:
    """Change config.json and the hash in it, as somebody who means harm would."""
    config = json.loads((folder / "config.json").read_text()) | changes
    config.pop("sha256", None)
    text = json.dumps(config, sort_keys=True, separators=(",", ":"))
    (folder / "config.json").write_text(json.dumps(config | {"sha256": hashlib.sha256(text.encode()).hexdigest()}))


def rehash(folder: Path, name: str) -> None:
    """Let config.json hold the hash that a file has now, as somebody who means harm would."""
    files = json.loads((folder / "config.json").read_text())["files"]
    rewrite(folder, files=files | {name: sha256(folder / name)})


class TestLoading:
    def test_a_run_folder_or_its_bundle(self, run_folder: Path) -> None:
        assert find_bundle(run_folder) == find_bundle(run_folder / "bundle") == run_folder / "bundle"
        assert clearhead.load(str(run_folder)).recipe.name == "tiny"

    def test_the_model_does_not_train(self, run_folder: Path) -> None:
        assert not load(run_folder).model.training

    @pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json"])
    @pytest.mark.parametrize("damage", ["removed", "cut", "flipped"])
    def test_a_damaged_file(self, copy: Path, name: str, damage: str) -> None:
        path = copy / name
        content = bytearray(path.read_bytes())
        if damage == "removed":
            path.unlink()
        elif damage == "cut":
            path.write_bytes(content[: len(content) // 2])
        else:
            content[len(content) // 2] ^= 1
            path.write_bytes(content)
        self.refused(copy, f"lacks '{name}'" if damage == "removed" else f"{name} is damaged")

    def refused(self, folder: Path, message: str) -> None:
        with pytest.raises(BundleError, match=message) as caught:
            load(folder)
        assert "\n" not in str(caught.value)

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (b"", "is not a bundle's config"),
            (b"{", "is not a bundle's config"),
            (b"[]", "is not a bundle's config"),
            (b"\xff", "cannot be read"),
            (b"[" * 100_000, "is not a bundle's config"),
            (b"{}", "is not a bundle's config .no .format"),
            (b'{"format": 2, "family": "x"}', "has format 2, but this clearhead reads format 1; update clearhead"),
            (b'{"format": 1, "family": "causal"}', "has family 'causal'; expected encoder-decoder"),
            (b'{"format": 1, "family": "encoder-decoder", "model": 1, "files": {}}', "is not a bundle's config"),
            (b'{"format": 1, "family": "encoder-decoder", "model": {}, "files": {}}', "names no model.safetensors"),
        ],
    )
    def test_another_config(self, copy: Path, content: bytes, message: str) -> None:
        (copy / "config.json").write_bytes(content)
        self.refused(copy, message)

    @pytest.mark.parametrize("name", ["../secret", "/etc/hostname", "a/b", "..", ".", "", "config.json"])
    def test_a_name_that_leads_out(self, copy: Path, name: str) -> None:
        (copy.parent / "secret").write_text("secret")
        files = json.loads((copy / "config.json").read_text())["files"]
        rewrite(copy, files=files | {name: sha256(copy.parent / "secret")})
        self.refused(copy, "is no file of a bundle")

    def test_a_link_that_leads_out(self, copy: Path) -> None:
        (copy.parent / "secret").write_text("secret")
        (copy / "tokenizer.json").unlink()
        (copy / "tokenizer.json").symlink_to(copy.parent / "secret")
        rehash(copy, "tokenizer.json")
        self.refused(copy, "lacks 'tokenizer.json'")

    def test_a_config_that_leads_out(self, copy: Path) -> None:
        """faults.md A14: not even where the file outside is a whole config."""
        (copy / "config.json").rename(copy.parent / "config.json")
        (copy / "config.json").symlink_to(copy.parent / "config.json")
        self.refused(copy, "lacks 'config.json'")

    def test_links_within(self, copy: Path) -> None:
        """The folder itself may be a link, and what it lists may be one to a file inside."""
        (copy / "tokenizer.json").rename(copy / "pieces")
        (copy / "tokenizer.json").symlink_to("pieces")
        (copy.parent / "link").symlink_to(copy)
        assert load(copy.parent / "link").recipe.name == "tiny"

    def test_a_tokenizer_that_is_not_listed(self, separate: Path, tmp_path: Path) -> None:
        """faults.md A14: with source.json and target.json, an unlisted tokenizer.json was read, even through a link."""
        expected = load(separate).source_tokenizer.to_json()
        (tmp_path / "secret.json").write_text("secret")
        (separate / "tokenizer.json").symlink_to(tmp_path / "secret.json")
        assert load(separate).source_tokenizer.to_json() == expected
        (separate / "tokenizer.json").unlink()
        BytePairTokenizer.learn(["other words, other words"], 260).save(separate / "tokenizer.json")
        assert load(separate).source_tokenizer.to_json() == expected

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"files": []}, "model or files is not an object"),
            ({"files": {"README.md": 5}}, "the sha256 of 'README.md' is not a sha256"),
            ({"files": {"README.md": "A" * 64}}, "the sha256 of 'README.md' is not a sha256"),
            ({"files": {str(n): "0" * 64 for n in range(101)}}, "is not an object"),
            ({"model": 5}, "model or files is not an object"),
            ({"name": 5}, "its name is no text"),
            ({"languages": [["en", "fr", "ko"]]}, "its languages are no list of pairs of names"),
            ({"languages": "en"}, "its languages are no list of pairs of names"),
            ({"decoding": {"length_penalty": "none"}}, "no 'beam_size'"),
            ({"decoding": {"beam_size": 1025, "length_penalty": "none"}}, "must be a whole number from 1 to 1024"),
            ({"decoding": {"beam_size": 2.0, "length_penalty": "none"}}, "must be a whole number from 1 to 1024"),
            ({"decoding": {"beam_size": 2, "length_penalty": "mean:1e308"}}, "must be a number from 0 to 10"),
            ({"decoding": {"beam_size": 2, "length_penalty": [1]}}, "is no text; write gnmt:ALPHA"),
            ({"decoding": []}, "its decoding is no object"),
            ({"seed": -1}, "must be a whole number from 0"),
            ({"source_scripts": 5}, "source_scripts is not a list of names"),
            ({"source_scripts": ["LATIN", 5]}, "source_scripts is not a list of names"),
            ({"format": True}, "has format True"),
            ({"format": "9" * 5000}, "has format '999"),
        ],
    )
    def test_fields_of_other_types(self, copy: Path, changes: dict[str, object], message: str) -> None:
        rewrite(copy, **changes)
        self.refused(copy, message)

    @pytest.mark.parametrize("sizes", [{"width": 15}, {"widht": 16}, {"heads": 0}, {"dropout": 1.5}])
    def test_sizes_that_are_none(self, copy: Path, sizes: dict[str, object]) -> None:
        model = json.loads((copy / "config.json").read_text())["model"]
        rewrite(copy, model=model | sizes)
        self.refused(copy, "is not a bundle of this clearhead")

    @pytest.mark.parametrize("field", [field.name for field in dataclasses.fields(TransformerConfig)])
    def test_hostile_sizes(self, copy: Path, field: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """faults.md A8: refused in one line, and nothing of such a size is built before."""

        def build(*_: object, **__: object) -> None:
            pytest.fail("the model was built before its sizes were held against the files")

        monkeypatch.setattr(EncoderDecoder, "__init__", build)
        # Nobody's size: of these any large number is one, and None is what each has by default.
        free = {
            "eps": (10**6, 10**9), "rotary_base": (10**6, 10**9), "scale": (10**6, 10**9, None), "kv_heads": (None,),
            "head_width": (None,), "query_key_value_bias": (None,), "attention_output_bias": (None,),
            "rotary_high_turns": (10**6, 10**9), "rotary_trained_length": (10**6,), "rotary_factor": (10**6, 10**9),
        }  # fmt: skip
        for value in (10**6, 10**9, 10**400, math.nan, "8", None):
            if value in free.get(field, ()):
                continue
            model = json.loads((copy / "config.json").read_text())["model"] | {field: value}
            rewrite(copy, model=model)
            self.refused(copy, "is not a bundle of this clearhead|config.json has|has shape|does not fit")

    def test_tables_larger_than_the_weights(self, copy: Path) -> None:
        """faults.md A8: positions that a formula gives are in no file, so that no header tells of them."""
        model = json.loads((copy / "config.json").read_text())["model"]
        assert (model["positions"], model["width"]) == ("sinusoidal", 16)
        # Two tables of 1,048,576 × 16 numbers of 4 bytes are 128 MiB; the weights are less than one.
        rewrite(copy, model=model | {"max_length": 2**20})
        self.refused(copy, "max_length=1048576, which needs tables of positions far larger than the model")

    def test_a_tokenizer_of_another_size(self, copy: Path) -> None:
        """faults.md A8"""
        tokenizer = BytePairTokenizer.learn(["one two one two"], 262)
        tokenizer.save(copy / "tokenizer.json")
        rehash(copy, "tokenizer.json")
        self.refused(copy, f"config.json has source_vocabulary=259, but the tokenizer has {tokenizer.size} pieces")

    @pytest.mark.parametrize("kind", [torch.int64, torch.uint8, torch.bool])
    def test_weights_that_are_no_numbers(self, copy: Path, kind: torch.dtype) -> None:
        weights = load_file(copy / "model.safetensors")
        name = "encoder.layers.0.feed_forward.inner.bias"
        save_file(weights | {name: weights[name].to(kind)}, copy / "model.safetensors")
        rehash(copy, "model.safetensors")
        self.refused(copy, f"{name} holds .*, expected one of F32, F16, BF16, F64")

    def test_weights_of_other_sizes(self, copy: Path) -> None:
        model = json.loads((copy / "config.json").read_text())["model"]
        rewrite(copy, model=model | {"inner_width": 64})
        self.refused(copy, r"has shape .*, expected .*; copy the bundle again")

    @pytest.mark.parametrize("content", [b"", b"\xff" * 64, (2**60).to_bytes(8, "little") + b"{}"])
    def test_weights_that_are_none(self, copy: Path, content: bytes) -> None:
        (copy / "model.safetensors").write_bytes(content)
        rehash(copy, "model.safetensors")
        self.refused(copy, "model.safetensors cannot be read")

    def test_weights_with_other_names(self, copy: Path) -> None:
        weights = load_file(copy / "model.safetensors")
        for names, first in (
            ({"other": torch.zeros(2)}, "'decoder"),
            (weights | {"a\n\x1b": torch.zeros(2)}, r"'a\\n\\x1b'"),
        ):
            save_file(names, copy / "model.safetensors")
            rehash(copy, "model.safetensors")
            self.refused(copy, f"does not fit its config.json .first difference: {first}")

    def test_a_tokenizer_of_another_version(self, copy: Path) -> None:
        (copy / "tokenizer.json").write_bytes(b"{}")
        rehash(copy, "tokenizer.json")
        self.refused(copy, "is not a bundle of this clearhead|cannot be read")

    def test_a_name_of_ours(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run_folder: Path) -> None:
        monkeypatch.chdir(tmp_path)
        assert find_bundle(Path("street")) == shipped()["street"]
        # A folder of another sort, such as the corpus that `clearhead corpus street --out street` writes.
        (tmp_path / "street").mkdir()
        assert find_bundle(Path("street")) == shipped()["street"]
        (tmp_path / "street" / "checkpoints").mkdir()
        self.refused(Path("street"), "has not been validated yet")
        shutil.copytree(run_folder / "bundle", tmp_path / "street" / "bundle")
        assert find_bundle(Path("street")) == Path("street/bundle")
        self.refused(Path("stret"), "made by `clearhead train`, or the name of clearhead's own: street")

    def test_no_such_folder(self, tmp_path: Path) -> None:
        self.refused(tmp_path / "none", "does not exist; expected a run folder or a bundle folder")
        self.refused(tmp_path, "is not a model; expected a folder with config.json, a run folder with bundle/")
        self.refused(tmp_path / ("x" * 5000), "cannot be read|does not exist")

    def test_a_path_beside_a_model(self, tmp_path: Path, run_folder: Path) -> None:
        """The folder of all runs, a checkpoint and a file of weights are no models, but a model is near."""
        shutil.copytree(run_folder, tmp_path / "runs" / "first")
        first, [checkpoint, *_] = tmp_path / "runs" / "first", sorted((run_folder / "checkpoints").iterdir())
        self.refused(tmp_path / "runs", rf"or a \.zip of one; did you mean {first}\?$")
        self.refused(first / "checkpoints" / checkpoint.name, rf"did you mean {first}\?$")
        self.refused(first / "bundle" / "model.safetensors", rf"did you mean {first}/bundle\?$")
        (tmp_path / "text").touch()
        self.refused(tmp_path / "text", r"or a \.zip of one$")

    def test_what_becomes_a_model(self, tmp_path: Path, run_folder: Path) -> None:
        """A recipe by training, a model of Hugging Face's by importing."""
        for name in ("mine.yaml", "model.gguf"):
            (tmp_path / name).touch()
        self.refused(tmp_path / "mine.yaml", r"; make one of the recipe by `clearhead train .*mine\.yaml --out RUN`$")
        self.refused(tmp_path / "model.gguf", r"; make one of it by `clearhead import .*model\.gguf --out MODEL`$")
        self.refused(run_folder / "bundle" / "recipe.yaml", rf"did you mean {run_folder / 'bundle'}\?$")
        self.refused(
            Path("Helsinki-NLP/opus-mt-en-de"), "Hugging Face hub is made into a bundle by `clearhead import`$"
        )
        (tmp_path / "config.json").write_text('{"model_type": "marian"}')
        self.refused(
            tmp_path, f"of Hugging Face's and no bundle; make one of it by `clearhead import {tmp_path} --out M"
        )

    def test_a_run_without_a_bundle(self, tmp_path: Path) -> None:
        (tmp_path / "checkpoints").mkdir()
        self.refused(tmp_path, "has not been validated yet, so it has no bundle; go on with its training")

    def test_a_device_that_is_not_there(self, run_folder: Path) -> None:
        with pytest.raises(UsageError, match="device='quantum' cannot be used"):
            load(run_folder, device="quantum")


class TestHash:
    """config.json holds a hash of its own content."""

    def test_every_byte_of_it_counts(self, copy: Path) -> None:
        """faults.md A14: three of 20,097 changed bytes loaded with another max_length in silence."""
        changed_bytes(copy, ["config.json"], 40)

    def test_every_digit_of_its_sizes_counts(self, copy: Path) -> None:
        """faults.md A14: a max_length of 65 in place of 64 needs no other weight."""
        text = (copy / "config.json").read_text()
        begin, end = text.index('"model"'), text.index('"files"')
        for place in (place for place in range(begin, end) if text[place].isdigit()):
            other = str((int(text[place]) + 1) % 10)
            (copy / "config.json").write_text(text[:place] + other + text[place + 1 :])
            self.refused(copy)

    def refused(self, folder: Path) -> None:
        with pytest.raises(BundleError) as caught:
            load(folder)
        assert "\n" not in str(caught.value)

    def test_every_byte_of_every_file_counts(self, copy: Path) -> None:
        """faults.md A14: what is read is what is hashed."""
        changed_bytes(copy, sorted(file.name for file in copy.iterdir()), 4)

    @pytest.mark.slow
    def test_many_bytes_of_every_file_count(self, copy: Path) -> None:
        """faults.md A14"""
        changed_bytes(copy, sorted(file.name for file in copy.iterdir()), 4_000)

    def test_what_is_added_is_hashed_too(self, copy: Path) -> None:
        """A newer clearhead may say more; somebody who edits by hand may not."""
        rewrite(copy, more=[1])
        assert load(copy).recipe.name == "tiny"
        config = json.loads((copy / "config.json").read_text())
        (copy / "config.json").write_text(json.dumps(config | {"more": [2]}))
        with pytest.raises(BundleError, match="its sha256 is not that of its other fields"):
            load(copy)

    def test_the_first_bundles_had_none(self, copy: Path) -> None:
        """Format 1 as version 0.1 wrote it: four fields, and no hash of them."""
        config = json.loads((copy / "config.json").read_text())
        first = {name: config[name] for name in ("format", "family", "model", "files")}
        (copy / "config.json").write_text(json.dumps(first))
        assert load(copy).recipe.name == "tiny"
        (copy / "config.json").write_text(json.dumps(first | {"source_scripts": ["LATIN"]}))
        with pytest.raises(BundleError, match="its sha256 is not that of its other fields"):
            load(copy)

    def test_a_key_that_stands_twice(self, copy: Path) -> None:
        text = (copy / "config.json").read_text()
        (copy / "config.json").write_text(text.replace('"format": 1', '"format": 2, "format": 1'))
        with pytest.raises(BundleError, match="'format' stands in it twice"):
            load(copy)


def changed_bytes(folder: Path, names: list[str], count: int) -> None:
    """Change one byte of a file at a time: the bundle is refused in one line, or is as it was."""
    random, whole = Random("bytes"), load(folder)
    weights = [one.clone() for one in whole.model.parameters()]
    refused = 0
    for name in names:
        content = (folder / name).read_bytes()
        for place in random.sample(range(len(content)), min(count, len(content))):
            other = (content[place] + random.randrange(1, 256)) % 256
            (folder / name).write_bytes(content[:place] + bytes([other]) + content[place + 1 :])
            problem = ""
            try:
                read = load(folder)
            except BundleError as error:
                problem = str(error)
            if problem:
                assert "\n" not in problem
                assert len(problem) < 1000
                refused += 1
            else:
                assert read.model.config == whole.model.config
                assert all(map(torch.equal, read.model.parameters(), weights))
        (folder / name).write_bytes(content)
    assert refused > 0


class TestProvenance:
    def test_no_place_of_the_makers_machine(self, run_folder: Path, corpus: Path) -> None:
        """faults.md C8: the bundle held the absolute path of its maker's data."""
        assert corpus.name in (run_folder / "bundle" / "recipe.yaml").read_text()
        for file in (run_folder / "bundle").iterdir():
            assert str(corpus.parent).encode() not in file.read_bytes(), file.name
        # What a run goes on from is in its checkpoints.
        newest = next((run_folder / "checkpoints").iterdir())
        assert str(corpus) in (newest / "recipe.yaml").read_text()


def change(name: str, old: str, new: str) -> Callable[[Path], object]:
    def apply(folder: Path) -> None:
        text = (folder / name).read_text()
        assert old in text
        (folder / name).write_text(text.replace(old, new, 1))

    return apply


RECIPE = "recipe.yaml"
# What may become of a recipe, and must not matter. `sealed`: config.json lists what it is now.
LOST: dict[str, Callable[[Path], object]] = {
    "missing": lambda folder: (folder / RECIPE).unlink(),
    "empty": lambda folder: (folder / RECIPE).write_bytes(b""),
    "bytes": lambda folder: (folder / RECIPE).write_bytes(b"\xff\xfe\x00"),
    "no YAML": lambda folder: (folder / RECIPE).write_bytes(b"[" * 5000),
    "aliases": lambda folder: (folder / RECIPE).write_bytes(b"a: &b [*b]"),
    "a folder": lambda folder: ((folder / RECIPE).unlink(), (folder / RECIPE).mkdir()),
    "a link to nothing": lambda folder: ((folder / RECIPE).unlink(), (folder / RECIPE).symlink_to("nowhere")),
    "large": lambda folder: (folder / RECIPE).write_bytes(b"name: tiny\n" + b"# more\n" * 300_000),
}
CHANGED: dict[str, Callable[[Path], object]] = {
    "an unknown section": change(RECIPE, "training:", "future: {a: 1}\ntraining:"),
    "an unknown key": change(RECIPE, "training:", "training:\n  optimiser: lion"),
    "a key of another name": change(RECIPE, "  batch_tokens:", "  max_batch_tokens:"),
    "a section of another name": change(RECIPE, "data:", "corpora:"),
    "an unknown choice": change(RECIPE, "kind: bpe", "kind: x"),
    "a value of another type": change(RECIPE, "device: cpu", "device: [cpu]"),
}


class TestConfigAlone:
    """DESIGN: config.json holds all that use needs; opening a bundle never depends on its recipe (faults.md C8)."""

    @pytest.mark.parametrize("sealed", [False, True])
    @pytest.mark.parametrize("what", [*LOST, *CHANGED])
    def test_whatever_becomes_of_its_recipe(self, copy: Path, run_folder: Path, what: str, sealed: bool) -> None:
        expected = load(run_folder)
        (LOST | CHANGED)[what](copy)
        if sealed and (copy / RECIPE).is_file():
            rehash(copy, RECIPE)
        self.is_the_same(load(copy), expected)

    def is_the_same(self, bundle: Bundle, expected: Bundle) -> None:
        """What it translates, scores, traces, refuses and calls itself, and what it looked like before training."""
        texts = ["one two", "six", ""]
        assert bundle.settings == expected.settings
        assert bundle.search(texts) == expected.search(texts)
        assert bundle.translate(texts, "fr", beam_size=1) == expected.translate(texts, "fr", beam_size=1)
        assert bundle.score(texts, texts) == expected.score(texts, texts)
        traces = [one.trace("one two", beam_size=2) for one in (bundle, expected)]
        assert traces[0].settings == traces[1].settings
        assert torch.equal(*(untrained(one.bundle, one)["output.probabilities"] for one in traces))
        with pytest.raises(UsageError, match="this model translates into fr only, not 'de'"):
            bundle.translate("one", "de")

    def test_files_that_nobody_needs(self, copy: Path, run_folder: Path) -> None:
        (copy / "README.md").unlink()
        self.is_the_same(load(copy), load(run_folder))

    def test_without_any_listed(self, copy: Path, run_folder: Path) -> None:
        """As somebody publishes a model who does not say what it was made of."""
        files = json.loads((copy / "config.json").read_text())["files"]
        for name in (RECIPE, "README.md"):
            (copy / name).unlink()
            del files[name]
        rewrite(copy, files=files)
        self.is_the_same(load(copy), load(run_folder))

    def test_its_recipe_is_not_read_before_somebody_asks(self, copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """So that nothing in it can stop a translation, nor any fault of what reads it."""

        def read(text: str, origin: str) -> Recipe:
            raise MemoryError

        monkeypatch.setattr("clearhead.recipe.read_provenance", read)
        bundle = load(copy)
        assert bundle.translate("one two") == pickle.loads(pickle.dumps(bundle)).translate("one two")
        with pytest.raises(MemoryError):
            bundle.recipe  # noqa: B018

    def test_saved_again(self, copy: Path, run_folder: Path, tmp_path: Path) -> None:
        """With what is known of it."""
        (copy / RECIPE).unlink()
        load(copy).save(tmp_path / "again")
        self.is_the_same(load(tmp_path / "again"), load(run_folder))
        assert (tmp_path / "again" / "README.md").read_text() == "# tiny\n"

    @pytest.mark.parametrize("what", ["missing", "no YAML", "a key of another name"])
    def test_commands(self, clearhead: Callable[..., Any], copy: Path, run_folder: Path, what: str) -> None:
        """translate, score, evaluate and look say what they say of the whole bundle."""
        (LOST | CHANGED)[what](copy)
        for name in ("source", "target"):
            (copy.parent / name).write_text("one two\nsix\n")
        files = copy.parent / "source", copy.parent / "target"
        for command in (["translate"], ["score", *files], ["evaluate", *files]):
            found, expected = (
                clearhead(command[0], model, *command[1:], stdin=b"one two\n") for model in (copy, run_folder)
            )
            assert (found.code, found.out, found.err) == (0, expected.out, expected.err)
        page = copy.parent / "page.html"
        assert clearhead("look", copy, "one two", "--html", page).code == 0
        assert page.stat().st_size > 10_000


class TestFirstBundles:
    """Format 1 as version 0.1 wrote it: config.json says nothing of settings, which were in recipe.yaml."""

    @pytest.fixture
    def first(self, copy: Path) -> Path:
        config = json.loads((copy / "config.json").read_text())
        text = json.dumps({name: config[name] for name in ("format", "family", "model", "files")}, indent=2)
        (copy / "config.json").write_text(text + "\n")
        return copy

    def rehash(self, folder: Path, name: str) -> None:
        config = json.loads((folder / "config.json").read_text())
        config["files"][name] = sha256(folder / name)
        (folder / "config.json").write_text(json.dumps(config))

    def test_the_same(self, first: Path, run_folder: Path, caplog: pytest.LogCaptureFixture) -> None:
        TestConfigAlone().is_the_same(load(first), load(run_folder))
        assert caplog.text == ""

    @pytest.mark.parametrize("what", CHANGED)
    def test_whatever_its_recipe_says_besides(
        self, first: Path, run_folder: Path, what: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        CHANGED[what](first)
        self.rehash(first, RECIPE)
        bundle, expected = load(first), load(run_folder)
        assert bundle.settings.beam_size == expected.settings.beam_size == 2
        assert bundle.search(["one two", "six"]) == expected.search(["one two", "six"])
        assert caplog.text == ""

    @pytest.mark.parametrize("sealed", [False, True])
    @pytest.mark.parametrize("what", LOST)
    def test_without_a_recipe(
        self, first: Path, run_folder: Path, what: str, sealed: bool, caplog: pytest.LogCaptureFixture
    ) -> None:
        """The settings of a recipe that says none: a beam of 5, which one line says where the recipe is lost."""
        LOST[what](first)
        if sealed and (first / RECIPE).is_file():
            self.rehash(first, RECIPE)
        bundle = load(first)
        assert bundle.search(["one two"]) == load(run_folder).search(["one two"], beam_size=5)
        assert (
            "recipe.yaml, which says how it translates, is missing or damaged; it translates with beam_size=5"
            in caplog.text
        )

    def test_it_is_saved_as_one_of_now(self, first: Path, run_folder: Path, tmp_path: Path) -> None:
        load(first).save(tmp_path / "again")
        (tmp_path / "again" / RECIPE).unlink()
        TestConfigAlone().is_the_same(load(tmp_path / "again"), load(run_folder))


class TestStreet:
    """The model that comes with clearhead, made by `make street`."""

    def test_its_size(self) -> None:
        """Issue: 3 MB at most."""
        files = [file for file in shipped()["street"].parent.rglob("*") if file.is_file()]
        assert sum(file.stat().st_size for file in files) <= 3_000_000
        assert {file.name for file in files} == {
            "config.json", "model.safetensors", "tokenizer.json", "recipe.yaml", "README.md", "history.jsonl",
        }  # fmt: skip

    def test_it_is_what_the_demo_trains(self, street: Bundle) -> None:
        """But for the machine, and for the key of the grammar's text, which a comment in it changes too."""
        decisive = [
            recipe.model_dump(
                exclude={
                    "training": {"device", "precision", "compile", "graph"},
                    "data": {"embedded": {"grammar"}},
                }
            )
            for recipe in (street.recipe, load_recipe(shipped_recipe("street")))
        ]
        assert decisive[0] == decisive[1], "make it again, by `make street`, and measure docs/heads.md again"

    @pytest.mark.parametrize(
        ("source", "to", "target"),
        [
            # docs/street.md, and the grammar's own words for the rest.
            ("I am a student.", "fr", "Je suis étudiant."),
            ("I am a student.", "ko", "저는 학생입니다."),
            ("je suis étudiant", "en", "i am a student"),
            (TIRED, "fr", "L'animal n'a pas traversé la rue parce qu'il était trop fatigué."),
            (WIDE, "fr", "L'animal n'a pas traversé la rue parce qu'elle était trop large."),
            (TIRED, "ko", "동물은 길을 건너지 않았습니다. 동물이 너무 피곤했기 때문입니다."),
            (WIDE, "ko", "동물은 길을 건너지 않았습니다. 길이 너무 넓었기 때문입니다."),
            ("The crates that the princess and the king found yesterday are white.", "fr",
             "Les caisses que la princesse et le roi ont trouvées hier sont blanches."),
        ],
    )  # fmt: skip
    def test_what_it_is_famous_for(self, street: Bundle, source: str, to: str, target: str) -> None:
        assert street.translate(source, to) == target

    def test_on_sentences_that_it_has_not_seen(self, street: Bundle) -> None:
        """Pairs of words that no training sentence holds; docs/benchmarks/street.md has the shares in the test sets."""
        random, right = Random("a sample"), []
        for direction in DIRECTIONS:
            for phenomenon in ("plain", "coreference", "word-sense"):
                draws = [scored.to_test(random, direction, phenomenon) for _ in range(10)]
                made = [example(direction, phenomenon, draw, None) for draw in draws]
                found = street.translate([one.source for one in made], direction[3:])
                right += [text == one.target for text, one in zip(found, made, strict=True)]
        assert sum(right) >= 0.95 * len(right) > 80
