"""GPT-2: tests/interop/test_importing.py compares it with transformers."""

import numpy as np

from clearhead.interop.foreign import Foreign, ForeignSettings
from clearhead.interop.gpt2 import gpt2


def test_query_key_and_value_are_thirds_of_one_matrix_whose_inputs_come_first() -> None:
    plan = gpt2(Foreign(ForeignSettings({}, "config.json"), {}, lambda name: np.zeros(1)))
    joined = np.arange(12).reshape(2, 6)  # Two inputs; two outputs of each.
    made = [
        plan.names[f"decoder.layers.0.self_attention.{one}.weight"].change(joined) for one in ("query", "key", "value")
    ]
    assert [one.tolist() for one in made] == [[[0, 6], [1, 7]], [[2, 8], [3, 9]], [[4, 10], [5, 11]]]


def test_a_missing_key_is_gpt2s_own_default() -> None:
    """Radford et al. 2019, table 2, first row; n_inner is four times the width."""
    config = gpt2(Foreign(ForeignSettings({}, "config.json"), {}, lambda name: np.zeros(1))).config
    assert (config.layers, config.width, config.heads, config.inner_width, config.max_length) == (  # type: ignore[union-attr]
        12, 768, 12, 3072, 1024,
    )  # fmt: skip
    assert config.activation == "gelu-tanh"
