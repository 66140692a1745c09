"""French below the sentence: elision, contraction, plurals, feminines and conjugation."""

from functools import cache

VOWELS = frozenset("aeiouyàâäéèêëîïôöùûüœæh")
ASPIRATED = frozenset({"haut", "haute", "hauts", "hautes", "hache", "hibou", "haricot", "hamac"})
ELIDING = frozenset({"le", "la", "de", "je", "ne", "que"})
CONTRACTED = {("de", "le"): "du", ("de", "les"): "des", ("à", "le"): "au", ("à", "les"): "aux"}
CONTRACTING = frozenset(first for first, _ in CONTRACTED)
REFUSES_ELISION = frozenset({"huit", "onze", "oui"})


@cache
def begins_with_vowel(word: str) -> bool:
    """Whether the word before it elides: a vowel or a mute h."""
    lower = word.lower()
    return lower[0] in VOWELS and lower not in ASPIRATED and lower not in REFUSES_ELISION


def joined(words: list[str]) -> str:
    """The words as they are written: l'animal, du roi, qu'il, but de l'école and au marché.

    An article that elides does not contract, so elision is decided first.
    """
    written: list[str] = []
    prefix = ""
    index, last = 0, len(words) - 1
    while index <= last:
        word = words[index]
        if index < last and word in ELIDING and begins_with_vowel(words[index + 1]):
            prefix += word[:-1] + "'"
        elif index < last and word in CONTRACTING and (contracted := _contracted(words, index)):
            written.append(prefix + contracted)
            prefix = ""
            index += 1
        else:
            written.append(prefix + word)
            prefix = ""
        index += 1
    return " ".join(written)


def _contracted(words: list[str], index: int) -> str:
    """*du, des, au, aux* where two words become one, else nothing."""
    pair = (words[index], words[index + 1])
    if pair not in CONTRACTED:
        return ""
    elides = pair[1] == "le" and index + 2 < len(words) and begins_with_vowel(words[index + 2])
    return "" if elides else CONTRACTED[pair]


def plural(word: str) -> str:
    """The regular plural: -s, nothing after s, x, z, -x after eau and eu, -aux for -al."""
    if word[-1] in "sxz":
        return word
    if word.endswith(("eau", "eu")) and word != "bleu":
        return word + "x"
    return word[:-2] + "aux" if word.endswith("al") else word + "s"


def feminine(word: str) -> str:
    """The regular feminine: -e, -euse, -ve, -ère, nothing after e."""
    if word.endswith("eux"):
        return word[:-1] + "se"
    if word.endswith("f"):
        return word[:-1] + "ve"
    if word.endswith("er"):
        return word[:-2] + "ère"
    return word if word.endswith("e") else word + "e"


def regular(infinitive: str) -> tuple[str, ...]:
    """A verb in -er: present of je, il, nous, ils; participle; stem of the future."""
    stem = infinitive[:-2]
    nous = stem + ("eons" if stem.endswith("g") else "ons")
    return stem + "e", stem + "e", nous, stem + "ent", stem + "é", infinitive


def agreeing(participle: str, feminine_subject: bool, plural_subject: bool) -> str:
    """A participle in the gender and number of what it agrees with."""
    word = participle + ("e" if feminine_subject else "")
    return word + ("s" if plural_subject and word[-1] != "s" else "")
