"""Traces and shortlists that somebody changed: read, or refused in one line."""

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from random import Random
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from clearhead.bundle import Bundle, load_shortlist, save_shortlist
from clearhead.decoding import Shortlist

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at /proc")

Contained = Callable[[Mapping[str, Any]], None]
Document, Tensors = dict[str, Any], dict[str, torch.Tensor]
Attack = Callable[[Document, Tensors], object]


def made_up(document: Document, count: int) -> None:
    """A tree of so many nodes, each a child of the one before."""
    node = document["tree"][0]
    document["tree"] = [
        {**node, "number": n, "parent": n - 1, "length": n, "fate": "won" if n == 0 else "dropped", "candidates": []}
        for n in range(count)
    ]


def loop(document: Document) -> None:
    one, other = document["tree"][1], document["tree"][2]
    one["parent"], other["parent"] = other["number"], one["number"]


def of_all(tensors: Tensors, change: Callable[[torch.Tensor], torch.Tensor]) -> None:
    tensors.update({name: change(one) if one.is_floating_point() else one for name, one in tensors.items()})


TRACES: dict[str, Attack] = {
    "a tree of 20,000 nodes in a row": lambda it, _: made_up(it, 20_000),
    "a tree in a circle": lambda it, _: loop(it),
    "a tree of one": lambda it, _: made_up(it, 1),
    "a tree that a stranger won": lambda it, _: it["tree"][-1].update(fate="won"),
    "a tree without a winner": lambda it, _: [one.update(fate="dropped") for one in it["tree"]],
    "100,000 candidates": lambda it, _: it["tree"][0].update(candidates=[[1, -1.0]] * 100_000),
    "candidates of NaN": lambda it, _: it["tree"][0].update(candidates=[[1, float("nan")]]),
    "scores of minus infinity": lambda it, _: it["tree"][1].update(score=-float("inf"), total=-float("inf")),
    "scores of a huge number": lambda it, _: it["tree"][1].update(score=-(10**400)),
    "scores of a large number": lambda it, _: it["tree"][1].update(score=1e29, log_probability=-1e29),
    "a node of nothing": lambda it, _: it["tree"].append({}),
    "a node of a list": lambda it, _: it["tree"].append([]),
    "a node with more": lambda it, _: it["tree"][0].update(more={"deep": [[[]]]}),
    "the same node twice": lambda it, _: it["tree"].append(it["tree"][-1]),
    "a text of a million letters": lambda it, _: it["source"].update(text="x" * 1_000_000),
    "a text of surrogates": lambda it, _: it["source"].update(text="\ud800\udfff"),
    "a text of markup": lambda it, _: it["source"].update(text="</script><script>alert(1)</script><!--"),
    "pieces of markup": lambda it, _: it["source"].update(pieces=["</script>"] * len(it["source"]["pieces"])),
    "pieces of mathematics": lambda it, _: it["source"].update(pieces=["$\\frac{$"] * len(it["source"]["pieces"])),
    "pieces of controls": lambda it, _: it["source"].update(pieces=["\x00\x1b[2J\u202e"] * len(it["source"]["pieces"])),
    "pieces of emoji": lambda it, _: it["target"].update(pieces=["👩‍👩‍👧‍👦" * 90] * len(it["target"]["pieces"])),
    "pieces of marks": lambda it, _: it["target"].update(pieces=["Z" + "\u0300" * 999] * len(it["target"]["pieces"])),
    "no pieces": lambda it, _: it["source"].update(ids=[], pieces=[]),
    "100,000 pieces": lambda it, _: it["source"].update(ids=[5] * 100_000, pieces=["a"] * 100_000),
    "ids of floats": lambda it, _: it["source"].update(ids=[float(one) for one in it["source"]["ids"]]),
    "ids of another vocabulary": lambda it, _: it["target"].update(ids=[99_999] * len(it["target"]["ids"])),
    "a side that is missing": lambda it, _: it.pop("predicted"),
    "a side of None": lambda it, _: it.update(target=None),
    "10,000 settings": lambda it, _: it["settings"].update({f"x{n}": n for n in range(10_000)}),
    "a setting of a huge number": lambda it, _: it["settings"].update(huge=10**4_000),
    "a setting of NaN": lambda it, _: it["settings"].update(nan=float("nan")),
    "pieces for ids that are none": lambda it, _: it["settings"].update(pieces={"-1": "a", "\ud800": "b"}),
    "a name of the prototype": lambda it, _: it["settings"].update(__proto__="a", constructor="b"),
    "a language of markup": lambda it, _: it["settings"].update(to="<img src=x onerror=alert(1)>"),
    "a model of a path": lambda it, _: it["settings"].update(model="../../../etc/passwd\n"),
    "a million layers": lambda it, _: it["config"].update(encoder_layers=1_000_000),
    "no layers": lambda it, _: it["config"].update(encoder_layers=0, decoder_layers=0),
    "one head more": lambda it, _: it["config"].update(heads=4),
    "a larger vocabulary": lambda it, _: it["config"].update(target_vocabulary=2**24),
    "other norms": lambda it, _: it["config"].update(norm="rms"),
    "a config with more": lambda it, _: it["config"].update(__class__="x"),
    "operations of another order": lambda it, _: it["operations"].reverse(),
    "operations doubled": lambda it, _: it["operations"].extend(it["operations"]),
    "100,000 operations": lambda it, _: it["operations"].extend([it["operations"][0]] * 100_000),
    "a format of 1.0": lambda it, _: it.update(format=1.0),
    "a format of True": lambda it, _: it.update(format=True),
    "a format of the future": lambda it, _: it.update(format="2\n" * 9_000),
    "more of everything": lambda it, _: it.update(more=[[[]]] * 10_000),
    "all zeros": lambda _, tensors: of_all(tensors, torch.zeros_like),
    "all the largest": lambda _, tensors: of_all(tensors, lambda one: torch.full_like(one, 3.4e38)),
    "all tiny": lambda _, tensors: of_all(tensors, lambda one: torch.full_like(one, 1e-45)),
    "all minus infinity": lambda _, tensors: of_all(tensors, lambda one: torch.full_like(one, -torch.inf)),
    "all NaN": lambda _, tensors: of_all(tensors, lambda one: one * torch.nan),
    "signs turned": lambda _, tensors: of_all(tensors, torch.neg),
    "halves": lambda _, tensors: of_all(tensors, torch.Tensor.half),
    "no tensors": lambda _, tensors: tensors.clear(),
    "20,000 tensors more": lambda _, tensors: tensors.update({f"x{n}": torch.zeros(1) for n in range(20_000)}),
    "weights of another shape": lambda _, tensors: tensors.update(
        {name: one[:1] for name, one in tensors.items() if name.startswith("parameters/")}
    ),
    "weights that are none of it": lambda _, tensors: tensors.update({"parameters/../x": torch.zeros(1)}),
    "weights without some": lambda _, tensors: tensors.pop("parameters/output.matrix.weight", None),
}


def bytes_of(path: Path) -> Iterator[tuple[str, bytes]]:
    """Files that are none, and the whole one with bytes cut, added and changed; other bytes than a test has tried."""
    whole, random = path.read_bytes(), Random(f"bytes of {path.suffix}")
    header = 8 + int.from_bytes(whole[:8], "little")
    yield "nothing", b""
    yield "one byte", b"\x00"
    yield "eight bytes", bytes(8)
    yield "a header of 2^64", b"\xff" * 8 + whole[8:]
    yield "a header of nothing", (2).to_bytes(8, "little") + b"{}"
    yield "a header of null", (4).to_bytes(8, "little") + b"null"
    yield "a header of brackets", (90_000).to_bytes(8, "little") + b"[" * 90_000
    yield "a header of spaces", (16 << 20).to_bytes(8, "little") + b" " * (16 << 20)
    yield "the header alone", whole[:header]
    yield "all but a byte", whole[:-1]
    yield "a byte more", whole + b"\x00"
    yield "twice", whole * 2
    yield "backwards", whole[::-1]
    yield "text", b"one two\n" * 100
    yield "random", random.randbytes(9_000)
    for number in range(25):
        content = bytearray(whole)
        for _ in range(random.randint(1, 3)):
            content[random.randrange(header if number % 3 else len(content))] = random.randrange(256)
        yield f"mutation {number}", bytes(content)


SHORTLISTS: dict[str, Callable[[Tensors, dict[str, str]], object]] = {
    "targets that are none": lambda tensors, _: tensors["targets"].fill_(2**31 - 1),
    "targets below zero": lambda tensors, _: tensors["targets"].fill_(-(2**31)),
    "always below zero": lambda tensors, _: tensors["always"].fill_(-1),
    "always nothing": lambda tensors, _: tensors.update(always=tensors["always"][:0]),
    "always without the end": lambda tensors, _: tensors.update(always=torch.tensor([9], dtype=torch.int32)),
    "always the same": lambda tensors, _: tensors["always"].fill_(2),
    "always everything, backwards": lambda tensors, _: tensors.update(always=tensors["always"].flip(0).contiguous()),
    "ten million of always": lambda tensors, _: tensors.update(always=torch.full((10_000_000,), 2, dtype=torch.int32)),
    "offsets that fall": lambda tensors, _: tensors.update(offsets=tensors["offsets"].flip(0).contiguous()),
    "offsets of zero": lambda tensors, _: tensors["offsets"].fill_(0),
    "offsets of 2^63": lambda tensors, _: tensors["offsets"].fill_(2**63 - 1),
    "offsets below zero": lambda tensors, _: tensors["offsets"].fill_(-(2**63)),
    "offsets in two rows": lambda tensors, _: tensors.update(offsets=tensors["offsets"][None]),
    "one offset more": lambda tensors, _: tensors.update(
        offsets=torch.cat([tensors["offsets"], tensors["offsets"][-1:]])
    ),
    "no targets": lambda tensors, _: tensors.update(targets=tensors["targets"][:0]),
    "targets of floats": lambda tensors, _: tensors.update(targets=tensors["targets"].float()),
    "targets of 8 bits": lambda tensors, _: tensors.update(targets=tensors["targets"].to(torch.uint8)),
    "targets of complex numbers": lambda tensors, _: tensors.update(targets=tensors["targets"].to(torch.complex64)),
    "targets of float8": lambda tensors, _: tensors.update(targets=tensors["targets"].float().to(torch.float8_e4m3fn)),
    "5,000 tensors more": lambda tensors, _: tensors.update({f"x{n}": torch.zeros(1) for n in range(5_000)}),
    "no texts": lambda _, texts: texts.clear(),
    "a format of the future": lambda _, texts: texts.update(format="clearhead-shortlist-2\n" * 9_000),
    "another model's": lambda _, texts: texts.update(source="0" * 64),
    "another language": lambda _, texts: texts.update(language="fr"),
    "a language of controls": lambda _, texts: texts.update(language="\x1b[2J\n"),
    "a language of 10 MB": lambda _, texts: texts.update(language="x" * 10_000_000),
}


def test_traces(contained: Contained, whole_trace: Path, tmp_path: Path) -> None:
    """Each is checked, drawn and made a page, where it is read."""
    stored = json.loads(_texts(whole_trace)["clearhead"])
    jobs: dict[str, Any] = {}
    for name, attack in TRACES.items():
        document, tensors = json.loads(json.dumps(stored)), load_file(whole_trace)
        attack(document, tensors)
        path = tmp_path / f"{len(jobs)}.safetensors"
        save_file(tensors, path, {"clearhead": json.dumps(document)})
        jobs[name] = {"call": "read_trace", "arguments": [str(path)]}
    for name, content in bytes_of(whole_trace):
        path = tmp_path / f"{len(jobs)}.safetensors"
        path.write_bytes(content)
        jobs[f"bytes: {name}"] = {"call": "read_trace", "arguments": [str(path)]}
    for path in odd_places(tmp_path):
        jobs[f"place: {path}"] = {"call": "read_trace", "arguments": [path]}
    assert len(jobs) >= 100
    contained(jobs)


def test_shortlists(contained: Contained, two_languages: Bundle, two_languages_folder: Path, tmp_path: Path) -> None:
    """Each is translated with, where it is read."""
    whole, tokenizer = tmp_path / "whole.safetensors", two_languages.source_tokenizer
    size, base = tokenizer.size, torch.arange(0, 2 * tokenizer.size + 2, 2)
    targets = torch.tensor([[one, (one + 7) % size] for one in range(size)]).sort(-1).values.flatten()
    always = torch.tensor([tokenizer.end, *tokenizer.byte_ids])
    arrays = base.numpy(), targets.int().numpy(), always.int().numpy()
    save_shortlist(Shortlist(*arrays, size, "en"), whole, tokenizer, tokenizer)
    assert load_shortlist(whole, tokenizer, tokenizer).language == "en"
    jobs: dict[str, Any] = {}

    def add(name: str, path: str) -> None:
        jobs[name] = {"call": "read_shortlist", "arguments": [path, str(two_languages_folder)]}

    for name, attack in SHORTLISTS.items():
        tensors, texts = load_file(whole), _texts(whole)
        attack(tensors, texts)
        path = tmp_path / f"{len(jobs)}.safetensors"
        save_file(tensors, path, texts)
        add(name, str(path))
    for name, content in bytes_of(whole):
        path = tmp_path / f"{len(jobs)}.safetensors"
        path.write_bytes(content)
        add(f"bytes: {name}", str(path))
    for one in odd_places(tmp_path):
        add(f"place: {one}", one)
    assert len(jobs) >= 60
    contained(jobs)


def odd_places(folder: Path) -> list[str]:
    (folder / "circle").symlink_to("circle")
    os.mkfifo(folder / "pipe")
    return [
        "/dev/zero", "/dev/null", "/proc/self/mem", "/proc/self/environ", "/", "", "\x00", "x" * 300, "\udcff",
        str(folder / "circle"), f"{folder}/none/none", "/dev/fd/99",
    ]  # fmt: skip


def _texts(path: Path) -> dict[str, str]:
    content = path.read_bytes()
    header: dict[str, Any] = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    return dict(header["__metadata__"])
