"""How a search goes about a tokenizer's ids, whatever it is for."""

from collections.abc import Sequence

from clearhead.bounds import whole
from clearhead.decoding import LengthPenalty, Rules, Sampling, SearchOptions, SearchStrategy
from clearhead.text import Tokenizer
from clearhead.text.stop_strings import StopStrings
from clearhead.text.utf8 import Utf8Automaton

# A target that is too long for the model is refused by how many pieces it has; beyond so many they are not counted.
COUNTED = 10_000


def search_options(
    tokenizer: Tokenizer,
    beam_size: int,
    length_penalty: str,
    *,
    top_beams: int = 1,
    beam_groups: int = 1,
    diversity_penalty: float | None = None,
    sampling: Sampling | None = None,
    utf8: Utf8Automaton | None = None,
    stop: StopStrings | None = None,
    ends: Sequence[int] = (),
    search: str = "clearhead",
    rules: Rules | None = None,
) -> SearchOptions:
    """How to search for ids of this tokenizer; no control symbol but end is ever written, nor the unknown.

    ends: others that may be written, since `stop` ends a text by them.
    """
    tags = [tokenizer.tag(language) for language in tokenizer.languages]
    symbols = [tokenizer.symbol(name) for name in tokenizer.symbols]
    unknown = [] if tokenizer.unknown is None else [tokenizer.unknown]
    # Begin and padding are the end too in GPT-2.
    controls = dict.fromkeys((tokenizer.padding, tokenizer.begin, *tags, *symbols, *unknown))
    return SearchOptions(
        begin=tokenizer.begin,
        end=tokenizer.end,
        suppressed=tuple(one for one in controls if one not in (tokenizer.end, *ends)),
        beam_size=beam_size,
        top_beams=top_beams,
        beam_groups=beam_groups,
        diversity_penalty=diversity_penalty,
        length_penalty=LengthPenalty.parse(length_penalty),
        sampling=sampling,
        utf8=utf8,
        stop=stop,
        ends=tuple(ends),
        search=SearchStrategy.parse(search),
        rules=rules or Rules(),
    )


def wide_enough(beam_size: int, top_beams: int, beam_groups: int = 1) -> int:
    """Whoever asks for so many and says nothing of the beam wants one that can give them, in so many groups."""
    groups = whole("beam_groups", beam_groups)
    return -(-max(beam_size, whole("top_beams", top_beams)) // groups) * groups
