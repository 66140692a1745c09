"""Chat: a decoder-only model learns the answers of conversations as a language model learns documents."""

import dataclasses
from typing import Final

from clearhead.tasks.chat.describing import description, first_use
from clearhead.tasks.chat.examples import ChatExamples
from clearhead.tasks.chat.samples import answered
from clearhead.tasks.language_modelling.objective import NEXT_TOKEN

ANSWERS: Final = dataclasses.replace(
    NEXT_TOKEN, examples=ChatExamples, samples=answered, describe=description, first_use=first_use
)
