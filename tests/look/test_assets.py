"""The page's own files: small, plain, in two languages, and fit to be put into one file."""

import json
import re
from typing import get_args

import pytest

from clearhead.look import assets
from clearhead.look.assets import ENTRY, IMPORT, PAGE, asset, one_script, source_hash
from clearhead.model.config import ADDED, NormKind, NormPlacement, PositionKind

MODULES = sorted(path.name for path in PAGE.glob("*.js"))
MOST_BYTES, MOST_TEXT, MOST_WORKSHEET = 157 * 1024, 55_000, 15_000
WORKSHEET = ("pencil.css", "pencil.js", "view-pencil.js", "worksheet.js")


def catalogue(language: str) -> dict[str, str]:
    text = asset("texts.js")
    pairs = json.loads(text[text.index("{") : text.rindex("}") + 1], object_pairs_hook=list)
    assert len(pairs) == len(dict(pairs))
    assert all(len(both) == 2 for _, both in pairs)
    return {key: both[language == "ko"] for key, both in pairs}


def test_the_page_is_small() -> None:
    """157 KB of modules and style; what it says, and worksheets, apart (docs/decisions/0016-size-of-the-page.md)."""
    sizes = {path.name: path.stat().st_size for path in PAGE.iterdir()}
    assert sizes.pop("texts.js") <= MOST_TEXT
    assert sum(sizes.pop(name) for name in WORKSHEET) <= MOST_WORKSHEET
    assert sum(sizes.values()) <= MOST_BYTES


def test_both_languages_say_the_same() -> None:
    english, korean = catalogue("en"), catalogue("ko")
    assert english.keys() == korean.keys()
    for key, text in english.items():
        assert re.findall(r"\{\w+\}", text) == sorted(re.findall(r"\{\w+\}", korean[key]), key=text.index), key
        assert text.strip()
        assert korean[key].strip()


def test_korean_is_korean() -> None:
    """faults.md D5: but for names and formulas, no text of the Korean page is without a Korean word."""
    names = re.compile(r"^(frame\.language|matrices\.|weight\.|setting\.(layer|rms)$)|words\.id$")
    for key, text in catalogue("ko").items():
        assert re.search("[가-힣]", text) or names.search(key), key
    assert "추적" not in "".join(catalogue("ko").values())


def test_every_setting_that_the_page_names_has_words() -> None:
    """faults.md D5: the values of a model's configuration, and what the server refuses."""
    known = catalogue("ko").keys()
    for values in (PositionKind, NormKind, NormPlacement):
        assert {f"setting.{one}" for one in get_args(values)} <= known
    assert {f"positions.{one}" for one in get_args(PositionKind) if one not in ADDED} <= known
    refused = re.findall(r'refusal\("(\w+)"', (PAGE.parent / "trace_store.py").read_text(encoding="utf-8"))
    assert len(refused) == 5
    assert {f"refused.{one}" for one in refused} <= known


def test_every_explanation_is_a_polite_sentence() -> None:
    for key, text in catalogue("ko").items():
        if key.startswith(("why.", "like.")):
            assert re.search(r"(니다|세요)[.:]", text), key


def test_every_text_is_used_and_every_key_is_there() -> None:
    code = "".join(asset(name) for name in MODULES if name != "texts.js")
    # "key@gpt" is what is said instead of "key" of one family.
    every = catalogue("en").keys()
    keys = {key.partition("@")[0] for key in every}
    assert {key.partition("@")[2] for key in every} == {"", "one", "gpt", "bert"}
    named = set(re.findall(r'words\(\s*"([^"]+)"', code))
    assert named <= keys
    # Keys that are put together, such as `why.step.${…}`.
    made = set(re.findall(r"`([a-z_.]+)\.\$\{", code))
    quoted = set(re.findall(r'"([a-z_]+\.[a-z_.]+)"', code))
    for key in keys - named - quoted:
        assert any(key.startswith(f"{prefix}.") for prefix in made), key


@pytest.mark.parametrize("name", MODULES)
def test_modules_import_in_one_form(name: str) -> None:
    text = asset(name)
    assert len(IMPORT.findall(text)) == len(re.findall(r"^import\b", text, re.MULTILINE))
    assert "import(" not in text
    assert all(target in MODULES for _, target in IMPORT.findall(text))
    assert not re.findall(r"^export (?!(async )?(function|const|let|class) \w)", text, re.MULTILINE)


@pytest.mark.parametrize("name", MODULES)
def test_nothing_is_taken_from_the_network_or_run_from_text(name: str) -> None:
    text = asset(name).replace("http://www.w3.org/2000/svg", "")
    for danger in (
        "http:",
        "https:",
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "Function(",
    ):
        assert danger not in text, danger


def test_every_module_is_reached() -> None:
    script = one_script()
    assert all(f'modules["{name}"] = ' in script + one_script("worksheet.js") for name in MODULES)
    assert script.index('modules["dom.js"] = ') < script.index(f'modules["{ENTRY}"] = ')
    assert not re.findall(r"^(import|export)\b", script, re.MULTILINE)


def test_a_circle_of_modules_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = {"main.js": 'import { a } from "./b.js";\n', "b.js": 'import { c } from "./main.js";\n'}
    monkeypatch.setattr(assets, "asset", texts.__getitem__)
    with pytest.raises(ValueError, match=r"main.js → b.js → main.js"):
        one_script()


def test_the_hash_of_a_script() -> None:
    """The example of the Content Security Policy specification, level 3, for `alert('Hello, world.');`."""
    assert source_hash("alert('Hello, world.');") == "'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='"
