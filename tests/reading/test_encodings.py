"""Which encoding fits: real sentences of each language, written by their own encodings (faults.md B6)."""

import codecs
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearhead.reading import fitting, foreign_encoding

KOREAN = "안녕하세요. 오늘은 날씨가 좋습니다.\n저는 학생입니다. 그 동물은 너무 피곤해서 길을 건너지 않았다.\n"
JAPANESE = (
    "こんにちは。今日は天気がいいですね。\n私は学生です。昨日、友達に会いました。\n東京タワーはとても高いです。\n"
)
SIMPLIFIED = "你好，今天天气很好。\n我是一个学生，昨天我见了我的朋友。\n这只动物没有过马路，因为它太累了。\n"
TRADITIONAL = "你好，今天天氣很好。\n我是一個學生，昨天我見了我的朋友。\n這隻動物沒有過馬路，因為牠太累了。\n"
RUSSIAN = "Привет, как дела?\nЯ студент. Вчера я встретил друга.\nЖивотное не перешло улицу, потому что устало.\n"
FRENCH = (
    "Je suis étudiant.\nL'animal n'a pas traversé la rue parce qu'il était trop fatigué.\nÇa va très bien, merci.\n"
)
GERMAN = "Das Tier überquerte die Straße nicht, weil es zu müde war.\nSchöne Grüße aus München.\n"
CZECH = "Příliš žluťoučký kůň úpěl ďábelské ódy.\nZvíře nepřešlo ulici, protože bylo příliš unavené.\n"
SENTENCES = [
    (KOREAN, "cp949", "CP949"),
    (JAPANESE, "shift_jis", "Shift-JIS"),
    ("①東京へ行きました。～とても楽しかったです。\n", "cp932", "CP932"),
    (JAPANESE, "euc_jp", "EUC-JP"),
    (SIMPLIFIED, "gb18030", "GB18030"),
    (SIMPLIFIED, "gb2312", "GB18030"),
    (TRADITIONAL, "big5", "Big5"),
    (RUSSIAN, "cp1251", "CP1251"),
    (RUSSIAN, "koi8_r", "KOI8-R"),
    (RUSSIAN, "cp866", "CP866"),
    ("Тварина не перейшла вулицю, бо була втомлена.\nЯ студент і живу в Києві.\n", "cp1251", "CP1251"),
    (FRENCH, "latin_1", "LATIN1"),
    ("L’animal n’a pas traversé — c’était l’été…\nŒuvre complète.\n", "cp1252", "CP1252"),
    ("I didn’t see it.\nIt’s “fine” – really…\nWe’re done.\n", "cp1252", "CP1252"),
    (FRENCH, "mac_roman", "MACINTOSH"),
    (FRENCH, "cp850", "CP850"),
    (GERMAN, "latin_1", "LATIN1"),
    ("¿Dónde está el baño?\nMañana será otro día, señor.\n", "latin_1", "LATIN1"),
    ("Eu não sou estudante, mas irmão.\nA estação está fechada amanhã.\n", "latin_1", "LATIN1"),
    ("Djuret gick inte över gatan eftersom det var för trött.\n", "latin_1", "LATIN1"),
    (CZECH, "cp1250", "CP1250"),
    (CZECH, "iso8859_2", "LATIN2"),
    ("Zwierzę nie przeszło przez ulicę, bo było zbyt zmęczone.\nJesteś moją siostrą.\n", "cp1250", "CP1250"),
    ("Hayvan caddeyi geçmedi çünkü çok yorgundu.\nBen bir öğrenciyim, İstanbul'da yaşıyorum.\n", "cp1254", "CP1254"),
    ("Καλημέρα, τι κάνεις;\nΕίμαι φοιτητής στην Αθήνα.\n", "cp1253", "CP1253"),
    ("שלום, מה שלומך?\nאני סטודנט.\n", "cp1255", "CP1255"),
    ("مرحبا، كيف حالك؟\nأنا طالب في الجامعة.\n", "cp1256", "CP1256"),
    ("สวัสดีครับ วันนี้อากาศดีมาก\nผมเป็นนักเรียน\n", "cp874", "CP874"),
]


@pytest.mark.parametrize(("text", "codec", "name"), SENTENCES)
def test_the_encoding_of_real_sentences(text: str, codec: str, name: str) -> None:
    found = fitting(text.encode(codec))
    assert found is not None
    assert found.name == name
    assert found.evidence >= 3
    assert f"iconv -f {name} -t UTF-8 FILE > NEW" in found.remedy("a.txt")
    assert f"gunzip -c FILE | iconv -f {name} -t UTF-8 > NEW" in found.remedy("a.txt.gz")


@pytest.mark.parametrize(("text", "codec", "name"), SENTENCES)
def test_iconv_knows_the_name_and_gives_the_text(text: str, codec: str, name: str) -> None:
    command = ["iconv", "-f", name, "-t", "UTF-8"]
    try:
        assert (
            subprocess.run(command, input=text.encode(codec), capture_output=True, check=True).stdout.decode() == text
        )
    except FileNotFoundError:
        pytest.skip("needs iconv")


@pytest.mark.parametrize("name", ["KOREAN", "JAPANESE", "SIMPLIFIED", "TRADITIONAL", "RUSSIAN", "FRENCH"])
@pytest.mark.parametrize("codec", ["utf_16", "utf_16_le", "utf_16_be", "utf_32", "utf_32_le", "utf_32_be"])
def test_wide_characters_with_and_without_a_mark(name: str, codec: str) -> None:
    text = globals()[name]
    found = foreign_encoding(text.encode(codec))
    assert found is not None
    assert codecs.lookup(found.name).name == codecs.lookup(codec).name
    assert foreign_encoding(text.encode()) is None
    assert foreign_encoding(text.encode("utf-8-sig")) is None


@pytest.mark.parametrize("text", ["Hi.\n", "Hi.", "I\n", "Né.\r\n", "Hi.\nOK\n"])
@pytest.mark.parametrize("codec", ["utf_16_le", "utf_16_be", "utf_32_le", "utf_32_be"])
def test_short_text_of_wide_characters(text: str, codec: str) -> None:
    """faults.md B6: four characters of UTF-16 without a mark were read as UTF-8, to nonsense with exit 0."""
    found = foreign_encoding(text.encode(codec))
    assert found is not None
    assert codecs.lookup(found.name).name == codecs.lookup(codec).name


@pytest.mark.parametrize("content", [b"a\x00", b"\x00\n", b"a\x00b", b"a\x00\x00b", b"H\x00i\n", b"\x00\x00one\x00\n"])
def test_zeros_in_short_text_are_no_utf16(content: bytes) -> None:
    assert foreign_encoding(content) is None


@pytest.mark.parametrize(("text", "codec"), [(JAPANESE, "iso2022_jp"), (KOREAN, "iso2022_kr")])
def test_encodings_of_seven_bits(text: str, codec: str) -> None:
    found = foreign_encoding(text.encode(codec))
    assert found is not None
    assert codecs.lookup(found.name).name == codec


@pytest.mark.parametrize(
    "content", [b"\xff\xfe\xc3\n", b"\xed\xa0\x80\n", b"\x80\x84\x88", b"a\x00b\n", b"\x00\x00\x00\x00", b"\xff" * 90]
)
def test_stray_bytes_are_no_encoding(content: bytes) -> None:
    assert foreign_encoding(content) is None
    found = fitting(content)
    assert found is None or found.evidence < 3


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00\x1b\ufeff")))
def test_utf8_without_zeros_is_never_another(text: str) -> None:
    assert foreign_encoding(text.encode()) is None
