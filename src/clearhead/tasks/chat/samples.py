"""What a chat model answers to the conversations that it is judged by."""

import contextlib

from clearhead.errors import UsageError
from clearhead.tasks.chat.turns import Message, role_of
from clearhead.tasks.examples import Judged, Sample
from clearhead.tasks.language_modelling.examples import TextSet
from clearhead.tasks.language_modelling.samples import WRITTEN


def answered(judged: Judged[TextSet]) -> list[Sample]:
    """The last question of the first conversations, its answer, and what the model answers, greedily.

    A question that is longer than the model reads has no answer, and is left out.
    """
    found = []
    for turns in (turns for one in judged.sets for turns in one.conversations):
        messages = [Message(role_of(place), text) for place, text in enumerate(turns[:-1])]
        with contextlib.suppress(UsageError):
            [[best]] = judged.writer.answers([messages], beam_size=1, max_tokens=WRITTEN)
            found.append(Sample(turns[-2], turns[-1], best.text))
    return found
