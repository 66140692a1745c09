"""Words of two senses, and the neighbors that tell which sense is meant.

Each sense lives in one field; each field holds several ambiguous words and a dozen neighbors (cues). So a cue such as
*river* goes with *bank*, *seal* and *spring* alike: it tells the field, never the answer, and the word alone leaves
two. English words are for en→fr and en→ko; French ones for fr→en. The words of a field have their other senses in
more than one field: were they all of music, "nothing of music" would tell the field as well as its cues do.
"""

from typing import NamedTuple

from clearhead.street import nouns
from clearhead.street.words import Noun

# English word: field, French with its gender, Korean; then the same for the other sense.
ENGLISH = """
bank: water, rive f, 강둑; office, banque f, 은행
seal: water, phoque m, 물개; office, sceau m, 인장
spring: water, source f, 샘; machine, ressort m, 용수철
record: office, dossier m, 기록; music, disque m, 음반
horn: nature, corne f, 뿔; music, cor m, 호른
trunk: nature, tronc m, 나무줄기; machine, coffre m, 트렁크
plant: nature, plante f, 식물; machine, usine f, 공장
fan: home, ventilateur m, 선풍기; music, admirateur m, 팬
scale: home, balance f, 저울; water, écaille f, 비늘
sheet: home, drap m, 시트; office, feuille f, 종이
"""
# French word: field, English, gender; then the same for the other sense.
FRENCH = """
avocat: food, avocado, m; law, lawyer, m
glace: food, ice cream, f; home, mirror, f
bouchon: food, cork, m; travel, traffic jam, m
carte: food, menu, f; travel, map, f
vol: law, theft, m; travel, flight, m
bureau: law, office, m; home, desk, m
cour: law, court, f; home, courtyard, f
"""
# Field: its cues, in as many lines as they need. A word given alone is a noun of nouns.py: it plays other roles in
# other sentences, so it stands, where there is room, in a place from which no word is held out (see held_out_cue).
CUES = """
water: river=rivière f=강; lake=lac m=호수; boat=bateau m=배; duck=canard m=오리; swan=cygne m=백조;
  fish=poisson m=물고기; wave=vague f=파도; pond=étang m=연못; island=île f=섬; fisherman=pêcheur m=어부;
  sailor=marin m=선원; whale=baleine f=고래
office: company=entreprise f=회사; client=client m=고객; money=argent m=돈; contract=contrat m=계약서;
  envelope=enveloppe f=봉투; secretary=secrétaire f=비서; director=directeur m=사장; loan=prêt m=대출;
  invoice=facture f=청구서; signature=signature f=서명; accountant=comptable m=회계사; employee=employé m=직원
nature: insect=insecte m=곤충; bird=oiseau m=새; grass=herbe f=풀; tree; flower=fleur f=꽃; goat;
  butterfly=papillon m=나비; forest; mushroom=champignon m=버섯; squirrel=écureuil m=다람쥐;
  meadow=prairie f=초원; farmer
machine: engine=moteur m=엔진; driver=chauffeur m=운전사; workshop=atelier m=작업장; car; truck=camion m=트럭;
  wheel=roue f=바퀴; robot=robot m=로봇; mechanic=mécanicien m=정비사; tractor=tracteur m=트랙터;
  engineer=ingénieur m=기술자; pump=pompe f=펌프; battery=batterie f=배터리
music: piano=piano m=피아노; pianist=pianiste m=피아니스트; concert=concert m=음악회; orchestra=orchestre m=관현악단;
  flute=flûte f=플루트; song=chanson f=노래; singer=chanteur m=가수; opera=opéra m=오페라;
  composer=compositeur m=작곡가; melody=mélodie f=선율; drum=tambour m=북; choir=chorale f=합창단
home: bathroom=salle de bain f=욕실; bedroom=chambre f=침실; sofa=canapé m=소파; door; curtain=rideau m=커튼;
  carpet=tapis m=양탄자; neighbor=voisin m=이웃; kitchen; pillow=oreiller m=베개; armchair=fauteuil m=안락의자;
  blanket=couverture f=담요; balcony=balcon m=발코니
food: chocolate=chocolat m=초콜릿; meal=repas m=식사; dessert=dessert m=후식; waiter=serveur m=웨이터;
  wine=vin m=포도주; restaurant; cook=cuisinier m=요리사; salad=salade f=샐러드; honey=miel m=꿀;
  olive=olive f=올리브; sauce=sauce f=소스; butter=beurre m=버터
law: judge=juge m=판사; witness=témoin m=증인; police=police f=경찰; prison=prison f=감옥; thief=voleur m=도둑;
  crime=crime m=범죄; victim=victime f=피해자; trial=procès m=재판; prisoner=prisonnier m=죄수;
  verdict=verdict m=판결; investigation=enquête f=수사; murder=meurtre m=살인
travel: airport=aéroport m=공항; plane=avion m=비행기; tourist=touriste m=관광객; pilot=pilote m=조종사;
  passenger=passager m=승객; highway=autoroute f=고속도로; city=ville f=도시; taxi=taxi m=택시;
  border=frontière f=국경; compass=boussole f=나침반; guide=guide m=안내원; tunnel=tunnel m=터널
"""
# Cues that leave a sense open, though they are of its field: the desk beside a bedroom may be a study (*bureau*).
UNFIT = """
avocat/food: cook, restaurant, waiter
glace/home: kitchen
bureau/home: kitchen, bathroom, bedroom
fan/home: neighbor
scale/water: boat, sailor, fisherman
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


def _table(lines: str) -> dict[str, tuple[str, ...]]:
    return {key: tuple(names.split(", ")) for key, names in (line.split(": ") for line in lines.strip().splitlines())}


english = _english_senses()
french = _french_senses()
cues = _cues()
_unfit = _table(UNFIT)


def cues_of(sense: Sense) -> tuple[Noun, ...]:
    """The neighbors that tell this sense."""
    return tuple(cue for cue in cues[sense.field] if cue.key not in _unfit.get(sense.noun.key, ()))


def held_out_cue(sense: Sense, others: tuple[Sense, ...], cue: Noun) -> bool:
    """Whether this word and this cue meet only in the test set.

    By position rather than by chance: in a field, each cue is kept from at most one word, so that the others show what
    the cue is about, and each word keeps most of its cues.
    """
    field = [other.word for other in others if other.field == sense.field]
    step = max(len(field), 4)
    return cues[sense.field].index(cue) % step == field.index(sense.word)


# Wholes and owners of which one would say so: the bank *of the river*. Where a word lacks one in either sense it is in
# no such sentence, so that *of* itself tells nothing.
WHOLES = """
bank/water: river, lake, island
bank/office: company, client, director
seal/water: lake, island
seal/office: company, director, secretary
spring/water: river, island
spring/machine: car, engine, robot, truck
record/office: client, company, director
record/music: singer, pianist, orchestra
horn/nature: goat
horn/music: orchestra
trunk/nature: tree
trunk/machine: car, driver
fan/home: kitchen, bathroom, bedroom
fan/music: singer, pianist
scale/home: kitchen, bathroom, neighbor
scale/water: fish
avocat/food: salad, meal
avocat/law: thief, victim
glace/food: restaurant, cook, waiter
glace/home: bathroom, bedroom, neighbor
bouchon/food: wine
bouchon/travel: highway, city, airport
carte/food: restaurant, waiter, cook
carte/travel: city, airport, tourist, pilot
vol/law: thief
vol/travel: pilot, plane, tourist
bureau/law: judge, police
bureau/home: bedroom, neighbor
"""
wholes = _table(WHOLES)
