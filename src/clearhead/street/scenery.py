"""Times, places and how often: the words that sit around a clause."""

from clearhead.street import nouns
from clearhead.street.trees import Fixed, Phrase, Where
from clearhead.street.words import Adverb, Preposition, Time

times = (
    Time("yesterday", "hier", "어제", "past"),
    Time("last week", "la semaine dernière", "지난주에", "past"),
    Time("tomorrow", "demain", "내일", "future"),
    Time("next week", "la semaine prochaine", "다음 주에", "future"),
    Time("every day", "tous les jours", "매일", "present"),
    Time("every week", "chaque semaine", "매주", "present"),
)
times_of = {tense: tuple(time for time in times if time.tense == tense) for tense in ("past", "present", "future")}
adverbs = (
    Adverb("often", "souvent", "자주"),
    Adverb("sometimes", "parfois", "가끔"),
)
near = Preposition("near", ("près", "de"), "근처")
behind = Preposition("behind", ("derrière",), "뒤")
beside = Preposition("next to", ("à", "côté", "de"), "옆")
before = Preposition("in front of", ("devant",), "앞")
on = Preposition("on", ("sur",), "위")
under = Preposition("under", ("sous",), "아래")
inside = Preposition("in", ("dans",), "안")
# Korean says 공원에서, not 공원 안에서: a place that one is at takes its particle itself.
within = Preposition("in", ("dans",), "")
upon = Preposition("on", ("sur",), "")
at = Preposition("at", ("à",), "")
# Where one goes: the verb of motion says it in Korean with 에 alone.
to = Preposition("to", ("à",), "")


def _scene(preposition: Preposition, keys: str) -> tuple[Where, ...]:
    return tuple(Where(preposition, Phrase(noun)) for noun in nouns.named(keys))


school = nouns.by_key["school"]
around = (
    *_scene(within, "park, garden, forest, kitchen"),
    *_scene(upon, "beach"),
    *_scene(at, "market, library, restaurant, hospital"),
    Where(at, Phrase(school, determiner="")),
)
outdoors = (*_scene(within, "park, garden, forest"), *_scene(upon, "beach"))  # where animals are met
market = Where(at, Phrase(nouns.by_key["market"]))
destinations = (
    *_scene(to, "market, library, restaurant, hospital, beach"),
    Where(to, Phrase(school, determiner="")),
)
# What people say to each other. In French and Korean they are as fixed as in English.
greetings = (
    Fixed("Thanks.", "Merci.", "고맙습니다."),
    Fixed("Thank you very much.", "Merci beaucoup.", "정말 고맙습니다."),
    Fixed("Hello.", "Bonjour.", "안녕하세요."),
    Fixed("Hi.", "Salut.", "안녕하세요."),
    Fixed("Good evening.", "Bonsoir.", "안녕하세요."),
    Fixed("Good night.", "Bonne nuit.", "안녕히 주무세요."),
    Fixed("Goodbye.", "Au revoir.", "안녕히 가세요."),
    Fixed("See you tomorrow.", "À demain.", "내일 봐요."),
    Fixed("How are you?", "Comment allez-vous ?", "어떻게 지내세요?"),
    Fixed("I love you.", "Je t'aime.", "사랑합니다."),
    Fixed("Please.", "S'il vous plaît.", "부탁합니다."),
    Fixed("Excuse me.", "Excusez-moi.", "실례합니다."),
    Fixed("Sorry.", "Pardon.", "죄송합니다."),
    Fixed("Welcome.", "Bienvenue.", "환영합니다."),
    Fixed("Congratulations.", "Félicitations.", "축하합니다."),
    Fixed("Good luck.", "Bonne chance.", "행운을 빕니다."),
    Fixed("Yes.", "Oui.", "네."),
    Fixed("No.", "Non.", "아니요."),
)
# French and Korean say the same for two of these, so they are read from English alone: a source has one translation.
english_greetings = (
    Fixed("Thank you.", "Merci.", "고맙습니다."),
    Fixed("Good morning.", "Bonjour.", "안녕하세요."),
    Fixed("Good afternoon.", "Bonjour.", "안녕하세요."),
    Fixed("Bye.", "Au revoir.", "안녕히 가세요."),
)
