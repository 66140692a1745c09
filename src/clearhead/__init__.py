"""clearhead: a Transformer you can train, run and see through.

    import clearhead

    bundle = clearhead.load("runs/street")
    bundle.translate("I am a student.", to="fr")

    context, weights = clearhead.attention(query, key, value)

docs/reference/python.md lists every name, and what it takes.
"""

from typing import TYPE_CHECKING

from clearhead.lazy import lazy_names

if TYPE_CHECKING:
    from clearhead.bundle import Bundle, ensemble, load
    from clearhead.decoding import Sampling
    from clearhead.errors import ClearheadError
    from clearhead.look import show, show_attention
    from clearhead.model import EncoderDecoder, TransformerConfig
    from clearhead.model.kernels import attention
    from clearhead.recipe import Recipe, load_recipe
    from clearhead.tasks.chat import Message
    from clearhead.tasks.classifying import Label
    from clearhead.tasks.filling import Filled, Filling
    from clearhead.tasks.language_modelling import Generation
    from clearhead.tasks.nearest import Nearest
    from clearhead.tasks.translation import Translation
    from clearhead.tracing import Trace
    from clearhead.training import train

__version__ = "0.1.0"

__all__ = [
    "Bundle",
    "ClearheadError",
    "EncoderDecoder",
    "Filled",
    "Filling",
    "Generation",
    "Label",
    "Message",
    "Nearest",
    "Recipe",
    "Sampling",
    "Trace",
    "TransformerConfig",
    "Translation",
    "attention",
    "ensemble",
    "load",
    "load_recipe",
    "show",
    "show_attention",
    "train",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "bundle": ("Bundle", "ensemble", "load"),
        "decoding": ("Sampling",),
        "errors": ("ClearheadError",),
        "look": ("show", "show_attention"),
        "model": ("EncoderDecoder", "TransformerConfig"),
        "model.kernels": ("attention",),
        "recipe": ("Recipe", "load_recipe"),
        "tasks.chat": ("Message",),
        "tasks.classifying": ("Label",),
        "tasks.filling": ("Filled", "Filling"),
        "tasks.language_modelling": ("Generation",),
        "tasks.nearest": ("Nearest",),
        "tasks.translation": ("Translation",),
        "tracing": ("Trace",),
        "training": ("train",),
    },
)
