"""The adjectives. Each line: English, French (with its feminine where a rule cannot tell), Korean.

Korean may add its form before a noun after a comma. Marks: `!` a verb whose past tells the state (지치다), `+` a verb
whose present does (붐비다), `=` a noun with 이다 (빨간색이다), `@` something that is in a place (길에 먼지가 많다),
`<` French puts it before its noun. The classes say what each may be said of; what would be absurd or would fit both
nouns of a coreference sentence is left out.
"""

from clearhead.street import french_forms
from clearhead.street.words import Adjective

# Said of animals, and a reason for them not to go on.
ANIMATE = """
tired: fatigué: 피곤하
sick: malade: 아프
weak: faible: 약하
lazy: paresseux: 게으르/르
nervous: nerveux: 초조하
scared: effrayé: 겁먹!
cautious: prudent: 신중하
stubborn: têtu: 고집스럽/ㅂ
slow: lent: 느리
shy: timide: 소심하
hungry: affamé: 배고프
thirsty: assoiffé: 목마르/르
sleepy: somnolent: 졸리
young: jeune<: 어리
fat: gros grosse<: 뚱뚱하
curious: curieux: 호기심이 많
furious: furieux: 화가 나!
impatient: impatient: 조급하
"""
# Said of places, and a reason for an animal not to go on.
SCENIC = """
wide: large: 넓
narrow: étroit: 좁
dark: sombre: 어둡/ㅂ
slippery: glissant: 미끄럽/ㅂ
crowded: bondé: 붐비+
muddy: boueux: 질척하
snowy: enneigé: 눈이 많@
foggy: brumeux: 안개가 자욱하@
dusty: poussiéreux: 먼지가 많@
sunny: ensoleillé: 햇볕이 강하@
windy: venteux: 바람이 강하@
deserted: désert: 황량하
polluted: pollué: 오염되!
bright: lumineux: 밝
remote: isolé: 외지!
uneven: accidenté: 울퉁불퉁하
damp: humide: 습하
gloomy: lugubre: 음침하
"""
# Said of what goes into a container, or of the container, as the verb has it.
LARGE = """
big: grand<: 크
thick: épais épaisse: 두껍
long: long longue<: 길
heavy: lourd: 무겁/ㅂ
"""
SMALL = """
small: petit<: 작
full: plein: 꽉 차!
"""
COLOURS = """
green: vert: 초록색=초록색
blue: bleu: 파란색=파란
white: blanc blanche: 하얀색=하얀
black: noir: 검은색=검은
red: rouge: 빨간색=빨간
"""
THINGS = """
expensive: cher chère: 비싸
dirty: sale: 더럽/ㅂ
clean: propre: 깨끗하
"""
ANY = """
beautiful: beau belle bel<: 아름답/ㅂ
strange: étrange: 이상하
famous: célèbre: 유명하
important: important: 중요하
interesting: intéressant: 흥미롭/ㅂ
"""
# Only beside a noun: Korean has no way to say so of something.
NEW = """
new: nouveau nouvelle nouvel<: 새롭/ㅂ,새
"""
HUMAN = """
happy: heureux: 행복하
sad: triste: 슬프
kind: gentil gentille<: 친절하
rich: riche: 부유하
poor: pauvre: 가난하
busy: occupé: 바쁘
polite: poli: 공손하
"""
FEELINGS = "tired, sick, weak, nervous, scared, shy, curious, furious, impatient, sleepy, lazy, hungry, thirsty"


def _read_line(line: str) -> Adjective:
    english, french, korean = line.split(": ")
    masculine, *given = french.rstrip("<").split()
    feminine = given[0] if given else french_forms.feminine(masculine)
    stem, kind, before = _korean(korean)
    return Adjective(
        english, english, masculine, feminine, french_forms.plural(masculine), french_forms.plural(feminine),
        given[1] if len(given) > 1 else masculine, french.endswith("<"), stem, kind, before,
    )  # fmt: skip


def _korean(entry: str) -> tuple[str, str, str]:
    """Stem, kind, and a form before nouns that no rule gives."""
    if "=" in entry:
        stem, before = entry.split("=")
        return stem, "noun", before
    stem, _, before = entry.partition(",")
    kind = {"!": "reached", "+": "verb", "@": "within"}.get(stem[-1], "state")
    return stem.rstrip("!+@"), kind, before


def read(table: str) -> tuple[Adjective, ...]:
    """The adjectives of a table."""
    return tuple(_read_line(line) for line in table.strip().splitlines())


animate, scenic, large, small = read(ANIMATE), read(SCENIC), read(LARGE), read(SMALL)
colours, things, general, human, new = read(COLOURS), read(THINGS), read(ANY), read(HUMAN), read(NEW)
by_key = {word.key: word for word in animate + scenic + large + small + colours + things + general + human + new}


def named(keys: str) -> tuple[Adjective, ...]:
    """The adjectives of these keys, written with commas between."""
    return tuple(by_key[key] for key in keys.split(", "))


# What may be predicated of each kind of noun.
of_kind: dict[str, tuple[Adjective, ...]] = {
    "human": human + named(FEELINGS) + named("beautiful, strange, famous"),
    "animal": animate + named("big, small, beautiful, strange, white, black"),
    "place": scenic + named("beautiful, strange, famous"),
    "thing": colours + things + named("big, small, heavy, beautiful, strange"),
    "container": colours + things + named("big, small, heavy, strange"),
    "furniture": colours + named("dirty, clean, big, small, beautiful, strange"),
    "locale": named("big, small, dirty, clean, beautiful, famous, strange"),
}
# What may stand beside its noun: short and common ones, so that a phrase stays one that people say.
beside_kind: dict[str, tuple[Adjective, ...]] = {
    "human": named("rich, poor, kind, polite"),
    "animal": named("big, small, white, black, beautiful"),
    "place": named("long, narrow, beautiful, dark"),
    "thing": colours + named("new, big, small, beautiful"),
    "text": named("new, long, beautiful, famous"),
    "container": colours + named("new, big, small"),
    "furniture": colours + named("new, big, small, beautiful"),
    "food": named("big, small, green, red"),
    "locale": named("new, big, small, beautiful"),
}
# Where an adjective would be absurd.
NEVER: dict[str, str] = {
    "wide": "village",
    "narrow": "forest",
    "slippery": "village, beach",
    "crowded": "field",
    "muddy": "bridge",
    "dusty": "beach, forest",
    "polluted": "bridge",
    "uneven": "village, forest",
    "long": "park, garden, field, village, square, forest, ball",
    "thick": "ball",
}


def fits(noun: str, adjective: str) -> bool:
    """Whether a place or a thing can be said to be so."""
    return noun not in NEVER.get(adjective, "").split(", ")


# Adjectives that a degree would spoil: 매우 빨간색.
absolute = frozenset(word.key for word in colours)


# Of these, a noun has one at a time: no red box is blue, no big horse small.
OPPOSED = tuple(frozenset(group.split(", ")) for group in ("big, small", "wide, narrow", "dark, bright", "rich, poor"))
OPPOSED += (absolute,)


def agree(first: Adjective | None, second: Adjective) -> bool:
    """Whether the same noun can be both, and it is worth saying."""
    return first is None or not (
        first is second or any(first.key in group and second.key in group for group in OPPOSED)
    )
