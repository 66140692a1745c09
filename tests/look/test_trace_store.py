"""What the page's server keeps: requests that are checked, and exhibits by names that no other server has."""

import asyncio

from clearhead.bundle import Bundle
from clearhead.look import Exhibit, trace_store
from clearhead.look.trace_store import Request


def test_a_traces_name_is_no_other_servers(two_languages: Bundle, exhibit: Exhibit) -> None:
    """faults.md D2: a page that outlives its server must not be given the numbers of another sentence."""
    names = {trace_store.TraceStore(exhibit).first for _ in range(3)}
    assert len(names) == 3


def test_a_request_is_checked() -> None:
    assert Request("one") == Request(text="one", to=None, beam_size=1)


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
