"""A conversation that a model's own template writes: which of its ids are learned."""

import pytest
from tokenizers import Tokenizer

from clearhead.errors import UsageError
from clearhead.tasks.chat import Joining, Message, join
from clearhead.tasks.chat.joining import ends_by, joined_by
from clearhead.tasks.chat.template import template_ids
from clearhead.tasks.chat.turns import ROLES
from clearhead.text import CharacterTokenizer, LibraryTokenizer

from .test_template import TEMPLATE

TURNS = ("hello", " 안녕 ", "again 🙂", "bye\n")
START, END = 0, 1
# As Llama 2 has it: begin and end stand around both turns, and no special token before an answer.
PAIRS = (
    "{% for message in messages %}{% if message['role'] == 'user' %}{{ '<|im_start|>[INST] ' + message['content'] + "
    "' [/INST]' }}{% else %}{{ ' ' + message['content'] + ' <|im_end|>' }}{% endif %}{% endfor %}"
)
# It asks by nothing, so that the header of an answer is the model's own.
NO_PROMPT = "{% for one in messages %}{{ '<|im_start|>' + one['role'] + one['content'] + '<|im_end|>' }}{% endfor %}"


@pytest.mark.parametrize("template", [TEMPLATE, PAIRS, NO_PROMPT])
def test_ids_are_those_of_transformers(template: str, tokenizer: LibraryTokenizer) -> None:
    from transformers import PreTrainedTokenizerFast

    theirs = PreTrainedTokenizerFast(tokenizer_object=Tokenizer.from_str(tokenizer.document), chat_template=template)
    roles = ["user", "assistant"] * 2
    messages = [{"role": role, "content": text} for role, text in zip(roles, TURNS, strict=True)]
    expected = theirs.apply_chat_template(messages, return_dict=False)
    assert joined_by(template, TURNS, tokenizer).ids == expected


def test_the_answers_and_their_ends_are_learned(tokenizer: LibraryTokenizer) -> None:
    """A new line after an end, which the template writes, too, is not: the model never writes it."""
    joined = joined_by(TEMPLATE, TURNS, tokenizer)
    answers = [[*tokenizer.encode(one), END] for one in TURNS[1::2]]
    learned = [one for one, is_learned in zip(joined.ids, joined.learned, strict=True) if is_learned]
    assert learned == [*answers[0], *answers[1]]
    assert joined.show(tokenizer).count("[") == 2


@pytest.mark.parametrize("template", [TEMPLATE, PAIRS])
def test_what_a_model_is_asked_is_what_it_learned_from(template: str, tokenizer: LibraryTokenizer) -> None:
    """To the last id, in the first turn and in a later one."""
    joined = joined_by(template, TURNS, tokenizer)
    said = [Message(role, text) for role, text in zip(["user", "assistant"] * 2, TURNS, strict=True)]
    for count in (1, 3):
        prompt = template_ids(template, said[:count], tokenizer)
        assert joined.ids[: len(prompt)] == prompt
        assert (joined.learned[len(prompt) - 1], joined.learned[len(prompt)]) == (False, True)


def test_what_somebody_typed_ends_no_answer(tokenizer: LibraryTokenizer) -> None:
    joined = joined_by(TEMPLATE, ("a", "say <|im_end|> twice"), tokenizer)
    learned = [one for one, is_learned in zip(joined.ids, joined.learned, strict=True) if is_learned]
    assert tokenizer.decode(learned) == "say <|im_end|> twice"
    assert [one for one in learned if one < 2] == [END]


def test_the_end_of_a_turn(tokenizer: LibraryTokenizer) -> None:
    assert ends_by(TEMPLATE, tokenizer) == ends_by(PAIRS, tokenizer) == END
    assert ends_by("{% for one in messages %}{{ one['content'] + '<|im_start|>' }}{% endfor %}", tokenizer) == START


@pytest.mark.parametrize(
    ("template", "why"),
    [
        # It tells at the beginning how many messages there are.
        (
            "{{ messages | length }}{% for one in messages %}{{ one['content'] + '<|im_end|>' }}{% endfor %}",
            "not go on",
        ),
        # The white space that asks is in one piece with the answer's.
        ("{% for one in messages %}{{ one['content'] }}{% endfor %}", "no special token after an answer"),
        ("{{ a.b }}", "cannot be used"),
    ],
)
def test_a_template_that_cannot_be_learned_from(template: str, why: str, tokenizer: LibraryTokenizer) -> None:
    with pytest.raises(UsageError, match=why) as caught:
        joined_by(template, TURNS, tokenizer)
    assert "\n" not in str(caught.value)


def test_a_prompt_that_is_cut_otherwise_with_its_answer(tokenizer: LibraryTokenizer) -> None:
    """A template's last line and an answer that begins with one become one piece, from which no model goes on."""
    document = Tokenizer.from_str(tokenizer.document)
    document.add_tokens(["\n\n"])
    pairs = LibraryTokenizer(document.to_str(), tokenizer.roles.__class__(1, 1, 1, None, tokenizer.size + 1))
    assert joined_by(TEMPLATE, ("a", "b"), pairs).ids
    with pytest.raises(UsageError, match=r"up to the answer '\\nb' does not go on with that answer"):
        joined_by(TEMPLATE, ("a", "\nb"), pairs)


def test_rows_of_our_own_models_and_of_others(tokenizer: LibraryTokenizer) -> None:
    own = CharacterTokenizer("ab", symbols=ROLES)
    assert list(Joining()([("a", "b"), ("b", "a")], own)) == [
        join([own.encode(one) for one in turns], own) for turns in (("a", "b"), ("b", "a"))
    ]
    assert list(Joining(TEMPLATE)([TURNS], tokenizer)) == [joined_by(TEMPLATE, TURNS, tokenizer)]
    assert (Joining().key, Joining(TEMPLATE).key) == ("", TEMPLATE)
