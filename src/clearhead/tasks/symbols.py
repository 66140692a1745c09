"""The control symbols that a task's pieces must have: those of a trained model may lack them."""

from collections.abc import Sequence

from clearhead.errors import RecipeError
from clearhead.text import Tokenizer


def require_symbols(tokenizer: Tokenizer, names: Sequence[str], use: str, tasks: str) -> None:
    """Raise RecipeError where pieces that `model.from` brings lack one of these symbols.

    use: what the task does by them. tasks: those whose models have them. Both as the error says it.
    """
    if missing := sorted(set(names) - set(tokenizer.symbols)):
        what = f"symbol{'s' if len(missing) > 1 else ''} {', '.join(missing)}"
        raise RecipeError(
            f"model.from has pieces without the control {what}, by which {use}; begin with a model that was trained "
            f"for {tasks}, or leave model.from out"
        )
