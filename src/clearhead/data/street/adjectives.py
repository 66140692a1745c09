"""The adjectives. Each line: English, French (with its feminine where a rule cannot tell), Korean.

Korean may add its form before a noun after a comma. Marks: `!` a verb whose past tells the state (지치다), `+` a verb
whose present does (붐비다), `=` a noun with 이다 (빨간색이다), `@` something that is in a place (길에 먼지가 많다),
`<` French puts it before its noun. The classes say what each may be said of; what would be absurd or would fit both
nouns of a coreference sentence is left out.
"""

from clearhead.data.street import french_forms
from clearhead.data.street.words import Adjective

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
exhausted: épuisé: 지치!
hungry: affamé: 배고프
thirsty: assoiffé: 목마르/르
distracted: distrait: 산만하
clumsy: maladroit: 서투르/르
sleepy: somnolent: 졸리
young: jeune<: 어리
fat: gros grosse<: 뚱뚱하
anxious: anxieux: 불안하
sad: triste: 슬프
furious: furieux: 화가 나!
impatient: impatient: 조급하
"""
# Said of places, and a reason for an animal not to go on.
SCENIC = """
wide: large: 넓
narrow: étroit: 좁
long: long longue<: 길
dark: sombre: 어둡/ㅂ
steep: raide: 가파르/르
slippery: glissant: 미끄럽/ㅂ
crowded: bondé: 붐비+
muddy: boueux: 질척하
icy: verglacé: 얼어붙!
foggy: brumeux: 안개가 자욱하@
dusty: poussiéreux: 먼지가 많@
sunny: ensoleillé: 햇볕이 강하@
deserted: désert: 황량하
polluted: pollué: 오염되!
rocky: rocailleux: 바위가 많@
remote: isolé: 외지!
uneven: inégal: 울퉁불퉁하
vast: vaste<: 광활하
winding: sinueux: 구불구불하
damp: humide: 습하
gloomy: lugubre: 음침하
deep: profond: 깊
"""
# Said of what goes into a container, or of the container, as the verb has it.
LARGE = """
big: grand<: 크
bulky: encombrant: 부피가 크
thick: épais épaisse: 두껍
heavy: lourd: 무겁/ㅂ
"""
SMALL = """
small: petit<: 작
short: court: 짧
low: bas basse: 낮
cramped: exigu exiguë: 비좁
"""
COLOURS = """
green: vert: 초록색=초록색
blue: bleu: 파란색=파란
white: blanc blanche: 하얀색=하얀
black: noir: 검은색=검은
yellow: jaune: 노란색=노란
red: rouge: 빨간색=빨간
"""
THINGS = """
expensive: cher chère: 비싸
dirty: sale: 더럽/ㅂ
clean: propre: 깨끗하
precious: précieux: 귀중하
fragile: fragile: 깨지기 쉽/ㅂ
solid: solide: 튼튼하
rare: rare: 희귀하
"""
ANY = """
beautiful: beau belle bel<: 아름답/ㅂ
ugly: laid: 흉하
strange: étrange: 이상하
famous: célèbre: 유명하
important: important: 중요하
magnificent: magnifique: 훌륭하
interesting: intéressant: 흥미롭/ㅂ
"""
# Only beside a noun: Korean has no way to say so of something.
NEW = """
new: nouveau nouvelle nouvel<: 새롭/ㅂ,새
"""
HUMAN = """
happy: heureux: 행복하
kind: gentil gentille<: 친절하
rich: riche: 부유하
poor: pauvre: 가난하
busy: occupé: 바쁘
honest: honnête: 정직하
brave: courageux: 용감하
intelligent: intelligent: 똑똑하
polite: poli: 공손하
jealous: jaloux jalouse: 질투심이 강하
"""
FEELINGS = (
    "tired, sick, weak, nervous, scared, shy, exhausted, anxious, sad, furious, impatient, sleepy, lazy, hungry,"
    " thirsty"
)


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
    "animal": animate + named("big, small, beautiful, ugly, strange, white, black"),
    "place": scenic + named("beautiful, ugly, strange, famous, magnificent"),
    "thing": colours + things + named("big, small, heavy, beautiful, ugly, strange, magnificent"),
    "text": named("long, strange, famous, important, beautiful, interesting"),
    "container": colours + things + named("big, small, heavy, strange, ugly, beautiful"),
    "furniture": colours + things + named("big, small, beautiful, ugly, strange, magnificent"),
    "food": named("big, small, expensive, dirty, strange, green, red, yellow"),
    "locale": named("big, small, dirty, clean, beautiful, famous, strange"),
}
# What may stand beside its noun: short and common ones, so that a phrase stays one that people say.
beside_kind: dict[str, tuple[Adjective, ...]] = {
    "human": named("rich, poor, brave, honest, kind, polite, intelligent"),
    "animal": named("big, small, white, black, beautiful"),
    "place": named("long, narrow, beautiful, vast, dark, damp"),
    "thing": colours + named("new, big, small, beautiful, precious, heavy"),
    "text": named("new, long, beautiful, strange, famous, interesting"),
    "container": colours + named("new, big, small, heavy"),
    "furniture": colours + named("new, big, small, beautiful"),
    "food": named("big, small, green, red, yellow"),
    "locale": named("new, big, small, beautiful"),
}
# Where SCENIC would be absurd.
NEVER: dict[str, str] = {
    "deep": "bridge, path, park, garden, field, desert, corridor, village, street, road, alley, avenue, square,"
    " courtyard, beach, plain, hill, tunnel",
    "steep": "park, garden, field, tunnel, desert, corridor, swamp, canal, village, square, courtyard, beach, plain,"
    " river, forest, avenue",
    "crowded": "swamp, canal, desert, river, ravine, field, plain, valley, forest, hill, path",
    "icy": "forest, desert, beach, village, field",
    "muddy": "desert, corridor, tunnel, river, canal, bridge, beach",
    "dusty": "swamp, canal, river, beach, forest",
    "vast": "bridge, path, tunnel, corridor, canal, street, road, alley, avenue, river, ravine, village",
    "winding": "bridge, park, garden, field, desert, swamp, village, square, courtyard, beach, forest, plain, hill,"
    " avenue",
    "rocky": "bridge, tunnel, corridor, canal, village, avenue, alley, street, swamp, square, courtyard",
    "sunny": "tunnel, corridor, ravine",
    "foggy": "tunnel, corridor",
    "uneven": "swamp, canal, river, village, valley, forest",
    "slippery": "desert, forest, village, garden, park, swamp, canal, river, beach, plain, valley, field",
    "damp": "desert, river, canal, swamp, beach",
    "remote": "corridor, courtyard",
    "polluted": "corridor, tunnel, bridge, hill, courtyard, alley",
    "wide": "forest, village, tunnel, hill",
    "narrow": "park, desert, forest, plain, village, field, hill, beach, swamp",
    "long": "park, garden, field, desert, swamp, village, square, courtyard, forest, plain, hill",
    "dark": "desert, plain, beach, field",
    "gloomy": "beach",
    "deserted": "river, canal, desert",
}


def fits(place: str, adjective: str) -> bool:
    """Whether a place can be said to be so."""
    return place not in NEVER.get(adjective, "").split(", ")


# Adjectives that a degree would spoil: *very magnificent*, 매우 빨간색.
absolute = frozenset(word.key for word in colours) | {"magnificent", "exhausted"}
