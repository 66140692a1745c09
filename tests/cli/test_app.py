"""The command line as a process: every error is one line, and Ctrl-C another."""

import errno
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest
import torch

from clearhead.cli import app
from clearhead.recipe import Recipe
from clearhead.training import train

Run = Callable[..., Any]


@pytest.fixture
def place(
    tmp_path: Path, corpus: Path, run_folder: Path, two_languages_folder: Path, recipe_file: Path
) -> dict[str, str]:
    """Names for what the commands below are given, in braces."""
    (tmp_path / "empty").touch()
    (tmp_path / "short").write_text("one\n")
    (tmp_path / "table").write_text("".join(f"one\t{number}\n" for number in range(6)))
    (tmp_path / "latin").write_bytes("été\n".encode("latin-1") * 36)
    (tmp_path / "not.gz").write_text("one\n")
    (tmp_path / "damaged").mkdir()
    for path in (run_folder / "bundle").iterdir():
        (tmp_path / "damaged" / path.name).write_bytes(path.read_bytes())
    with (tmp_path / "damaged" / "model.safetensors").open("ab") as file:
        file.write(b"x")
    (tmp_path / "future").mkdir()
    (tmp_path / "future" / "config.json").write_text('{"format": 2, "family": "x"}')
    (tmp_path / "bad.yaml").write_text("name: [")
    (tmp_path / "circle.yaml").write_text("name: &a [*a]")
    return {
        "tmp": str(tmp_path), "model": str(run_folder), "tags": str(two_languages_folder), "recipe": str(recipe_file),
        "en": str(corpus / "train.en"), "fr": str(corpus / "train.fr"), "val": str(corpus / "val.en"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("command", "message"),
    [
        # What was typed.
        ("nonsense", "No such command 'nonsense'; try `clearhead --help`"),
        ("corpus", "Missing command; try `clearhead corpus --help`"),
        ("corpus strete --out {tmp}/c", "No such command 'strete'"),
        ("--nonsense", "No such option: --nonsense"),
        ("translate", "Missing argument 'MODEL'; try `clearhead translate --help`"),
        ("translate {model} more", "its lines come from standard input or --in FILE: echo TEXT | clearhead translate"),
        ("check more", "unexpected extra argument(s) (more); try `clearhead check --help`"),
        ("translate {model} --beam-sise 3", "No such option: --beam-sise"),
        ("translate {model} --beam-size", "Option '--beam-size' requires an argument"),
        ("translate {model} --beam-size many", "Invalid value for '--beam-size': 'many' is not allowed: expected a"),
        ("translate {model} --beam-size 1,000", "expected a whole number, such as 100; write 1000, without the comma"),
        ("translate {model} --beam-size true", "'true' is not allowed: expected a whole number, such as 100; try"),
        ("translate {model} --batch-tokens 0", "Invalid value for '--batch-tokens': '0' is not allowed: expected 1 or"),
        ("translate {model} --precision int7", "'--precision': 'int7' is not one of 'fp32', 'bf16', 'int8'; try"),
        ("corpus street --pairs 3", "Missing option '--out'"),
        ("shortlist {model} {en} {fr}", "Missing option '--out'"),
        ("corpus street --out {tmp}/c --pairs 0", "Invalid value for '--pairs': "),
        # Models.
        ("translate {tmp}/none", "model {tmp}/none does not exist; expected a run folder or a bundle folder"),
        ("translate {tmp}", "model {tmp} is not a model; expected a folder with config.json"),
        ("translate {en}", "model {en} is not a model; expected a folder"),
        ("translate {tmp}/damaged", "model.safetensors is damaged (its sha256 is not that in config.json); copy"),
        ("translate {tmp}/future", "has format 2, but this clearhead reads format 1; update clearhead"),
        ("score {tmp}/none {en} {fr}", "model {tmp}/none does not exist"),
        ("evaluate {tmp}/none {en} {fr}", "model {tmp}/none does not exist"),
        # Languages.
        ("translate {tags} --in {en}", "this model translates into en, fr; say which, as in to='en' or --to en"),
        ("translate {tags} --in {en} --to xx", "this model translates into en, fr, not 'xx'; say which"),
        ("translate {tags} --in {en} --to fra", "not 'fra'; did you mean fr? say it as in to='fr' or --to fr"),
        ("translate {model} --in {en} --to de", "this model translates into fr only, not 'de'; leave `to` out"),
        ("score {tags} {en} {fr}", "this model translates into en, fr; say which"),
        ("evaluate {tags} {en} {fr} --to xx", "this model translates into en, fr, not 'xx'"),
        # Asked for nothing, or where the files are a table or swapped, too: the language comes first, and alone.
        ("translate {tags} --in {tmp}/empty --to kr", "this model translates into en, fr, not 'kr'"),
        ("translate {tags} --in {tmp}/empty", "this model translates into en, fr; say which"),
        ("score {tags} {tmp}/table {tmp}/table --to kr", "this model translates into en, fr, not 'kr'"),
        ("evaluate {tags} {tmp}/table {tmp}/table", "this model translates into en, fr; say which"),
        # Settings of a search.
        ("translate {model} --in {en} --beam-size 0", "beam_size=0 must be a whole number from 1 to 1024"),
        ("translate {model} --in {en} --length-penalty long", "length penalty 'long' cannot be read; write gnmt:ALPHA"),
        ("translate {model} --in {en} --length-penalty mean:-1", "alpha=-1.0 must be a number from 0 to 10"),
        ("score {model} {en} {fr} --length-penalty gnmt", "length penalty 'gnmt' cannot be read"),
        ("translate {model} --in {en} --n-best --top-beams 5 --beam-size 2", "top_beams=5 is more than beam_size=2"),
        ("translate {model} --in {en} --top-beams 2", "--top-beams 2 gives several lines for each line; add --n-best"),
        (
            "translate {model} --in {en} --sample --temperature 0",
            "temperature=0.0 must be a number from 0.001 to 1000000",
        ),
        ("translate {model} --in {en} --sample --top-p 2", "top_p=2.0 must be a number from 1e-09 to 1"),
        ("translate {model} --in {en} --top-k 5", "--top-k is for drawing at random; add --sample, or leave it out"),
        ("translate {model} --in {en} --sample --beam-size 3", "--beam-size 3 is for searching, and --sample draws"),
        ("translate {model} --in {en} --prefix {long}", "its prefix has 200 tokens but"),
        # Files.
        ("translate {model} --in {tmp}/none", "input {tmp}/none cannot be read (No such file or directory); name a"),
        ("translate {model} --in {tmp}", "input {tmp} cannot be read (Is a directory)"),
        ("translate {model} --in {tmp}/not.gz", "input {tmp}/not.gz is not a whole gzip file"),
        ("translate {model} --in {en} --out {tmp}", "output {tmp} cannot be written (Is a directory)"),
        ("translate {model} --in {en} --out {tmp}/none/a", "output {tmp}/none/a cannot be written (No such file"),
        ("translate {model} --in {en} --out {en}/a", "output {en}/a cannot be written"),
        ("translate {model} --in {en} --out /dev/full", "output /dev/full cannot be written (No space left on device)"),
        ("score {model} {tmp}/none {fr}", "{tmp}/none does not exist"),
        ("score {model} {en} {tmp}/short", "has 30 lines but {tmp}/short has 1"),
        ("score {model} {en} {tmp}/empty", "{tmp}/empty is empty (0 lines); expected a line or more"),
        ("score {model} {tmp}/latin {val}", "{tmp}/latin: line 1 is not UTF-8 (byte 0xE9 at 1)"),
        ("evaluate {model} {tmp} {fr}", "{tmp} is a folder; expected a text file"),
        ("evaluate {model} {en} {tmp}/short", "has 30 lines but {tmp}/short has 1"),
        (
            "evaluate {model} {en} {fr} --against {val}",
            "--against {val} has 6 lines, expected 30: one for each line of the reference",
        ),
        ("evaluate {model} {en} {fr} --against {tmp}/none", "{tmp}/none does not exist"),
        ("corpus street --out {en}", "--out {en} is a file; name a folder"),
        ("corpus street --out {en}/a --pairs 10", "{en}/a cannot be made into a folder"),
        ("corpus street --out {tmp} --pairs 10", "--out {tmp} holds bad.yaml, which is no file of a street"),
        # Training.
        ("train", "Missing argument 'RECIPE'"),
        ("train nonsense --out {tmp}/r", "recipe 'nonsense' is no file and none of clearhead's own: "),
        ("train {tmp}/none.yaml --out {tmp}/r", "recipe {tmp}/none.yaml does not exist; expected a YAML file"),
        ("train {tmp}/bad.yaml --out {tmp}/r", "bad.yaml, line 1: "),
        (
            "train {tmp}/circle.yaml --out {tmp}/r",
            "circle.yaml, line 1: an anchor (&) is not read; write the values out",
        ),
        ("train {recipe} data.folder=~nobody-here/x --out {tmp}/r", "data.folder='~nobody-here/x' names a home folder"),
        ("train {recipe} trainig.steps=3 --out {tmp}/r", "unknown key trainig; did you mean training?"),
        ("train {recipe} training.steps --out {tmp}/r", "'training.steps' is not key=value; write it as in"),
        ("train {recipe} model.heads=3 --out {tmp}/r", "model: width=16 is not divisible by heads=3; choose a width"),
        ("train {recipe} text.size=9 --out {tmp}/r", "text.size=9 cannot hold the 256 bytes"),
        ("train {recipe} data.folder={tmp} --out {tmp}/r", "{tmp}/train.en does not exist"),
        ("train {recipe} data.train.0.source=val.en --out {tmp}/r", "has 6 lines but"),
        (
            "train {recipe} training.batch_tokens=5 --out {tmp}/r",
            "has 14 tokens, more than training.batch_tokens=5; raise it",
        ),
        ("train {recipe} --out {en}", "--out {en} is a file; name a folder for the run"),
        ("train {recipe} --out {en}/r", "cannot be written"),
        ("train {recipe} --out {model}", "--out {model} already holds a run; go on with it by --resume, or name"),
        ("train {recipe} --out {tmp}/none --resume", "--out {tmp}/none holds no run to go on with"),
        ("demo --out {model}", "{model} holds the model 'tiny', not the demo's; name another folder by --out"),
    ],
)
def test_an_error_is_one_line(clearhead: Run, place: dict[str, str], command: str, message: str) -> None:
    """What, the value, what was expected, the remedy; exit code 2; with --debug the traceback as well."""
    names = place | {"long": "1" * 200}
    arguments = [part.format(**names) for part in command.split()]
    result = clearhead(*arguments)
    assert result.code == 2
    assert result.err.startswith("clearhead: ")
    assert result.err.count("\n") == 1
    assert result.err.endswith("\n")
    assert message.format(**names) in result.err
    assert result.out == b""
    debugged = clearhead(*arguments, "--debug")
    assert debugged.code == 2
    assert debugged.err.startswith("Traceback (most recent call last):")
    # --debug at the end may be what a command that was left unfinished is about.
    assert debugged.err.endswith(result.err) or "--debug" in debugged.err or "requires" in message


def test_a_name_with_a_line_break_is_one_line_too(clearhead: Run, tmp_path: Path) -> None:
    """Nor does it command the terminal."""
    result = clearhead("translate", tmp_path / "a\nb\x1b[31m\u2028c")
    assert result.err.count("\n") == 1
    assert "\x1b" not in result.err
    assert "a b\\x1b[31m c does not exist" in result.err


# Files, folders and options: what the model itself must say, such as which languages it knows, is another matter.
WITHOUT_TORCH = (
    "nonsense", "translate {model} --nonsense", "translate {tmp}/none", "translate {tmp}", "translate {tmp}/damaged",
    "translate {tmp}/future", "translate {model} --in {tmp}/none", "translate {model} --in {tmp}",
    "translate {model} --in {en} --shortlist {tmp}/none", "translate {model} --in {en} --out {en}",
    "translate {model} --beam-size 0", "translate {model} --length-penalty long", "translate {model} --top-k 5",
    "translate {model} --sample --top-p 2", "translate {model} --n-best --top-beams 5 --beam-size 2",
    "evaluate {tmp}/none {en} {fr}", "evaluate {model} {tmp}/none {fr}", "evaluate {model} {en} {tmp}/short",
    "evaluate {model} {en} {fr} --against {tmp}/none", "evaluate {model} {en} {fr} --beam-size 0",
    "score {tmp}/none {en} {fr}", "score {model} {en} {tmp}/empty", "score {model} {en} {fr} --length-penalty x",
    "shortlist {tmp}/none {en} {fr} --out {tmp}/s", "shortlist {model} {tmp}/none {fr} --out {tmp}/s",
    "train nonsense --out {tmp}/r", "train {tmp}/bad.yaml --out {tmp}/r",
    "train {recipe} trainig.steps=3 --out {tmp}/r", "train {recipe} training.steps=1k --out {tmp}/r",
    "train {recipe} data.folder={tmp} --out {tmp}/r",
    "look {tmp}/none", "look {tmp}/none text --html {tmp}/page.html", "look {model} text --layer 1",
    "byhand blok", "byhand block --from {tmp}/none text", "byhand by-hand-transformer --from {model} text",
    "byhand block --matrix {tmp}/none", "corpus street --out {en}",
)  # fmt: skip


class TestWhatNobodyCauses:
    @pytest.mark.parametrize(
        ("error", "code", "message"),
        [
            (OSError(errno.EIO, "Input/output error", "/disk/a"), 2, "/disk/a: Input/output error; check"),
            (OSError(errno.ENOSPC, "No space left on device"), 2, "a file: No space left on device"),
            (torch.OutOfMemoryError("CUDA out of memory."), 2, "there is not enough memory; lower"),
            (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), 2, "not enough memory"),
            (MemoryError(), 2, "there is not enough memory"),
            (KeyboardInterrupt(), 130, "stopped"),
            (BrokenPipeError(errno.EPIPE, "Broken pipe"), 141, ""),
        ],
    )  # fmt: skip
    def test_the_machine_says_no(
        self, clearhead: Run, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int, message: str
    ) -> None:
        def fail(arguments: list[str]) -> int:
            raise error

        monkeypatch.setattr(app, "_run", fail)
        result = clearhead("check")
        assert result.code == code
        assert message in result.err
        assert result.err.count("\n") == (1 if message else 0)

    def test_a_mistake_of_ours_is_not_hidden(self, clearhead: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(arguments: list[str]) -> int:
            raise RuntimeError("shape mismatch")

        monkeypatch.setattr(app, "_run", fail)
        with pytest.raises(RuntimeError, match="shape mismatch"):
            clearhead("check")


class TestProcess:
    """As a process of its own: signals, pipes, a full disk."""

    def start(
        self, *arguments: object, stdout: Any = subprocess.PIPE, python: Sequence[str] = ()
    ) -> "subprocess.Popen[bytes]":
        command = [sys.executable, *python, "-m", "clearhead", *[str(one) for one in arguments]]
        # As many threads as in this process: sums are rounded in another order by two.
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        return subprocess.Popen(command, stdout=stdout, stderr=subprocess.PIPE, env=environment)

    @pytest.mark.parametrize("imported", ["typer", "torch._C", "torch.nn"])
    def test_ctrl_c_is_answered_from_the_first_moment(self, run_folder: Path, corpus: Path, imported: str) -> None:
        """While so much has been imported and the rest is not: no traceback."""
        # Exact scores are torch's, which translating alone does not import.
        arguments = ("translate", run_folder, "--in", corpus / "val.en", "--n-best")
        with self.start(*arguments, python=("-X", "importtime")) as process:
            assert process.stderr is not None
            next(line for line in process.stderr if line.split(b"|")[-1].strip() == imported.encode())
            process.send_signal(signal.SIGINT)
            said = [line for line in process.stderr.read().decode().splitlines() if "import time:" not in line]
        assert (process.returncode, said) == (130, ["clearhead: stopped"])

    def test_ctrl_c_within_code_that_was_made_from_text(self, tmp_path: Path) -> None:
        """Imports make dataclasses so: `python -m` then ended by the signal, -2 in the place of 130."""
        (tmp_path / "typed.py").write_text(
            "import sys; from clearhead.cli import app\n"
            "app._run = lambda arguments: exec('raise KeyboardInterrupt')\n"
            "sys.exit(app.main(['check']))\n"
        )
        command = [sys.executable, "-m", "typed"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
        assert (done.returncode, done.stderr) == (130, "clearhead: stopped\n")

    def test_what_is_wrong_is_said_without_torch(self, place: dict[str, str]) -> None:
        """It takes seconds to import: nobody waits for it to hear of a typing mistake."""
        code = (
            "import contextlib, io, sys; from clearhead.cli import main\n"
            "for line in sys.stdin.read().splitlines():\n"
            "    with contextlib.redirect_stderr(io.StringIO()) as said: code = main(line.split())\n"
            "    heavy = {'torch', 'uvicorn', 'sacrebleu', 'rich'} & sys.modules.keys()\n"
            "    if code != 2 or heavy: print(line, code, heavy, said.getvalue())\n"
        )
        commands = "\n".join(WITHOUT_TORCH).format(**place)
        done = subprocess.run([sys.executable, "-c", code], input=commands, capture_output=True, text=True, check=True)
        assert done.stdout == ""

    def test_a_signal_leaves_a_checkpoint(
        self, tmp_path: Path, recipe_file: Path, make_recipe: Callable[..., Recipe]
    ) -> None:
        """Its weights are, bit by bit, those of a run in this process that ends at the same step."""
        never = (
            "training.validate_every=1000000",
            "training.schedule.name=constant",
            "training.checkpoint_every=1000000",
        )
        arguments = "train", recipe_file, "training.steps=1000000", *never, "--out", tmp_path / "run"
        with self.start(*arguments) as process:
            assert process.stderr is not None
            next(line for line in process.stderr if line.startswith(b"step 6/"))
            process.send_signal(signal.SIGINT)
            rest = process.stderr.read().decode()
        assert process.returncode == 130
        assert "stopping after this step, with a checkpoint" in rest
        assert re.search("go on with: .*clearhead train ", rest)
        assert "training.steps=1000000" in rest
        (stopped,) = (tmp_path / "run" / "checkpoints").iterdir()
        steps = stopped.name.removeprefix("step-")
        train(make_recipe(f"training.steps={steps}", *never), tmp_path / "straight")
        for name in ("model.safetensors", "average.safetensors", "optimizer.safetensors"):
            straight = tmp_path / "straight" / "checkpoints" / stopped.name / name
            assert straight.read_bytes() == (stopped / name).read_bytes()

    @pytest.mark.skipif(os.name == "nt", reason="there are no such signals")
    @pytest.mark.parametrize(("name", "code"), [("SIGTERM", 143), ("SIGHUP", 129)])
    def test_other_signals_leave_one_too(self, tmp_path: Path, recipe_file: Path, name: str, code: int) -> None:
        """faults.md A11."""
        settings = "training.steps=1000000", "training.validate_every=1000000", "training.checkpoint_every=1000000"
        with self.start("train", recipe_file, *settings, "--out", tmp_path / "run") as process:
            assert process.stderr is not None
            next(line for line in process.stderr if line.startswith(b"step 6/"))
            process.send_signal(getattr(signal, name))
            rest = process.stderr.read().decode()
        assert process.returncode == code
        assert "stopping after this step, with a checkpoint" in rest
        assert len(list((tmp_path / "run" / "checkpoints").iterdir())) == 1

    def test_a_reader_that_leaves(self, tmp_path: Path, recipe_file: Path) -> None:
        """faults.md A11: `train … 2>&1 | head -3` goes on to its end."""
        with self.start("train", recipe_file, "--out", tmp_path / "run") as process:
            assert process.stderr is not None
            assert process.stdout is not None
            process.stderr.readline()
            process.stderr.close()
            process.stdout.close()
        assert process.returncode == 0
        assert (tmp_path / "run" / "checkpoints" / "step-12").is_dir()

    @pytest.mark.skipif(os.name == "nt", reason="there are no such terminals")
    @pytest.mark.parametrize("quit_at", [b"elapsed", b"step "])
    def test_a_terminal_that_is_gone(self, tmp_path: Path, recipe_file: Path, quit_at: bytes) -> None:
        """faults.md A11: what is written to it is an error from then on (EIO), the live line's too; the run goes on."""
        ours, theirs = os.openpty()
        arguments = "train", recipe_file, "training.steps=60", "--out", tmp_path / "r"
        command = [sys.executable, "-m", "clearhead", *arguments]
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "TERM": "xterm"}
        with subprocess.Popen(command, stderr=theirs, env=environment) as process:
            os.close(theirs)
            said = b""
            while quit_at not in said:
                said += os.read(ours, 10_000)
            os.close(ours)
        assert process.returncode == 0
        assert (tmp_path / "r" / "checkpoints" / "step-60").is_dir()

    @pytest.mark.skipif(os.name == "nt", reason="another kind of signals")
    @pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)])
    def test_a_signal_while_a_library_works(self, tmp_path: Path, recipe_file: Path, name: str, code: int) -> None:
        """faults.md A12: C that takes an hour in the place of learning the vocabulary; nothing is left of the run."""
        stubborn = (
            "import hashlib, sys, threading\n"
            "from clearhead.text import BytePairTokenizer; from clearhead.cli import main\n"
            "begun = threading.Event()\n"
            "def say():\n"
            "    begun.wait()\n"
            "    print('learning', file=sys.stderr, flush=True)\n"
            "def learn(*arguments, **named):\n"
            "    threading.Thread(target=say, daemon=True).start()\n"
            # No thread runs before this one is inside of C.
            "    sys.setswitchinterval(1000)\n"
            "    begun.set()\n"
            "    hashlib.pbkdf2_hmac('sha256', b'', b'', 2**31 - 1)\n"
            "BytePairTokenizer.learn = learn\n"
            "sys.exit(main(sys.argv[1:]))"
        )
        command = [sys.executable, "-c", stubborn, "train", recipe_file, "--out", tmp_path / "run"]
        with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
            assert process.stderr is not None
            next(line for line in process.stderr if line == b"learning\n")
            process.send_signal(getattr(signal, name))
            try:
                rest = process.communicate(timeout=120)[1]
            finally:
                process.kill()
        assert process.returncode == code
        assert rest in (b"", b"clearhead: stopped\n")
        assert not (tmp_path / "run").exists()

    @pytest.mark.slow
    def test_killed_again_and_again(
        self, tmp_path: Path, recipe_file: Path, make_recipe: Callable[..., Recipe]
    ) -> None:
        """SIGKILL at any moment, some inside a save, since every second step saves: in the end nothing shows."""
        settings = "training.steps=60", "training.checkpoint_every=2", "training.validate_every=2"
        arguments = "train", recipe_file, *settings, "--out", tmp_path / "run", "--resume"
        (tmp_path / "run").mkdir()
        (tmp_path / "run" / "history.jsonl").touch()
        random = Random(1)
        for seen in (4, 12, 24, 36):
            with self.start(*arguments) as process:
                assert process.stderr is not None
                next(line for line in process.stderr if line.startswith(b"step %d/" % seen))
                time.sleep(random.random() / 20)
                process.kill()
        with self.start(*arguments) as process:
            _, error = process.communicate()
        assert process.returncode == 0, error
        train(make_recipe(*settings), tmp_path / "straight")
        for path in (tmp_path / "straight").rglob("*"):
            if path.is_file() and path.name != "timing.jsonl":
                assert (tmp_path / "run" / path.relative_to(tmp_path / "straight")).read_bytes() == path.read_bytes()
        assert not list((tmp_path / "run").rglob(".*"))

    def test_a_pipe_that_closes(self, run_folder: Path, tmp_path: Path) -> None:
        """`clearhead translate … | head -1`: no complaint."""
        (tmp_path / "many").write_text("one two\n" * 12_000)
        with self.start("translate", run_folder, "--in", tmp_path / "many", "--beam-size", 1) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            assert process.stdout.readline()
            process.stdout.close()
            assert process.stderr.read() == b""
        assert process.returncode == 141

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
    def test_a_full_disk(self, run_folder: Path, corpus: Path) -> None:
        with (
            Path("/dev/full").open("wb") as full,
            self.start("translate", run_folder, "--in", corpus / "val.en", stdout=full) as process,
        ):
            _, error = process.communicate(timeout=60)
        assert error.decode().count("\n") == 1
        assert "output to standard output cannot be written (No space left on device)" in error.decode()
        assert process.returncode == 2
