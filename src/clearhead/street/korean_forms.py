"""Korean below the sentence: which particle a noun takes, and how a stem is conjugated.

A Hangul syllable is 0xAC00 + (lead · 21 + vowel) · 28 + final, so that a final consonant can be asked for, added and
taken away by arithmetic. A stem is written with its irregularity after a slash: 어둡/ㅂ, 가파르/르, 걷/ㄷ, 짓/ㅅ.
"""

from functools import cache

FIRST, LAST, FINALS, VOWELS = 0xAC00, 0xD7A3, 28, 21
FINAL = {"": 0, "ㄱ": 1, "ㄴ": 4, "ㄷ": 7, "ㄹ": 8, "ㅂ": 17, "ㅅ": 19, "ㅆ": 20}
VOWEL = {"ㅏ": 0, "ㅐ": 1, "ㅓ": 4, "ㅔ": 5, "ㅕ": 6, "ㅗ": 8, "ㅘ": 9, "ㅜ": 13, "ㅝ": 14, "ㅡ": 18, "ㅣ": 20}
BRIGHT = (VOWEL["ㅏ"], VOWEL["ㅗ"])
CONTRACTIONS = {VOWEL["ㅗ"]: VOWEL["ㅘ"], VOWEL["ㅜ"]: VOWEL["ㅝ"], VOWEL["ㅣ"]: VOWEL["ㅕ"]}
OPEN = tuple(VOWEL[vowel] for vowel in "ㅏㅐㅓㅔㅕ")
PARTICLES = {"은": "는", "이": "가", "을": "를", "과": "와"}
ENDINGS = ("formal", "고", "지만", "때문")


def parts(syllable: str) -> tuple[int, int, int]:
    """Lead, vowel and final of a syllable, as numbers."""
    code = ord(syllable) - FIRST
    return code // (FINALS * VOWELS), code // FINALS % VOWELS, code % FINALS


def syllable(lead: int, vowel: int, final: int) -> str:
    """The syllable of these parts."""
    return chr(FIRST + (lead * VOWELS + vowel) * FINALS + final)


def has_final(word: str) -> bool:
    """Whether a word ends in a consonant, as the choice of every particle asks."""
    return FIRST <= ord(word[-1]) <= LAST and parts(word[-1])[2] != 0


@cache
def with_particle(noun: str, particle: str) -> str:
    """The noun and its particle, named by the form after a consonant: 은, 이, 을, 과, 으로; others never change."""
    if particle == "으로":
        return noun + ("으로" if has_final(noun) and parts(noun[-1])[2] != FINAL["ㄹ"] else "로")
    return noun + (particle if has_final(noun) else PARTICLES.get(particle, particle))


def with_final(word: str, final: str) -> str:
    """The word with another final consonant in its last syllable."""
    lead, vowel, _ = parts(word[-1])
    return word[:-1] + syllable(lead, vowel, FINAL[final])


def before_vowel(stem: str) -> tuple[str, bool]:
    """The stem as it stands before an ending in (으), and whether that ending keeps its 으."""
    bare, _, irregular = stem.partition("/")
    if irregular == "ㅂ":
        return with_final(bare, "") + "우", False
    if irregular == "ㄷ":
        return with_final(bare, "ㄹ"), True
    if irregular == "ㅅ":
        return with_final(bare, ""), True
    return bare, parts(bare[-1])[2] not in (0, FINAL["ㄹ"])


def attributive(stem: str) -> str:
    """-(으)ㄴ: an adjective before its noun, or a verb's past before it. 넓은, 긴, 어두운, 잃어버린, 재미있는."""
    bare, keeps = before_vowel(stem)
    if bare.endswith(("있", "없")):
        return bare + "는"
    return bare + "은" if keeps else with_final(bare, "ㄴ")


def attributive_present(stem: str) -> str:
    """-는: a verb's present before its noun. 붐비는."""
    bare = stem.partition("/")[0]
    return (with_final(bare, "") if parts(bare[-1])[2] == FINAL["ㄹ"] else bare) + "는"


def prospective(stem: str) -> str:
    """-(으)ㄹ: what is still to come. 먹을, 갈, 어두울, 열."""
    bare, keeps = before_vowel(stem)
    return bare + "을" if keeps else with_final(bare, "ㄹ")


@cache
def linked(stem: str) -> str:
    """-아/어, contracted as it is written: 먹어, 해, 커, 가팔라, 어두워, 봐, 마셔, 가."""
    bare, _, irregular = stem.partition("/")
    if irregular == "ㅂ":
        return with_final(bare, "") + ("와" if bare.endswith("돕") else "워")
    if irregular == "르":
        bright = parts(bare[-2])[1] in BRIGHT
        return bare[:-2] + with_final(bare[-2], "ㄹ") + ("라" if bright else "러")
    if bare.endswith("하"):
        return bare[:-1] + "해"
    before, _keeps = before_vowel(stem)
    lead, vowel, final = parts(before[-1])
    if final or irregular == "ㅅ":
        return before + ("아" if vowel in BRIGHT else "어")
    if vowel == VOWEL["ㅡ"]:
        bright = len(before) > 1 and parts(before[-2])[1] in BRIGHT
        return before[:-1] + syllable(lead, VOWEL["ㅏ" if bright else "ㅓ"], 0)
    if vowel in OPEN:
        return before
    return before[:-1] + syllable(lead, CONTRACTIONS[vowel], 0) if vowel in CONTRACTIONS else before + "어"


def formal(stem: str) -> str:
    """-ㅂ니다/습니다: 갑니다, 먹습니다, 깁니다."""
    bare = stem.partition("/")[0]
    return with_final(bare, "ㅂ") + "니다" if parts(bare[-1])[2] in (0, FINAL["ㄹ"]) else bare + "습니다"


def past(stem: str) -> str:
    """The past stem: 먹었, 했, 컸."""
    return with_final(linked(stem), "ㅆ")


def closed(stem: str, ending: str) -> str:
    """A stem and the ending that closes its clause: -ㅂ니다, -고, -지만, -기 때문입니다."""
    if ending == "formal":
        return formal(stem)
    return stem.partition("/")[0] + {"고": "고", "지만": "지만", "때문": "기 때문입니다"}[ending]


@cache
def conjugated(stem: str, tense: str, negative: bool, ending: str) -> str:
    """A verb or adjective with tense, the long negation -지 않다, and the ending of its clause."""
    if negative:
        return stem.partition("/")[0] + "지 " + conjugated("않", tense, False, ending)
    if tense == "past":
        return closed(past(stem), ending)
    if tense == "future":
        return prospective(stem) + " 것" + closed("이", ending)
    return closed(stem, ending)


@cache
def identified(noun: str, tense: str, negative: bool, ending: str) -> str:
    """A noun and 이다, or 이/가 아니다: 학생입니다, 의사였습니다, 학생이 아닙니다."""
    if negative:
        return (
            with_particle(noun, "이")
            + " "
            + {"past": closed("아니었", ending)}.get(tense, conjugated("아니", tense, False, ending))
        )
    if tense == "past":
        return noun + closed("이었" if has_final(noun) else "였", ending)
    return noun + conjugated("이", tense, False, ending)
