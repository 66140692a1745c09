"""Reading a pickle's instructions: what Python's own pickle writes, and what no state dict needs."""

import io
import pickle
from typing import Any

import pytest

from clearhead.interop.pickled import Storage, Tensor, read_pickle

STORAGE = b"(X\7\0\0\0storagectorch\nHalfStorage\nX\1\0\0\0kX\3\0\0\0cpuK\6tQ"


def read(*operations: bytes) -> Any:
    return read_pickle(io.BytesIO(b"\x80\2" + b"".join(operations) + b"."))


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize(
    "value",
    [
        {}, [], (), {"a": 1, "b": [2, 3, (4,), (5, 6), (7, 8, 9), (1, 2, 3, 4)]}, {"x": None, "y": True, "z": False},
        2**100, -5, 70_000, 2.5, "텍스트", "a" * 300, {str(number): number for number in range(3000)}, [0] * 2000,
    ],
    ids=lambda value: repr(value)[:20],
)  # fmt: skip
def test_plain_values(value: Any, protocol: int) -> None:
    assert read_pickle(io.BytesIO(pickle.dumps(value, protocol))) == value


def test_a_tensor_is_a_view_of_a_storage() -> None:
    """The arguments: a storage, where it begins, the shape, the strides, whether it has a gradient, hooks."""
    made = read(b"ctorch._utils\n_rebuild_tensor_v2\n(", STORAGE, b"K\1K\2K\2\x86K\2K\1\x86\x89Nt", b"R")
    assert made == Tensor(Storage("F16", "k", 6), 1, (2, 2), (2, 1))


def test_it_stands_behind_the_pickle() -> None:
    file = io.BytesIO(pickle.dumps(1, 2) + pickle.dumps(2, 2) + b"rest")
    assert (read_pickle(file), read_pickle(file), file.read()) == (1, 2, b"rest")


@pytest.mark.parametrize(
    ("operations", "message"),
    [
        ([b"cos\nsystem\n"], "asks for 'os.system'"),
        ([b"X\2\0\0\0osX\6\0\0\0system\x93"], "asks for 'os.system'"),
        ([b"cbuiltins\neval\n"], r"asks for 'builtins\.eval'"),
        ([b"ctorch\nFloatStorage\n)R"], "calls what is no function"),
        ([b"ccollections\nOrderedDict\nNR"], "calls a function without arguments"),
        ([b"ccollections\nOrderedDict\n]K\1a\x85R"], "makes a dictionary of what are no pairs"),
        ([b"ccollections\nOrderedDict\n)\x81"], "has the instruction NEWOBJ"),
        ([b"(ios\nsystem\n"], "has the instruction INST"),
        ([b"K\1\x85", b"cos\nx\n"], "asks for 'os.x'"),
        ([b"\x82\1"], "has the instruction EXT1"),
        ([b"Pname\n"], "has the instruction PERSID"),
        ([b"NQ"], "names a storage in a way that is not PyTorch's"),
        ([STORAGE.replace(b"K\6", b"J\xff\xff\xff\xff")], "a storage of a size that cannot be"),
        ([b"ctorch._utils\n_rebuild_tensor_v2\n(NK\0))\x89Nt", b"R"], "of what is no storage"),
        ([b"ctorch._utils\n_rebuild_tensor_v2\n(", STORAGE, b"K\0K\1\x85)\x89Nt", b"R"], "1 axes with 0 strides"),
        ([b"ctorch._utils\n_rebuild_tensor_v2\n(", STORAGE, b"K\0N)\x89Nt", b"R"], "without a shape"),
        ([b"ctorch._utils\n_rebuild_tensor_v2\n(", STORAGE, b"J\xff\xff\xff\xff))\x89Nt", b"R"], "a size that cannot"),
        ([b"ctorch._utils\n_rebuild_tensor_v2\n)", b"R"], "is damaged"),
        ([b"ctorch._utils\n_rebuild_parameter\nN\x85R"], "of what is no tensor"),
        ([b"}]K\1s"], "neither a text nor a number"),
        ([b"]K\1K\2s"], "no dictionary"),
        ([b"}K\1a"], "no list"),
        ([b"}(K\1u"], "no dictionary"),
        ([b"]Nb"], "sets what is no state dict"),
        ([b"NN\x93"], "without a text"),
        ([b"t"], "is damaged"),
        ([b"0"], "has the instruction POP"),
        ([b"\xff"], "opcode"),
        ([b""], "is damaged"),
    ],
)
def test_what_no_state_dict_needs_is_refused(operations: list[bytes], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read(*operations)


def test_a_pickle_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clearhead.interop.pickled._MOST_OPERATIONS", 50)
    with pytest.raises(ValueError, match="does not end within 50"):
        read(b"N" * 100)
    monkeypatch.setattr("clearhead.interop.pickled.MOST_HEADER", 50)
    with pytest.raises(ValueError, match="longer than 50 bytes"):
        read(b"X\x60\0\0\0", b"a" * 0x60)
