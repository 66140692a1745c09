"""Settings and tensors are asked for by name, and whatever is not as it should be is refused in one line."""

from pathlib import Path

import numpy as np
import pytest

from clearhead.errors import InteropError
from clearhead.interop.foreign import Foreign, ForeignSettings, linear, read_json

SETTINGS = ForeignSettings({"a": 3, "b": "x", "c": True, "d": None, "e": 0.5}, "config.json")


def test_a_setting_is_its_value_or_its_default() -> None:
    assert (SETTINGS.whole("a"), SETTINGS.whole("d", 4), SETTINGS.number("e", 1.0), SETTINGS.number("a", 1.0)) == (
        3, 4, 0.5, 3.0,
    )  # fmt: skip
    assert SETTINGS.flag("c", False)
    assert SETTINGS.choice("b", {"x": 1}, "y") == 1
    SETTINGS.require("b", "y", "x")
    SETTINGS.require("z", "y")


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda: SETTINGS.whole("b"), "b='x', which clearhead cannot take; expected a whole number"),
        (lambda: SETTINGS.whole("c"), "c=True"),
        (lambda: SETTINGS.whole("z"), "config.json has no z"),
        (lambda: SETTINGS.number("c", 1.0), "c=True"),
        (lambda: SETTINGS.flag("a", True), "a=3"),
        (lambda: SETTINGS.choice("a", {"x": 1}, "x"), "a=3, which clearhead cannot take; expected 'x'"),
        (lambda: SETTINGS.require("b", 1, 2), "b='x', which clearhead cannot take; expected 1 or 2"),
    ],
)
def test_another_value_is_refused_by_its_key(ask: object, said: str) -> None:
    with pytest.raises(InteropError, match=said):
        ask()  # type: ignore[operator]


def test_a_tensor_is_never_filled_in() -> None:
    foreign = Foreign(SETTINGS, {"a": (2,), "b": (2,), "h.0": (1,), "h.1": (1,)}, lambda name: np.array([len(name), 2]))
    assert "a" in foreign
    assert foreign.first_of("c", "b") == "b"
    assert foreign.count("h.{}") == 2
    assert foreign.are_one("a", "b")
    assert foreign.are_one("a", "c")
    assert not Foreign(SETTINGS, {"a": (2,), "b": (3,)}, lambda name: np.zeros(1)).are_one("a", "b")
    with pytest.raises(InteropError, match="the weights have no c, which this model needs"):
        foreign.read("c")


def test_a_layer_has_a_weight_and_a_bias() -> None:
    assert {ours: theirs.name for ours, theirs in linear("x", "y")} == {"x.weight": "y.weight", "x.bias": "y.bias"}
    assert [ours for ours, _ in linear("x", "y", bias=False)] == ["x.weight"]


@pytest.mark.parametrize("content", [b"[]", b"{", b"\xff", b"[" * 100_000])
def test_what_is_no_settings_file_is_refused_in_one_line(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_bytes(content)
    with pytest.raises(InteropError) as caught:
        read_json(tmp_path / "config.json")
    assert "\n" not in str(caught.value)
    with pytest.raises(InteropError, match="cannot be read"):
        read_json(tmp_path / "none.json")
