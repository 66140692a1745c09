"""Encoders: what the tensors decide. tests/interop/test_importing.py compares each class with transformers."""

import numpy as np

from clearhead.interop import bert
from clearhead.interop.foreign import Foreign, ForeignSettings

WORDS = {"embeddings.word_embeddings.weight": (9, 4)}
SIZES = {"vocab_size": 9, "hidden_size": 4, "num_attention_heads": 2, "num_hidden_layers": 1, "hidden_act": "gelu"}


def foreign(shapes: dict[str, tuple[int, ...]], **settings: object) -> Foreign:
    return Foreign(ForeignSettings({**SIZES, **settings}, "config.json"), {**WORDS, **shapes}, lambda name: np.zeros(1))


def test_the_heads_are_those_that_have_tensors() -> None:
    assert bert.bert(foreign({})).config.masked_head == "none"
    masked = bert.bert(foreign({"cls.predictions.bias": (9,)}))
    assert (masked.config.masked_head, masked.config.pooler, masked.task) == (
        "transform", False, "masked-language-modelling",
    )  # fmt: skip
    # A bias that is stored by its other name alone.
    again = bert.bert(foreign({"cls.predictions.decoder.bias": (9,)}))
    assert again.names["output.bias"].name == "cls.predictions.decoder.bias"
    classes = bert.bert(foreign({"classifier.weight": (3, 4)}, id2label={"0": "a", "1": "b", "2": "c"}))
    assert (classes.task, classes.labels, classes.config.classes) == ("classification", ("a", "b", "c"), 3)
    assert bert.distilbert(foreign({"classifier.weight": (3, 4)})).config.pooler_activation == "relu"
    assert (
        bert.electra(foreign({"classifier.out_proj.weight": (3, 4)}, embedding_size=2)).config.pooler_activation
        == "gelu"
    )


def test_what_precedes_robertas_first_position_is_left_out() -> None:
    """Positions begin after padding's id, 1 as a rule: of 514 rows 512 are of positions."""
    plan = bert.roberta(foreign({}, max_position_embeddings=514))
    assert plan.config.max_length == 512
    rows = np.arange(514)[:, None]
    assert plan.names["embedding.positions.table"].change(rows)[0] == 2
    assert bert.roberta(foreign({}, max_position_embeddings=514, pad_token_id=0)).config.max_length == 513
