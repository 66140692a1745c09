"""English below the sentence: plurals, the third person, the regular past, a or an."""

VOWELS = "aeiou"
MUTE_H = ("honest",)
DOUBLED = ("stop",)


def plural(word: str) -> str:
    """The regular plural: -s, -es, -ies."""
    if word.endswith(("s", "x", "ch", "sh")):
        return word + "es"
    return word[:-1] + "ies" if word.endswith("y") and word[-2] not in VOWELS else word + "s"


def third_person(verb: str) -> str:
    """The verb after he, she, it: as a plural, and -oes for go."""
    return verb + "es" if verb.endswith("o") else plural(verb)


def regular_past(verb: str) -> str:
    """The regular past: -ed, -d, -ied, and a doubled consonant."""
    if verb in DOUBLED:
        return verb + verb[-1] + "ed"
    if verb.endswith("e"):
        return verb + "d"
    return verb[:-1] + "ied" if verb.endswith("y") and verb[-2] not in VOWELS else verb + "ed"


def article(word: str) -> str:
    """*an* before a vowel sound, so also before a mute h. No word of the lexicon begins with a sounded u."""
    return "an" if word[0] in VOWELS or word in MUTE_H else "a"
