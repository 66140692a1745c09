"""Words of two senses, and the neighbors that tell which sense is meant.

Each sense lives in one field; each field holds several ambiguous words and ten neighbors (cues). So a cue such as
*river* goes with *bank*, *seal* and *spring* alike: it tells the field, never the answer, and the word alone leaves
two. English words are for en→fr and en→ko; French ones for fr→en.
"""

from typing import NamedTuple

from clearhead.data.street import nouns
from clearhead.data.street.words import Noun

# English word: field, French with its gender, Korean; then the same for the other sense.
ENGLISH = """
bank: water, rive f, 강둑; office, banque f, 은행
seal: water, phoque m, 물개; office, sceau m, 인장
spring: water, source f, 샘; machine, ressort m, 용수철
scale: water, écaille f, 비늘; music, gamme f, 음계
bill: nature, bec m, 부리; office, facture f, 청구서
bat: nature, chauve-souris f, 박쥐; sport, batte f, 방망이
calf: nature, veau m, 송아지; body, mollet m, 종아리
horn: nature, corne f, 뿔; machine, klaxon m, 경적
trunk: nature, tronc m, 나무줄기; machine, coffre m, 트렁크
plant: nature, plante f, 식물; machine, usine f, 공장
palm: nature, palmier m, 야자수; body, paume f, 손바닥
nail: body, ongle m, 손톱; machine, clou m, 못
organ: body, organe m, 장기; music, orgue m, 오르간
key: home, clé f, 열쇠; music, touche f, 건반
match: home, allumette f, 성냥; sport, match m, 경기
fan: home, ventilateur m, 선풍기; sport, admirateur m, 팬
"""
# French word: field, English, gender; then the same for the other sense.
FRENCH = """
avocat: food, avocado, m; law, lawyer, m
glace: food, ice cream, f; home, mirror, f
bouchon: food, cork, m; travel, traffic jam, m
carte: food, menu, f; travel, map, f
vol: law, theft, m; travel, flight, m
règle: law, rule, f; school, ruler, f
pièce: home, room, f; culture, play, f
ampoule: home, light bulb, f; body, blister, f
mousse: home, foam, f; nature, moss, f
langue: body, tongue, f; school, language, f
palais: body, palate, m; culture, palace, m
feuille: nature, leaf, f; school, sheet, f
toile: nature, web, f; culture, canvas, f
"""
# Field: its cues, in as many lines as they need. A word given alone is a noun of nouns.py.
CUES = """
water: river; lake=lac m=호수; boat=bateau m=배; fisherman=pêcheur m=어부; fish=poisson m=물고기; island=île f=섬;
  duck=canard m=오리; wave=vague f=파도; sailor=marin m=선원; waterfall=cascade f=폭포
office: company=entreprise f=회사; client=client m=고객; cashier=caissier m=출납원; money=argent m=돈;
  contract=contrat m=계약서; envelope=enveloppe f=봉투; secretary=secrétaire f=비서; director=directeur m=사장;
  loan=prêt m=대출; accountant=comptable m=회계사
nature: forest; tree; farmer; bird=oiseau m=새; goat; flower=fleur f=꽃; grass=herbe f=풀; insect=insecte m=곤충;
  cave=grotte f=동굴; hunter=chasseur m=사냥꾼
machine: car; mechanic=mécanicien m=정비사; truck=camion m=트럭; engine=moteur m=엔진; wheel=roue f=바퀴;
  hammer=marteau m=망치; driver=conducteur m=운전사; robot=robot m=로봇; workshop=atelier m=작업장;
  motorcycle=moto f=오토바이
body: hand=main f=손; leg=jambe f=다리; surgeon=chirurgien m=외과 의사; patient=patient m=환자; blood=sang m=피;
  bone=os m=뼈; skin=peau f=피부; finger=doigt m=손가락; muscle=muscle m=근육; hospital
home: kitchen; door; candle=bougie f=양초; bathroom=salle de bain f=욕실; bedroom=chambre f=침실;
  ceiling=plafond m=천장; curtain=rideau m=커튼; carpet=tapis m=양탄자; sofa; neighbor=voisin m=이웃
sport: player=joueur m=선수; stadium=stade m=경기장; team=équipe f=팀; coach=entraîneur m=감독; referee=arbitre m=심판;
  champion=champion m=우승자; tournament=tournoi m=대회; victory=victoire f=승리; helmet=casque m=헬멧;
  captain=capitaine m=주장
music: piano=piano m=피아노; pianist=pianiste m=피아니스트; concert=concert m=음악회; orchestra=orchestre m=관현악단;
  composer=compositeur m=작곡가; melody=mélodie f=선율; opera=opéra m=오페라; flute=flûte f=플루트;
  choir=chœur m=합창단;
  symphony=symphonie f=교향곡
food: cook=cuisinier m=요리사; restaurant; salad=salade f=샐러드; dessert=dessert m=후식; wine=vin m=포도주;
  waiter=serveur m=웨이터; meal=repas m=식사; sauce=sauce f=소스; recipe=recette f=조리법; chocolate=chocolat m=초콜릿
law: judge=juge m=판사; thief=voleur m=도둑; police=police f=경찰; trial=procès m=재판; crime=crime m=범죄;
  prison=prison f=감옥; witness=témoin m=증인; court=tribunal m=법원; victim=victime f=피해자; suspect=suspect m=용의자
travel: airport=aéroport m=공항; plane=avion m=비행기; tourist=touriste m=관광객; pilot=pilote m=조종사;
  passenger=passager m=승객; highway=autoroute f=고속도로; luggage=bagage m=수하물; city=ville f=도시;
  traveler=voyageur m=여행자; taxi=taxi m=택시
school: student=étudiant m=학생; lesson=leçon f=수업; dictionary=dictionnaire m=사전; exercise=exercice m=연습 문제;
  pencil=crayon m=연필; exam=examen m=시험; university=université f=대학교; notebook=cahier m=공책; teacher;
  grammar=grammaire f=문법
culture: artist=artiste m=예술가; gallery=galerie f=화랑; theater=théâtre m=극장; actor; painter; king;
  author=auteur m=작가; exhibition=exposition f=전시회; costume=costume m=의상; scene=scène f=장면
"""


class Sense(NamedTuple):
    """One sense of an ambiguous word: what it is called in the source, its noun, and the field that calls for it."""

    word: str
    noun: Noun
    field: str


def _cue(entry: str) -> Noun:
    if "=" not in entry:
        return nouns.by_key[entry]
    english, french, korean = entry.split("=")
    word, gender = french.rsplit(" ", 1)
    return nouns.noun(english, word, gender == "f", korean, "cue")


def _english_senses() -> tuple[Sense, ...]:
    senses = []
    for line in ENGLISH.strip().splitlines():
        word, entries = line.split(": ")
        for entry in entries.split("; "):
            field, french, korean = entry.split(", ")
            form, gender = french.rsplit(" ", 1)
            key = f"{word}/{field}"
            senses.append(Sense(word, nouns.noun(word, form, gender == "f", korean, "sense", key=key), field))
    return tuple(senses)


def _french_senses() -> tuple[Sense, ...]:
    senses = []
    for line in FRENCH.strip().splitlines():
        word, entries = line.split(": ")
        for entry in entries.split("; "):
            field, english, gender = entry.split(", ")
            key = f"{word}/{field}"
            senses.append(Sense(word, nouns.noun(english, word, gender == "f", "", "sense", key=key), field))
    return tuple(senses)


def _cues() -> dict[str, tuple[Noun, ...]]:
    lines = (line.split(": ") for line in CUES.strip().replace("\n  ", " ").splitlines())
    return {field: tuple(_cue(entry) for entry in entries.split("; ")) for field, entries in lines}


english = _english_senses()
french = _french_senses()
cues = _cues()


def held_out_cue(sense: Sense, others: tuple[Sense, ...], cue: Noun) -> bool:
    """Whether this word and this cue meet only in the test set.

    By position rather than by chance: in a field, each cue is kept from at most one word, so that the others show what
    the cue is about, and each word keeps eight or nine of its ten cues.
    """
    field = [other.word for other in others if other.field == sense.field]
    step = max(len(field), 6)
    return cues[sense.field].index(cue) % step == field.index(sense.word)


# Wholes and owners of which one would say so: the bank *of the river*. Where a word lacks one in either sense it is in
# no such sentence, so that *of* itself tells nothing.
WHOLES = """
bank/water: river, lake, island
bank/office: company, client, director
seal/water: lake, island
seal/office: company, director, secretary
spring/water: river, island, waterfall
spring/machine: car, engine, robot, truck, motorcycle
scale/water: fish
scale/music: pianist, composer, piano, symphony
bill/nature: bird
bill/office: client, company, accountant
bat/nature: cave, forest
bat/sport: player, champion, captain, coach
calf/nature: farmer
calf/body: leg, patient
horn/nature: goat, insect
horn/machine: car, truck, motorcycle, driver
trunk/nature: tree
trunk/machine: car, driver
palm/nature: forest
palm/body: hand, patient, surgeon
nail/body: hand, finger, patient
nail/machine: wheel, workshop, mechanic
organ/body: patient
organ/music: orchestra, concert, composer
key/home: door, bedroom, bathroom, kitchen, neighbor
key/music: piano, pianist
match/home: neighbor
match/sport: team, player, champion, tournament
fan/home: bedroom, kitchen, neighbor
fan/sport: team, player, champion, captain
avocat/food: salad, restaurant, cook
avocat/law: thief, victim, suspect
glace/food: restaurant, cook, waiter
glace/home: bathroom, bedroom, neighbor
bouchon/food: wine
bouchon/travel: highway, city, airport
carte/food: restaurant, waiter, cook
carte/travel: city, airport, tourist, pilot
vol/law: thief
vol/travel: pilot, plane, tourist
règle/law: prison, court, judge
règle/school: student, teacher
pièce/home: neighbor
pièce/culture: author, theater, actor
ampoule/home: kitchen, bathroom, bedroom, ceiling
ampoule/body: finger, hand, leg, patient
mousse/home: bathroom
mousse/nature: cave, forest, tree
palais/body: patient
palais/culture: king, artist
langue/body: patient
langue/school: student, dictionary
feuille/nature: tree, flower
feuille/school: notebook, student, exercise
toile/nature: insect, cave
toile/culture: artist, painter, gallery
"""
wholes = {key: tuple(names.split(", ")) for key, names in (line.split(": ") for line in WHOLES.strip().splitlines())}
