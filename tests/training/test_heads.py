"""What of a model is its heads."""

import pytest

from clearhead.model import EncoderOnlyConfig
from clearhead.model.shapes import parameter_shapes
from clearhead.training.heads import HEADS, is_of_head


@pytest.mark.parametrize("masked_head", ["transform", "plain", "none"])
def test_all_beside_the_embedding_and_the_stack(masked_head: str) -> None:
    config = EncoderOnlyConfig(
        vocabulary=9, width=8, heads=2, layers=1, pooler=True, classes=3, masked_head=masked_head,  # type: ignore[arg-type]
        share_embeddings=masked_head == "none",
    )  # fmt: skip
    names = parameter_shapes(config)
    rest = {name for name in names if not is_of_head(name)}
    assert {name.partition(".")[0] for name in rest} == {"embedding", "encoder"}
    assert {name.partition(".")[0] + "." for name in names.keys() - rest} <= set(HEADS)
    assert "classifier.output.bias" in names.keys() - rest
