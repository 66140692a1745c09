"""`make test-shapes` checks shapes at run time; here, that such a check would find a wrong one."""

import subprocess
import sys

import pytest

CODE = """
from jaxtyping import install_import_hook
with install_import_hook("clearhead", "beartype.beartype"):
    from clearhead import attention
import torch
attention(torch.ones(4, 8), torch.ones(6, {width}), torch.ones(6, 5))
"""


@pytest.mark.parametrize(("width", "code"), [(8, 0), (7, 1)])
def test_a_wrong_shape_is_refused(width: int, code: int) -> None:
    done = subprocess.run([sys.executable, "-c", CODE.format(width=width)], capture_output=True, text=True)
    assert done.returncode == code, done.stderr
    assert ("TypeCheckError" in done.stderr) == bool(code)
