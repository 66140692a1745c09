"""What all tests share: a quiet torch, a cache of their own, and one tiny corpus, run and bundle."""

import dataclasses
import faulthandler
import functools
import importlib.util
import io
import itertools
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import torch
from filelock import FileLock

from clearhead.bundle import Bundle, load
from clearhead.bundle.settings import Settings
from clearhead.cli.app import main
from clearhead.decoding import Hypothesis
from clearhead.model import DecoderOnly, DecoderOnlyConfig, EncoderDecoder, EncoderOnly, EncoderOnlyConfig
from clearhead.native import compiler
from clearhead.recipe import Recipe, load_recipe
from clearhead.text import BytePairTokenizer, Tokenizer
from clearhead.training import train

# The same examples each time, so that a failure is a failure for everybody.
hypothesis.settings.register_profile("clearhead", derandomize=True, deadline=None, max_examples=50)
hypothesis.settings.load_profile("clearhead")

# Not in a fixture: whatever a module asks for while it is collected is asked for before any fixture.
_CACHE = tempfile.TemporaryDirectory(prefix="clearhead-tests-")
os.environ["CLEARHEAD_CACHE"] = _CACHE.name

# Whoever starts these tests with nohup, or in the background, has signals ignored: the processes of tests would inherit
# that, and wait for ever for a signal that stops them.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
for _name in ("SIGHUP", "SIGTERM"):
    if signal.getsignal(getattr(signal, _name, signal.SIGTERM)) is signal.SIG_IGN:
        signal.signal(getattr(signal, _name), signal.SIG_DFL)

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
MISSING = [
    name
    for name, found in (("playwright", importlib.util.find_spec("playwright")), ("a chromium", CHROMIUM))
    if not found
]

NUMBERS = ("one", "two", "three", "four", "five", "six"), ("un", "deux", "trois", "quatre", "cinq", "six")

RECIPE = """
name: tiny
data:
  folder: {folder}
  train: {{source: train.en, target: train.fr, from: en, to: fr}}
  validate: {{source: val.en, target: val.fr, from: en, to: fr}}
text: {{size: 259}}
model:
  {{preset: street, width: 16, heads: 2, inner_width: 32, encoder_layers: 1, decoder_layers: 1, dropout: 0.1,
    max_length: 64}}
training:
  device: cpu
  precision: fp32
  steps: 12
  batch_tokens: 160
  schedule: {{peak: 0.01, warmup: 4}}
  validate_every: 4
  validate_sentences: 3
  checkpoint_every: 4
  log_every: 2
  patience: null
decoding: {{beam_size: 2}}
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The slow ones come first: begun last, one of them would keep all workers but its own waiting."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


COMMON = pytest.StashKey[Path]()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of pytest-xdist of the folder that all of them share."""
    node.workerinput["common"] = str(node.config.stash[COMMON])


def pytest_configure(config: pytest.Config) -> None:
    """Workers have caches of their own, and in each the library that one of them compiled."""
    given = getattr(config, "workerinput", {}).get("common")
    config.stash[COMMON] = Path(given or f"{_CACHE.name}-common")
    if given is None:
        config.stash[COMMON].mkdir(mode=0o700)
        config.add_cleanup(functools.partial(shutil.rmtree, config.stash[COMMON]))
    elif (library := compiled_once(config)) is not None:
        shutil.copytree(library.parent, Path(_CACHE.name) / "native")


def compiled_once(config: pytest.Config) -> Path | None:
    """The library by the compiler that CC names, of which all workers have only one."""
    folder = config.stash[COMMON] / "variants"
    with FileLock(config.stash[COMMON] / "compiling.lock"):
        return compiler.compiled(folder)


ENDING = 300  # seconds that a worker may take to end


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> Iterator[None]:
    """What was left out is the last line of all, after pytest's own. A worker that hangs says where."""
    if hasattr(session.config, "workerinput"):
        faulthandler.dump_traceback_later(ENDING, exit=True)
    yield
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if MISSING and reporter is not None:
        reporter.write_line(f"the browser's tests were left out: {' and '.join(MISSING)} not found")


@pytest.fixture
def signatures_unchecked(request: pytest.FixtureRequest) -> None:
    """For what the code itself refuses: in the shapes' pass its signature does so before."""
    if request.config.getoption("jaxtyping_packages", None):
        pytest.skip("the signature refuses it here")


@pytest.fixture(scope="session")
def browser_program() -> tuple[str | None, list[str]]:
    """The Chromium that is found here, and the names of what is missing to drive it."""
    return CHROMIUM, MISSING


@pytest.fixture(scope="session", autouse=True)
def answered_signals() -> None:
    """Where the tests were started in the background, a shell had them ignore Ctrl-C, which some of them send."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """One thread: tensors are tiny here, and threads that wait for each other on a busy machine cost a hundredfold.

    Before each test, since calls of other libraries change it (CTranslate2's), and two threads round otherwise.
    """
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def own_cache() -> Path:
    """Tests neither read nor fill the user's cache."""
    return Path(_CACHE.name)


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty pairs of number words to train on, six others to validate with."""
    folder = tmp_path_factory.mktemp("corpus")
    for name, language in (("en", 0), ("fr", 1)):
        words = NUMBERS[language]
        pairs = [f"{words[i]} {words[j]}" for i in range(6) for j in range(6)]
        (folder / f"train.{name}").write_text("".join(f"{pair}\n" for pair in pairs[:30]), encoding="utf-8")
        (folder / f"val.{name}").write_text("".join(f"{pair}\n" for pair in pairs[30:]), encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def recipe_file(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recipe") / "tiny.yaml"
    path.write_text(RECIPE.format(folder=corpus), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def make_recipe(recipe_file: Path) -> Callable[..., Recipe]:
    """The tiny recipe with `key=value` changes."""
    return lambda *changes: load_recipe(recipe_file, changes)


@pytest.fixture(scope="session")
def run_folder(make_recipe: Callable[..., Recipe], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of 120 steps: enough to write number words, not enough to be right. Read it, never write to it."""
    folder = tmp_path_factory.mktemp("runs") / "tiny"
    train(make_recipe("training.steps=120", "training.validate_every=60", "training.checkpoint_every=60"), folder)
    return folder


UNTRAINED = "text.tags=true", "text.size=263", "model.dropout=0"


def untrained(recipe: Recipe) -> Bundle:
    tokenizer = BytePairTokenizer.learn(["one two three", "un deux trois un deux"], 263, ["en", "fr"])
    model = EncoderDecoder(recipe.model.config(tokenizer.size, tokenizer.size), seed=3).eval()
    return Bundle(model, tokenizer, tokenizer, recipe)


@pytest.fixture(scope="session")
def two_languages(make_recipe: Callable[..., Recipe]) -> Bundle:
    """A model that was never trained and is asked for English or French."""
    return untrained(make_recipe(*UNTRAINED))


@pytest.fixture(scope="session")
def brief(make_recipe: Callable[..., Recipe]) -> Bundle:
    """As `two_languages`, which writes for as long as it may: 16 tokens and not 64, so that its traces are small."""
    return untrained(make_recipe(*UNTRAINED, "model.max_length=16"))


@pytest.fixture(scope="session")
def two_languages_folder(two_languages: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundles") / "two-languages"
    two_languages.save(folder)
    return folder


def sure_of_itself(tokenizer: Tokenizer, ends: float = 3.0) -> DecoderOnly:
    """A decoder-only model that was never trained, but is sure enough that its texts differ; of `ends` 0 none ends."""
    config = DecoderOnlyConfig(
        vocabulary=tokenizer.size, layers=2, width=16, heads=2, inner_width=32, dropout=0.0, max_length=64,
        positions="learned", norm_placement="pre",
    )  # fmt: skip
    model = DecoderOnly(config, seed=3).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(3)
        model.embedding.matrix.weight[tokenizer.end] *= ends
    return model


@pytest.fixture(scope="session")
def language_model(make_recipe: Callable[..., Recipe]) -> Bundle:
    """A decoder-only model that was never trained, but is sure enough of itself that its texts differ and end."""
    tokenizer = BytePairTokenizer.learn(["one two three", "two three two three"], 268)
    model = sure_of_itself(tokenizer)
    settings = Settings("tiny", (), 1, "mean:1.0", 1, task="language-modelling", documents="line")
    return Bundle(model, tokenizer, tokenizer, make_recipe(), settings=settings)


@pytest.fixture(scope="session")
def language_model_folder(language_model: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundles") / "language-model"
    language_model.save(folder)
    return folder


def encoder_only(recipe: Recipe, settings: Settings, **changes: Any) -> Bundle:
    """An encoder-only model that was never trained, whose every word is a piece, with a space before it or without."""
    words = ("one", "two", "three", "un", "deux", "trois")
    tokenizer = BytePairTokenizer.learn([f"{word} {word}" for word in words] * 2, 400, symbols=("mask",))
    config = EncoderOnlyConfig(
        vocabulary=tokenizer.size, layers=2, width=16, heads=2, inner_width=32, max_length=40, positions="learned",
        activation="gelu", embedding_norm=True, segments=2, **changes,
    )  # fmt: skip
    model = EncoderOnly(config, seed=3).eval()
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in model.parameters():
            # Sure enough of itself that what it says differs from text to text.
            parameter.add_(torch.randn(parameter.shape, generator=generator) * (0.5 if parameter.ndim > 1 else 0.1))
    return Bundle(model, tokenizer, tokenizer, recipe, settings=settings)


@pytest.fixture(scope="session")
def classifier(make_recipe: Callable[..., Recipe]) -> Bundle:
    labels = "question", "command", "문장"
    settings = Settings("tiny", (), 1, "mean:1.0", 1, task="classification", labels=labels)
    bundle = encoder_only(make_recipe(), settings, classes=3, pooler=True, pooling="mean", masked_head="none")
    texts, last = ("one two", "three", "un deux trois un", "two one"), bundle.model.classifier.output
    with torch.no_grad():
        last.weight.mul_(20)
        ids = (torch.tensor([bundle.encode(text)]) for text in texts)
        # On the average no class is likelier, so that texts are of several.
        last.bias.sub_(torch.cat([bundle.model(one).classes for one in ids]).mean(0))
    return bundle


@pytest.fixture(scope="session")
def classifier_folder(classifier: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundles") / "classifier"
    classifier.save(folder)
    return folder


@pytest.fixture(scope="session")
def masked_model(make_recipe: Callable[..., Recipe]) -> Bundle:
    settings = Settings("tiny", (), 1, "mean:1.0", 1, task="masked-language-modelling", documents="line")
    return encoder_only(make_recipe(), settings)


@pytest.fixture(scope="session")
def masked_model_folder(masked_model: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundles") / "masked-model"
    masked_model.save(folder)
    return folder


@pytest.fixture(scope="session")
def chat_model(make_recipe: Callable[..., Recipe]) -> Bundle:
    """One that answers whatever it is told, and was never trained."""
    tokenizer = BytePairTokenizer.learn(["one two three", "two three two three"], 270, symbols=("user", "assistant"))
    model = sure_of_itself(tokenizer)
    return Bundle(
        model, tokenizer, tokenizer, make_recipe(), settings=Settings("tiny", (), 1, "mean:1.0", 1, task="chat")
    )


@pytest.fixture(scope="session")
def chat_folder(chat_model: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundles") / "chat-model"
    chat_model.save(folder)
    return folder


@pytest.fixture(scope="session")
def street() -> Bundle:
    """The model that comes with clearhead; every file of it was held against its hash."""
    return load("street")


@pytest.fixture(scope="session")
def hostile() -> list[str]:
    """Fifty texts that have broken pages: what ends scripts, hides, reverses, overflows, or is no text at all."""
    script = "<script>window.ran=1</script>"
    return [
        f"</script>{script}",
        f"<!--{script}",
        f"-->{script}",
        f"<!--<script>{script}",
        f"]]>{script}",
        f"</title></style></textarea>{script}",
        f"</SCRIPT\t>{script}",
        f"</script\x00>{script}",
        "\\u003c/script>",
        "<img src=x onerror=window.ran=1>",
        "<svg onload=window.ran=1>",
        "<svg><script>window.ran=1</script></svg>",
        '" onmouseover="window.ran=1',
        "' autofocus onfocus='window.ran=1",
        "`;window.ran=1;`",
        "${window.ran=1}",
        "{{constructor.constructor('window.ran=1')()}}",
        "javascript:window.ran=1",
        "<a href=javascript:window.ran=1>x</a>",
        "<iframe srcdoc='<script>parent.ran=1</script>'>",
        "<base href=//example.invalid/>",
        "<meta http-equiv=refresh content=0>",
        "<link rel=stylesheet href=//example.invalid/a.css>",
        "<style>*{display:none}</style>",
        "<template><b>x",
        "&lt;b&gt;&#0;&#xD800;",
        "\u202eesrever",
        "\u2066\u2069\u200f",
        "a\x00b",
        "\x1b[31mred\x07",
        "\x7f\x80\x9f",
        "\r\nSet-Cookie: a=b",
        "\u2028;window.ran=1;\u2029",
        "\ufeff",
        "\u200b",
        "\uffff\ufffe",
        "\ud800",
        "x\udc00y",
        "\udbff\udbff",
        "😀" * 60,
        "Z" + "\u0300" * 200,
        "x" * 10_000,
        "<" * 5_000,
        "⟨end⟩",
        "⟨2fr⟩ ⟨begin⟩",
        "__proto__",
        "constructor",
        "' OR 1=1; --",
        "../../etc/passwd%00",
        " \t\n ",
    ]


@dataclasses.dataclass(frozen=True)
class Result:
    """What a command left behind."""

    code: int
    out: bytes
    err: str

    @property
    def lines(self) -> list[str]:
        """Standard output's lines, each of which a newline ended."""
        assert self.out == b"" or self.out.endswith(b"\n")
        return self.out.decode("utf-8").split("\n")[:-1]


@pytest.fixture
def compile_variant(pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """`compile_variant(flags)`: the library as it is compiled with more flags, once for all workers.

    From then on CC names that compiler in this test. The library's folder is "native" in a cache. gcc speaks of vectors
    that are wider than the processor's, as they would be given to other libraries in another way: none is.
    """

    def compile_variant(flags: str) -> Path:
        monkeypatch.setenv("CC", f"{os.environ.get('CC', 'cc')} {flags} -Wno-psabi")
        library = compiled_once(pytestconfig)
        assert library is not None
        return library

    return compile_variant


@pytest.fixture(scope="session")
def compiled_already(own_cache: Path) -> None:
    """No command says that it compiles: whichever is the first would."""
    compiler.compiled()


@pytest.fixture
def clearhead(monkeypatch: pytest.MonkeyPatch, compiled_already: None) -> Callable[..., Result]:
    """Run a command in this process: `clearhead("translate", folder, stdin=b"...")`."""

    def run(*arguments: str | Path | Sequence[str], stdin: bytes = b"") -> Result:
        out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8"))
            patch.setattr(sys, "stdout", out)
            patch.setattr(sys, "stderr", err)
            code = main([str(argument) for argument in arguments])
        out.flush()
        err.flush()
        return Result(code, out.buffer.getvalue(), err.buffer.getvalue().decode("utf-8"))  # type: ignore[attr-defined]

    return run


def same_hypotheses(
    found: Sequence[Sequence[Hypothesis]], expected: Sequence[Sequence[Hypothesis]], within: float = 1e-5
) -> None:
    """The same tokens, and the same scores and log-probabilities but for rounding."""
    assert [[one.tokens for one in each] for each in found] == [[one.tokens for one in each] for each in expected]
    for one, other in zip(itertools.chain(*found), itertools.chain(*expected), strict=True):
        assert one.finished == other.finished
        assert one.score == pytest.approx(other.score, abs=within)
        assert one.token_log_probabilities == pytest.approx(other.token_log_probabilities, abs=within)


@pytest.fixture(scope="session")
def assert_same() -> Callable[..., None]:
    return same_hypotheses


class CapturerLog:
    """A `graphs.Capturer` that notes what it is asked for, and replays by calling."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def run(self, function: Callable[[], None]) -> None:
        self.lines.append("run")
        function()

    def capture(self, function: Callable[[], None]) -> Callable[[], None]:
        self.lines.append("capture")

        def replay() -> None:
            self.lines.append("replay")
            function()

        return replay


@pytest.fixture
def capturer_log() -> CapturerLog:
    return CapturerLog()
