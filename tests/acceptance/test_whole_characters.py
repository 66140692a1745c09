"""Every search keeps to whole UTF-8, whoever computes: an untrained model would write anything."""

import dataclasses
import itertools
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from clearhead.decoding.engine import Engine
from clearhead.decoding.hypothesis import Hypothesis
from clearhead.decoding.lengths import LengthLimit
from clearhead.decoding.options import Sampling, SearchOptions
from clearhead.decoding.scoring import score_ids
from clearhead.decoding.shortlist import Shortlist
from clearhead.errors import DecodingError
from clearhead.model import EncoderDecoder, TransformerConfig
from clearhead.runtimes.cuda import CudaRuntime
from clearhead.runtimes.eager import EagerRuntime
from clearhead.runtimes.preparing import compiled
from clearhead.runtimes.runtime import Runtime
from clearhead.text import BytePairTokenizer
from clearhead.text.utf8 import Utf8Automaton


def is_whole(text: bytes) -> bool:
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


# Bytes alone, as an untrained model's tokenizer has them; and pieces that hold halves of 가, 각 (EA B0 80, 81) and 😀.
MERGES = [("ê", "°"), ("ê°", "Ģ"), ("Ģ", "ê"), ("Ģê", "°"), ("ð", "Ł"), ("ĺ", "Ģ"), ("a", "ê"), ("Ł", "ĺĢ")]
TOKENIZERS = {
    "bytes": BytePairTokenizer((), [], []),
    "pieces": BytePairTokenizer(("fr", "ko"), ["".join(merge) for merge in MERGES], MERGES),
}
Found = list[list[Hypothesis]]


@pytest.fixture(scope="module", params=TOKENIZERS)
def tokenizer(request: pytest.FixtureRequest) -> BytePairTokenizer:
    return TOKENIZERS[request.param]


def untrained(tokenizer: BytePairTokenizer, seed: int = 3) -> EncoderDecoder:
    """Draws from all bytes alike, more or less: of its texts of twenty tokens hardly any is whole by chance."""
    config = TransformerConfig(
        source_vocabulary=tokenizer.size,
        target_vocabulary=tokenizer.size,
        width=16,
        heads=2,
        inner_width=16,
        encoder_layers=1,
        decoder_layers=1,
        max_length=32,
        norm_placement="pre",
        share_embeddings="none",
    )
    model = EncoderDecoder(config, seed=seed).eval()
    with torch.no_grad():
        # Other tokens than the end, each about as likely to come first somewhere.
        model.output.matrix.weight.normal_(generator=torch.Generator().manual_seed(seed))
    return model


def options_for(tokenizer: BytePairTokenizer, whole: bool = True, **changes: Any) -> SearchOptions:
    tags = [tokenizer.tag(language) for language in tokenizer.languages]
    return SearchOptions(
        begin=tokenizer.begin,
        end=tokenizer.end,
        suppressed=(tokenizer.padding, tokenizer.begin, *tags),
        utf8=Utf8Automaton.of(tokenizer.token_bytes) if whole else None,
        **changes,
    )


WAYS = ["plain", "compiled", "fixed shapes"]


def served(model: EncoderDecoder, way: str, precision: str = "fp32") -> Runtime:
    """The model as one of the runtimes; skips where that cannot be had."""
    if way == "compiled":
        return compiled(model, precision) or pytest.skip("this machine has no C compiler")
    return EagerRuntime(model) if way == "plain" else CudaRuntime(model)


SEARCHES: dict[str, dict[str, Any]] = {
    "greedy": {"beam_size": 1},
    "beam": {"beam_size": 5, "top_beams": 5},
    "sampling": {"sampling": Sampling(seed=1), "top_beams": 3},
    "hot": {"sampling": Sampling(temperature=3.0), "top_beams": 3},
    "top-k": {"sampling": Sampling(top_k=7), "top_beams": 3},
    "top-p": {"sampling": Sampling(top_p=0.4), "top_beams": 3},
}


def sources_of(tokenizer: BytePairTokenizer, count: int = 6) -> list[list[int]]:
    draw = random.Random(4)
    return [[*(draw.choice(tokenizer.byte_ids) for _ in range(1 + n % 5)), tokenizer.end] for n in range(count)]


def are_whole(found: Found, tokenizer: BytePairTokenizer) -> bool:
    """Whether every text is UTF-8, and what the tokenizer makes of the tokens."""
    for hypothesis in itertools.chain(*found):
        text = b"".join(tokenizer.token_bytes[token] or b"" for token in hypothesis.tokens)
        if not is_whole(text):
            return False
        assert tokenizer.decode(hypothesis.tokens).encode() == text
    return True


def searched(
    runtime: Runtime, tokenizer: BytePairTokenizer, options: SearchOptions, extra: int = 9, **more: Any
) -> Found:
    """Greatest lengths of 10 and more, at which most of what an untrained model writes is cut."""
    found = Engine(runtime).translate(sources_of(tokenizer), options, length_limit=LengthLimit(1.0, extra), **more)
    assert all(len(hypotheses) == options.top_beams for hypotheses in found)
    return found


@pytest.mark.parametrize("kind", SEARCHES)
@pytest.mark.parametrize("way", WAYS)
def test_no_search_writes_half_a_character(tokenizer: BytePairTokenizer, kind: str, way: str) -> None:
    """faults.md B4. At any greatest length, so that some is reached inside a character that was hard to end."""
    runtime = served(untrained(tokenizer), way)
    assert not are_whole(searched(runtime, tokenizer, options_for(tokenizer, False, **SEARCHES[kind])), tokenizer)
    for extra in (0, 1, 2, 9):
        assert are_whole(searched(runtime, tokenizer, options_for(tokenizer, **SEARCHES[kind]), extra), tokenizer)


@pytest.mark.parametrize("kind", ["greedy", "beam", "top-k"])
@pytest.mark.parametrize("way", WAYS)
def test_nor_after_a_prefix_or_with_a_shortlist(tokenizer: BytePairTokenizer, kind: str, way: str) -> None:
    """faults.md B4. A prefix of ids may end inside a character, which is ended; a list need not have the bytes."""
    runtime = served(untrained(tokenizer), way)
    options, first = options_for(tokenizer, **SEARCHES[kind]), tokenizer.byte_ids[0]
    prefixes = [[first + byte for byte in text] for text in (b"", b"a", b"\xc3", b"\xe0", b"a\xf0\x9f", b"\xf4")]
    for extra in (0, 9):
        found = searched(runtime, tokenizer, options, extra, prefixes=prefixes)
        assert are_whole(found, tokenizer)
        for prefix, hypotheses in zip(prefixes, found, strict=True):
            assert all(list(one.tokens[: len(prefix)]) == prefix for one in hypotheses)
    size = tokenizer.size
    heads = [tokenizer.end, *(first + byte for byte in b"ab\xc3\xe0\xed\xf0\xf1\xf4")]
    shortlist = Shortlist(np.zeros(size + 1, np.int64), np.zeros(0, np.int32), np.array(heads), size)
    found = searched(runtime, tokenizer, options, shortlist=shortlist)
    assert are_whole(found, tokenizer)
    allowed = {*heads, *(first + byte for byte in range(0x80, 0xC0))}
    assert all(allowed >= set(one.tokens) for one in itertools.chain(*found))


@pytest.mark.parametrize("kind", ["greedy", "beam"])
def test_all_runtimes_find_the_same(tokenizer: BytePairTokenizer, kind: str, assert_same: Callable[..., None]) -> None:
    """faults.md B4: in C, by PyTorch, and in the fixed shapes of a GPU."""
    model, options = untrained(tokenizer), options_for(tokenizer, **SEARCHES[kind])
    expected = searched(EagerRuntime(model), tokenizer, options)
    for way in WAYS[1:]:
        assert_same(searched(served(model, way), tokenizer, options), expected)


def test_what_was_whole_stays_as_it_was(tokenizer: BytePairTokenizer) -> None:
    """Greedy search that never met half a character finds the same, to the last bit; probabilities are the model's."""
    model = untrained(tokenizer)
    # A model that prefers letters.
    letters = [tokenizer.byte_ids[byte] for byte in b"abcdefgh ,."]
    with torch.no_grad():
        model.output.matrix.weight[letters] *= 9
    runtime = EagerRuntime(model)
    for kind in ("greedy", "beam"):
        before = searched(runtime, tokenizer, options_for(tokenizer, False, **SEARCHES[kind]))
        assert are_whole(before, tokenizer)
        assert searched(runtime, tokenizer, options_for(tokenizer, **SEARCHES[kind])) == before


def test_scores_are_those_that_scoring_gives(tokenizer: BytePairTokenizer) -> None:
    model, options = untrained(tokenizer).double(), options_for(tokenizer, **SEARCHES["beam"])
    sources = sources_of(tokenizer)
    for source, hypotheses in zip(sources, searched(EagerRuntime(model), tokenizer, options), strict=True):
        for one in hypotheses:
            words = one.tokens[:-1] if one.finished else one.tokens
            [again] = score_ids(model, [source], [words], options, ended=[one.finished])
            assert again.log_probability == pytest.approx(one.log_probability, rel=1e-9)


def test_another_vocabularys_automaton_is_refused() -> None:
    options = SearchOptions(begin=0, end=1, utf8=Utf8Automaton.of([None, None, b"a"]))
    tokenizer = TOKENIZERS["bytes"]
    with pytest.raises(DecodingError, match="utf8 is for a vocabulary of 3 ids but the model's has 259"):
        searched(
            EagerRuntime(untrained(tokenizer)),
            tokenizer,
            dataclasses.replace(options_for(tokenizer), utf8=options.utf8),
        )


@pytest.mark.slow
@pytest.mark.parametrize("kind", SEARCHES)
def test_many_untrained_models(kind: str) -> None:
    """faults.md B4, the longer form."""
    for seed, tokenizer in itertools.product(range(40), TOKENIZERS.values()):
        model = untrained(tokenizer, seed)
        for runtime in (EagerRuntime(model), served(model, "compiled", "int8"), CudaRuntime(model, "bf16")):
            assert are_whole(
                searched(runtime, tokenizer, options_for(tokenizer, **SEARCHES[kind]), seed % 7), tokenizer
            )
