"""Forms from any grammar of Korean: particles by the final consonant, and the irregular conjugations."""

import pytest

from clearhead.street.korean_forms import (
    attributive,
    attributive_present,
    conjugated,
    has_final,
    identified,
    linked,
    prospective,
    with_particle,
)


@pytest.mark.parametrize(
    ("noun", "particle", "expected"),
    [
        ("동물", "은", "동물은"), ("나무", "은", "나무는"), ("책", "이", "책이"), ("의사", "이", "의사가"),
        ("길", "을", "길을"), ("도로", "을", "도로를"), ("왕", "과", "왕과"), ("공주", "과", "공주와"),
        ("공원", "에서", "공원에서"), ("병원", "으로", "병원으로"), ("호텔", "으로", "호텔로"),
        ("학교", "으로", "학교로"),
    ],
)  # fmt: skip
def test_a_particle_follows_the_last_sound(noun: str, particle: str, expected: str) -> None:
    """은/는, 이/가, 을/를, 과/와, 으로/로 (로 after ㄹ too)."""
    assert with_particle(noun, particle) == expected


def test_a_final_consonant_is_read_off_the_code_point() -> None:
    """가 is the first syllable and has none; 각 has one."""
    assert not has_final("가")
    assert has_final("각")
    assert not has_final("ok")


@pytest.mark.parametrize(
    ("stem", "expected"),
    [
        ("먹", "먹어"), ("가", "가"), ("보", "봐"), ("마시", "마셔"), ("주", "줘"), ("피곤하", "피곤해"), ("크", "커"),
        ("아프", "아파"), ("슬프", "슬퍼"), ("배고프", "배고파"), ("어둡/ㅂ", "어두워"), ("돕/ㅂ", "도와"),
        ("가파르/르", "가팔라"),
        ("게으르/르", "게을러"), ("목마르/르", "목말라"), ("걷/ㄷ", "걸어"), ("넓", "넓어"), ("닫", "닫아"),
        ("쓰", "써"),
        ("느리", "느려"), ("따라가", "따라가"), ("보내", "보내"), ("부르/르", "불러"), ("두르/르", "둘러"),
        ("길", "길어"),
    ],
)  # fmt: skip
def test_the_form_in_a_or_eo(stem: str, expected: str) -> None:
    """-아/어 with its contractions and irregular stems."""
    assert linked(stem) == expected


@pytest.mark.parametrize(
    ("stem", "expected"),
    [("길", "긴"), ("어둡/ㅂ", "어두운"), ("넓", "넓은"), ("크", "큰"), ("걷/ㄷ", "걸은"), ("팔", "판"),
    ("잃어버리", "잃어버린"),
     ("돕/ㅂ", "도운"), ("가지고 있", "가지고 있는")],
)  # fmt: skip
def test_before_a_noun(stem: str, expected: str) -> None:
    """-(으)ㄴ."""
    assert attributive(stem) == expected


def test_other_forms() -> None:
    """-는 drops ㄹ; -(으)ㄹ keeps it."""
    assert attributive_present("붐비") == "붐비는"
    assert attributive_present("열") == "여는"
    assert prospective("열") == "열"
    assert prospective("먹") == "먹을"
    assert prospective("돕/ㅂ") == "도울"


@pytest.mark.parametrize(
    ("stem", "tense", "negative", "ending", "expected"),
    [
        ("먹", "present", False, "formal", "먹습니다"), ("길", "present", False, "formal", "깁니다"),
        ("가", "past", False, "formal", "갔습니다"), ("하", "future", False, "formal", "할 것입니다"),
        ("건너", "past", True, "formal", "건너지 않았습니다"), ("넓", "past", False, "때문", "넓었기 때문입니다"),
        ("읽", "past", False, "고", "읽었고"), ("좋아하", "present", True, "지만", "좋아하지 않지만"),
        ("열", "future", True, "formal", "열지 않을 것입니다"), ("걷/ㄷ", "present", False, "formal", "걷습니다"),
    ],
)  # fmt: skip
def test_the_end_of_a_clause(stem: str, tense: str, negative: bool, ending: str, expected: str) -> None:
    """Tense, the long negation, and what closes the clause."""
    assert conjugated(stem, tense, negative, ending) == expected


def test_a_noun_with_ida() -> None:
    """입니다, 이었습니다 after a consonant and 였습니다 after a vowel, 이/가 아닙니다."""
    assert identified("학생", "present", False, "formal") == "학생입니다"
    assert identified("학생", "past", False, "formal") == "학생이었습니다"
    assert identified("의사", "past", False, "formal") == "의사였습니다"
    assert identified("의사", "present", True, "formal") == "의사가 아닙니다"
    assert identified("학생", "past", True, "formal") == "학생이 아니었습니다"
