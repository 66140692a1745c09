"""The README's file tree names every folder and top-level module, in both languages, and nothing that is not there."""

import ast
import importlib
import importlib.util
import inspect
import json
import re
from pathlib import Path

import pydantic
import pytest

from clearhead.bundle import shipped
from clearhead.byhand import TOPICS, make_sheet
from clearhead.model import CAUSAL_PRESETS, MASKED_PRESETS, PRESETS
from clearhead.recipe import Recipe
from clearhead.switches import PLAIN, VARIABLE
from clearhead.tracing import Trace
from clearhead.tracing.families import FAMILIES

ROOT = Path(__file__).parents[1]
READMES = ("README.md", "README.ko.md")
IGNORED = {
    ".git",
    ".venv",
    ".import_linter_cache",
    ".hypothesis",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    "__pycache__",
    ".bench",
    "runs",
    "dist",
}


def named_in(readme: str) -> dict[str, str]:
    """Each entry of the tree as a path, and its purpose."""
    text = (ROOT / readme).read_text(encoding="utf-8")
    (tree,) = re.findall(r"^```\n(src/clearhead/\n.*?)^```", text, re.MULTILINE | re.DOTALL)
    entries = {}
    for line in tree.splitlines()[1:]:
        name, purpose = line.strip().split(maxsplit=1)
        entries[f"src/clearhead/{name}" if line.startswith("  ") else name] = purpose
    return entries


def existing() -> set[str]:
    package = ROOT / "src" / "clearhead"
    folders = {path.parent for path in package.rglob("__init__.py")} - {package}
    others = {path for path in ROOT.iterdir() if path.is_dir() and path.name not in IGNORED | {"src"}}
    names = {f"{path.relative_to(ROOT).as_posix()}/" for path in folders | others}
    return names | {path.relative_to(ROOT).as_posix() for path in package.glob("*.py")}


@pytest.mark.parametrize("readme", READMES)
def test_the_tree_is_the_one_on_disk(readme: str) -> None:
    named = named_in(readme)
    inside = {name for name in named if re.fullmatch("(docs|benchmarks)/.+", name)}
    assert named.keys() - inside == existing()
    assert all((ROOT / name).is_dir() for name in inside)
    assert all(len(purpose) > 5 for purpose in named.values())


def test_both_readmes_hold_the_same() -> None:
    english, korean = (ROOT.joinpath(readme).read_text(encoding="utf-8") for readme in READMES)
    assert named_in("README.md").keys() == named_in("README.ko.md").keys()
    for pattern in (r"^## ", r"^    \S", r"^\|", r"^```"):
        counts = [len(re.findall(pattern, text, re.MULTILINE)) for text in (english, korean)]
        assert counts[0] == counts[1], pattern
    links = [set(re.findall(r"\]\(((?!README)[^)]+)\)", text)) for text in (english, korean)]
    # Of pages that both languages have, each may lead to its own.
    assert {one.replace(".ko.md", ".md") for one in links[0]} == {one.replace(".ko.md", ".md") for one in links[1]}


@pytest.mark.parametrize("readme", READMES)
def test_every_link_leads_somewhere(readme: str) -> None:
    text = (ROOT / readme).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        assert (ROOT / target).exists(), target


DOCUMENTS = sorted(path for path in ROOT.glob("docs/**/*.md"))


@pytest.mark.parametrize("page", DOCUMENTS, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_of_a_document_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("language", ["", ".ko"])
def test_the_index_leads_to_every_document(language: str) -> None:
    """faults.md D11: the documents had no index, and the notebook was linked from nowhere.

    A page that has no Korean form is linked in English.
    """
    index = ROOT / "docs" / f"README{language}.md"
    linked = {
        (index.parent / one).resolve() for one in re.findall(r"\]\(([^)#]+)\)", index.read_text(encoding="utf-8"))
    }
    notebooks = sorted(ROOT.glob("docs/notebooks/*.ipynb"))
    english = [*ROOT.glob("docs/*.md"), *ROOT.glob("docs/reference/*.md"), *notebooks]
    english = [page for page in english if ".ko." not in page.name and page.stem != "README"]
    korean = {page: page.with_name(f"{page.stem}.ko{page.suffix}") for page in english}
    wanted = {korean[page] if language and korean[page].exists() else page for page in english}
    assert wanted <= linked


@pytest.mark.parametrize("page", sorted(ROOT.glob("docs/*.ko.md")), ids=lambda page: page.name)
def test_a_korean_page_has_the_same_commands(page: Path) -> None:
    """Its code is the English page's but for comments and the language that is asked for, its sections as many."""
    english, korean = (path.read_text(encoding="utf-8") for path in (page.with_name(page.name[:-6] + ".md"), page))
    code = r"^```\w+\n.*?^```$|^    clearhead .*?$"
    blocks = [re.findall(code, text, re.MULTILINE | re.DOTALL) for text in (english, korean)]
    plain = [[re.sub(r" +(# .*|--lang ko\b)", "", block) for block in found] for found in blocks]
    assert plain[0] == plain[1]
    assert blocks[0] or page.name == "README.ko.md"
    assert len(re.findall(r"^## ", english, re.MULTILINE)) == len(re.findall(r"^## ", korean, re.MULTILINE))


def recipe_keys(section: type[pydantic.BaseModel] = Recipe, above: str = "") -> set[str]:
    """Every key that a recipe may have, with dots; what stands in lists and in `embedded` is described in prose."""
    keys = set()
    for name, field in section.model_fields.items():
        key = above + (field.alias or name)
        inner = field.annotation
        is_section = isinstance(inner, type) and issubclass(inner, pydantic.BaseModel)
        keys |= recipe_keys(inner, f"{key}.") if is_section else {key}
    return keys


def test_the_reference_lists_every_key_of_a_recipe_and_no_other() -> None:
    text = (ROOT / "docs" / "reference" / "recipe.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    listed = {key for row in rows for key in re.findall(r"`([^`]+)`", row)}
    presets = {*PRESETS, *CAUSAL_PRESETS, *MASKED_PRESETS}
    assert listed - presets == recipe_keys() - {"model.preset"}


@pytest.mark.parametrize("document", ["by-hand.md", "by-hand.ko.md"])
def test_every_sum_in_by_hand_stands_on_its_sheet(document: str) -> None:
    """In the order of the document: first those of the block, then those of self-attention."""
    text = (ROOT / "docs" / document).read_text(encoding="utf-8")
    _, _, block, attention, _ = re.split("^## ", text, flags=re.MULTILINE)
    for topic, walk in (("block", block), ("self-attention", attention)):
        sums = re.findall("^    (.* [=≈] .*)$", walk, re.MULTILINE)
        workings = {cell.working for _, _, _, cell in make_sheet(topic).blanks()}
        assert len(sums) >= 5
        assert set(sums) <= workings
    assert all(f"`{topic}`" in text for topic in TOPICS)


def test_the_generated_reference_is_up_to_date() -> None:
    """`make reference` writes it: signatures, docstrings and help as they are now."""
    place = ROOT / "docs" / "reference.py"
    specification = importlib.util.spec_from_file_location("reference", place)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    for file, text in module.pages().items():
        found = (ROOT / "docs" / "reference" / file).read_text(encoding="utf-8")
        assert found == text, f"docs/reference/{file} is older than the code; run python docs/reference.py"


def listed_in(page: str) -> set[str]:
    """What stands in the first column of a page's tables."""
    text = (ROOT / "docs" / "reference" / page).read_text(encoding="utf-8")
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    return {name for row in rows for name in re.findall(r"`([^`]+)`", row)}


def test_the_reference_lists_every_variable_of_the_environment() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in ROOT.glob("src/clearhead/**/*.py"))
    asked = {name for line in text.splitlines() if "environ" in line for name in re.findall(r'"([A-Z][A-Z_]+)"', line)}
    assert {"CLEARHEAD_CACHE", "CC"} < asked
    assert listed_in("environment.md") == asked | {VARIABLE} | set(PLAIN)


# What the bundle of an imported model has beside.
IMPORTED = {"origin", "pooling", "template", "ends", "sampling", "tokenizer.roles.json"}


def test_the_reference_lists_every_field_of_a_bundle() -> None:
    folder = shipped()["street"]
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    files = {path.name for path in folder.iterdir()}
    # A translator does not say what other models do.
    assert listed_in("bundle.md") == config.keys() | files | {"task", "documents", "labels"} | IMPORTED


def test_the_reference_lists_every_field_of_a_trace() -> None:
    written = inspect.getsource(Trace.document)
    sequences = {name for one in FAMILIES.values() for name in one.sequences}
    assert listed_in("trace.md") == {*re.findall(r'^            "(\w+)":', written, re.MULTILINE), *sequences}


@pytest.mark.parametrize("folder", ["docs", "benchmarks"])
def test_what_programs_beside_the_package_import_of_it_is_there(folder: str) -> None:
    """Nobody runs docs/screenshots.py each day: that a module was renamed would be seen by its users alone."""
    programs, imported = sorted((ROOT / folder).rglob("*.py")), 0
    for program in programs:
        for node in ast.walk(ast.parse(program.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and str(node.module).split(".")[0] == "clearhead":
                module, imported = importlib.import_module(str(node.module)), imported + 1
                for name in node.names:
                    there = hasattr(module, name.name) or importlib.util.find_spec(f"{node.module}.{name.name}")
                    assert there, f"{program.name}: {node.module}.{name.name}"
    assert imported
