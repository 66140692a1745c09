"""Packages whose names are imported when they are first asked for, so that `import clearhead` takes no time (PEP 562).

torch takes a second to import. Whoever asks for help, or mistypes an option, or names a folder that is not there, does
not wait for it; and while it is imported the C compiler is already at work.
"""

import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any


def lazy_names(
    package: str, homes: Mapping[str, Sequence[str]]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """The `__getattr__` and the `__dir__` of `package`: `homes` says which names stand in which of its modules.

    The package imports the same names under `TYPE_CHECKING`, which type checkers and editors read, and lists them in
    `__all__`. No name may be that of its module: that is what it would be as soon as the module is imported.
    """
    home_of = {name: f"{package}.{home}" for home, names in homes.items() for name in names}

    def find(name: str) -> Any:
        if name not in home_of:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(home_of[name]), name)
        # From now on it is found without us.
        setattr(sys.modules[package], name, value)
        return value

    return find, lambda: sorted({*vars(sys.modules[package]), *home_of})
