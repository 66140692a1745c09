"""The nouns, by class. Each line: English, French with its gender, Korean, and the counter where it is not 개.

English words that word_sense.py needs for their two senses (bank, key, …), and French ones (glace, carte, …), occur
nowhere else, and a French noun has one English meaning here: otherwise a source would have two translations.
"""

from clearhead.street import english_forms, french_forms
from clearhead.street.words import Noun

ENGLISH_PLURALS = {"man": "men", "woman": "women", "fish": "fish"}

PRONOUNS = """
I: je m: 저
he: il m: 그
she: elle f: 그녀
they: ils m: 그들
"""
NAMES = """
Paul: Paul m: 폴
Lucas: Lucas m: 루카스
Daniel: Daniel m: 다니엘
Emma: Emma f: 엠마
Clara: Clara f: 클라라
Anna: Anna f: 안나
"""
HUMANS = """
boy: garçon m: 소년: 명
man: homme m: 남자: 명
king: roi m: 왕: 명
doctor: médecin m: 의사: 명
farmer: fermier m: 농부: 명
soldier: soldat m: 군인: 명
teacher: professeur m: 교사: 명
girl: fille f: 소녀: 명
woman: femme f: 여자: 명
queen: reine f: 여왕: 명
princess: princesse f: 공주: 명
nurse: infirmière f: 간호사: 명
witch: sorcière f: 마녀: 명
lady: dame f: 숙녀: 명
"""
ANIMALS = """
animal: animal m: 동물: 마리
dog: chien m: 개: 마리
cat: chat m: 고양이: 마리
horse: cheval m: 말: 마리
lion: lion m: 사자: 마리
rabbit: lapin m: 토끼: 마리
cow: vache f: 소: 마리
goat: chèvre f: 염소: 마리
turtle: tortue f: 거북이: 마리
hen: poule f: 암탉: 마리
giraffe: girafe f: 기린: 마리
frog: grenouille f: 개구리: 마리
"""
PLACES = """
bridge: pont m: 다리
path: sentier m: 오솔길
park: parc m: 공원
garden: jardin m: 정원
field: champ m: 들판
village: village m: 마을
street: rue f: 길
road: route f: 도로
avenue: avenue f: 대로
square: place f: 광장
beach: plage f: 해변
forest: forêt f: 숲
"""
CONTENTS = """
ball: ballon m: 공
violin: violon m: 바이올린
umbrella: parapluie m: 우산
cake: gâteau m: 케이크
book: livre m: 책: 권
coat: manteau m: 외투: 벌
guitar: guitare f: 기타
lamp: lampe f: 전등
clock: horloge f: 시계
chair: chaise f: 의자
bottle: bouteille f: 병
shirt: chemise f: 셔츠: 벌
"""
CONTAINERS = """
bag: sac m: 가방
drawer: tiroir m: 서랍
wagon: chariot m: 수레
box: boîte f: 상자
suitcase: valise f: 여행 가방
crate: caisse f: 궤짝
"""
FURNITURE = """
bed: lit m: 침대
wall: mur m: 벽
tree: arbre m: 나무: 그루
table: table f: 탁자
door: porte f: 문
house: maison f: 집: 채
"""
POSSESSIONS = """
passport: passeport m: 여권: 권
ticket: billet m: 표: 장
phone: téléphone m: 전화기: 대
hat: chapeau m: 모자
jacket: veste f: 재킷: 벌
ring: bague f: 반지
photo: photo f: 사진: 장
car: voiture f: 자동차: 대
"""
READABLE = """
newspaper: journal m: 신문: 부
"""
TEXTS = """
letter: lettre f: 편지: 통
novel: roman m: 소설: 편
"""
FOOD = """
egg: œuf m: 달걀
cookie: biscuit m: 과자
apple: pomme f: 사과
carrot: carotte f: 당근
"""
MASS_FOOD = """
bread: pain m: 빵
cheese: fromage m: 치즈
soup: soupe f: 수프
"""
DRINKS = """
coffee: café m: 커피
milk: lait m: 우유
water: eau f: 물
"""
LOCALES = """
kitchen: cuisine f: 부엌
market: marché m: 시장
library: bibliothèque f: 도서관
restaurant: restaurant m: 식당
hospital: hôpital m: 병원
school: école f: 학교
"""
PROFESSIONS = """
student: étudiant étudiante: 학생
musician: musicien musicienne: 음악가
cook: cuisinier cuisinière: 요리사
farmer: fermier fermière: 농부
nurse: infirmier infirmière: 간호사
painter: peintre peintre: 화가
teacher: professeur professeure: 교사
doctor: médecin médecin: 의사
"""


def noun(english: str, french: str, feminine: bool, korean: str, kind: str, counter: str = "개", key: str = "") -> Noun:
    """A noun with its plurals, regular unless a table says otherwise."""
    plurals = ENGLISH_PLURALS.get(english) or english_forms.plural(english)
    french_plural = french_forms.plural(french)
    person = 1 if english in ("I", "we") else 3
    return Noun(key or english, english, plurals, french, french_plural, feminine, korean, counter, kind, person)


def read(table: str, kind: str) -> tuple[Noun, ...]:
    """The nouns of a table."""
    return tuple(_read_line(line, kind) for line in table.strip().splitlines())


def _read_line(line: str, kind: str) -> Noun:
    english, french, korean, *counter = line.split(": ")
    word, gender = french.rsplit(" ", 1)
    return noun(english, word, gender == "f", korean, kind, *counter)


def _professions() -> tuple[tuple[Noun, Noun], ...]:
    pairs = []
    for line in PROFESSIONS.strip().splitlines():
        english, french, korean = line.split(": ")
        masculine, feminine = french.split(" ")
        pairs.append(
            (noun(english, masculine, False, korean, "role", "명"), noun(english, feminine, True, korean, "role", "명"))
        )
    return tuple(pairs)


pronouns = read(PRONOUNS, "pronoun")
names = read(NAMES, "name")
humans = read(HUMANS, "human")
animals = read(ANIMALS, "animal")
places = read(PLACES, "place")
contents = read(CONTENTS, "thing")
containers = read(CONTAINERS, "container")
furniture = read(FURNITURE, "furniture")
possessions = read(POSSESSIONS, "thing")
readable = read(READABLE, "thing") + read(TEXTS, "text")
food = read(FOOD, "food")
mass_food = read(MASS_FOOD, "mass")
drinks = read(DRINKS, "mass")
locales = read(LOCALES, "locale")
professions = _professions()
everything = (
    pronouns + names + humans + animals + places + contents + containers + furniture + possessions
    + readable + food + mass_food + drinks + locales
)  # fmt: skip
by_key = {word.key: word for word in everything}


def named(keys: str) -> tuple[Noun, ...]:
    """The nouns of these keys, written with commas between."""
    return tuple(by_key[key] for key in keys.split(", "))


owned = possessions + named("bag, book, umbrella, coat, guitar, suitcase, clock, shirt")
clothes = named("hat, coat, jacket, shirt")
openable = named("door, box, suitcase, drawer")
writable = named("novel, letter")
readables = (*readable, by_key["book"])
drawable = animals + named("tree, house, bridge")
