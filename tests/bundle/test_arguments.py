"""What is no text is said in one short line, whichever argument it is."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jaxtyping
import pytest

from clearhead.bundle import Bundle
from clearhead.bundle.arguments import require_many, require_new_folder, require_text
from clearhead.errors import DecodingError, UsageError


@pytest.fixture(autouse=True)
def as_users_have_it() -> Iterator[None]:
    """Users have no checks of types."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


@pytest.mark.parametrize("text", [5, None, b"one", ["one"], {}, 10**400])
def test_what_is_no_text(text: object) -> None:
    with pytest.raises(UsageError, match=r"prefix=.* is of type .*; give a str") as caught:
        require_text("prefix", text)
    assert len(str(caught.value)) < 100


def test_what_is_a_text() -> None:
    require_text("prefix", "")
    require_text("to", None, optional=True)
    require_many("texts", ["\ud800", ""])
    require_many("texts", ())


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ("one", "texts is one str; give a list of texts"),
        (5, "texts is of type int; give a list of texts"),
        ({"one": "two"}, "texts is of type dict; give a list"),
        (["one", None], r"texts\[1\] is None, of type NoneType; give texts"),
        ([["x" * 9_000]], r"texts\[0\] is \['x{1,30}\.\.\.x{1,30}'\], of type list"),
    ],
)
def test_what_are_no_texts(texts: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        require_many("texts", texts)


@pytest.mark.parametrize(
    ("method", "given", "settings"),
    [
        ("search", [["one"], "fr"], {"prefix": 5}),
        ("search", [["one"], ["fr"]], {}),
        ("search", [{"one": "two"}, "fr"], {}),
        ("search", [["one"], "fr"], {"sampling": "top-k"}),
        ("translate", [["one"], 5], {}),
        ("trace", [5, "fr"], {}),
        ("trace", ["one", "fr", 5], {}),
        ("score", [["one"], [None], "fr"], {}),
        ("score", [["one"], 5, "fr"], {}),
    ],
)
def test_every_method_says_so(two_languages: Bundle, method: str, given: list[Any], settings: dict[str, Any]) -> None:
    """Some of these gave a traceback of the tokenizer's or the sampling's."""
    with pytest.raises((UsageError, DecodingError), match=r"type|give") as caught:
        getattr(two_languages, method)(*given, **settings)
    assert "\n" not in str(caught.value)


def test_a_new_folder_is_none_that_holds_something(tmp_path: Path) -> None:
    require_new_folder(tmp_path)
    require_new_folder(tmp_path / "새 모델")
    (tmp_path / "file").touch()
    for place in (tmp_path, tmp_path / "file"):
        with pytest.raises(UsageError, match="exists and is not empty, so nothing is written there") as caught:
            require_new_folder(place)
        assert "\n" not in str(caught.value)
