"""Which of an encoder-decoder's matrices of tokens are one: decided by the tensors, whatever the settings say."""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from clearhead.interop.foreign import Foreign, Source
from clearhead.model.config import Sharing

_SHARED: Final = "shared.weight"
_SOURCE: Final = "encoder.embed_tokens.weight"
_TARGET: Final = "decoder.embed_tokens.weight"
_OUTPUT: Final = "lm_head.weight"


class Tables(NamedTuple):
    """names: of our three matrices, where their numbers are. ignored: tensors that are one of these once more."""

    sharing: Sharing
    names: Mapping[str, Source]
    ignored: Mapping[str, str]


def tables_of(foreign: Foreign) -> Tables:
    """The matrices of source, target and output, as the files have them.

    An input's matrix that is missing comes from another input's first, and from the output's last: the other way round
    an encoder was given the output's matrix (huggingface/transformers#48154). The output's is the target's where there
    is none, unless the settings say that it is its own: then it is missing.
    """
    source = foreign.first_of(_SOURCE, _SHARED, _TARGET, _OUTPUT)
    target = foreign.first_of(_TARGET, _SHARED, _SOURCE, _OUTPUT)
    is_own = foreign.settings.values.get("tie_word_embeddings") is False
    output = _OUTPUT if _OUTPUT in foreign or is_own else target
    names = {"source_embedding": source, "target_embedding": target, "output": output}
    shared = source == target or foreign.are_one(source, target)
    tied = output == target or (output in foreign and foreign.are_one(target, output))
    sharing: Sharing = ("all" if tied else "inputs") if shared else ("target" if tied else "none")
    spare = {_SHARED, _SOURCE, _TARGET, _OUTPUT} & foreign.shapes.keys() - set(names.values())
    again = [one for one in spare if any(foreign.are_one(one, used) for used in (source, target, output))]
    return Tables(
        sharing,
        {f"{ours}.matrix.weight": Source(theirs) for ours, theirs in names.items()},
        {re.escape(one): "stored twice" for one in sorted(again)},
    )
