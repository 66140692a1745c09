"""What a pickle of PyTorch says, by reading its instructions: nothing that it names is imported, and nothing is called.

A pickle is a program for a small machine with a stack. Those of a state dict need few of its instructions and name few
functions; here each of these makes a plain value. Whatever else a pickle asks for is refused by its name.
Source: Python's `pickletools`, which documents each instruction; PyTorch's `torch/_utils.py` and `serialization.py`.
"""

import itertools
import pickletools
from collections.abc import Callable, Iterable
from typing import Any, BinaryIO, NamedTuple, cast

from clearhead.tensor_file import MOST_HEADER


class Storage(NamedTuple):
    """Numbers that lie elsewhere in the file, under a key. kind: such as F32."""

    kind: str
    key: str
    numbers: int


class Tensor(NamedTuple):
    """A view of a storage: its axes and their strides, in numbers."""

    storage: Storage
    begin: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


class _Named(NamedTuple):
    """A class or a function, of which there is nothing but the name."""

    name: str


_STORAGES = {
    f"torch.{name}Storage": kind
    for name, kind in {
        "Float": "F32", "Half": "F16", "BFloat16": "BF16", "Double": "F64", "Long": "I64", "Int": "I32", "Short": "I16",
        "Char": "I8", "Byte": "U8", "Bool": "BOOL",
    }.items()
}  # fmt: skip
_PLAIN = {
    "BININT", "BININT1", "BININT2", "LONG1", "LONG4", "BINFLOAT", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8",
    "SHORT_BINSTRING", "BINSTRING",
}  # fmt: skip
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_EMPTY: dict[str, Callable[[], Any]] = {"EMPTY_DICT": dict, "EMPTY_LIST": list, "EMPTY_TUPLE": tuple}
_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
_MOST_AXES = 8
# A tensor takes about 25, so that 40,000 tensors may be described.
_MOST_OPERATIONS = 1 << 20


def read_pickle(file: BinaryIO) -> Any:
    """The plain value of the pickle that begins here; the file then stands behind it.

    Dictionaries, lists, tuples, texts, numbers, `Storage` and `Tensor`. Raises ValueError in one line where the pickle
    is damaged or asks for anything else.
    """
    machine = _Machine()
    try:
        operations = pickletools.genops(cast(BinaryIO, _Limited(file)))
        for operation, argument, _ in itertools.islice(operations, _MOST_OPERATIONS):
            if operation.name == "STOP":
                return machine.pop()
            machine.do(operation.name, argument)
    except (IndexError, TypeError, KeyError, OverflowError):
        raise ValueError("its pickle is damaged") from None
    raise ValueError(
        f"its pickle does not end within {_MOST_OPERATIONS:,} instructions, which no model's description needs"
    )


class _Limited:
    """A file of which one pickle reads no more than a model's description needs."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.left = file, MOST_HEADER

    def read(self, count: int) -> bytes:
        return self._counted(self.file.read(max(0, min(count, self.left))))

    def readline(self) -> bytes:
        return self._counted(self.file.readline(self.left))

    def tell(self) -> int:
        return self.file.tell()

    def _counted(self, found: bytes) -> bytes:
        self.left -= len(found)
        if self.left <= 0:
            raise ValueError(f"its pickle is longer than {MOST_HEADER:,} bytes, which no model's description needs")
        return found


class _Machine:
    """The stack, the marks on it, and what was put aside. Values refer to each other, and nothing walks along them."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.marked: list[list[Any]] = []
        self.memo: dict[int, Any] = {}

    def pop(self) -> Any:
        return self.stack.pop()

    def do(self, name: str, argument: Any) -> None:
        """One instruction. Raises ValueError where it is none that a state dict needs."""
        push = self.stack.append
        if name in _PLAIN:
            push(argument)
        elif name in _CONSTANTS:
            push(_CONSTANTS[name])
        elif name in _EMPTY:
            push(_EMPTY[name]())
        elif name in _TUPLES:
            count = _TUPLES[name]
            push(tuple([self.pop() for _ in range(count)][::-1]))
        elif name not in ("PROTO", "FRAME"):
            self._do_other(name, argument)

    def _do_other(self, name: str, argument: Any) -> None:
        match name:
            case "MARK":
                self.marked.append(self.stack)
                self.stack = []
            case "TUPLE":
                found = tuple(self._since_mark())
                self.stack.append(found)
            case "BINPUT" | "LONG_BINPUT":
                self.memo[argument] = self.stack[-1]
            case "MEMOIZE":
                self.memo[len(self.memo)] = self.stack[-1]
            case "BINGET" | "LONG_BINGET":
                self.stack.append(self.memo[argument])
            case "SETITEM" | "SETITEMS" | "APPEND" | "APPENDS":
                self._extend(name)
            case "GLOBAL":
                self.stack.append(_named(argument.replace(" ", ".", 1)))
            case "STACK_GLOBAL":
                own, module = self.pop(), self.pop()
                self.stack.append(_named(f"{_text(module)}.{_text(own)}"))
            case "BINPERSID":
                self.stack.append(_storage(self.pop()))
            case "REDUCE":
                arguments, function = self.pop(), self.pop()
                self.stack.append(_made(function, arguments))
            case "BUILD":
                # A state dict's `_metadata`, the versions of its modules' formats.
                _require(
                    isinstance(self.pop(), dict) and isinstance(self.stack[-1], dict), "sets what is no state dict"
                )
            case _:
                raise ValueError(f"its pickle has the instruction {name}, which tensors do not need")

    def _since_mark(self) -> list[Any]:
        found, self.stack = self.stack, self.marked.pop()
        return found

    def _extend(self, name: str) -> None:
        items = self._since_mark() if name.endswith("S") else [self.pop() for _ in range(2 if name == "SETITEM" else 1)]
        if name == "SETITEM":
            items.reverse()
        target = self.stack[-1]
        if name.startswith("APPEND"):
            _require(isinstance(target, list), "appends to what is no list")
            target.extend(items)
        else:
            _require(isinstance(target, dict) and len(items) % 2 == 0, "sets items of what is no dictionary")
            _set(target, zip(items[::2], items[1::2], strict=True))


def _named(name: str) -> _Named:
    if name not in _STORAGES and name not in _FUNCTIONS:
        raise ValueError(f"its pickle asks for {name[:80]!r}, which tensors do not need; nothing of it was run")
    return _Named(name)


def _made(function: Any, arguments: Any) -> Any:
    _require(isinstance(function, _Named) and function.name in _FUNCTIONS, "calls what is no function")
    _require(isinstance(arguments, tuple), "calls a function without arguments")
    return _FUNCTIONS[function.name](*arguments)


def _storage(found: Any) -> Storage:
    match found:
        case ("storage", _Named(name), str(key), str(), int(numbers), *rest) if name in _STORAGES and rest in (
            [],
            [None],
        ):
            _require(0 <= numbers < 2**62, "has a storage of a size that cannot be")
            return Storage(_STORAGES[name], key, numbers)
    raise ValueError("its pickle names a storage in a way that is not PyTorch's")


def _tensor(storage: Any, begin: Any, shape: Any, strides: Any, *_: Any) -> Tensor:
    _require(isinstance(storage, Storage), "makes a tensor of what is no storage")
    _require(isinstance(shape, tuple) and isinstance(strides, tuple), "makes a tensor without a shape")
    _require(
        len(shape) == len(strides) <= _MOST_AXES, f"makes a tensor of {len(shape)} axes with {len(strides)} strides"
    )
    for one in (begin, *shape, *strides):
        _require(type(one) is int and 0 <= one < 2**62, "makes a tensor of a size that cannot be")
    return Tensor(storage, begin, shape, strides)


def _parameter(tensor: Any, *_: Any) -> Tensor:
    _require(isinstance(tensor, Tensor), "makes a parameter of what is no tensor")
    return tensor


def _ordered(pairs: Iterable[Any] = ()) -> dict[Any, Any]:
    _require(isinstance(pairs, list | tuple), "makes a dictionary of what are no pairs")
    found: dict[Any, Any] = {}
    for pair in pairs:
        _require(isinstance(pair, list | tuple) and len(pair) == 2, "makes a dictionary of what are no pairs")
        _set(found, [pair])
    return found


def _set(target: dict[Any, Any], pairs: Iterable[Any]) -> None:
    for key, value in pairs:
        # Nested keys would be walked along to find their place.
        _require(isinstance(key, str | int), "has a key that is neither a text nor a number")
        target[key] = value


def _text(found: Any) -> str:
    _require(isinstance(found, str), "names a function without a text")
    return found


def _require(is_so: bool, what: str) -> None:
    if not is_so:
        raise ValueError(f"its pickle {what}")


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "collections.OrderedDict": _ordered,
    "torch._utils._rebuild_tensor": _tensor,
    "torch._utils._rebuild_tensor_v2": _tensor,
    "torch._utils._rebuild_parameter": _parameter,
}
