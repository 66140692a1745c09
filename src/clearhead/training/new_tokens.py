"""`text.tokens` and `text.symbols`: tokens that a trained model gets, and the rows of its tables that are theirs."""

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn

from clearhead.errors import RecipeError, TokenizerError
from clearhead.interop.layer_names import OUTPUT_BIAS, TABLES
from clearhead.recipe import Text
from clearhead.text import Tokenizer

_MARK = "learns_rows_alone"


def with_new_tokens(tokenizer: Tokenizer, text: Text, place: str) -> Tokenizer:
    """The tokenizer of `model.from` with a recipe's new tokens. Raises RecipeError where it cannot have them."""
    if not (text.tokens or text.symbols):
        return tokenizer
    known = tokenizer.token_ids([*text.tokens, *text.symbols])
    if there := [one for one, number in known.items() if number is not None]:
        raise RecipeError(f"text.tokens: {there[0]!r:.60} is a token of model.from={place} already; remove it")
    try:
        return tokenizer.with_tokens(text.tokens, text.symbols)
    except TokenizerError as error:
        raise RecipeError(f"text.tokens: {error}") from None


def new_ids(tokenizer: Tokenizer, text: Text) -> dict[int, str]:
    """The ids of a recipe's new tokens, and what each is written as."""
    found = tokenizer.token_ids([*text.tokens, *text.symbols])
    return {number: one for one, number in found.items() if number is not None}


def is_of_tokens(name: str) -> bool:
    """Whether a weight of this name has a row, or a number, for each token."""
    return name in TABLES or name == OUTPUT_BIAS


@torch.no_grad()
def with_rows(found: Tensor, rows: int, pieces: Mapping[int, Sequence[int]]) -> Tensor:
    """A trained table with so many rows, of which a new token's is the mean of those of the pieces that it replaces.

    Without any pieces it is 0.
    """
    grown = torch.cat([found, found.new_zeros(rows - len(found), *found.shape[1:])])
    # What nobody has a token for, as where a table is larger than its vocabulary, is like an average token.
    grown[len(found) :] = found.mean(0)
    for number, replaced in pieces.items():
        grown[number] = found[list(replaced)].mean(0) if replaced else 0.0
    return grown


def learn_rows_alone(model: nn.Module, rows: Sequence[int], has_adapters: bool = False) -> None:
    """Let these rows learn of each table that is frozen: nothing changes its other rows, not even weight decay.

    Beside adapters the output's bias stays, and is 0 for a new token: PEFT's files have no place for it, and a model
    of transformers that gets new rows has 0 there.
    """
    for name, parameter in model.named_parameters():
        learns = name in TABLES or (name == OUTPUT_BIAS and not has_adapters)
        if learns and rows and not parameter.requires_grad:
            parameter.requires_grad_(True)
            mask = torch.zeros(len(parameter), *[1] * (parameter.ndim - 1))
            mask[list(rows)] = 1.0
            parameter.register_hook(_masked_by(mask))  # type: ignore[no-untyped-call]
            setattr(parameter, _MARK, True)


def learns_rows_alone(parameter: Tensor) -> bool:
    return bool(getattr(parameter, _MARK, False))


def _masked_by(mask: Tensor) -> Callable[[Tensor], Tensor]:
    return lambda gradient: gradient * mask.to(gradient)
