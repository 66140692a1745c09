"""What the page's server keeps: requests that are checked, and exhibits by names that no other server has."""

import asyncio
import dataclasses

import pytest

from clearhead.bundle import Bundle
from clearhead.errors import UsageError
from clearhead.look import Exhibit, trace_store
from clearhead.look.trace_store import Request
from clearhead.tracing import Trace


def test_a_traces_name_is_no_other_servers(two_languages: Bundle, exhibit: Exhibit) -> None:
    """faults.md D2: a page that outlives its server must not be given the numbers of another sentence."""
    names = {trace_store.TraceStore(exhibit).first for _ in range(3)}
    assert len(names) == 3


def test_a_request_is_checked() -> None:
    assert Request("one") == Request(text="one", to=None, beam_size=1, max_tokens=0)
    for tokens in (-1, 201):
        with pytest.raises(UsageError, match=f"max_tokens={tokens} is not a whole number from 0 to 200") as refused:
            Request("one", max_tokens=tokens)
        assert refused.value.key == "tokens"


def test_what_a_language_model_was_asked_for(language_model: Bundle) -> None:
    """The page's own request finds the trace that it opened with; a text too long to be asked for is shown."""
    first = Exhibit(language_model.trace("one two", max_tokens=3))
    kept = trace_store.TraceStore(first)

    def compute() -> Exhibit:
        raise AssertionError("it is traced already")

    assert asyncio.run(kept.made(Request("one two", max_tokens=3), compute)) == kept.first
    side = dataclasses.replace(first.trace.text, text="x" * (trace_store.MOST_CHARACTERS + 1))
    sequences = {"text": side, "predicted": first.trace.predicted}
    long = Trace({}, (), family="decoder-only", config=first.trace.config, **sequences)
    assert trace_store.TraceStore(Exhibit(long)).first


def test_what_is_asked_for_again_is_not_computed_again(exhibit: Exhibit) -> None:
    kept, computed = trace_store.TraceStore(exhibit), []

    def compute() -> Exhibit:
        computed.append(1)
        return exhibit

    async def twice() -> list[str]:
        return [await kept.made(Request("two one", "fr", 2), compute) for _ in range(2)]

    names = asyncio.run(twice())
    assert names[0] == names[1] != kept.first
    assert (len(computed), kept[names[0]]) == (1, exhibit)
