"""Models that somebody means harm by. All hashes are right: the attack itself is refused, or harmless."""

import contextlib
import hashlib
import json
import os
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from clearhead.bundle import shipped
from clearhead.files import sha256

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at /proc")

Contained = Callable[[Mapping[str, Any]], None]
WEIGHTS, PIECES, RECIPE = "model.safetensors", "tokenizer.json", "recipe.yaml"
BIAS, MATRIX = "encoder.layers.0.feed_forward.inner.bias", "encoder.layers.0.feed_forward.inner.weight"
Attack = Callable[[Path], object]


def seal(folder: Path, **changes: Any) -> None:
    """Give config.json the hashes that the files have now, and its own."""
    config = json.loads((folder / "config.json").read_text()) | changes
    for file in folder.iterdir():
        if isinstance(config["files"], dict) and file.name in config["files"] and file.is_file():
            config["files"][file.name] = sha256(file)
    config.pop("sha256", None)
    text = json.dumps(config, sort_keys=True, separators=(",", ":"))
    (folder / "config.json").write_text(json.dumps(config | {"sha256": hashlib.sha256(text.encode()).hexdigest()}))


def weights(change: Callable[[dict[str, Tensor]], Mapping[str, Tensor | None]]) -> Attack:
    def attack(folder: Path) -> None:
        tensors = load_file(folder / WEIGHTS)
        found = {name: one for name, one in (tensors | change(tensors)).items() if one is not None}
        save_file({name: one.contiguous() for name, one in found.items()}, folder / WEIGHTS)

    return attack


def every(change: Callable[[Tensor], Tensor]) -> Attack:
    return weights(lambda tensors: {name: change(one) for name, one in tensors.items()})


def one(change: Callable[[Tensor], Tensor | None], name: str = MATRIX) -> Attack:
    return weights(lambda tensors: {name: change(tensors[name])})


def header(change: Callable[[dict[str, Any]], Any], tail: bytes = b"") -> Attack:
    """Rewrite the header of the file of weights."""

    def attack(folder: Path) -> None:
        content = (folder / WEIGHTS).read_bytes()
        length = int.from_bytes(content[:8], "little")
        document = json.loads(content[8 : 8 + length])
        changed = change(document)
        text = changed if isinstance(changed, bytes) else json.dumps(document).encode()
        (folder / WEIGHTS).write_bytes(len(text).to_bytes(8, "little") + text + content[8 + length :] + tail)

    return attack


def spoilt(place: int, number: float) -> Callable[[Tensor], Tensor]:
    def change(tensor: Tensor) -> Tensor:
        tensor.view(-1)[place] = number
        return tensor

    return change


WEIGHT_ATTACKS: dict[str, Attack] = {
    "NaN": one(spoilt(7, float("nan"))),
    "infinity": one(spoilt(7, float("inf"))),
    "minus infinity in a bias": one(spoilt(0, -float("inf")), BIAS),
    "the last number NaN": every(spoilt(-1, float("nan"))),
    "all NaN": every(lambda tensor: tensor * float("nan")),
    "the largest numbers": every(lambda tensor: torch.full_like(tensor, 3.4e38)),
    "large numbers of both signs": every(lambda tensor: tensor.sign() * 1e38),
    "large enough for a softmax": every(lambda tensor: tensor * 1e18),
    "denormal numbers": every(lambda tensor: tensor * 0 + 1e-42),
    "zeros": every(torch.zeros_like),
    "minus zeros": every(lambda tensor: -torch.zeros_like(tensor)),
    "ones": every(torch.ones_like),
    "float64 beyond float32": one(lambda tensor: tensor.double() * 1e300),
    "float64": every(Tensor.double),
    "bfloat16": every(Tensor.bfloat16),
    "float16": every(Tensor.half),
    "float16 with infinity": one(lambda tensor: (tensor * 1e9).half()),
    "whole numbers": every(Tensor.int),
    "switches": one(Tensor.bool),
    "8 bits": one(lambda tensor: tensor.to(torch.float8_e5m2)),
    "complex numbers": one(lambda tensor: tensor.to(torch.complex64)),
    "one missing": one(lambda tensor: None),
    "one more": weights(lambda tensors: {"extra": torch.zeros(1)}),
    "more with a name that leads out": weights(lambda tensors: {"../../x": torch.zeros(1)}),
    "more with a name of 100,000 characters": weights(lambda tensors: {"x" * 100_000: torch.zeros(1)}),
    "more with a name of controls": weights(lambda tensors: {"\x1b[2J\n\x00": torch.zeros(1)}),
    "5,000 more": weights(lambda tensors: {f"x{n}": torch.zeros(1) for n in range(5_000)}),
    "none": weights(dict.fromkeys),  # type: ignore[arg-type]
    "transposed": one(Tensor.t),
    "flat": one(Tensor.flatten),
    "a dimension more": one(lambda tensor: tensor[None]),
    "a number": one(lambda tensor: torch.tensor(1.0)),
    "no rows": one(lambda tensor: tensor[:0]),
    "one row less": one(lambda tensor: tensor[1:]),
    "names exchanged": weights(lambda tensors: {MATRIX: tensors[BIAS], BIAS: tensors[MATRIX]}),
    "negative places": header(lambda document: document[BIAS].update(data_offsets=[-4, 0])),
    "places over each other": header(
        lambda document: document[BIAS].update(data_offsets=document[MATRIX]["data_offsets"])
    ),
    "a place of 2^63": header(lambda document: document[BIAS].update(data_offsets=[2**63, 2**64])),
    "places of True": header(lambda document: document[BIAS].update(data_offsets=[False, True])),
    "places of floats": header(lambda document: document[BIAS].update(data_offsets=[0.0, 1e300])),
    "a shape of 2^62": header(lambda document: document[BIAS].update(shape=[2**62, 2**62])),
    "a shape of 1e400": header(lambda document: document[BIAS].update(shape=[10**400])),
    "a shape of 50,000 ones": header(lambda document: document[BIAS].update(shape=[1] * 50_000)),
    "a shape of zeros": header(lambda document: document[BIAS].update(shape=[0, 2**62], data_offsets=[0, 0])),
    "a type of a list": header(lambda document: document[BIAS].update(dtype=["F32"])),
    "a type that is none": header(lambda document: document[BIAS].update(dtype="F32\n" * 9_000)),
    "texts of 15 MB": header(lambda document: document.update(__metadata__={"a": "b" * 15_000_000})),
    "texts that are none": header(lambda document: document.update(__metadata__={"a": {"b": 5}})),
    "a header nested without end": header(lambda document: b'{"a":' * 100_000),
    "a header in UTF-16": header(lambda document: json.dumps(document).encode("utf-16")),
    "a header that stands twice": header(
        lambda document: json.dumps(document).replace("{", f'{{"{BIAS}":5,', 1).encode()
    ),
    "a header with NaN": header(lambda document: document.update(a=float("nan"))),
    "a header of a list": header(lambda document: b"[]"),
    "a header of a number of digits": header(lambda document: b'{"a": ' + b"9" * 100_000 + b"}"),
    "bytes behind": header(lambda document: None, b"\x00"),
    "half a gigabyte behind": lambda folder: os.truncate(folder / WEIGHTS, 1 << 29),
    "a zip": lambda folder: (
        shutil.make_archive(str(folder / "x"), "zip", folder, "README.md")
        and (folder / "x.zip").replace(folder / WEIGHTS)
    ),
    "a pickle": lambda folder: torch.save({"a": torch.zeros(1)}, folder / WEIGHTS),
}


def pieces(change: Callable[[dict[str, Any]], Any]) -> Attack:
    """Rewrite the tokenizer."""

    def attack(folder: Path) -> None:
        document = json.loads((folder / PIECES).read_text(encoding="utf-8"))
        changed = change(document)
        text = changed if isinstance(changed, bytes) else json.dumps(document).encode()
        (folder / PIECES).write_bytes(text)

    return attack


def renamed(document: dict[str, Any], old: str, new: str) -> None:
    vocabulary = document["model"]["vocab"]
    vocabulary[new] = vocabulary.pop(old)


def exchanged(vocabulary: dict[str, int]) -> None:
    """Give the learned pieces each other's ids."""
    learned = sorted(vocabulary.values())[-900:]
    other = dict(zip(learned, reversed(learned), strict=True))
    vocabulary.update({piece: other.get(index, index) for piece, index in vocabulary.items()})


PIECE_ATTACKS: dict[str, Attack] = {
    "merges backwards": pieces(lambda it: it["model"]["merges"].reverse()),
    "merges twice": pieces(lambda it: it["model"]["merges"].extend(it["model"]["merges"])),
    "no merges": pieces(lambda it: it["model"]["merges"].clear()),
    "half of the merges": pieces(lambda it: it["model"].update(merges=it["model"]["merges"][::2])),
    "merges turned": pieces(lambda it: it["model"].update(merges=[one[::-1] for one in it["model"]["merges"]])),
    "merges as text": pieces(lambda it: it["model"].update(merges=[" ".join(one) for one in it["model"]["merges"]])),
    "ids exchanged": pieces(lambda it: exchanged(it["model"]["vocab"])),
    "merges in a circle": pieces(lambda it: it["model"]["merges"].extend([["a", "b"], ["ab", "a"], ["a", "ab"]])),
    "a merge of nothing": pieces(lambda it: it["model"]["merges"].extend([["", ""], ["", "a"]])),
    "a merge of itself": pieces(lambda it: it["model"]["merges"].extend([["a", "a"]] * 50_000)),
    "a merge of a control symbol": pieces(lambda it: it["model"]["merges"].append(["⟨begin⟩", "⟨end⟩"])),
    "a merge of three": pieces(lambda it: it["model"]["merges"].append(["a", "b", "c"])),
    "a merge of numbers": pieces(lambda it: it["model"]["merges"].append([1, 2])),
    "a merge of a text": pieces(lambda it: it["model"]["merges"].append("a  b c")),
    "merges of a mapping": pieces(lambda it: it["model"].update(merges={"a": "b"})),
    "a million merges": pieces(lambda it: it["model"].update(merges=["a b"] * 1_000_000)),
    "an id twice": pieces(lambda it: it["model"]["vocab"].update(zz=len(it["model"]["vocab"]) - 1)),
    "an id that is missing": pieces(lambda it: it["model"]["vocab"].update(zz=99_999)),
    "a negative id": pieces(lambda it: it["model"]["vocab"].update(zz=-1)),
    "an id of 2^64": pieces(lambda it: it["model"]["vocab"].update(zz=2**64)),
    "ids of floats": pieces(
        lambda it: it["model"]["vocab"].update({one: float(n) for one, n in it["model"]["vocab"].items()})
    ),
    "ids of switches": pieces(lambda it: it["model"]["vocab"].update({"⟨padding⟩": False, "⟨begin⟩": True})),
    "ids of texts": pieces(lambda it: it["model"]["vocab"].update(zz="9")),
    "a piece more": pieces(lambda it: it["model"]["vocab"].update(zz=len(it["model"]["vocab"]))),
    "a piece beyond the alphabet": pieces(lambda it: renamed(it, "a", "日")),
    "a piece of a surrogate": pieces(lambda it: renamed(it, "a", "\ud800")),
    "a piece of nothing": pieces(lambda it: renamed(it, "a", "")),
    "a control that is named otherwise": pieces(lambda it: renamed(it, "⟨end⟩", "</s>")),
    "a piece of 10 million characters": pieces(
        lambda it: it["model"]["vocab"].update({"a" * 10_000_000: len(it["model"]["vocab"])})
    ),
    "300,000 pieces": pieces(lambda it: it["model"]["vocab"].update({f"z{n}": 99_999 + n for n in range(300_000)})),
    "tags in the middle": pieces(lambda it: it["model"]["vocab"].update({"⟨2de⟩": len(it["model"]["vocab"])})),
    "another kind": pieces(lambda it: it["model"].update(type="Unigram")),
    "words": pieces(lambda it: it["model"].update(type="WordLevel", unk_token="a")),
    "dropout": pieces(lambda it: it["model"].update(dropout=0.999)),
    "an unknown piece": pieces(lambda it: it["model"].update(unk_token="zz", fuse_unk=True)),
    "a prefix of parts of words": pieces(lambda it: it["model"].update(continuing_subword_prefix="##" * 90_000)),
    "bytes in another way": pieces(lambda it: it["model"].update(byte_fallback=True)),
    "a pattern that takes for ever": pieces(
        lambda it: it.update(
            pre_tokenizer={"type": "Split", "pattern": {"Regex": "(x+x+)+y"}, "behavior": "Isolated", "invert": False}
        )
    ),
    "a normalizer that grows": pieces(
        lambda it: it.update(normalizer={"type": "Replace", "pattern": {"String": "a"}, "content": "a" * 100_000})
    ),
    "a normalizer of None": pieces(lambda it: it.update(normalizer=None)),
    "added tokens": pieces(
        lambda it: it.update(
            added_tokens=[
                {
                    "id": 2,
                    "content": "one",
                    "special": True,
                    "single_word": False,
                    "lstrip": False,
                    "rstrip": False,
                    "normalized": False,
                }
            ]
        )
    ),
    "truncation": pieces(
        lambda it: it.update(truncation={"max_length": 0, "strategy": "LongestFirst", "stride": 9, "direction": "Left"})
    ),
    "padding without end": pieces(
        lambda it: it.update(
            padding={
                "strategy": {"Fixed": 10**9},
                "direction": "Left",
                "pad_to_multiple_of": 8,
                "pad_id": 0,
                "pad_type_id": 0,
                "pad_token": "a",
            }
        )
    ),
    "no model": pieces(lambda it: it.pop("model")),
    "a model of a list": pieces(lambda it: it.update(model=[])),
    "a vocabulary of a list": pieces(lambda it: it["model"].update(vocab=[["a", 0]])),
    "null": pieces(lambda it: b"null"),
    "nested without end": pieces(lambda it: b"[" * 1_000_000),
    "numbers without end": pieces(lambda it: b'{"version": ' + b"9" * 1_000_000 + b"}"),
    "NaN in it": pieces(lambda it: it.update(version=float("nan"))),
    "UTF-16 in it": pieces(lambda it: json.dumps(it).encode("utf-16")),
    "of SentencePiece": pieces(lambda it: b"\n\x0e\n\x05<unk>\x15\x00\x00\x00\x00\x18\x02" * 300),
}


def sizes(**changes: Any) -> Attack:
    def attack(folder: Path) -> None:
        model = json.loads((folder / "config.json").read_text())["model"] | changes
        seal(folder, model={name: value for name, value in model.items() if value != "removed"})

    return attack


def recipe(text: str | bytes) -> Attack:
    return lambda folder: (folder / RECIPE).write_bytes(text.encode() if isinstance(text, str) else text)


def decoding(text: str) -> Attack:
    def attack(folder: Path) -> None:
        before = (folder / RECIPE).read_text(encoding="utf-8").partition("decoding:")[0]
        (folder / RECIPE).write_text(f"{before}decoding: {text}\n", encoding="utf-8")

    return attack


def in_place_of(name: str, make: Callable[[Path], object]) -> Attack:
    """Something else of this name, made before config.json is sealed."""

    def attack(folder: Path) -> None:
        (folder / name).unlink()
        make(folder / name)

    return attack


def moved(name: str, target: str) -> Attack:
    """A link from a file's name to where the file is now."""

    def attack(folder: Path) -> None:
        (folder / name).rename(folder / target)
        (folder / name).symlink_to(target)

    return attack


OTHER_ATTACKS: dict[str, Attack] = {
    "heads that do not divide": sizes(heads=3),
    "as many heads as width": sizes(heads=16),
    "heads of True": sizes(heads=True),
    "a width of a float": sizes(width=16.0),
    "one place": sizes(max_length=1),
    "two places": sizes(max_length=2),
    "a million places": sizes(max_length=2**20),
    "no layers": sizes(encoder_layers=0, decoder_layers=0),
    "a thousand layers": sizes(encoder_layers=1024),
    "dropout of almost 1": sizes(dropout=0.999999, attention_dropout=0.9),
    "dropout of minus zero": sizes(dropout=-0.0),
    "another activation": sizes(activation="gelu"),
    "a gate without its weights": sizes(activation="swiglu"),
    "rotary positions": sizes(positions="rotary"),
    "concatenated positions": sizes(positions="sinusoidal-concatenated"),
    "learned positions": sizes(positions="learned"),
    "norms before": sizes(norm_placement="pre"),
    "other norms": sizes(norm="rms"),
    "nothing shared": sizes(share_embeddings="none"),
    "an eps that is not known": sizes(eps=0.0),
    "a size that is missing": sizes(width="removed"),
    "a size of a list": sizes(width=[16]),
    "a key of Python": sizes(__class__="x", self=5),
    "a beam of a million": decoding("{beam_size: 1000000}"),
    "a beam of 100": decoding("{beam_size: 100}"),
    "a penalty that overflows": decoding("{length_penalty: 'mean:1e308'}"),
    "a penalty of NaN": decoding("{length_penalty: 'gnmt:nan'}"),
    "decoding of a list": decoding("[5]"),
    "decoding of another version": decoding("{beams: {deep: [5]}}"),
    "decoding without end": decoding("[" * 5_000),
    "an empty recipe": recipe(""),
    "a recipe of aliases": recipe("a: &a [1]\n" + "".join(f"b{n}: [*a, *a]\n" for n in range(9_000))),
    "a recipe of 500,000 characters": recipe("name: " + "a" * 500_000),
    "a recipe of bytes": recipe(bytes(range(256)) * 9),
    "a recipe of characters that are none": recipe('name: "\\UFFFFFFFF"\n'),
    "a recipe with 25,000 unknown keys": recipe("".join(f"k{n}: 5\n" for n in range(20_000))),
    "a recipe of 20,000 empty corpora": recipe("data:\n train:\n" + " - {}\n" * 20_000),
    "a recipe of odd types": recipe(
        "name: [a]\ndata: {train: {source: {}, target: 5}, validate: [[[]]]}\ntraining: []\n"
    ),
    "a recipe of controls": recipe('name: "a\\nb\\x1b[2J\\u202e"\ntraining: {steps: 5}\n'),
    "a recipe of paths": recipe(
        "name: ../../etc/passwd\ndata: {folder: /etc, train: {source: passwd, target: shadow}}\n"
    ),
    "a model card of zeros": lambda folder: os.truncate(folder / "README.md", 1 << 29),
    "a folder for its weights": in_place_of(WEIGHTS, lambda path: path.mkdir()),
    "a pipe for its weights": in_place_of(WEIGHTS, os.mkfifo),
    "a pipe for its card": in_place_of("README.md", os.mkfifo),
    "a device for its weights": in_place_of(WEIGHTS, lambda path: path.symlink_to("/dev/zero")),
    "a device for its card": in_place_of("README.md", lambda path: path.symlink_to("/dev/stdin")),
    "a circle for its recipe": in_place_of(RECIPE, lambda path: path.symlink_to(path.name)),
    "a link to nothing": in_place_of(PIECES, lambda path: path.symlink_to("nowhere")),
    "a link to itself by the folder": moved(PIECES, "a.json"),
    "a link through a name with a line end": moved(PIECES, "a\nb"),
    "an unreadable recipe": lambda folder: (folder / RECIPE).chmod(0),
    "a link to a process": in_place_of(RECIPE, lambda path: path.symlink_to("/proc/self/environ")),
    "config.json of a pipe": in_place_of("config.json", os.mkfifo),
    "config.json of a folder": in_place_of("config.json", lambda path: path.mkdir()),
    "config.json of a device": in_place_of("config.json", lambda path: path.symlink_to("/dev/zero")),
    "config.json of 2 MB of spaces": lambda folder: (folder / "config.json").write_bytes(b" " * 2_000_000),
    "config.json of a mark": lambda folder: (folder / "config.json").write_bytes(
        b"\xef\xbb\xbf" + (folder / "config.json").read_bytes()
    ),
    "config.json of digits": lambda folder: (folder / "config.json").write_bytes(
        b'{"format": ' + b"1" * 500_000 + b"}"
    ),
    "a format of 1.0": lambda folder: seal(folder, format=1.0),
    "a format of a list": lambda folder: seal(folder, format=[[[1]]]),
    "a family of 9,000 characters": lambda folder: seal(folder, family="x\n" * 9_000),
    "no files": lambda folder: seal(folder, files={}),
    "names that lead out": lambda folder: seal(folder, files=hashes(folder) | {"../../etc/passwd": "0" * 64}),
    "names of devices": lambda folder: seal(folder, files=hashes(folder) | {"/dev/zero": "0" * 64}),
    "a name with NUL": lambda folder: seal(folder, files=hashes(folder) | {"a\x00b": "0" * 64}),
    "a name of a surrogate": lambda folder: seal(folder, files=hashes(folder) | {"\ud800": "0" * 64}),
    "a name of 9,000 characters": lambda folder: seal(folder, files=hashes(folder) | {"x" * 9_000: "0" * 64}),
    "itself": lambda folder: seal(folder, files=hashes(folder) | {"config.json": "0" * 64}),
    "two tokenizers beside the one": lambda folder: (
        [shutil.copy(folder / PIECES, folder / name) for name in ("source.json", "target.json")]
        and seal(folder, files=hashes(folder) | {"source.json": "", "target.json": ""})
    ),
    "scripts of odd types": lambda folder: seal(folder, source_scripts=[None]),
    "scripts of controls": lambda folder: seal(folder, source_scripts=["\x1b[2J\n", "LATIN\udcff"]),
    "no scripts": lambda folder: seal(folder, source_scripts=[]),
    "a beam of a million in config.json": lambda folder: seal(
        folder, decoding={"beam_size": 10**6, "length_penalty": "none"}
    ),
    "a beam of 100 in config.json": lambda folder: seal(folder, decoding={"beam_size": 100, "length_penalty": "none"}),
    "a penalty that overflows in config.json": lambda folder: seal(
        folder, decoding={"beam_size": 2, "length_penalty": "mean:1e308"}
    ),
    "no settings but a name": lambda folder: [
        rest := json.loads((folder / "config.json").read_text()),
        [rest.pop(name) for name in ("languages", "decoding", "seed")],
        (folder / "config.json").write_text(json.dumps(rest)),
    ],
    "a name of controls": lambda folder: seal(folder, name="a\n\x1b[2J\u202e\ud800"),
    "a name of 3 MB": lambda folder: seal(folder, name="a" * 3_000_000),
    "100,000 languages": lambda folder: seal(folder, languages=[[f"a{n}", "fr"] for n in range(100_000)]),
    "languages of odd types": lambda folder: seal(folder, languages=[[{}, []]]),
    "a seed of 2^64": lambda folder: seal(folder, seed=2**64),
    "more of everything": lambda folder: seal(folder, more={"deep": [[[[[5]]]]]}, nan=float("nan")),
}


def hashes(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "config.json").read_text())["files"])


def mutated(count: int) -> dict[str, Attack]:
    """Bytes changed in weights and tokenizer, and the hashes with them."""
    random = Random("bundles")

    def attack(name: str, places: list[tuple[float, int]]) -> Attack:
        def change(folder: Path) -> None:
            content = bytearray((folder / name).read_bytes())
            for share, byte in places:
                content[int(share * len(content))] = byte
            (folder / name).write_bytes(content)

        return change

    made = {}
    for number in range(count):
        # The header of the weights is the first eighth of their file.
        name, reach = random.choice(
            [(WEIGHTS, 0.1), (WEIGHTS, 1.0), (PIECES, 1.0), ("config.json", 1.0), (RECIPE, 1.0)]
        )
        places = [(reach * random.random(), random.randrange(256)) for _ in range(random.randint(1, 3))]
        made[f"mutation {number} of {name}"] = attack(name, places)
    return made


ATTACKS = WEIGHT_ATTACKS | PIECE_ATTACKS | OTHER_ATTACKS | mutated(40)
# Such numbers never translate, whatever computes.
REFUSED = ["NaN", "infinity", "minus infinity in a bias", "the last number NaN", "all NaN", "float64 beyond float32"]


def test_what_is_opened(contained: Contained, run_folder: Path, tmp_path: Path) -> None:
    """Opened, translated with, scored and traced; or refused in one line."""
    jobs: dict[str, Any] = {}
    for number, (name, attack) in enumerate(ATTACKS.items()):
        # The tiny model has learned no piece that its tokenizer merges.
        victim = shipped()["street"] if name in PIECE_ATTACKS else run_folder / "bundle"
        folder = Path(shutil.copytree(victim, tmp_path / str(number)))
        attack(folder)
        sealed_if_it_can_be(folder)
        precisions = ["fp32", "int8"] if name in WEIGHT_ATTACKS else ["fp32"]
        jobs[name] = {"call": "load_and_use", "arguments": [str(folder), precisions]}
        if name in REFUSED:
            jobs[name]["code"] = 2
    assert len(jobs) == len(WEIGHT_ATTACKS) + len(PIECE_ATTACKS) + len(OTHER_ATTACKS) + 40 >= 150
    contained(jobs)


def sealed_if_it_can_be(folder: Path) -> None:
    """An attack on config.json itself is left as it is."""
    if (folder / "config.json").is_file():
        with contextlib.suppress(ValueError, KeyError, TypeError, OSError):
            seal(folder)
