"""The byte-level alphabet. Expected characters: GPT-2's published vocabulary ("Ġ" is a space, "Ċ" a line feed)."""

from tokenizers.pre_tokenizers import ByteLevel

from clearhead.text.alphabet import BYTES, CHARACTERS, readable, spelled, visible


def test_it_is_the_alphabet_of_the_library():
    assert set(CHARACTERS) == set(ByteLevel.alphabet())


def test_a_byte_and_its_character_find_each_other():
    assert [BYTES[character] for character in CHARACTERS] == list(range(256))


def test_known_characters_of_gpt2():
    assert (CHARACTERS[ord("a")], CHARACTERS[ord(" ")], CHARACTERS[ord("\n")]) == ("a", "Ġ", "Ċ")


def test_a_text_is_spelled_as_the_library_spells_it():
    text = "a é 반도체🙂"
    assert spelled(text) == ByteLevel(add_prefix_space=False, use_regex=False).pre_tokenize_str(text)[0][0]


def test_a_space_shows_as_a_low_block():
    assert readable("Ġthe") == "▁the"


def test_a_part_of_a_character_shows_as_bytes():
    """ä is C3 A4 in UTF-8."""
    first, second = CHARACTERS[0xC3], CHARACTERS[0xA4]
    assert readable(first) == "<0xC3>"
    assert readable(first + second) == "ä"
    assert readable(second + first + second) == "<0xA4>ä"


def test_what_cannot_be_seen_shows_as_bytes():
    """A line feed is 0A; U+2028 is E2 80 A8."""
    assert readable("Ċ") == "<0x0A>"
    assert readable("".join(CHARACTERS[byte] for byte in (0xE2, 0x80, 0xA8))) == "<0xE2><0x80><0xA8>"


def test_a_text_that_can_be_seen_whole():
    """U+202E, which turns the direction, is E2 80 AE; a lone U+D800 would be ED A0 80."""
    assert visible("한 글 ▁") == "한 글 ▁"
    assert visible("a\u202eb\x00\ud800\udcff") == "a<0xE2><0x80><0xAE>b<0x00><0xED><0xA0><0x80><0xFF>"
