"""Text to ids and back. What must hold for every string is tested on random ones."""

import json
import subprocess
import sys
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearhead.errors import DataError, TokenizerError
from clearhead.text import BytePairTokenizer

SENTENCES = [
    "the cat sees the dog in the street",
    "the dog sees the cat near the bank",
    "le chat voit le chien dans la rue",
    "고양이가 거리에서 개를 본다",
    "개가 거리에서 고양이를 본다",
]
TOKENIZER = BytePairTokenizer.learn(SENTENCES * 3, 330, ["ko", "fr"])

HARD = [
    "",
    " ",
    "  two  spaces  ",
    "\x00",
    "a\u2028b\u2029c\u0085d\x0be\x0cf\rg\nh",
    "👩‍👩‍👧‍👦🇰🇷",
    "한국어 and 한국어",
    "e\u0301 \u0301 q\u0323\u0307",
    "x\u0345\u07fd",  # The order of U+07FD is known since Unicode 11; the library's own tables are older.
    "\ufeff\u202eabc\u200b",
    "Åſﬁ",
    "\U0010ffff",
    "</s> <s> <pad> <2fr> ⟨end⟩ ⟨padding⟩ ⟨begin⟩ ⟨2fr⟩",
]


MARKS = [chr(code) for code in range(sys.maxunicode + 1) if unicodedata.combining(chr(code))]


def controls(tokenizer: BytePairTokenizer) -> int:
    return 3 + len(tokenizer.languages)


@pytest.mark.parametrize("text", HARD)
def test_hard_strings_come_back(text):
    ids = TOKENIZER.encode(text)
    assert TOKENIZER.decode(ids) == unicodedata.normalize("NFC", text)


@settings(derandomize=True, max_examples=300, deadline=None)
@given(st.text())
def test_every_string_comes_back_in_nfc_and_never_as_a_control(text):
    ids = TOKENIZER.encode(text)
    assert TOKENIZER.decode(ids) == unicodedata.normalize("NFC", text)
    assert all(controls(TOKENIZER) <= index < TOKENIZER.size for index in ids)


@settings(derandomize=True, max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(MARKS), min_size=2, max_size=6).map("".join))
def test_combining_marks_come_back_in_the_order_of_nfc(marks):
    text = "e" + marks
    assert TOKENIZER.decode(TOKENIZER.encode(text)) == unicodedata.normalize("NFC", text)


@settings(derandomize=True, max_examples=200, deadline=None)
@given(st.lists(st.sampled_from([*"⟨⟩<>/2 s", "end", "begin", "padding", "fr", "ko"])).map("".join))
def test_no_spelling_of_a_control_symbol_is_one(text):
    assert all(index >= controls(TOKENIZER) for index in TOKENIZER.encode(text))


@settings(derandomize=True, max_examples=200, deadline=None)
@given(st.lists(st.integers(0, TOKENIZER.size - 1)))
def test_any_ids_decode_to_text_without_controls_and_show_one_piece_each(ids):
    text = TOKENIZER.decode(ids)
    assert text == TOKENIZER.decode([index for index in ids if index >= controls(TOKENIZER)])
    assert "⟨end⟩" not in text
    assert len(TOKENIZER.pieces(ids)) == len(ids)


def test_a_corpus_full_of_control_spellings_still_learns_none():
    tokenizer = BytePairTokenizer.learn(["⟨end⟩ ⟨2fr⟩ ⟨padding⟩"] * 100, 400, ["fr"])
    ids = tokenizer.encode("⟨end⟩ ⟨2fr⟩")
    assert min(ids) >= controls(tokenizer)
    assert tokenizer.decode(ids) == "⟨end⟩ ⟨2fr⟩"


def test_a_very_long_string_comes_back():
    text = "가나다 the cat " * 20_000 + "x" * 20_000
    assert TOKENIZER.decode(TOKENIZER.encode(text)) == text


def test_a_lone_surrogate_is_read_as_the_replacement_character():
    assert TOKENIZER.decode(TOKENIZER.encode("a\ud800b\udfff")) == "a\ufffdb\ufffd"
    assert BytePairTokenizer.learn(["\ud800 the the"], 300).size > 256


def test_the_order_of_the_ids():
    """Padding, begin, end, the tags sorted, then the 256 bytes by value: "a" is byte 97."""
    assert (TOKENIZER.padding, TOKENIZER.begin, TOKENIZER.end) == (0, 1, 2)
    assert TOKENIZER.languages == ("fr", "ko")
    assert (TOKENIZER.tag("fr"), TOKENIZER.tag("ko")) == (3, 4)
    assert BytePairTokenizer.learn(["q"], 261, ["ko", "fr"]).encode("a\x00") == [5 + 97, 5]
    assert list(TOKENIZER.byte_ids) == list(range(5, 5 + 256))


def test_each_id_stands_for_bytes_or_for_none():
    """faults.md B4. In a text's order they are the text."""
    assert TOKENIZER.token_bytes[:5] == [None] * 5
    assert [TOKENIZER.token_bytes[index] for index in TOKENIZER.byte_ids] == [bytes([byte]) for byte in range(256)]
    assert len(TOKENIZER.token_bytes) == TOKENIZER.size
    for text in (*SENTENCES, *map(TOKENIZER.decode, [TOKENIZER.encode(text) for text in HARD])):
        assert b"".join(TOKENIZER.token_bytes[index] for index in TOKENIZER.encode(text)) == text.encode()


def test_the_first_merge_by_hand():
    """In "abab abab" the pair (a, b) stands four times and is merged first; without languages it is id 3 + 256."""
    tokenizer = BytePairTokenizer.learn(["abab abab"], 260)
    assert tokenizer.size == 260
    assert tokenizer.encode("ab") == [259]
    assert tokenizer.pieces(tokenizer.encode(" ab")) == ["▁", "ab"]


def test_the_halves_by_hand():
    """a and b, whose ids are 3 + 97 and 3 + 98, became 259; nothing else was merged."""
    tokenizer = BytePairTokenizer.learn(["abab abab"], 260)
    assert tokenizer.merge_parents == [(-1, -1)] * 259 + [(100, 101)]


def test_halves_are_what_a_piece_is_made_of():
    for index, (left, right) in enumerate(TOKENIZER.merge_parents):
        if index in TOKENIZER.byte_ids or index < TOKENIZER.byte_ids.start:
            assert (left, right) == (-1, -1)
        else:
            assert max(left, right) < index
            assert TOKENIZER.decode([left, right]) == TOKENIZER.decode([index])
    assert BytePairTokenizer.from_json(TOKENIZER.to_json()).merge_parents == TOKENIZER.merge_parents


def test_a_piece_that_two_merges_make_is_halved_as_the_first_made_it():
    letters = {letter: BytePairTokenizer([], [], []).byte_ids[ord(letter)] for letter in "abc"}
    tokenizer = BytePairTokenizer([], ["ab", "bc", "abc"], [("a", "b"), ("b", "c"), ("ab", "c"), ("a", "bc")])
    assert tokenizer.merge_parents[-1] == (tokenizer.size - 3, letters["c"])


def test_pieces_show_spaces_bytes_and_controls():
    """é is C3 A9, which no merge has joined."""
    tokenizer = BytePairTokenizer.learn([" the the"] * 4, 262, ["fr"])
    ids = [tokenizer.begin, tokenizer.tag("fr"), *tokenizer.encode(" the é"), tokenizer.end]
    expected = ["⟨begin⟩", "⟨2fr⟩", "▁t", "he", "▁", "<0xC3>", "<0xA9>", "⟨end⟩"]
    assert "".join(tokenizer.pieces(ids)) == "".join(expected)
    assert tokenizer.pieces(ids)[-4:] == expected[-4:]


def test_many_at_once_equal_one_at_a_time():
    many = TOKENIZER.encode_many(HARD)
    assert many == [TOKENIZER.encode(text) for text in HARD]
    assert TOKENIZER.decode_many(many) == [TOKENIZER.decode(ids) for ids in many]
    assert TOKENIZER.encode_many([]) == []
    assert TOKENIZER.decode_many([]) == []


def test_learning_is_the_same_in_another_process():
    """Hash seeds differ between processes; the vocabulary may not."""
    program = (
        "from clearhead.text import BytePairTokenizer; "
        f"print(BytePairTokenizer.learn({SENTENCES * 3!r}, 330, ['ko', 'fr']).to_json(), end='')"
    )
    run = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", program], capture_output=True, check=True, encoding="utf-8"
    )
    assert run.stdout == TOKENIZER.to_json()


def test_a_small_corpus_gives_a_smaller_vocabulary():
    assert BytePairTokenizer.learn(["abc"], 8000).size == 259


def test_saved_and_loaded_is_the_same(tmp_path):
    TOKENIZER.save(tmp_path / "tokenizer.json")
    loaded = BytePairTokenizer.load(tmp_path / "tokenizer.json")
    assert loaded.to_json() == TOKENIZER.to_json()
    assert loaded.languages == ("fr", "ko")
    assert loaded.encode_many(HARD) == TOKENIZER.encode_many(HARD)
    assert [item.name for item in tmp_path.iterdir()] == ["tokenizer.json"]


def test_the_library_itself_reads_the_file(tmp_path):
    """The format is Hugging Face's: their own class must give the same ids."""
    import tokenizers

    TOKENIZER.save(tmp_path / "tokenizer.json")
    library = tokenizers.Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    texts = [unicodedata.normalize("NFC", text) for text in HARD]
    assert [library.encode(text).ids for text in texts] == TOKENIZER.encode_many(HARD)


@pytest.mark.parametrize(
    "merge",
    [
        ["⟨begin⟩", "⟨end⟩"],
        ["⟨begin⟩", "a"],
        ["a", ""],
        ["", ""],
        ["z", "z"],
        ["a", "⟨end⟩"],
        ["日", "本"],
        ["a" * 900, "b"],
    ],
)
def test_a_merge_that_does_not_fit(merge: list[str]):  # type: ignore[no-untyped-def]
    """The first made the library panic, which no `except Exception` catches, and write a stack to standard error."""
    document = json.loads(BytePairTokenizer.learn(["one two one two"], 262).to_json())
    document["model"]["merges"].append(merge)
    with pytest.raises(
        TokenizerError, match=r"the merge of .* does not fit the vocabulary|the merges do not"
    ) as caught:
        BytePairTokenizer.from_json(json.dumps(document))
    assert len(str(caught.value)) < 300


def test_merges_may_be_written_in_the_older_way():
    document = json.loads(TOKENIZER.to_json())
    document["model"]["merges"] = [" ".join(pair) for pair in document["model"]["merges"]]
    assert BytePairTokenizer.from_json(json.dumps(document)).to_json() == TOKENIZER.to_json()


def test_a_vocabulary_too_small_for_the_bytes_is_refused():
    """256 bytes, 3 controls and 2 tags are 261."""
    with pytest.raises(TokenizerError, match=r"size=260 .*at least 261"):
        BytePairTokenizer.learn(SENTENCES, 260, ["fr", "ko"])


@pytest.mark.parametrize("texts", [[], [""], ["", ""]])
def test_no_text_is_refused(texts):
    with pytest.raises(TokenizerError, match="no text to learn"):
        BytePairTokenizer.learn(texts, 300)


def test_an_error_of_the_texts_goes_through():
    def texts():
        yield "the"
        raise DataError("line 2 is not UTF-8")

    with pytest.raises(DataError, match="line 2"):
        BytePairTokenizer.learn(texts(), 300)


@pytest.mark.parametrize("language", ["", "f r", "fr⟩", "français"])
def test_a_name_that_cannot_be_a_tag_is_refused(language):
    with pytest.raises(TokenizerError, match="cannot be a tag"):
        BytePairTokenizer.learn(SENTENCES, 300, [language])


def test_an_unknown_language_is_told_the_known_ones():
    with pytest.raises(TokenizerError, match=r"'de'.*fr, ko"):
        TOKENIZER.tag("de")
    with pytest.raises(TokenizerError, match="without languages"):
        BytePairTokenizer.learn(SENTENCES, 300).tag("de")


@pytest.mark.parametrize("index", [-1, TOKENIZER.size, 10**12])
def test_an_id_outside_the_vocabulary_is_refused(index):
    for use in (TOKENIZER.decode, TOKENIZER.pieces):
        with pytest.raises(TokenizerError, match=str(index)):
            use([5, index])


def changed(change) -> str:
    document = json.loads(TOKENIZER.to_json())
    change(document)
    return json.dumps(document)


def added(number: int, content: object, **flags: bool) -> dict[str, object]:
    """As a tokenizer.json has a token that came later."""
    plain = {"special": False, "normalized": True, "single_word": False, "lstrip": False, "rstrip": False}
    return {"id": number, "content": content, **plain, **flags}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"{}",
        b"\xff\xfe",
        b"[" * 100_000,
        changed(lambda d: d.update(normalizer=None)),
        changed(lambda d: d["normalizer"].update(type="NFKC")),
        changed(lambda d: d["pre_tokenizer"].update(add_prefix_space=True)),
        changed(lambda d: d["pre_tokenizer"].update(use_regex=False)),
        changed(lambda d: d["model"].update(type="WordPiece")),
        changed(lambda d: d["model"].update(ignore_merges=True)),
        changed(lambda d: d["model"].update(merges=None)),
        changed(lambda d: d["model"].update(merges=[["no", "such"]])),
        changed(lambda d: d["model"].update(merges=[["a"]])),
        changed(lambda d: d["model"]["vocab"].pop("⟨end⟩")),
        changed(lambda d: d["model"]["vocab"].update(a=9999)),
        changed(lambda d: d["model"]["vocab"].update({"⟨2xx⟩": TOKENIZER.size})),
        changed(lambda d: d["model"]["vocab"].update({"漢": TOKENIZER.size})),
        changed(lambda d: d.update(added_tokens=[{"id": 2, "content": "⟨end⟩"}])),
        changed(lambda d: d.update(added_tokens=[added(2, "⟨end⟩")])),
        changed(lambda d: d.update(added_tokens=[added(TOKENIZER.size, "xy", special=True)])),
        changed(lambda d: d.update(added_tokens=[added(TOKENIZER.size, "xy", lstrip=True)])),
        changed(lambda d: d.update(added_tokens=[added(TOKENIZER.size, "e\u0301")])),
        changed(lambda d: d.update(added_tokens=[added(TOKENIZER.size, "xy"), added(TOKENIZER.size + 1, "xy")])),
        changed(lambda d: d.update(added_tokens=[added(TOKENIZER.size, 33)])),
        changed(lambda d: d.update(added_tokens=None)),
    ],
)
def test_another_file_is_refused_by_name(tmp_path, content):
    path = tmp_path / "other.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(TokenizerError, match=r"other\.json is not a clearhead tokenizer") as caught:
        BytePairTokenizer.load(path)
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    with pytest.raises(TokenizerError, match=r"none\.json.*check the path"):
        BytePairTokenizer.load(tmp_path / "none.json")
    with pytest.raises(TokenizerError, match="cannot read"):
        BytePairTokenizer.load(tmp_path)


def test_a_token_that_a_file_has_another_meaning_for(tmp_path):
    """é is spelled Ã©, and the letter é itself stands for the byte E9; é in a longer token is read well."""
    with pytest.raises(
        TokenizerError, match=r"^'é' is what a tokenizer's file calls other bytes; choose a longer token$"
    ):
        TOKENIZER.with_tokens(["é"])
    later = TOKENIZER.with_tokens(["café"])
    assert later.decode(later.encode("un café.")) == "un café."
    assert BytePairTokenizer.from_json(later.to_json()).encode("café") == [TOKENIZER.size]


def test_a_folded_token_is_read_as_it_is_folded():
    tokenizer = BytePairTokenizer.learn(SENTENCES * 3, 330, fold=True).with_tokens(["l’eau"])
    assert tokenizer.encode("l'eau") == tokenizer.encode("l’eau") == [tokenizer.size - 1]
