"""Which scripts a text is in, and which a model learned to read (faults.md B5)."""

import random

import pytest

from clearhead.text import BytePairTokenizer, CharacterTokenizer, learned_scripts, unread_scripts
from clearhead.text.scripts import scripts_of

SENTENCES = {
    "en": ["I am a student and I read books every day.", "The weather is lovely this morning, isn't it?"],
    "fr": ["Je suis étudiante et je lis des livres tous les jours.", "Il fait beau ce matin, n'est-ce pas ?"],
    "de": ["Ich bin Studentin und lese jeden Tag Bücher.", "Heute früh ist das Wetter schön, nicht wahr?"],
    "ko": ["저는 학생이고 매일 책을 읽습니다.", "오늘 아침은 날씨가 참 좋네요, 그렇지 않나요?"],
    "ja": ["私は学生で、毎日本を読みます。", "今朝はとてもいい天気ですね、そうでしょう？"],
    "ru": ["Я студентка и каждый день читаю книги.", "Сегодня утром прекрасная погода, не так ли?"],
    "ar": ["أنا طالبة وأقرأ الكتب كل يوم.", "الطقس جميل هذا الصباح، أليس كذلك؟"],
    "el": ["Είμαι φοιτήτρια και διαβάζω βιβλία κάθε μέρα.", "Ο καιρός είναι υπέροχος σήμερα το πρωί."],
    "hi": ["मैं छात्रा हूँ और हर दिन किताबें पढ़ती हूँ।", "आज सुबह मौसम बहुत अच्छा है, है ना?"],
    "th": ["ฉันเป็นนักเรียนและอ่านหนังสือทุกวัน", "เช้านี้อากาศดีมากใช่ไหม"],
}
LATIN = ("en", "fr", "de")
# What people write in any language.
EVERYDAY = [
    "", " ", "👍", "👍🏽🎉❤️", "…", "—", "3,200 × 12 = 38,400", "2026-11-29 09:30", "50 Ω", "20 µm", "π ≈ 3.14",
    "α + β", "https://example.com/a?b=1#c", "someone@example.org", "Zbigniew Brzeziński", "José Ñañez", "Ångström",
    "NASA", "iPhone 15", "ﬁnance", "ｆｕｌｌ ｗｉｄｔｈ", "𝐛𝐨𝐥𝐝", "№ 7", "x²", "C++", "H₂O", "Tiếng Việt",
    "e\u0301te\u0301", "\ufffd\ufffd", "\u200b", "We met 김민수 at the station.", "The word привет means hello.",
]  # fmt: skip


@pytest.fixture(scope="module")
def tokenizers() -> dict[str, BytePairTokenizer]:
    """One of each language, learned from a hundred lines of its words in other orders."""
    learned = {}
    for language, sentences in SENTENCES.items():
        words = " ".join(sentences).split()
        draw = random.Random(1)
        lines = [*sentences, *sentences, *(" ".join(draw.choices(words, k=6)) for _ in range(100))]
        learned[language] = BytePairTokenizer.learn(lines, 600)
    return learned


class TestScripts:
    @pytest.mark.parametrize(
        ("text", "scripts"),
        [
            ("un été", {"LATIN": 5}),
            ("네", {"HANGUL": 1}),
            ("저는 LG", {"HANGUL": 2, "LATIN": 2}),
            ("はい 好", {"HIRAGANA": 2, "CJK": 1}),
            ("50 Ω, α", {}),
            ("हिन्दी", {"DEVANAGARI": 3}),
        ],
    )
    def test_counted_by_hand(self, text: str, scripts: dict[str, int]) -> None:
        assert scripts_of(text) == scripts

    def test_either_form_of_unicode(self) -> None:
        assert scripts_of("e\u0301te\u0301") == scripts_of("été")


class TestLearned:
    @pytest.mark.parametrize("model", SENTENCES)
    @pytest.mark.parametrize("language", SENTENCES)
    def test_from_a_tokenizer_alone(self, tokenizers: dict[str, BytePairTokenizer], model: str, language: str) -> None:
        """A language can be read by the tokenizer that was learned from it, and by those of its script."""
        known = learned_scripts(tokenizers[model])
        alike = model == language or {model, language} <= set(LATIN)
        for sentence in SENTENCES[language]:
            assert (unread_scripts(sentence, known) == ()) == alike

    @pytest.mark.parametrize("text", EVERYDAY)
    @pytest.mark.parametrize("model", LATIN)
    def test_nothing_is_said_of_everyday_text(
        self, tokenizers: dict[str, BytePairTokenizer], model: str, text: str
    ) -> None:
        assert unread_scripts(text, learned_scripts(tokenizers[model])) == ()

    def test_letters_that_were_only_met(self) -> None:
        """Greek of formulas, and one name in Korean among thousands of words: met, not learned."""
        lines = ["the angle α and the angle β are equal"] * 300 + ["we met 김민수 and 김민수"]
        tokenizer = BytePairTokenizer.learn(lines, 400)
        assert "GREEK" not in learned_scripts(tokenizer)
        counts = [0] * tokenizer.size
        for ids in tokenizer.encode_many(lines):
            for one in ids:
                counts[one] += 1
        assert learned_scripts(tokenizer, counts) == ("LATIN",)

    def test_a_joint_tokenizer_whose_sources_are_known(self) -> None:
        """Korean that only ever was a target is known to the tokenizer and unread by the model."""
        tokenizer = BytePairTokenizer.learn([*SENTENCES["en"] * 30, *SENTENCES["ko"] * 30], 700)
        assert learned_scripts(tokenizer) == ("HANGUL", "LATIN")
        counts = [0] * tokenizer.size
        for ids in tokenizer.encode_many(SENTENCES["en"]):
            for one in ids:
                counts[one] += 1
        assert learned_scripts(tokenizer, counts) == ("LATIN",)

    def test_characters_alone_are_what_it_reads(self) -> None:
        """A model whose every piece is one letter learned each of them, those of scripts that lend symbols as well."""
        texts = [one for language in ("en", "fr", "ko") for one in SENTENCES[language]]
        tokenizer = CharacterTokenizer(set("".join(texts)))
        counts = [0] * tokenizer.size
        for ids in tokenizer.encode_many(texts):
            for one in ids:
                counts[one] += 1
        for learned in (learned_scripts(tokenizer), learned_scripts(tokenizer, counts)):
            assert learned == ("HANGUL", "LATIN")
        assert learned_scripts(CharacterTokenizer(set("".join(SENTENCES["en"])))) == ("LATIN",)

    def test_bytes_alone_tell_nothing(self) -> None:
        assert learned_scripts(BytePairTokenizer([], [], [])) == ()
