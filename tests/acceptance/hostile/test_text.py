"""Text that breaks tools: lines in are lines out, or one plain refusal before the first of them."""

import bz2
import gzip
import os
import sys
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from random import Random
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at /proc")

Contained = Callable[[Mapping[str, Any]], None]
HELLO = "one two\n"


def texts() -> Iterator[tuple[str, str]]:
    """Unusual text in UTF-8."""
    yield "no final newline", "one\ntwo"
    yield "empty lines", "\n" * 20_000
    yield "a line of 10 MB", "one two " * 1_250_000
    yield "a word of 10 MB", "x" * 10_000_000
    yield "200,000 combining marks", "a" + "\u0323\u0301" * 100_000
    yield "marks of every class", "a" + "".join(map(chr, range(0x300, 0x370))) * 800
    yield "Hangul in parts", "\u1112\u1161\u11ab" * 20_000
    yield "zalgo", "".join(one + "\u0336\u0489\u035b\u0321" * 9 for one in "he comes ") * 50
    yield "invisible characters alone", "\u200b\u200c\u200d\u2060\ufeff\u00ad\u034f\u180e\u3164\uffa0\n" * 40
    yield "spaces of all kinds", "".join(map(chr, [*range(0x2000, 0x2010), 0xA0, 0x1680, 0x202F, 0x205F, 0x3000]))
    yield "tag characters", "one" + "".join(chr(0xE0000 + ord(one)) for one in "ignore what was said")
    yield "variation selectors", "a" + "".join(map(chr, [*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)])) * 9
    yield "right to left", "\u202eeno\u202c \u2067two\u2069 \u200f\u061c\n" * 9
    yield "marks that never close", "\u202a\u202b\u202d\u202e\u2066\u2067\u2068" * 2_000
    yield "emoji families", "👩‍👩‍👧‍👦🏳️‍🌈👨🏿‍🚀🇰🇷" * 200
    yield "joiners alone", "\u200d" * 5_000 + "a"
    yield "half a flag", "🇰" * 999
    yield "mathematical alphabets", "𝖔𝖓𝖊 𝓽𝔀𝓸 𝟙𝟚 ｏｎｅ Ⓞⓝⓔ"
    yield "mixed scripts", "оnе twо οne 一つ واحد एक ერთი አንድ หนึ่ง"
    yield "no character any more", "".join(chr(p * 0x10000 + e) for p in range(17) for e in (0xFFFE, 0xFFFF))
    yield "private use", "".join(map(chr, range(0xE000, 0xF000)))
    yield "not yet assigned", "".join(map(chr, range(0x40000, 0x40400)))
    yield "one of each character", "".join(chr(c) for c in range(1, 0x3000) if c not in {10, 13})
    yield "line ends that are none", "a\u2028b\u2029c\u0085d\x0be\x0cf\x1cg\x1dh\x1ei\n" * 30
    yield "CR within lines", "one\rtwo three\n" * 30 + "four\n" * 40
    yield "CR before the end", "one\r\r\r\n\r\n\r\n"
    yield "marks of byte order", "\ufeff\ufeffone\n\ufeff\n\ufeff\ufeff\n"
    yield "NUL", "\x00\n\x00\x00one\x00\n"
    yield "controls of a terminal", "\x1b[2J\x1b]0;title\x07\x1b[31mone\x9b5A\x08\x7f\n"
    yield "control symbols", "⟨end⟩ ⟨begin⟩⟨padding⟩ <s> </s> <pad> <unk> [CLS] <|endoftext|> ⟨2fr⟩ " * 70
    yield "5,000 tags", "⟨2fr⟩" * 5_000 + " one"
    yield "pieces as they are shown", "▁one Ġtwo ##three @@ four@@ <0x0A> <0xE4> ĊĠ"
    yield "the alphabet of bytes", "".join(map(chr, range(0x100, 0x144))) * 20
    yield "a number of 10,000 digits", "9" * 10_000 + " " + "0." + "3" * 10_000
    yield "marks of a format", "0 ||| one ||| F0= -1 ||| -1\n0.5\tone\n"
    yield "code", "{{7*7}} ${HOME} $(id) `id` %s %n {0.__class__} <script>alert(1)</script> ' OR 1=1 --"
    yield "lines of growing length", "".join("a " * n + "\n" for n in range(300))
    yield "many lines of one letter", "a\n" * 1_500
    yield "the same line", HELLO * 600
    yield "Thai without spaces", "ฉันเป็นนักเรียน" * 3_000
    yield "ligatures that grow", "\ufdfa\ufb03\u0390\u1fb7" * 5_000


def many_bytes() -> Iterator[tuple[str, bytes]]:
    """What is no UTF-8, no text at all, or packed."""
    yield "nothing", b""
    yield "one newline", b"\n"
    yield "only the mark of UTF-8", b"\xef\xbb\xbf"
    yield "half the mark of UTF-8", b"\xef\xbb"
    yield "every byte", bytes(range(256)) * 20
    yield "every byte a line", b"".join(bytes([one]) + b"\n" for one in range(256))
    yield "half characters", b"one \xe2\x82\ntwo \xf0\x9f\x98\nthree \xc3\n" + b"four\n" * 90
    yield "characters cut at 256 KiB", b"x" * (2**18 - 1) + "é\n".encode() + b"one\n"
    yield "a line end at 256 KiB", b"x" * (2**18 - 1) + b"\none\r\n"
    yield "CRLF cut at 256 KiB", b"x" * (2**18 - 1) + b"\r\none\r\n"
    yield "too long a form", b"\xc0\x80 \xe0\x80\x80 \xf0\x80\x80\x80\n" + b"one\n" * 30
    yield "surrogates in UTF-8", b"\xed\xa0\x80\xed\xb0\x80\n" + b"one\n" * 30
    yield "beyond the last character", b"\xf4\x90\x80\x80 \xf8\x88\x80\x80\x80\n" + b"one\n" * 30
    yield "300 lines of stray bytes among good ones", b"one \xff\nd\xc3\xa9j\xc3\xa0\n" * 300
    yield "stray bytes late", b"one\n" * 80_000 + b"tw\xff\n" * 400
    yield "UTF-16 without a mark", (HELLO * 40).encode("utf-16-le")
    yield "UTF-16 with one", (HELLO * 40).encode("utf-16")
    yield "UTF-16, an odd byte", (HELLO * 40).encode("utf-16-be") + b"\x00"
    yield "UTF-32", (HELLO * 40).encode("utf-32")
    yield "UTF-7", "+AOk- +ZeVnLIqe-\n".encode("ascii") * 40
    yield "CP949", "오늘은 날씨가 좋습니다.\n".encode("cp949") * 40
    yield "EBCDIC", ("Hello my friend\n" * 40).encode("cp037")
    yield "ISO-2022-JP", "今日は天気がいい\n".encode("iso2022_jp") * 40
    packed = gzip.compress(HELLO.encode() * 30)
    yield "gzip", packed
    yield "gzip of nothing", gzip.compress(b"")
    yield "gzip without its last byte", packed[:-1]
    yield "gzip without its last eight", packed[:-8]
    yield "gzip cut in its header", packed[:9]
    yield "gzip with a wrong sum", packed[:-8] + bytes(8)
    yield "two gzips", packed + gzip.compress(b"three\n")
    yield "gzip and zeros", packed + bytes(4_096)
    yield "gzip and rubbish", packed + b"rubbish"
    yield "gzip in gzip", gzip.compress(packed)
    yield "a hundred gzips of nothing", gzip.compress(b"") * 100
    yield "20,000 gzips of a line", gzip.compress(b"one\n", 1) * 300 + gzip.compress(b"") * 20_000
    yield "bzip2", bz2.compress(HELLO.encode() * 9)
    yield "zlib", zlib.compress(HELLO.encode() * 9)
    yield "a bomb of one line", bomb(bytes(1 << 20), 200)
    yield "random bytes", Random("bytes").randbytes(100_000)


def bomb(block: bytes, count: int) -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    return b"".join([*(packer.compress(block) for _ in range(count)), packer.flush()])


def mutated(count: int) -> Iterator[tuple[str, bytes]]:
    """Text into which bytes and odd characters were put; its line ends stay what they are."""
    random = Random("text")
    odd = [text.encode()[:400] for _, text in texts()] + [b"\xff", b"\xc3", b"\xed\xa0\x80", b"\x00", b"\x1f\x8b\x08"]
    for number in range(count):
        content = b"the one and the two\n" * 12
        for _ in range(random.randint(1, 6)):
            place = random.randrange(len(content))
            content = content[:place] + random.choice(odd)[: random.randint(1, 60)] + content[place:]
        yield f"mutation {number}", content


OPTIONS: list[list[str]] = [
    ["--prefix", "\ud800"], ["--prefix", "\udcff"], ["--prefix", "un\x00deux"], ["--prefix", "un\ndeux"],
    ["--prefix", "\u2028"], ["--prefix", "⟨end⟩⟨2fr⟩"], ["--prefix", " "], ["--prefix", "\u200b"],
    ["--prefix", "e\u0301" * 30], ["--prefix", "un " * 5_000], ["--prefix", "\ufeff"], ["--prefix", "-1"],
    ["--prefix", "un", "--n-best", "--top-beams", "4"], ["--n-best", "--top-beams", "100"],
    ["--top-beams", "-1"], ["--top-beams", "0"], ["--top-beams", "99999999999999999999"], ["--top-beams", "1.5"],
    ["--beam-size", "nan"], ["--beam-size", "1e999"], ["--beam-size", "-1"], ["--beam-size", "0"], ["--beam-size", ""],
    ["--beam-size", "1_0"], ["--beam-size", "١"], ["--beam-size", "9" * 5_000], ["--beam-size", "1024"],
    ["--length-penalty", "mean:nan"], ["--length-penalty", "mean:inf"], ["--length-penalty", "gnmt:-1"],
    ["--length-penalty", "mean:1e-999"], ["--length-penalty", "mean:" + "9" * 5_000], ["--length-penalty", ""],
    ["--length-penalty", "mean:1:1"], ["--length-penalty", "gnmt:١"], ["--length-penalty", "a\nb" * 900],
    ["--sample", "--temperature", "nan"], ["--sample", "--temperature", "0"], ["--sample", "--temperature", "-0.0"],
    ["--sample", "--temperature", "1e-3"], ["--sample", "--temperature", "1e6"], ["--sample", "--temperature", "inf"],
    ["--sample", "--top-p", "nan"], ["--sample", "--top-p", "1e-300"], ["--sample", "--top-p", "2"],
    ["--sample", "--top-k", "0"], ["--sample", "--top-k", "1000000"], ["--sample", "--seed", "-1"],
    ["--sample", "--seed", str(2**64 - 1)], ["--sample", "--seed", str(2**64)], ["--sample", "--seed", "1e3"],
    ["--sample", "--beam-size", "2"], ["--batch-tokens", "1"], ["--batch-tokens", "999999999"],
    ["--batch-tokens", "-5"], ["--workers", "1024"], ["--workers", "0"], ["--workers", "x"], ["--device", "quantum"],
    ["--precision", "fp64"], ["--precision", ""], ["--precision", "int8"], ["--to", ""], ["--to", "\ud800"],
    ["--to", "fr\n"], ["--to", "x" * 9_000], ["--to", "../fr"], ["--in", ""], ["--in", "\x00"], ["--in", "x" * 9_000],
    ["--in", "\udcff"], ["--in", "."], ["--in", "a\nb"], ["--out", ""], ["--out", "."], ["--out", "\x00"],
    ["--out", "/dev/full"], ["--out", "/proc/none"], ["--out", "x" * 300], ["--shortlist", ""],
    ["--shortlist", "/dev/zero"], ["--shortlist", "."], ["--confidence"], ["--no-such-option\n" * 900], ["\ud800"],
    ["--prefix"], ["--quiet=1"], ["--debug", "--beam-size", "2"],
]  # fmt: skip


@pytest.fixture
def put(tmp_path: Path) -> Callable[[bytes], str]:
    """A file with this content."""
    count = iter(range(100_000))

    def put(content: bytes) -> str:
        path = tmp_path / f"input-{next(count)}"
        path.write_bytes(content)
        return str(path)

    return put


def test_what_is_read(contained: Contained, run_folder: Path, put: Callable[[bytes], str]) -> None:
    """Each from standard input and a third of the small ones with scores: as many lines out as in, or none."""
    inputs = [*((name, text.encode()) for name, text in texts()), *many_bytes(), *mutated(40)]
    assert len(inputs) == len(dict(inputs)) >= 100
    jobs: dict[str, Any] = {}
    for number, (name, content) in enumerate(inputs):
        lines = unpacked(content)
        command = ["translate", str(run_folder), "--beam-size", "1"]
        jobs[name] = {"command": command, "input": put(content)} | ({} if lines is None else {"lines": lines})
        if number % 3 == 0 and len(content) < 5_000:
            scores = jobs[name] | {"command": [*command, ["--n-best", "--confidence"][number % 2], "--quiet"]}
            jobs[f"{name}, with scores"] = scores
    contained(jobs)


def unpacked(content: bytes) -> int | None:
    """How many lines `wc -l` counts, and the last one without an end; None for what is broken."""
    try:
        content = gzip.decompress(content) if content.startswith(b"\x1f\x8b\x08") else content
    except (OSError, EOFError, zlib.error):
        return None
    content = content.removeprefix(b"\xef\xbb\xbf")
    return content.count(b"\n") + (content != b"" and not content.endswith(b"\n"))


def test_what_is_asked(contained: Contained, run_folder: Path, put: Callable[[bytes], str], tmp_path: Path) -> None:
    """Options out of range, and names of files that are none."""
    given = put(HELLO.encode() * 3)
    jobs = {
        " ".join(options)[:60]: {"command": ["translate", str(run_folder), *options], "input": given}
        for options in OPTIONS
    }
    assert len(jobs) == len(OPTIONS) >= 80
    contained(jobs)


def test_what_is_no_file(contained: Contained, run_folder: Path, put: Callable[[bytes], str], tmp_path: Path) -> None:
    """Devices, pipes, folders, links; files that are growing; a standard input that is closed."""
    names = {
        "/dev/null": {"lines": 0}, "/proc/self/mem": {"code": 2}, "/proc/self/environ": {},
        "/proc/version": {"lines": 1},
        str(tmp_path): {"code": 2}, "/dev/fd/99": {"code": 2}, "/dev/stdin": {"lines": 0}, "/": {"code": 2},
        "/proc/self/root/dev/null": {"lines": 0},
    }  # fmt: skip
    (tmp_path / "circle").symlink_to("circle")
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "closed").write_bytes(b"one\n")
    (tmp_path / "closed").chmod(0)
    (tmp_path / "empty.gz").write_bytes(b"")
    (tmp_path / "plain.gz").write_bytes(b"one\n")
    (tmp_path / "gzip.txt").write_bytes(gzip.compress(b"one\n"))
    (tmp_path / "a\nb\x1b[31m\udcff").write_bytes(b"one\n")
    names |= {str(tmp_path / name): {"code": 2} for name in ("circle", "dangling", "plain.gz")}
    names |= {str(tmp_path / name): {} for name in ("closed", "empty.gz")}
    names |= {str(tmp_path / name): {"lines": 1} for name in ("gzip.txt", "a\nb\x1b[31m\udcff")}
    pipe, growing = tmp_path / "pipe", tmp_path / "growing"
    os.mkfifo(pipe)
    growing.write_bytes(b"one\n" * 9)
    names |= {str(pipe): {"lines": 2}, str(growing): {}}
    base = ["translate", str(run_folder), "--beam-size", "1"]
    jobs: dict[str, Any] = {
        name: {"command": [*base, "--in", name], "input": put(HELLO.encode() * 3), **more}
        for name, more in names.items()
    }
    jobs["closed"] = {"command": base, "input": None, "code": 2}
    jobs["onto itself"] = {"command": [*base, "--in", str(growing), "--out", str(growing)], "input": None, "code": 2}
    jobs["into a pipe's folder"] = {"command": [*base, "--out", f"{pipe}/x"], "input": put(b"one\n"), "code": 2}
    for name in ("score", "evaluate", "shortlist"):
        more = ["--out", str(tmp_path / "shortlist")] if name == "shortlist" else []
        for file in ("/dev/null", "/proc/self/mem", str(tmp_path / "a\nb\x1b[31m\udcff"), str(tmp_path / "circle")):
            command = [name, str(run_folder), file, file, *more]
            jobs[f"{name} {file}"] = {"command": command, "input": None}
    stop = threading.Event()
    writers = [threading.Thread(target=one, args=(path, stop)) for one, path in ((fill, pipe), (grow, growing))]
    for one in writers:
        one.start()
    try:
        contained(jobs)
    finally:
        stop.set()
        for one in writers:
            one.join(timeout=30)


def fill(pipe: Path, stop: threading.Event) -> None:
    """Write two lines, the first in two pieces, to whoever opens the pipe."""
    while not stop.wait(0.05):
        try:
            descriptor = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            continue  # Nobody reads it yet.
        with os.fdopen(descriptor, "wb", buffering=0) as file:
            for piece in (b"on", b"e\ntw", b"o\n"):
                file.write(piece)
        return


def grow(path: Path, stop: threading.Event) -> None:
    """Append lines, some of them half, as long as nobody has replaced it."""
    while not stop.wait(0.01):
        with path.open("ab") as file:
            file.write(b"two\nthr")


CALLS: list[tuple[str, str, list[Any], dict[str, Any]]] = [
    ("lone surrogates", "translate", [["\ud800", "x\udc00y", "\udbff\udbff"]], {}),
    ("a pair of surrogates", "translate", [["\ud83d\ude00"]], {}),
    ("surrogates, scored", "score", [["\ud800"], ["\udfff"]], {}),
    ("a blank with words", "score", [["\u200b"], ["un"]], {}),
    ("nothing", "translate", [[]], {}),
    ("a text alone to search", "search", ["one"], {}),
    ("None", "translate", [None], {}),
    ("None among texts", "translate", [["one", None]], {}),
    ("numbers", "translate", [[1, 2.5]], {}),
    ("a list in a list", "translate", [[["one"]]], {}),
    ("a mapping", "translate", [{"one": "two"}], {}),
    ("a beam of a text", "translate", [["one"]], {"beam_size": "5"}),
    ("a beam of True", "translate", [["one"]], {"beam_size": True}),
    ("a beam of NaN", "translate", [["one"]], {"beam_size": float("nan")}),
    ("a huge beam", "translate", [["one"]], {"beam_size": 10**400}),
    ("a penalty of None in a list", "translate", [["one"]], {"length_penalty": [None]}),
    ("a penalty of a number", "translate", [["one"]], {"length_penalty": 1.0}),
    ("batch_tokens of infinity", "translate", [["one"]], {"batch_tokens": float("inf")}),
    ("more top beams than a beam", "search", [["one"]], {"beam_size": 2, "top_beams": 5}),
    ("a negative first", "search", [["one"]], {"first": -(10**30)}),
    ("a prefix of None", "search", [["one"]], {"prefix": None}),
    ("a prefix of a number", "search", [["one"]], {"prefix": 5}),
    ("a prefix of half a character", "search", [["one"]], {"prefix": "\udc80"}),
    ("a sampling of a text", "search", [["one"]], {"sampling": "top-k"}),
    ("a language of a number", "translate", [["one"]], {"to": 5}),
    ("a language of a list", "translate", [["one"]], {"to": ["fr"]}),
    ("workers of a text", "search", [["one"]], {"workers": "2"}),
    ("targets of another length", "score", [["one"], []], {}),
    ("a target of 100,000 words", "score", [["one"], ["un " * 100_000]], {}),
    ("a target of None", "score", [["one"], [None]], {}),
    ("a trace of a blank", "trace", ["\u2060"], {}),
    ("a trace of a number", "trace", [5], {}),
    ("a trace of surrogates", "trace", ["\ud800 one"], {}),
    ("a trace of a long text", "trace", ["one " * 9_000], {}),
    ("a trace with a target of a number", "trace", ["one"], {"target": 5}),
    ("a trace with a blank target", "trace", ["one"], {"target": ""}),
    ("a trace with a surrogate as a target", "trace", ["one"], {"target": "\ud800"}),
    ("a trace with a huge beam", "trace", ["one"], {"beam_size": 2**63}),
]


def test_what_a_program_gives(contained: Contained, run_folder: Path) -> None:
    """The Python API: a result, or a ClearheadError of one line."""
    jobs = {name: {"call": "ask", "arguments": [str(run_folder), *given]} for name, *given in CALLS}
    assert len(jobs) == len(CALLS)
    contained(jobs)
