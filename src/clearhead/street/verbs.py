"""The verbs. Each line: English (past where irregular; preposition in brackets), French, Korean with its particle.

French: the infinitive where regular; otherwise je, il, nous, ils, participle and the stem of the future; `+être`, and
a preposition in parentheses. Korean: `street:건너` is the stem for that object, `not:` the one that denies.
"""

from typing import NamedTuple

from clearhead.street import english_forms, french_forms
from clearhead.street.words import Verb

# What somebody does to something; the classes of objects follow the last bar.
TRANSITIVE = """
eat ate | manger | 먹 을 | food mass_food
drink drank | boire bois boit buvons boivent bu boir | 마시 을 | drinks
read read | lire lis lit lisons lisent lu lir | 읽 을 | readables
write wrote | écrire écris écrit écrivons écrivent écrit écrir | 쓰 을 | writable
buy bought | acheter achète achète achetons achètent acheté achèter | 사 을 |
  food readables clothes contents possessions
sell sold | vendre vends vend vendons vendent vendu vendr | 팔 을 | readables clothes contents possessions
see saw | voir vois voit voyons voient vu verr | 보 을 | humans animals contents possessions places
look [for] | chercher | 찾아다니 을 | humans animals possessions readables clothes
find found | trouver | 발견하 을 not:발견하지~못하 | animals contents possessions readables
lose lost | perdre perds perd perdons perdent perdu perdr | 잃어버리 을 | possessions clothes readables
draw drew | dessiner | 그리 을 | drawable
open | ouvrir ouvre ouvre ouvrons ouvrent ouvert ouvrir | 열 을 | openable
close | fermer | 닫 을 | openable
call | appeler appelle appelle appelons appellent appelé appeller | 부르/르 을 | humans names
meet met | rencontrer | 만나 을 | humans names
help | aider | 돕/ㅂ 을 | humans names
follow | suivre suis suit suivons suivent suivi suivr | 따라가 을 | humans names animals
cross | traverser | 가로지르/르 을 street:건너 road:건너 bridge:건너 avenue:건너
  village:지나가 | places
leave left | quitter | 떠나 을 | places
like | aimer | 좋아하 을 | animals readables food mass_food drinks places
have had | avoir ai a avons ont eu aur | 가지고 있 을 | readables contents possessions clothes
"""
# What somebody gives, and to whom.
DITRANSITIVE = """
give gave | donner | 주 을 | readables contents possessions food
show showed | montrer | 보여 주 을 | readables contents possessions
"""
INTRANSITIVE = """
sleep slept | dormir dors dort dormons dorment dormi dormir | 자 을 |
work | travailler | 일하 을 |
sing sang | chanter | 노래하 을 |
dance | danser | 춤추 을 |
run ran | courir cours court courons courent couru courr | 달리 을 |
arrive | arriver +être | 도착하 을 |
"""
MOTION = """
go went | aller vais va allons vont allé ir +être | 가 을 |
return | retourner +être | 돌아가 을 |
"""
# What an animal does with a place, and a place with an animal: the two halves of coreference.
OF_ANIMAL = """
cross | traverser | 가로지르/르 을 street:건너 road:건너 bridge:건너 avenue:건너
  village:지나가 | places
leave left | quitter | 떠나 을 | places
enter | entrer (dans) +être | 들어가 에 | places
avoid | éviter | 피하 을 | places
"""
OF_PLACE = """
stop | arrêter | 막 을 | animals
frighten | effrayer | 무섭게 하 을 | animals
delay | retarder | 지체시키 을 | animals
"""
OF_SPEECH = """
speak spoke [about] | parler (de) | 이야기하 에 대해 | senses
think thought [about] | penser (à) | 생각하 에 대해 | senses
forget forgot | oublier | 잊어버리 을 | senses
"""
# Whether a thing goes into another; of both, the verb and the reason together tell which is to blame.
OF_SIZE = """
fit fit [in] | rentrer (dans) | 들어가 에 | containers
can-hold could-hold |
  contenir peux~contenir peut~contenir pouvons~contenir peuvent~contenir pu~contenir pourr |
  넣을~수~있 을 not:넣을~수~없 | contents
"""


PARTICLES = ("을", "에")


class French(NamedTuple):
    """The French part of a line."""

    persons: tuple[str, str, str, str]
    infinitive: str
    participle: str
    future: str
    with_etre: bool
    particle: str


def _french(entry: str) -> French:
    words, _, particle = entry.removesuffix(" +être").replace("~", "\N{NO-BREAK SPACE}").partition(" (")
    infinitive, *given = (word.replace("\N{NO-BREAK SPACE}", " ") for word in words.split(" "))
    je, il, nous, ils, participle, future = given or french_forms.regular(infinitive)
    return French((je, il, nous, ils), infinitive, participle, future, entry.endswith("+être"), particle.rstrip(")"))


def _korean(entry: str) -> tuple[str, str, dict[str, str]]:
    """Stem, particle of the object, and the stems that certain objects ask for."""
    words = entry.split(" ")
    special = dict(word.replace("~", " ").split(":") for word in words if ":" in word)
    plain = [word.replace("~", " ") for word in words if ":" not in word]
    at = next(index for index, word in enumerate(plain) if word in PARTICLES)
    return " ".join(plain[:at]), " ".join(plain[at:]), special


def _read_line(line: str) -> Verb:
    english, french, korean, objects = (part.strip() for part in line.split("|"))
    words, _, bracket = english.partition("[")
    base, *past = (word.replace("-", " ") for word in words.split())
    third = {"have": "has", "can hold": "can hold"}.get(base, english_forms.third_person(base))
    form = _french(french)
    stem, particle, special = _korean(korean)
    preposition = bracket.rstrip("]")
    return Verb(
        f"{base} {preposition}".strip(), base, third, past[0] if past else english_forms.regular_past(base),
        preposition, form.persons, form.infinitive, form.participle, form.future, form.with_etre, form.particle,
        stem, special.pop("not", ""), particle, special, tuple(objects.split()),
    )  # fmt: skip


def read(table: str) -> tuple[Verb, ...]:
    """The verbs of a table."""
    return tuple(_read_line(line) for line in table.strip().replace("\n  ", " ").splitlines())


transitive, ditransitive, intransitive, motion = read(TRANSITIVE), read(DITRANSITIVE), read(INTRANSITIVE), read(MOTION)
of_animal, of_place, of_speech, of_size = read(OF_ANIMAL), read(OF_PLACE), read(OF_SPEECH), read(OF_SIZE)
fit, hold = of_size
by_key = {
    word.key: word
    for word in (*of_size, *ditransitive, *intransitive, *motion, *of_place, *of_speech, *of_animal, *transitive)
}


def named(keys: str) -> tuple[Verb, ...]:
    """The verbs of these keys, written with commas between."""
    return tuple(by_key[key] for key in keys.split(", "))
