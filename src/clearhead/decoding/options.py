"""What a search is asked for: frozen, and validated once."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from clearhead.bounds import real, shown, token_id, whole
from clearhead.decoding.rules import Rules
from clearhead.decoding.scores import LengthPenalty
from clearhead.decoding.strategies import SearchStrategy
from clearhead.errors import DecodingError

if TYPE_CHECKING:
    import clearhead.text.stop_strings
    import clearhead.text.utf8

Precision = Literal["fp32", "bf16", "int8"]
# How many target pieces a shortlist has for each source piece, and for every sentence.
SHORTLIST_BEST, SHORTLIST_FREQUENT = 100, 100
# At 0.5 groups of a model that is sure of itself find the same.
DIVERSITY_PENALTY: Final = 1.0


@dataclass(frozen=True)
class Sampling:
    """Draw tokens at random instead of taking the best.

    temperature: logits are divided by it; below 1 is bolder in the likely tokens, above 1 more even.
    top_k: draw among the k most probable tokens only.
    top_p: draw among the fewest most probable tokens whose probabilities reach p together (Holtzman et al. 2020).
        Given with top_k, it is measured within the k.
    seed: the same seed gives the same draws, sentence by sentence, whatever else is in the batch.

    Raises DecodingError for a value outside its range.
    """

    temperature: float = 1.0
    top_k: int | None = None
    top_p: float | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        _set(self, "temperature", real("temperature", self.temperature, "for the single best, do not sample"))
        if self.top_k is not None:
            _set(self, "top_k", whole("top_k", self.top_k, "leave it out to draw from every token"))
        if self.top_p is not None:
            _set(self, "top_p", real("top_p", self.top_p, "leave it out to draw from every token"))
        _set(self, "seed", whole("seed", self.seed))


@dataclass(frozen=True, kw_only=True)
class SearchOptions:
    """How to search, and the ids that search treats as more than tokens.

    begin: fed at the first step, never part of a hypothesis. end: finishes a hypothesis, and counts in its length.
    suppressed: ids that are never generated (padding, begin, tags), though a prefix may force them. Probabilities are
        the model's own: they are not shared out again among the tokens that remain.
    beam_size: hypotheses kept alive for each sentence; 1 is greedy search. The paper uses 4.
    length_penalty: what ranks finished hypotheses; mean:1.0 where not given.
    top_beams: hypotheses returned for each sentence, or samples where `sampling` is given (which ignores beam_size).
    beam_groups: how many groups the beam has, all of one size, which keep away from each other's tokens; 1 for none.
    diversity_penalty: what a token is lowered by for each hypothesis of an earlier group that goes on with it; 1
        where none is given and there are groups.
    search: what a beam counts as found, and when it stops.
    rules: what may not be repeated, how long a text is, and what is never in it.
    utf8: keeps every hypothesis to whole UTF-8, as a text must be; None where tokens stand for no bytes.
    stop: strings that finish a hypothesis as soon as its text holds one of them; None where only `end` does.
    ends: other ids that end a text, which `stop` knows: `Rules.min_tokens` holds for them, too.

    Raises DecodingError for a value outside its range.
    """

    begin: int
    end: int
    suppressed: tuple[int, ...] = ()
    beam_size: int = 5
    top_beams: int = 1
    beam_groups: int = 1
    diversity_penalty: float | None = None
    length_penalty: LengthPenalty = field(default_factory=LengthPenalty)
    sampling: Sampling | None = None
    search: SearchStrategy = field(default_factory=SearchStrategy)
    rules: Rules = field(default_factory=Rules)
    utf8: "clearhead.text.utf8.Utf8Automaton | None" = None
    stop: "clearhead.text.stop_strings.StopStrings | None" = None
    ends: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        _set(self, "beam_size", whole("beam_size", self.beam_size, "1 is greedy search"))
        _set(self, "top_beams", whole("top_beams", self.top_beams))
        if not isinstance(self.sampling, Sampling | None):
            raise DecodingError(
                f"sampling is of type {type(self.sampling).__name__}; give Sampling(temperature=…), or None"
            )
        if self.sampling is None and self.top_beams > self.beam_size:
            raise DecodingError(
                f"top_beams={self.top_beams} is more than beam_size={self.beam_size}; "
                f"a search finds no more than it keeps: choose a beam_size of {self.top_beams} or more"
            )
        self._set_groups()
        _set(self, "begin", token_id("begin", self.begin))
        _set(self, "end", token_id("end", self.end))
        _set(self, "suppressed", tuple(token_id("suppressed", one) for one in self.suppressed))
        _set(self, "ends", tuple(token_id("ends", one) for one in self.ends))
        if self.end in self.suppressed:
            raise DecodingError(f"end={self.end} is among the suppressed ids, so no hypothesis could finish; remove it")

    def _set_groups(self) -> None:
        """Raise DecodingError where there cannot be such groups, or a penalty without any."""
        groups = whole("beam_groups", self.beam_groups, "1 is a beam without groups")
        _set(self, "beam_groups", groups)
        if groups == 1 and self.diversity_penalty is not None:
            raise DecodingError(
                f"diversity_penalty={shown(self.diversity_penalty)} is for a beam in groups; "
                "give beam_groups as well, or leave it out"
            )
        if groups == 1:
            return
        if self.sampling is not None:
            raise DecodingError(f"beam_groups={groups} is for searching, and sampling draws; leave one of them out")
        if self.beam_size % groups:
            raise DecodingError(
                f"beam_size={self.beam_size} cannot be parted in beam_groups={groups} of one size; "
                f"choose a multiple of {groups}, such as {2 * groups}"
            )
        given = DIVERSITY_PENALTY if self.diversity_penalty is None else self.diversity_penalty
        _set(self, "diversity_penalty", real("diversity_penalty", given, "0 lets all groups find the same"))


def _set(frozen: object, name: str, value: object) -> None:
    """Set a field of a frozen dataclass while it is made: a number as Python's own, whichever kind it was."""
    object.__setattr__(frozen, name, value)
