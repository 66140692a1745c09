"""Compiling the C files: once, by whichever compiler there is, and never a reason to fail."""

import logging
import os
import re
import shlex
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from clearhead.native import compiler
from clearhead.native import library as native

needs_compiler = pytest.mark.skipif(compiler.find_compiler() is None, reason="this machine has no C compiler")


@pytest.fixture
def hasty(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The compiler of this machine, which here leaves out what takes it longest."""
    command = compiler.find_compiler()
    assert command is not None
    return program(tmp_path_factory.mktemp("hasty") / "hasty", f'#!/bin/sh\nexec {shlex.join(command)} "$@" -O0\n')


@needs_compiler
def test_the_library_is_compiled_once(tmp_path: Path, hasty: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", hasty)
    first = compiler.compiled(tmp_path)
    assert first is not None
    assert first.is_file()
    written = first.stat().st_mtime_ns
    assert compiler.compiled(tmp_path) == first
    assert first.stat().st_mtime_ns == written


@needs_compiler
def test_another_compiler_makes_another_library(tmp_path: Path, hasty: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", hasty)
    first = compiler.compiled(tmp_path)
    assert first is not None
    monkeypatch.setenv("CC", f"{hasty} -DNOTHING")
    second = compiler.compiled(tmp_path)
    assert second is not None
    assert second != first


def test_without_a_compiler_there_is_no_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "no-such-compiler")
    assert compiler.compiled(tmp_path) is None
    assert not list(tmp_path.iterdir())


def test_the_compiler_of_a_python_package_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`pip install ziglang`, where the machine has none: `python -m ziglang cc`."""
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(compiler.importlib.util, "find_spec", lambda name: None)
    assert compiler.find_compiler() is None
    monkeypatch.setattr(compiler.importlib.util, "find_spec", lambda name: object() if name == "ziglang" else None)
    assert compiler.find_compiler() == (sys.executable, "-m", "ziglang", "cc")


def test_a_compiler_that_fails_is_said_and_survived(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    broken = tmp_path / "broken"
    broken.write_text('#!/bin/sh\n[ "$1" = --version ] && exit 0\necho "no space left" >&2\nexit 1\n')
    broken.chmod(0o755)
    monkeypatch.setenv("CC", str(broken))
    with caplog.at_level(logging.WARNING):
        assert compiler.compiled(tmp_path / "cache") is None
        assert compiler.compiled(tmp_path / "cache") is None
    assert caplog.text.count("no space left") == 1, "it is not tried again"
    assert not list((tmp_path / "cache" / "native").iterdir())


def test_a_compiler_without_openmp_compiles_without_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    picky = tmp_path / "picky"
    picky.write_text(
        '#!/bin/sh\nout=\nfor one in "$@"; do\n  [ "$one" = -fopenmp ] && exit 1\n'
        '  [ "$before" = -o ] && out=$one\n  before=$one\ndone\n[ -n "$out" ] && echo "$@" > "$out"\nexit 0\n'
    )
    picky.chmod(0o755)
    monkeypatch.setenv("CC", str(picky))
    library = compiler.compiled(tmp_path / "cache")
    assert library is not None
    assert "-march=native" in library.read_text()
    assert "-fopenmp" not in library.read_text()


@needs_compiler
@pytest.mark.skipif(sys.platform != "linux", reason="the linker's word for it is that of Linux")
def test_a_compiler_that_lacks_openmps_library(tmp_path: Path, hasty: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As that of ziglang: it knows the pragmas, and what it linked could not be loaded."""
    lacking = tmp_path / "lacking"
    lacking.write_text(
        '#!/bin/bash\nset -- "$@"\nif [[ " $* " == *" -shared "* ]]; then\n  set -- "${@/-fopenmp/-O3}"\nfi\n'
        f'exec {hasty} "$@"\n'
    )
    lacking.chmod(0o755)
    monkeypatch.setenv("CC", str(lacking))
    library = compiler.compiled(tmp_path / "cache")
    assert library is not None
    # In a process of its own: torch, which is here already, would lend the symbols of its own library.
    subprocess.run([sys.executable, "-c", f"import ctypes; ctypes.CDLL({str(library)!r})"], check=True, timeout=60)


# Waits, half a minute at most, for as many others of its kind as there are files.
PATIENT = """#!/bin/sh
[ "$1" = --version ] && exit 0
here=$(dirname "$0")
for one in "$@"; do
  if [ "$one" = -c ]; then
    touch "$here/began-$$"
    tries=0
    while [ "$(ls "$here" | grep -c began)" -lt FILES ]; do
      tries=$((tries + 1))
      [ $tries -gt 600 ] && exit 1
      sleep 0.05
    done
  fi
  [ "$before" = -o ] && touch "$one"
  before=$one
done
exit 0
"""


def test_the_files_are_compiled_side_by_side(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And nothing is left beside the library."""
    patient = tmp_path / "patient"
    patient.write_text(PATIENT.replace("FILES", str(len(list(compiler.SOURCES.glob("*.c"))))))
    patient.chmod(0o755)
    monkeypatch.setenv("CC", str(patient))
    library = compiler.compiled(tmp_path / "cache")
    assert library is not None
    assert list(library.parent.iterdir()) == [library]


SLOW = """#!/bin/sh
[ "$1" = --version ] && exit 0
touch "$(dirname "$0")/began"
sleep 60 &
echo $! >> "$(dirname "$0")/sleeping"
wait
"""


class TestInTheBackground:
    @needs_compiler
    def test_what_is_begun_is_waited_for(
        self, tmp_path: Path, hasty: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        """It is compiled once, and that is said once."""
        monkeypatch.setenv("CC", hasty)
        monkeypatch.setenv("CLEARHEAD_CACHE", str(tmp_path))
        with caplog.at_level(logging.INFO):
            compiler.begin()
            library = compiler.compiled()
        assert library is not None
        assert library.is_file()
        assert caplog.text.count("compiling C for this processor") == 1

    def test_switched_off_it_begins_nothing(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CLEARHEAD_OFF", "native")
        monkeypatch.setattr(compiler, "compiled", lambda: (tmp_path / "begun").touch())
        compiler.begin()
        for thread in threading.enumerate():
            if thread.name == "clearhead compiles":
                thread.join()
        assert not (tmp_path / "begun").exists()

    def test_a_process_that_ends_leaves_no_compiler_behind(self, tmp_path: Path) -> None:
        """Nor anything in the cache; nor does it wait for the minute that this compiler takes."""
        slow = tmp_path / "slow"
        slow.write_text(SLOW)
        slow.chmod(0o755)
        began = time.monotonic()
        code = (
            "import time; from pathlib import Path; from clearhead.native import compiler; compiler.begin()\n"
            f"while not Path({str(tmp_path / 'sleeping')!r}).exists(): time.sleep(0.01)"
        )
        environment = {**os.environ, "CC": str(slow), "CLEARHEAD_CACHE": str(tmp_path / "cache")}
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
        assert time.monotonic() - began < 50
        assert done.stderr == ""
        assert list((tmp_path / "cache" / "native").iterdir()) == []
        for number in (tmp_path / "sleeping").read_text().split():
            assert not is_running(int(number))


def is_running(number: int) -> bool:
    """A process that has ended may still be listed, until its parent asks after it."""
    try:
        state = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.fixture
def as_at_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing has been said, and nothing has failed."""
    for name, empty in (("_SAID", set()), ("_FAILED", set()), ("_PRIVATE", [])):
        monkeypatch.setattr(compiler, name, empty)


def spoil(library: Path, how: str) -> None:
    content = library.read_bytes()
    if how == "truncated":
        library.write_bytes(content[: len(content) // 2])
    elif how == "flipped":
        library.write_bytes(content[:5000] + bytes(byte ^ 1 for byte in content[5000:5010]) + content[5010:])
    elif how == "empty":
        library.write_bytes(b"")
    elif how == "text":
        library.write_text("not a library")
    else:
        library.unlink()
        library.mkdir() if how == "folder" else library.symlink_to(library.parent / "nowhere")


# Said of a compiler that makes quickly what only looks like a library.
QUICK = """#!/bin/sh
[ "$1" = --version ] && exit 0
for one in "$@"; do
  [ "$before" = -o ] && head -c 9000 "$0" > "$one" && head -c 9000 /dev/zero >> "$one"
  before=$one
done
exit 0
"""


def program(path: Path, script: str) -> str:
    path.write_text(script)
    path.chmod(0o755)
    return str(path)


@pytest.mark.usefixtures("as_at_first")
class TestCache:
    """What is in the cache is the user's own and what was compiled, or it is not loaded."""

    @pytest.mark.parametrize("how", ["truncated", "flipped", "empty", "text", "folder", "link"])
    def test_a_library_that_changed_is_compiled_again(
        self, how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        """faults.md A15: and nothing is said."""
        monkeypatch.setenv("CC", program(tmp_path / "quick", QUICK))
        library = compiler.compiled(tmp_path / "cache")
        assert library is not None
        content = library.read_bytes()
        assert len(content) > 9000
        spoil(library, how)
        assert compiler.compiled(tmp_path / "cache") == library
        assert library.read_bytes() == content
        assert list(library.parent.iterdir()) == [library]
        assert not caplog.records

    @pytest.mark.skipif(not hasattr(os, "geteuid"), reason="files have no owners here")
    @pytest.mark.parametrize("whose", ["another's", "all's", "a group's", "a link to another's", "a file", "above"])
    def test_a_cache_that_others_may_change_is_not_used(
        self, whose: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        """faults.md A4: what they put there is not loaded; the process has a library all the same, and says so once."""
        monkeypatch.setenv("CC", program(tmp_path / "quick", QUICK))
        cache = tmp_path / "above" / "cache"
        planted = compiler.compiled(cache)
        assert planted is not None
        native = cache / "native"
        if whose == "another's":
            monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
        elif whose == "a link to another's":
            native.rename(tmp_path / "theirs")
            (tmp_path / "theirs").chmod(0o777)
            native.symlink_to(tmp_path / "theirs")
        elif whose == "a file":
            shutil.rmtree(cache)
            cache.write_text("not a folder")
        else:
            folder, mode = {"all's": (native, 0o707), "a group's": (native, 0o770), "above": (cache.parent, 0o777)}[
                whose
            ]
            folder.chmod(mode)
        library = compiler.compiled(cache)
        assert library is not None
        assert not library.is_relative_to(tmp_path)
        assert library.parent.stat().st_mode & 0o777 == 0o700
        assert compiler.compiled(cache) == library
        [said] = caplog.messages
        assert "set CLEARHEAD_CACHE to a folder that is yours alone" in said
        compiler._remove_private(library.parent, os.getpid() + 1)
        assert library.exists(), "a forked process leaves it"
        compiler._remove_private(library.parent, os.getpid())
        assert not library.parent.exists()

    def test_its_folder_is_for_the_user_alone(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """faults.md A4"""
        monkeypatch.setenv("CC", program(tmp_path / "quick", QUICK))
        library = compiler.compiled(tmp_path / "cache")
        assert library is not None
        assert [path.stat().st_mode & 0o077 for path in (library, library.parent)] == [0, 0]


BROKEN = {
    "a quote": ("gcc 'unbalanced", "is no command"),
    "nothing there": ("no-such-compiler -O2", "names a compiler that is not there"),
    "an empty name": ("''", "names a compiler that is not there"),
    "without a message": (
        "#!/bin/sh\n[ $1 = --version ] && exit 0\necho '  ' >&2\nexit 1\n",
        "ended with exit code 1 and",
    ),
    "without a version": ("#!/bin/sh\nexit 3\n", "broken --version ended with exit code 3 and said nothing"),
    "no program": ("neither text nor program", "broken: Exec format error)"),
    "that ends": (
        "#!/bin/sh\n[ $1 = --version ] && exit 0\n"
        "printf 'In file included\\na.c:1: fatal error: x.h: No such file\\n   1 |\\ncompilation terminated.\\n' >&2\n"
        "exit 1\n",
        "compiled (a.c:1: fatal error: x.h: No such file);",
    ),
    "of long lines": ("#!/bin/sh\nprintf 'error: %999d\\033[31m' 5 | tr ' ' x >&2\nexit 1\n", "error:x"),
    "that hangs": ("#!/bin/sh\nsleep 600\n", "did not answer"),
    "that says much": ("#!/bin/sh\nhead -c 300000 /dev/zero >&2\necho 'disk full' >&2\nexit 1\n", "disk full"),
}


@pytest.mark.skipif(os.name == "nt", reason="the programs are shell scripts")
@pytest.mark.usefixtures("as_at_first")
class TestBrokenCompilers:
    """faults.md C13"""

    @pytest.mark.parametrize("kind", BROKEN)
    def test_one_line_with_the_remedy(
        self, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        command, expected = BROKEN[kind]
        if command.startswith("#!") or kind == "no program":
            command = program(tmp_path / "broken", command)
        monkeypatch.setenv("CC", command)
        monkeypatch.setattr(compiler, "VERSION_SECONDS", 0.2)
        for _ in range(2):
            assert compiler.compiled(tmp_path / "cache") is None
        [said] = caplog.messages
        assert expected in said
        assert said.endswith(compiler._REMEDY)
        assert said.isprintable()
        assert len(said) < 220 + len("the C files could not be compiled ()") + len(compiler._REMEDY)

    def test_what_cannot_be_loaded_is_said_once_and_remembered(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        """In the next process too, of which `as at first` is a picture."""
        monkeypatch.setenv("CC", program(tmp_path / "quick", QUICK))
        monkeypatch.setenv("CLEARHEAD_CACHE", str(tmp_path / "cache"))
        for _ in range(2):
            assert native.library.__wrapped__() is None
            compiler._SAID.clear()
        [said] = caplog.messages
        assert said.startswith("what the C compiler made cannot be loaded")
        assert said.endswith(compiler._REMEDY)


# At the left edge: a function that other files may call, and perhaps other libraries.
DEFINED = re.compile(r"^(?!static|INNER|typedef)\w[\w *]*?(\w+)\((?!.*;$)", re.MULTILINE)
# Everything that the library calls, once: the products of three precisions, a step of a search, a shortlist.
EVERYTHING = """
import ctypes, sys
import torch
ctypes.CDLL(sys.argv[1], ctypes.RTLD_GLOBAL)
from clearhead.decoding import Engine, SearchOptions, Shortlist
from clearhead.model import EncoderDecoder, TransformerConfig
from clearhead.runtimes.eager import EagerRuntime
from clearhead.runtimes.preparing import compiled
import numpy
sizes = dict(width=8, heads=2, inner_width=8, encoder_layers=1, decoder_layers=1, max_length=8)
model = EncoderDecoder(TransformerConfig(source_vocabulary=9, target_vocabulary=9, **sizes), seed=1).eval()
some = Shortlist(numpy.arange(10), numpy.arange(9), numpy.arange(3, 8), 9)
for shortlist in (None, some):
    slow, fast = (
        Engine(one).translate([[3, 4, 2]], SearchOptions(begin=1, end=2), shortlist=shortlist)
        for one in (EagerRuntime(model), compiled(model, "fp32"))
    )
    assert slow[0][0].tokens == fast[0][0].tokens
print("in order")
"""


class TestNames:
    """faults.md A7: no function of ours is anyone else's, and none of anyone else's is ours."""

    @needs_compiler
    def test_what_others_have_loaded_is_not_called(self, tmp_path: Path) -> None:
        """A library is loaded for all that has each of our functions, and ends the process when one is called."""
        named = {name for source in compiler.SOURCES.glob("*.c") for name in DEFINED.findall(source.read_text())}
        assert len(named) > 10
        (tmp_path / "other.c").write_text(
            "#include <stdlib.h>\n" + "".join(f"void {name}(void) {{ abort(); }}\n" for name in sorted(named))
        )
        command = compiler.find_compiler()
        assert command is not None
        other = str(tmp_path / "other.so")
        subprocess.run(
            [*command, "-fno-builtin", "-shared", "-fPIC", str(tmp_path / "other.c"), "-o", other], check=True
        )
        done = subprocess.run([sys.executable, "-c", EVERYTHING, other], capture_output=True, text=True, check=False)
        assert (done.stdout, done.stderr) == ("in order\n", "")

    @needs_compiler
    @pytest.mark.skipif(shutil.which("nm") is None, reason="nm lists a library's symbols, and is not here")
    def test_every_name_that_can_be_seen_begins_as_ours_do(self) -> None:
        library = compiler.compiled()
        listed = subprocess.run(
            ["nm", "-D", "--defined-only", str(library)], capture_output=True, text=True, check=True
        ).stdout
        names = [line.split()[-1] for line in listed.splitlines()]
        assert len(names) > 10
        assert [name for name in names if not name.startswith("ch_")] == []


def test_no_test_touches_the_users_cache(tmp_path: Path) -> None:
    """Not while modules are collected, either (faults.md E)."""
    environment = {
        name: value for name, value in os.environ.items() if name not in ("CLEARHEAD_CACHE", "XDG_CACHE_HOME")
    }
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--collect-only", "-n", "0", "-p", "no:cacheprovider", __file__,
         str(Path(__file__).with_name("test_library.py"))],
        env={**environment, "HOME": str(tmp_path)}, stdout=subprocess.DEVNULL, check=True,
    )  # fmt: skip
    assert not (tmp_path / ".cache" / "clearhead").exists()


@needs_compiler
def test_the_files_compile_without_a_warning(tmp_path: Path) -> None:
    command = compiler.find_compiler()
    assert command is not None
    for source in sorted(compiler.SOURCES.glob("*.c")):
        done = subprocess.run(
            [*command, *compiler.ALWAYS, *compiler.FLAGS[0], "-Wall", "-Wextra", "-c", source, "-o", tmp_path / "o"],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert done.stderr == ""


FAULTS = {
    "a warning": ("int main(void) { int unused; return 0; }", "-Werror"),
    "a wrong address": (
        "#include <stdlib.h>\n#include <string.h>\n"
        "int main(int count, char **all) { (void)all; memset(malloc(8), count, 8 + count); return 0; }",
        "AddressSanitizer",
    ),
    "an overflow": ("int main(int count, char **all) { (void)all; return 0x7fffffff + count; }", "runtime error"),
    "a cast": ("int main(int count, char **all) { (void)all; return (char)(count * 1e9f); }", "runtime error"),
}


@pytest.mark.skipif(shutil.which("gcc") is None, reason="`make test-sanitized` compiles by gcc, which is not here")
@pytest.mark.parametrize("kind", FAULTS)
def test_make_test_sanitized_would_find_it(kind: str, tmp_path: Path) -> None:
    code, expected = FAULTS[kind]
    source, made = tmp_path / "fault.c", tmp_path / "fault"
    source.write_text(code + "\n")
    commands = ([Path(__file__).with_name("sanitizing-cc"), "-O3", source, "-o", made], [made])
    for command in commands:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            break
    assert done.returncode
    assert expected in done.stderr
