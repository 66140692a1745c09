"""The address says the whole view: it is shown again by a link, after a reload, and by the back button."""

import urllib.parse
from typing import Any

import pytest

from clearhead.look import Exhibit

ENCODER, CROSS = "encoder.layers.0.self_attention", "decoder.layers.0.cross_attention"
# Of every chapter and level that has something to choose, and what then shows that it was chosen.
VIEWS = [
    ("words?side=target", '[data-value="target"][aria-pressed=true]'),
    ("positions?side=target&word=2", '[data-value="target"][aria-pressed=true]'),
    (f"vectors?attention={CROSS}&head=2&word=1", 'figure[data-head="1"]'),
    (f"six?attention={ENCODER}&head=2&word=3&step=6", "tr.sum"),
    (f"matrices?attention={CROSS}&head=2", f'figure[data-name="{CROSS}.scores"][data-head="1"]'),
    (f"heads?attention={CROSS}&head=2", f'figure[data-name="{CROSS}.weights"][data-head="1"]'),
    (f"lines?attention={CROSS}&heads=1,2", '.choice [data-value="1"][aria-pressed=true]'),
    ("layer?sublayer=decoder.layers.0.feed_forward", 'figure[data-name="decoder.layers.0.feed_forward.inner"]'),
    ("memory?head=2&position=2&step=3", '[data-value="1"][aria-pressed=true]'),
    # Its scene comes a moment after its buttons.
    ("decoder?head=2&step=3", '.choices:has([data-value="1"][aria-pressed=true]) + .scene .moment-row'),
    ("output?position=2&temperature=2.5", "tr[data-share]"),
    ("beam/4?head=2", '.tree [data-number="4"][aria-pressed=true]'),
    ("training?position=2&smoothing=0.2", "figure.curve"),
    (f"sublayer/{ENCODER}?head=2", f'figure[data-name="{ENCODER}.scores"][data-head="1"]'),
    (f"step/{ENCODER}.scores/1,2?head=2", f'figure[data-name="{ENCODER}.scores"][data-head="1"]'),
]


def fragment(page: Any) -> tuple[str, dict[str, str]]:
    path, _, query = page.evaluate("location.hash.slice(1)").partition("?")
    return path, dict(urllib.parse.parse_qsl(query))


def seen(page: Any) -> str:
    """All that the view shows."""
    return page.evaluate(
        "[...document.querySelectorAll('main output, main select, main input, main .told-step, main .title, .verdict')]"
        ".map((one) => one.value ?? one.textContent).join('|') + document.querySelector('main').innerText"
    )


@pytest.mark.parametrize(("place", "sign"), VIEWS)
def test_a_view_is_where_its_address_leads(open_page: Any, address: str, place: str, sign: str) -> None:
    """faults.md D2: by a link, and after a reload."""
    page = open_page(f"{address}?lang=en#{place}")
    page.wait_for_selector(f"main {sign}")
    path, chosen = fragment(page)
    wanted = dict(urllib.parse.parse_qsl(place.partition("?")[2]))
    assert path == place.partition("?")[0]
    assert wanted.items() <= chosen.items()
    assert (chosen["text"], chosen["to"], chosen["beam"]) == ("one two three", "fr", "3")
    before = seen(page)
    page.reload()
    page.wait_for_selector(f"main {sign}")
    assert seen(page) == before
    assert fragment(page) == (path, chosen)


def test_back_and_forward(open_page: Any, address: str, shown: Exhibit) -> None:
    """faults.md D2: the head, the step, the sentence, its language and the hypothesis."""
    page = open_page(f"{address}?lang=en#decoder?step=2")
    page.click('main [data-value="1"]')
    page.wait_for_selector('main [data-value="1"][aria-pressed=true]')
    page.click("main .player button:last-of-type")
    there = fragment(page)
    assert (there[1]["head"], there[1]["step"]) == ("2", "3")
    page.fill("header [name=text]", "three two")
    page.click("header button[type=submit]")
    page.wait_for_function("() => location.hash.includes('three+two')")
    # A new sentence keeps the chapter, the head and the step.
    assert fragment(page) == (there[0], {**there[1], "text": "three two"})
    assert page.inner_text("main .player .place").startswith("3 /")
    node = next(one for one in shown.trace.tree if one["fate"] == "dropped" and one["length"] == 2)
    page.go_back()
    page.wait_for_function("() => location.hash.includes('one')")
    page.wait_for_function("() => document.querySelector('header [name=text]').value === 'one two three'")
    assert fragment(page) == there
    assert page.inner_text("main .player .place").startswith("3 /")
    page.evaluate("place => { location.hash = place; }", f"beam/{node['number']}")
    page.click("main .open")
    page.wait_for_selector("body .notice bdi")
    whole = fragment(page)
    assert whole[1]["hypothesis"] == str(node["number"])
    page.reload()
    page.wait_for_selector("body .notice bdi")
    assert fragment(page) == whole
    page.go_back()
    page.wait_for_selector(f'main .tree [data-number="{node["number"]}"][aria-pressed=true]')
    assert "hypothesis" not in fragment(page)[1]


def test_two_tabs_have_two_sentences(open_page: Any, address: str) -> None:
    """faults.md D2: and a tab whose trace the server has let go makes it again."""
    first = open_page(f"{address}?lang=en#decoder?text=two+three&to=en&beam=2")
    second = open_page(f"{address}?lang=en")
    assert second.input_value("header [name=text]") == "one two three"
    assert first.input_value("header [name=text]") == "two three"
    for text in ("one", "two", "three", "four", "five", "six", "one one", "two two"):
        second.fill("header [name=text]", text)
        second.click("header button[type=submit]")
        second.wait_for_function(
            "text => new URLSearchParams(location.hash.split('?')[1]).get('text') === text", arg=text
        )
    first.click('.rail button[data-view="output"]')
    first.wait_for_selector("main tr[data-share]")
    assert not first.query_selector("[role=alert]:not([hidden])")


def test_the_pages_language_is_in_the_address(open_page: Any, address: str) -> None:
    """faults.md D2: chosen on the page, it outlives a reload."""
    page = open_page(f"{address}?lang=en")
    page.click(".tongues button")
    page.wait_for_selector("html[lang=ko]")
    page.reload()
    page.wait_for_selector("html[lang=ko]")
    assert fragment(page)[1]["lang"] == "ko"


@pytest.mark.parametrize("address", ["ko"], indirect=True)
def test_the_servers_language_is_the_default(open_page: Any, address: str) -> None:
    """Of `look --lang ko`, for a browser that speaks English; a lang in the address wins."""
    for place, language in (("", "ko"), ("#words", "ko"), ("?lang=en", "en"), ("#words?lang=en", "en")):
        page = open_page(address + place, locale="en-US")
        assert page.get_attribute("html", "lang") == language, place


def test_a_notice_speaks_the_readers_language(open_page: Any, address: str) -> None:
    """faults.md D5: what the server refuses is said in Korean, whatever it is."""
    page = open_page(f"{address}?lang=ko")
    for text in ("   ", "\u200b"):
        page.fill("header [name=text]", text)
        page.click("header button[type=submit]")
        page.wait_for_selector(".notice:not([hidden])")
        assert "문장" in page.inner_text(".notice")
    page.evaluate("location.hash = 'model?text=one&to=xx'")
    page.wait_for_function("() => document.querySelector('.notice').textContent.includes('en, fr로만 번역')")
    assert not page.evaluate("/[A-Za-z]{3}/.test(document.querySelector('.notice').textContent)")


def test_an_address_that_cannot_be_followed(open_page: Any, address: str) -> None:
    """faults.md D2: numbers that are none, or too large, are left out or cut."""
    for place in (
        "decoder?head=99&step=9999",
        "six?word=99999&step=77&attention=nope",
        "lines?heads=0,99,x",
        "memory?step=-1",
    ):
        page = open_page(f"{address}?lang=en#{place}")
        page.wait_for_selector(f'main[data-view="{place.partition("?")[0]}"]')
        assert not page.query_selector("[role=alert]:not([hidden])")


def test_each_chapter_leads_on(open_page: Any, address: str) -> None:
    """faults.md D1: through the whole tour and back, by mouse and by keyboard, on a phone too, where the list folds."""
    page = open_page(f"{address}?lang=en", width=400)
    page.wait_for_selector(".rail-box:not([open])")
    count = page.locator(".tour button").count()
    for place in range(count - 1):
        follow = page.locator("main nav [rel=next]")
        if place % 2:
            follow.focus()
            page.keyboard.press("Enter")
        else:
            follow.click()
        page.wait_for_selector(f".tour li:nth-child({place + 2}) [aria-current]", state="attached")
    assert page.locator("main nav [rel=next]").count() == 0
    page.click("main nav [rel=prev]")
    page.wait_for_selector(f".tour li:nth-child({count - 1}) [aria-current]", state="attached")
    page.click(".rail-box > summary")
    page.click('.tour button[data-view="words"]')
    page.wait_for_selector('main[data-view="words"]')
    page.wait_for_selector(".rail-box:not([open])")


@pytest.mark.parametrize("place", ["nochapter", "step/nothing.here"])
def test_a_place_that_is_not_there(open_page: Any, address: str, place: str) -> None:
    """Said, in the reader's language, where the first view is shown instead."""
    for language, said in (("en", "The page has no"), ("ko", "없어서 첫 화면")):
        page = open_page(f"{address}?lang={language}#{place}")
        page.wait_for_selector('main[data-view="model"]')
        assert said in page.inner_text(".notice >> nth=0")
        assert f"#{place}" in page.inner_text(".notice >> nth=0")
        page.click('.rail button[data-view="words"]')
        page.wait_for_selector('main[data-view="words"]')
        assert not page.query_selector("[role=alert]:not([hidden])")


def test_a_server_that_is_gone(open_page: Any, address: str) -> None:
    page = open_page(f"{address}?lang=ko")
    page.route("**/trace**", lambda route: route.abort())
    page.evaluate("addEventListener('unhandledrejection', (event) => event.preventDefault())")
    page.fill("header [name=text]", "two")
    page.click("header button[type=submit]")
    page.wait_for_function("() => document.querySelector('.notice').textContent.includes('꺼져 있습니다')")


CHOSEN = ".number .check:enabled"


def value(page: Any, wanted: str) -> str:
    page.wait_for_selector(f'.number[data-cell="{wanted}"]')
    page.wait_for_selector(CHOSEN)
    return page.get_attribute(".number", "data-value")


@pytest.mark.parametrize(
    ("place", "name"),
    [
        ("matrices?head=2", f"{ENCODER}.scores"),
        (f"sublayer/{CROSS}?head=2", f"{CROSS}.weights"),
        ("layer?sublayer=decoder.layers.0.feed_forward", "decoder.layers.0.feed_forward.inner"),
        (f"step/{ENCODER}.scores?head=2", f"{ENCODER}.query"),
    ],
)
def test_a_cell_chosen_by_keys_is_in_the_address(open_page: Any, address: str, place: str, name: str) -> None:
    """faults.md D2: in every view, not that of its own step alone; shown again by a link, and after a reload."""
    page = open_page(f"{address}?lang=en#{place}")
    page.locator(f'main figure[data-name="{name}"] .grid').first.focus()
    for key in ("Control+Home", "ArrowDown", "ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
    found = value(page, f"{name}/1,2")
    chosen = fragment(page)
    assert chosen[1]["cell"] == f"{name}/1,2"
    page.reload()
    assert value(page, f"{name}/1,2") == found
    assert fragment(page) == chosen
    # Of another chapter it is none.
    page.keyboard.press("n")
    page.wait_for_function("() => !location.hash.includes('cell=')")


def test_a_number_that_is_in_no_matrix_is_in_the_address(open_page: Any, address: str, shown: Exhibit) -> None:
    """faults.md D2: of a table, and of a head that is not the one on the buttons."""
    page = open_page(f"{address}?lang=en#six?word=1&step=6")
    page.locator("main .six tbody .link").first.click()
    found = value(page, f"{ENCODER}.scores/1,0")
    page.reload()
    assert value(page, f"{ENCODER}.scores/1,0") == found
    page.evaluate(f"location.hash = 'vectors?head=1&cell={ENCODER}.query/2,1,3'")
    written = float(value(page, f"{ENCODER}.query/1,3").replace("−", "-"))
    assert written == pytest.approx(float(shown.trace[f"{ENCODER}.query"][1, 1, 3]), rel=1e-4)
    assert fragment(page)[1]["cell"] == f"{ENCODER}.query/2,1,3"


def test_a_cell_follows_the_head_that_is_chosen(open_page: Any, address: str, shown: Exhibit) -> None:
    """faults.md D2: the last that was chosen, not the one that the address began with."""
    name = f"{ENCODER}.scores"
    page = open_page(f"{address}?lang=en#step/{name}/0,0?head=1")
    value(page, f"{name}/0,0")
    page.locator(f'main figure[data-name="{name}"] .grid').focus()
    page.keyboard.press("ArrowRight")
    value(page, f"{name}/0,1")
    page.click('main .choice [data-value="1"]')
    page.wait_for_selector(f'main figure[data-name="{name}"][data-head="1"]')
    expected = float(shown.trace[name][1, 0, 1])
    page.wait_for_function(
        "expected => Math.abs(document.querySelector('.number').dataset.value.replace('−', '-') - expected) < 1e-4",
        arg=expected,
    )
    assert fragment(page)[0] == f"step/{name}/0,1"


@pytest.mark.parametrize(
    "cell", ["nope/1,2", f"{ENCODER}.scores/9999,0", f"{ENCODER}.scores/99,0,0", "constructor/0,0", "1,2"]
)
def test_a_cell_that_is_not_there(open_page: Any, address: str, cell: str) -> None:
    page = open_page(f"{address}?lang=en#matrices?cell={cell}")
    page.wait_for_function("() => !location.hash.includes('cell=')")
    assert not page.query_selector("[role=alert]:not([hidden])")
