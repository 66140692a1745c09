"""The nouns, by class. Each line: English, French with its gender, Korean, and the counter where it is not 개.

English words that word_sense.py needs for their two senses (bank, key, …), and French ones (glace, carte, …), occur
nowhere else, and a French noun has one English meaning here: otherwise a source would have two translations.
"""

from clearhead.data.street import english_forms, french_forms
from clearhead.data.street.words import Noun

ENGLISH_PLURALS = {
    "man": "men", "woman": "women", "wolf": "wolves", "goose": "geese", "fish": "fish", "shelf": "shelves",
    "scarf": "scarves",
    "fisherman": "fishermen", "calf": "calves", "leaf": "leaves", "photo": "photos", "piano": "pianos",
    "tomato": "tomatoes",
}  # fmt: skip

PRONOUNS = """
I: je m: 저
he: il m: 그
she: elle f: 그녀
we: nous m: 우리
they: ils m: 그들
"""
NAMES = """
Paul: Paul m: 폴
Lucas: Lucas m: 루카스
Daniel: Daniel m: 다니엘
Martin: Martin m: 마르탱
Emma: Emma f: 엠마
Clara: Clara f: 클라라
Anna: Anna f: 안나
Julie: Julie f: 쥘리
"""
HUMANS = """
boy: garçon m: 소년: 명
man: homme m: 남자: 명
king: roi m: 왕: 명
prince: prince m: 왕자: 명
actor: acteur m: 배우: 명
doctor: médecin m: 의사: 명
farmer: fermier m: 농부: 명
baker: boulanger m: 제빵사: 명
soldier: soldat m: 군인: 명
teacher: professeur m: 교사: 명
painter: peintre m: 화가: 명
knight: chevalier m: 기사: 명
girl: fille f: 소녀: 명
woman: femme f: 여자: 명
queen: reine f: 여왕: 명
princess: princesse f: 공주: 명
actress: actrice f: 여배우: 명
nurse: infirmière f: 간호사: 명
witch: sorcière f: 마녀: 명
fairy: fée f: 요정: 명
lady: dame f: 숙녀: 명
waitress: serveuse f: 종업원: 명
countess: comtesse f: 백작 부인: 명
nun: religieuse f: 수녀: 명
"""
ANIMALS = """
animal: animal m: 동물: 마리
dog: chien m: 개: 마리
cat: chat m: 고양이: 마리
horse: cheval m: 말: 마리
wolf: loup m: 늑대: 마리
bear: ours m: 곰: 마리
lion: lion m: 사자: 마리
tiger: tigre m: 호랑이: 마리
monkey: singe m: 원숭이: 마리
donkey: âne m: 당나귀: 마리
rabbit: lapin m: 토끼: 마리
elephant: éléphant m: 코끼리: 마리
cow: vache f: 소: 마리
goat: chèvre f: 염소: 마리
turtle: tortue f: 거북이: 마리
hen: poule f: 암탉: 마리
giraffe: girafe f: 기린: 마리
frog: grenouille f: 개구리: 마리
panther: panthère f: 표범: 마리
goose: oie f: 거위: 마리
otter: loutre f: 수달: 마리
spider: araignée f: 거미: 마리
gazelle: gazelle f: 가젤: 마리
mare: jument f: 암말: 마리
"""
PLACES = """
bridge: pont m: 다리
path: sentier m: 오솔길
park: parc m: 공원
garden: jardin m: 정원
field: champ m: 들판
tunnel: tunnel m: 터널
desert: désert m: 사막
corridor: couloir m: 복도
swamp: marais m: 늪
canal: canal m: 운하
ravine: ravin m: 협곡
village: village m: 마을
street: rue f: 길
road: route f: 도로
alley: ruelle f: 골목
avenue: avenue f: 대로
square: place f: 광장
courtyard: cour f: 안뜰
beach: plage f: 해변
forest: forêt f: 숲
valley: vallée f: 계곡
plain: plaine f: 평야
river: rivière f: 강
hill: colline f: 언덕
"""
CONTENTS = """
ball: ballon m: 공
trophy: trophée m: 트로피
violin: violon m: 바이올린
vase: vase m: 꽃병
umbrella: parapluie m: 우산
toy: jouet m: 장난감
cake: gâteau m: 케이크
drum: tambour m: 북
book: livre m: 책: 권
coat: manteau m: 외투: 벌
guitar: guitare f: 기타
lamp: lampe f: 전등
clock: horloge f: 시계
chair: chaise f: 의자
doll: poupée f: 인형
statue: statue f: 조각상
bottle: bouteille f: 병
watermelon: pastèque f: 수박
plate: assiette f: 접시
shirt: chemise f: 셔츠: 벌
"""
CONTAINERS = """
bag: sac m: 가방
drawer: tiroir m: 서랍
basket: panier m: 바구니
cupboard: placard m: 벽장
bucket: seau m: 양동이
refrigerator: réfrigérateur m: 냉장고
box: boîte f: 상자
suitcase: valise f: 여행 가방
crate: caisse f: 궤짝
wastebasket: corbeille f: 휴지통
basin: bassine f: 대야
pocket: poche f: 주머니
"""
FURNITURE = """
bed: lit m: 침대
sofa: canapé m: 소파
wall: mur m: 벽
tree: arbre m: 나무: 그루
table: table f: 탁자
window: fenêtre f: 창문
door: porte f: 문
house: maison f: 집: 채
shelf: étagère f: 선반
"""
POSSESSIONS = """
passport: passeport m: 여권: 권
ticket: billet m: 표: 장
wallet: portefeuille m: 지갑
phone: téléphone m: 전화기: 대
bicycle: vélo m: 자전거: 대
hat: chapeau m: 모자
jacket: veste f: 재킷: 벌
ring: bague f: 반지
photo: photo f: 사진: 장
car: voiture f: 자동차: 대
scarf: écharpe f: 목도리
watch: montre f: 손목시계
"""
READABLE = """
newspaper: journal m: 신문: 부
"""
TEXTS = """
letter: lettre f: 편지: 통
poem: poème m: 시: 편
novel: roman m: 소설: 편
"""
FOOD = """
egg: œuf m: 달걀
cookie: biscuit m: 과자
apple: pomme f: 사과
orange: orange f: 오렌지
banana: banane f: 바나나
tomato: tomate f: 토마토
"""
MASS_FOOD = """
bread: pain m: 빵
cheese: fromage m: 치즈
soup: soupe f: 수프
meat: viande f: 고기
"""
DRINKS = """
coffee: café m: 커피
milk: lait m: 우유
tea: thé m: 차
juice: jus m: 주스
water: eau f: 물
"""
LOCALES = """
kitchen: cuisine f: 부엌
market: marché m: 시장
library: bibliothèque f: 도서관
restaurant: restaurant m: 식당
museum: musée m: 박물관
station: gare f: 역
hotel: hôtel m: 호텔
hospital: hôpital m: 병원
school: école f: 학교
"""
PROFESSIONS = """
student: étudiant étudiante: 학생
musician: musicien musicienne: 음악가
journalist: journaliste journaliste: 기자
engineer: ingénieur ingénieure: 기술자
cook: cuisinier cuisinière: 요리사
farmer: fermier fermière: 농부
baker: boulanger boulangère: 제빵사
actor: acteur actrice: 배우
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
            (
                noun(english, masculine, False, korean, "role", "명"),
                # An actress is one in English too, and 여배우 in Korean: these two words know their gender.
                noun("actress", feminine, True, "여배우", "role", "명")
                if english == "actor"
                else noun(english, feminine, True, korean, "role", "명"),
            )
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


owned = possessions + named("bag, book, violin, umbrella, coat, guitar, suitcase, shirt, letter, lamp")
clothes = named("hat, coat, jacket, shirt, scarf")
openable = named("door, window, box, suitcase, drawer, cupboard, refrigerator")
breakable = named("plate, bottle, vase, window, clock, lamp, trophy")
paintable = named("door, wall, house, chair, table, bridge")
washable = named("apple, plate, bottle, shirt, car, tomato")
writable = named("poem, novel, letter")
readables = (*readable, by_key["book"])
drawable = animals + named("tree, house, bridge")
visitable = named("park, garden, desert, village, beach, forest, valley, museum, school, hospital")
