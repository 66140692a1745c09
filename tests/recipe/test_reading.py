"""Reading recipes: files, names, the environment, overrides."""

from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from clearhead.errors import RecipeError
from clearhead.recipe import Recipe, build_recipe, find_recipe, load_recipe, parse_recipe, shipped_recipe

MINIMAL = """name: a
data:
  train: {source: a.en, target: a.fr}
  validate: {source: b.en, target: b.fr}
training: {steps: 5}
"""


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
        return tmp_path / "a.yaml"

    return write


class TestFinding:
    @pytest.mark.parametrize("name", ["street", "multi30k-en-de"])
    def test_recipes_that_come_with_clearhead(self, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CLEARHEAD_DATA", "/data")
        assert load_recipe(name).name == name

    def test_every_one_of_them_loads(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CLEARHEAD_DATA", "/data")
        files = sorted(shipped_recipe("street").parent.glob("*.yaml"))
        assert len(files) >= 2
        assert [load_recipe(file).name for file in files] == [file.stem for file in files]

    def test_a_folder_does_not_hide_a_recipe(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """`clearhead corpus street --out street` makes such a folder."""
        (tmp_path / "street").mkdir()
        monkeypatch.chdir(tmp_path)
        assert find_recipe("street") == shipped_recipe("street")

    def test_a_file_comes_first(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "street").write_text(MINIMAL)
        monkeypatch.chdir(tmp_path)
        assert find_recipe("street") == Path("street")

    def test_an_unknown_name(self) -> None:
        with pytest.raises(RecipeError, match=r"'stret' is no file and none of clearhead's own: .*street"):
            find_recipe("stret")


class TestFolder:
    def test_it_is_relative_to_the_recipe(self, write: Callable[[str], Path]) -> None:
        path = write(MINIMAL.replace("data:\n", "data:\n  folder: texts\n"))
        assert load_recipe(path).data.folder == str(path.parent / "texts")

    def test_it_is_the_recipes_own_by_default(self, write: Callable[[str], Path]) -> None:
        path = write(MINIMAL)
        assert load_recipe(path).data.folder == str(path.parent)

    def test_home(self, write: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HOME", "/home/somebody")
        assert load_recipe(write(MINIMAL), ["data.folder=~/texts"]).data.folder == "/home/somebody/texts"

    def test_an_embedded_corpus_has_none(self) -> None:
        assert load_recipe("street").data.folder is None


class TestEnvironment:
    def test_a_variable(self, write: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TEXTS", "/texts")
        path = write(MINIMAL.replace("a.en", "'${TEXTS}/a.en'"))
        assert load_recipe(path).data.train[0].source == "/texts/a.en"

    def test_one_that_is_not_set(self, write: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("TEXTS", raising=False)
        path = write(MINIMAL.replace("a.en", "'${TEXTS}/a.en'"))
        with pytest.raises(RecipeError, match="the environment variable TEXTS is not set; set it"):
            load_recipe(path)

    def test_an_override_makes_it_needless(self, write: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("TEXTS", raising=False)
        path = write(MINIMAL.replace("data:\n", "data:\n  folder: ${TEXTS}\n"))
        assert load_recipe(path, ["data.folder=/elsewhere"]).data.folder == "/elsewhere"

    def test_in_an_override(self, write: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TEXTS", "/texts")
        assert load_recipe(write(MINIMAL), ["data.folder=${TEXTS}"]).data.folder == "/texts"


class TestOverrides:
    @pytest.mark.parametrize(
        ("override", "read", "expected"),
        [
            ("training.steps=7", lambda recipe: recipe.training.steps, 7),
            ("training.steps=1e3", lambda recipe: recipe.training.steps, 1000),
            ("data.train.0.to=no", lambda recipe: recipe.data.train[0].to_language, "no"),
            ("text.tags=yes", lambda recipe: recipe.text.tags, True),
            ("training.compile=off", lambda recipe: recipe.training.compile, False),
            ("training.schedule.peak=3e-3", lambda recipe: recipe.training.schedule.peak, 0.003),
            ("training.patience=null", lambda recipe: recipe.training.patience, None),
            ("training.optimizer.betas=[0.8, 0.9]", lambda recipe: recipe.training.optimizer.betas, (0.8, 0.9)),
            ("training.loss={label_smoothing: 0}", lambda recipe: recipe.training.loss.label_smoothing, 0.0),
            ("model.preset=paper_big", lambda recipe: recipe.model.preset, "paper_big"),
            ("name=x=y", lambda recipe: recipe.name, "x=y"),
            ("data.train.0.weight=2", lambda recipe: recipe.data.train[0].weight, 2.0),
            ("data.filters.max_ratio=3", lambda recipe: recipe.data.filters.max_ratio, 3.0),
        ],
    )
    def test_it_is_set(
        self, write: Callable[[str], Path], override: str, read: Callable[[Recipe], object], expected: object
    ) -> None:
        assert read(load_recipe(write(MINIMAL), [override])) == expected

    def test_the_last_one_wins(self, write: Callable[[str], Path]) -> None:
        assert load_recipe(write(MINIMAL), ["training.steps=1", "training.steps=2"]).training.steps == 2

    @pytest.mark.parametrize(
        ("override", "message"),
        [
            ("steps", "'steps' is not key=value; write it as in training.steps=100"),
            ("=3", "'=3' is not key=value"),
            ("training.steps={", "'training.steps={' is not key=value with a YAML value .*; quote it"),
            (f"{'a.' * 50_000}b=1", "is not key=value; write it as in"),
            ("data.train.²=1", "not a place in a list|nothing lies below|unknown key"),
            ("training.steps.more=1", "nothing lies below|which has no more"),
            ("data.validate.3.source=a", "unknown key data.validate.0.3|not a place in a list"),
        ],
    )
    def test_one_that_cannot_be(self, write: Callable[[str], Path], override: str, message: str) -> None:
        with pytest.raises(RecipeError, match=message) as caught:
            load_recipe(write(MINIMAL), [override])
        assert "\n" not in str(caught.value)

    def test_a_place_that_a_list_does_not_have(self) -> None:
        with pytest.raises(RecipeError, match="'9' is not a place in a list of 3; the first is 0"):
            load_recipe("street", ["data.train.9.source=a"])


class TestFiles:
    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (b"", "holds nothing and no keys; a recipe is YAML that names your text files"),
            (b"- a\n", "holds a list and no keys; a recipe is YAML"),
            (b"name: [a\n", "line 2: .*; expected YAML such as"),
            (b"a: b: c\n", "line 1: mapping values are not allowed here"),
            (b"a: \x00", "expected YAML"),
            (b"name: \xff", "is not UTF-8 text .byte 7.; expected a YAML file"),
            (b"when: 2026-99-99", "unknown key when"),
            (
                b"a: !!python/object/apply:os.system [ls]\n",
                "line 1: the tag tag:yaml.org,2002:python/object/apply:os.system is not read",
            ),
            (b"[" * 10_000, "line 1: brackets or keys are nested more than 32 deep"),
        ],
    )
    def test_one_that_is_no_recipe(self, tmp_path: Path, content: bytes, message: str) -> None:
        (tmp_path / "a.yaml").write_bytes(content)
        with pytest.raises(RecipeError, match=message) as caught:
            load_recipe(tmp_path / "a.yaml")
        assert "\n" not in str(caught.value)

    @pytest.mark.parametrize(
        "content", [b"ko,en\n", b'"a: b",c\n', b"# A title\n\n**a** `b`\n", b"PK\x03\x04", b"PK\xff"]
    )
    def test_a_file_of_another_kind(self, tmp_path: Path, content: bytes) -> None:
        """faults.md D11: "pairs.csv holds str; expected keys such as name" said nothing to who had a table."""
        (tmp_path / "pairs.csv").write_bytes(content)
        with pytest.raises(RecipeError, match=r"pairs\.csv is no recipe but a \.csv file; a recipe is YAML that names"):
            load_recipe(tmp_path / "pairs.csv")

    def test_one_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(RecipeError, match="does not exist; expected a YAML file"):
            load_recipe(tmp_path / "none.yaml")

    def test_a_folder(self, tmp_path: Path) -> None:
        with pytest.raises(RecipeError, match="is a folder; expected a YAML file inside it"):
            load_recipe(tmp_path)

    def test_a_byte_order_mark(self, tmp_path: Path) -> None:
        (tmp_path / "a.yaml").write_bytes(b"\xef\xbb\xbf" + MINIMAL.encode())
        assert load_recipe(str(tmp_path / "a.yaml")).name == "a"

    def test_no_more_is_read_than_a_recipe_may_have(self) -> None:
        """faults.md A9: a file without an end is one too."""
        with pytest.raises(RecipeError, match=r"has 800,00. characters; a recipe has 200,000 at most|not allowed"):
            load_recipe("/dev/zero")


class TestHostile:
    def test_mutations(self, tmp_path: Path) -> None:
        """faults.md A9, A17: whatever is in a recipe, it is read or refused in one line, in little time."""
        hostile_recipes(tmp_path / "a.yaml", 80)

    @pytest.mark.slow
    def test_many_mutations(self, tmp_path: Path) -> None:
        hostile_recipes(tmp_path / "a.yaml", 1_000)


PIECES = [
    "&a ", "*a", "!!python/name:os.system ", "!x ", "<<: ", "- ", "? ", ": ", "\t", "\n", "---\n", "...\n",
    "%YAML 9.9\n",
    "|\n", ">\n", "{", "}", "[", "]", "#", '"', "'", "${HOME}", "${NO_SUCH}", "9" * 400, "-1", "1e999", ".nan", "null",
    "true", "no", "1:30", "2026-11-29", "\x00", "\ufeff", "😀", "[" * 3_000, "{a: " * 3_000, "name: b\n",
    "  ", "=", "a" * 5_000, "0x" + "f" * 300, "010", "~",
]  # fmt: skip


def hostile_recipes(path: Path, count: int) -> None:
    random = Random("hostile recipes")
    whole = shipped_recipe("street").read_text(encoding="utf-8")
    read = 0
    for _ in range(count):
        text = whole
        for _ in range(random.randint(1, 3)):
            begin = random.randrange(len(text) + 1)
            end = min(len(text), begin + random.choice([0, 0, 1, 3, 30]))
            text = text[:begin] + random.choice(PIECES) + text[end:]
        path.write_text(text, encoding="utf-8")
        refused = ""
        try:
            recipe = load_recipe(path)
        except RecipeError as error:
            refused = str(error)
        if not refused:
            read += 1
            assert build_recipe(parse_recipe(recipe.to_yaml(), "again"), "again") == recipe
        assert "\n" not in refused
        assert len(refused) < 1000
    assert 0 < read < count
