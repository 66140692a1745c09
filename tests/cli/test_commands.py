"""Every command by its name, and its help at once."""

import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

import clearhead as package
from clearhead.cli import commands
from clearhead.errors import UsageError

COMMANDS = ["corpus street" if name == "corpus" else name for name in commands.COMMANDS]
Run = Callable[..., Any]


class TestHelp:
    @pytest.fixture(autouse=True)
    def narrow(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("COLUMNS", "80")
        monkeypatch.setenv("TERMINAL_WIDTH", "80")

    @pytest.mark.parametrize("command", ["", *COMMANDS, "corpus"])
    def test_it_fits_80_columns(self, clearhead: Run, command: str) -> None:
        result = clearhead(*command.split(), "--help")
        assert (result.code, result.err) == (0, "")
        assert max(len(line) for line in result.lines) <= 80

    @pytest.mark.parametrize("group", ["", "corpus"])
    def test_every_summary_is_whole(self, clearhead: Run, group: str) -> None:
        """Each of one line, and of one sentence that ends."""
        text = clearhead(*group.split(), "--help").out.decode()
        rows = re.findall(r"^  (\S+) +(.+)$", text.partition("Commands:\n")[2], re.MULTILINE)
        assert {name for name, _ in rows} >= ({"street"} if group else {"demo", "train", "translate", "check"})
        for name, summary in rows:
            assert summary.endswith("."), name
            assert not summary.endswith(".."), name

    @pytest.mark.parametrize("command", COMMANDS)
    def test_every_command_can_be_quiet_and_debugged(self, clearhead: Run, command: str) -> None:
        text = clearhead(*command.split(), "--help").out.decode()
        assert "--quiet" in text
        assert "--debug" in text

    def test_nothing_typed_is_a_question(self, clearhead: Run) -> None:
        assert clearhead().out == clearhead("--help").out
        assert clearhead().code == 0
        assert "clearhead demo" in clearhead().out.decode()

    def test_the_version(self, clearhead: Run) -> None:
        assert clearhead("--version").lines == [f"clearhead {package.__version__}"]


@pytest.mark.parametrize(
    "arguments",
    [
        "--help", "--version", *(f"{command} --help" for command in COMMANDS), "translate --beam-sise 3",
        "translate no-such-folder", "train", "corpus street --pairs 0", "translate m --sample --beam-size 3",
    ],
)  # fmt: skip
def test_what_computes_nothing_imports_no_torch(arguments: str) -> None:
    """It takes a second, and a person who asks for help or mistypes something gets an answer at once."""
    code = f"import sys; from clearhead.cli import main; main({arguments.split()}); sys.exit('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert done.returncode == 0


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("train r.yaml --steps 100", "--steps; a setting stands behind the recipe, as in training.steps=VALUE"),
        ("train r.yaml --learning-rate=1", "--learning-rate; a setting stands behind the recipe, as in training."),
        ("train r.yaml --config c.yaml", "--config"),
        ("demo --steps 100", "--steps"),
    ],
)
def test_a_setting_of_a_recipe_is_no_option(typed: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        commands.run(typed.split())
    assert str(caught.value).startswith(f"No such option: {said}")
    assert ("VALUE" in str(caught.value)) == ("as in" in said)


def test_what_the_parser_does_not_understand() -> None:
    with pytest.raises(UsageError, match=r"^Missing argument 'MODEL'; try `clearhead translate --help`$"):
        commands.run(["translate"])
