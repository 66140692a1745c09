"""Recipes that break readers: read, or refused in one line; nothing of what they ask for is built to find out."""

import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from random import Random
from typing import Any

import pytest

from clearhead.recipe import shipped_recipe

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at /proc")

Contained = Callable[[Mapping[str, Any]], None]
GOOD = """name: a
data:
  train: {source: a.en, target: a.fr}
  validate: {source: b.en, target: b.fr}
training: {steps: 5}
"""


def files() -> Iterator[tuple[str, bytes]]:
    """Whole files that are no recipe, or one of an odd form."""
    levels = [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 10)]
    yield "a laugh of aliases", "\n".join(["l0: &l0 [0]", *levels]).encode()
    yield "an anchor of itself", b"a: &a [*a]\n"
    yield "merge keys", GOOD.encode() + b"<<: {name: b}\n"
    yield "a tag of Python", b"!!python/object/apply:os.system ['echo ran']\n"
    yield "a tag on a key", b"!!python/name:os.system a: b\n"
    yield "a tag that is declared", b"%TAG ! tag:yaml.org,2002:\n---\n!binary aGVsbG8=\n"
    yield "a set", b"!!set {a, b}\n? a\n"
    yield "brackets", b"[" * 150_000
    yield "braces", b"{a: " * 40_000
    yield "dashes", b"- " * 90_000
    yield "question marks", b"? " * 90_000
    yield "a quote that never ends", GOOD.encode() + b"x: '" + b"a " * 80_000
    yield "a block that never ends", b"a: |\n" + b" b\n" * 60_000
    yield "a number of 190,000 digits", b"name: a\ntraining: {steps: " + b"9" * 190_000 + b"}\n"
    yield "hexadecimal without end", b"training: {steps: 0x" + b"f" * 190_000 + b"}\n"
    yield "underscores without end", b"training: {steps: 1" + b"_" * 190_000 + b"}\n"
    yield "a float of 190,000 digits", b"training: {steps: 0." + b"1" * 190_000 + b"e5}\n"
    yield "an exponent of 190,000 digits", b"training: {steps: 1e" + b"1" * 190_000 + b"}\n"
    yield "dots without end", b"training: {steps: " + b"1." * 95_000 + b"}\n"
    yield "60,000 keys", b"".join(b"k%d:\n" % n for n in range(25_000))
    yield "the same key", b"name: a\n" * 25_000
    yield "20,000 corpora", b"name: a\ntraining: {steps: 5}\ndata:\n train:\n" + b" - {}\n" * 25_000
    yield "UTF-16", GOOD.encode("utf-16")
    yield "UTF-32", GOOD.encode("utf-32")
    yield "Latin-1", GOOD.replace("name: a", "name: é").encode("latin-1")
    yield "NUL", GOOD.encode() + b"\x00"
    yield "controls", GOOD.encode() + b"x: \x1b[2J\x07\n"
    yield "an escaped surrogate", GOOD.replace("name: a", 'name: "\\ud800"').encode()
    yield "a character beyond the last", GOOD.replace("name: a", 'name: "\\UFFFFFFFF"').encode()
    yield "an escaped NUL in a place", GOOD.replace("a.en", '"a\\0.en"').encode()
    yield "an escaped line end in a name", GOOD.replace("name: a", 'name: "a\\nb\\x1b[31m"').encode()
    yield "line ends of Unicode", GOOD.replace("\n", "\u2028").encode()
    yield "CR alone", GOOD.replace("\n", "\r").encode()
    yield "tabs", GOOD.replace("  ", "\t").encode()
    yield "two documents", GOOD.encode() + b"---\n" + GOOD.encode()
    yield "10,000 documents", b"---\n" * 40_000
    yield "the next version", b"%YAML 99.1\n---\n" + GOOD.encode()
    yield "a directive that is none", b"%FOO bar\n---\n" + GOOD.encode()
    yield "JSON", b'{"name": "a", "data": {"train": [], "validate": 5}, "training": {"steps": null}}'
    yield "JSON as deep as it goes", b'{"name":' * 30 + b"1" + b"}" * 30
    yield "a list of recipes", b"".join(b"- " + line + b"\n" for line in GOOD.encode().split(b"\n"))
    yield "one word", b"street"
    yield "nothing but a comment", b"# nothing\n"
    yield "nothing but spaces", b" " * 200_000
    yield "200,000 line ends", b"\n" * 200_000
    yield "a million characters", GOOD.encode() + b"#" * 1_000_000
    yield (
        "names of Python",
        b"__class__: {__init__: {__globals__: 5}}\nmodel_config: 5\nmodel_fields: {}\n" + GOOD.encode(),
    )
    yield "a prototype", GOOD.encode() + b"__proto__: {steps: 6}\n"
    yield "variables in variables", GOOD.replace("a.en", "'${${HOME}}${}${1}${ HOME}$HOME'").encode()
    yield "50,000 variables", GOOD.replace("a.en", "'" + "${PATH}" * 25_000 + "'").encode()
    yield "a variable with an odd name", GOOD.replace("a.en", "'${é}${NO_SUCH_" + "X" * 5_000 + "}'").encode()
    yield "random bytes", Random("recipe").randbytes(20_000)
    yield "an ELF file", Path(sys.executable).read_bytes()[:50_000]


CHANGES = [
    "=", "==", ".=1", "a..b=1", "..=..", "training=", "training=[]", "training={}", "training.steps=", "data=null",
    "training.steps=0", "training.steps=-1", "training.steps=1e9", "training.steps=1e10", "training.steps=1e400",
    "training.steps=.nan", "training.steps=.inf", "training.steps=true", "training.steps='5'", "training.steps=5.5",
    "training.steps=0x10", "training.steps=[[[[[[[[5]]]]]]]]", "training.steps=" + "9" * 5_000,
    "training.steps=" + "[" * 9_000, "training.steps=&a 5", "training.steps=!!int 5", "training.steps=5\nname: b",
    "training.seed=-1", "training.seed=1e30", "training.batch_tokens=1e400", "training.batch_tokens=auto\n",
    "training.accumulate=999999999", "training.schedule.peak=1e308", "training.schedule.peak=-0.0",
    "training.optimizer.betas=[0.9]", "training.optimizer.betas=[1, 1]", "training.optimizer.betas=0.9",
    "training.loss.label_smoothing=1", "training.average.decay=1", "training.device=cuda:99", "model.width=1e9",
    "model.width=65536", "model.heads=7", "model.max_length=1048577", "model.encoder_layers=-1", "model.preset=../a",
    "model.dropout=.nan", "text.size=1", "text.size=1e12", "text.kind=unigram", "text.merge_dropout=1.5",
    "decoding.beam_size=1025", "decoding.length_penalty=mean:" + "9" * 900, "decoding.length_penalty=[]",
    "data.train.0.weight=1e-400", "data.train.0.weight=1e400", "data.train.-1.source=a", "data.train.1.source=a",
    "data.train.0.source=\x00", "data.train.0.source=", "data.train.99999999999999999999.source=a",
    "data.folder=~nobody-of-this-name/x", "data.folder=\x00", "data.folder=" + "a/" * 90_000, "data.folder=[]",
    "data.embedded={corpus: street, pairs: 1e12}", "data.embedded.pairs=-5", "data.filters.max_ratio=.inf",
    "name=\ud800", "name=../../etc/passwd", "name=", "name=a\x00b", "name='" + "a" * 100_000 + "'", "name={a: b}",
    "\ud800=1", "a" * 100_000 + "=1", "training.compile=maybe", "training.packing=2", "family=causal", "x" * 9_000,
    "training.patience=[null]", "data.train=[[[]]]", "data.train={}", "data.validate=5", "١=٢", "training.steps=١٢",
]  # fmt: skip


def mutated(count: int) -> Iterator[tuple[str, bytes]]:
    """The recipe of the demo with lines doubled, moved, cut, and their values exchanged."""
    random = Random("recipes of lines")
    whole = shipped_recipe("street").read_text(encoding="utf-8").split("\n")
    values = ["[]", "{}", "1e400", "-1", "~", "'", '"\\x00"', "!a b", "&a", "*a", "- 5", "0o7", "'1'", "1" * 500, "| 5"]
    for number in range(count):
        lines = list(whole)
        for _ in range(random.randint(1, 4)):
            place = random.randrange(len(lines))
            match random.randrange(5):
                case 0:
                    lines.insert(place, random.choice(lines))
                case 1:
                    lines[place] = lines[place][random.randrange(len(lines[place]) + 1) :]
                case 2:
                    lines[place] = " " * random.randrange(9) + lines[place]
                case 3:
                    lines[place] = f"{lines[place].partition(':')[0]}: {random.choice(values)}"
                case 4:
                    del lines[place]
        yield f"mutation {number}", "\n".join(lines).encode()


def test_what_is_read(contained: Contained, tmp_path: Path) -> None:
    """By the library and by the command that prints what it understood."""
    inputs = [*files(), *mutated(60)]
    assert len(inputs) == len(dict(inputs)) >= 100
    jobs: dict[str, Any] = {}
    for number, (name, content) in enumerate(inputs):
        path = tmp_path / f"{number}.yaml"
        path.write_bytes(content)
        jobs[name] = {"call": "read_recipe", "arguments": [str(path), []]}
        if number % 4 == 0:
            jobs[f"{name}, printed"] = {"command": ["train", str(path), "--print-recipe"], "input": None}
    contained(jobs)


def test_what_is_changed(contained: Contained, tmp_path: Path) -> None:
    """`key=value` on the command line."""
    path = tmp_path / "a.yaml"
    path.write_text(GOOD, encoding="utf-8")
    jobs = {
        f"{number}: {change[:40]}": {"command": ["train", str(path), change, "--print-recipe"], "input": None}
        for number, change in enumerate(CHANGES)
    }
    assert len(jobs) == len(set(CHANGES)) >= 60
    contained(jobs)


def test_what_is_no_file(contained: Contained, tmp_path: Path) -> None:
    """A recipe's name that is a device, a folder, a pipe or nothing; and a run folder that cannot be one."""
    (tmp_path / "circle.yaml").symlink_to("circle.yaml")
    (tmp_path / "good.yaml").write_text(GOOD, encoding="utf-8")
    names = [
        "/dev/zero", "/dev/null", "/proc/self/mem", "/proc/self/environ", ".", "..", "/", "", " ", "\x00", "\udcff",
        "x" * 9_000, "a/" * 3_000, "~", "street.yaml", "../street", "STREET", "street\n", str(tmp_path / "circle.yaml"),
        "-", "--", "http://example.invalid/a.yaml", "file:///etc/passwd", "C:\\a.yaml", "a\nb.yaml", "/dev/fd/99",
    ]  # fmt: skip
    jobs = {repr(name)[:40]: {"command": ["train", name, "--print-recipe"], "input": None} for name in names}
    for out in ("", "/dev/null", "/dev/null/x", "\x00", "/proc/x", "x" * 300, str(tmp_path / "circle.yaml"), "\udcff"):
        command = ["train", str(tmp_path / "good.yaml"), "--out", out]
        jobs[f"--out {out!r}"[:40]] = {"command": command, "input": None, "code": 2}
    contained(jobs)
