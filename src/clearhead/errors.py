"""Every error that clearhead raises on purpose, in one tree.

Each message is one line that says what is wrong, the value, what was expected, and the remedy. The command line prints
that line and exits with 2; `--debug` shows the traceback as well.
"""


class ClearheadError(Exception):
    """The root: `except ClearheadError` catches everything that a user can cause."""

    # Where the page has the same in its reader's language: its text `refused.KEY`.
    key: str | None = None


class ConfigError(ClearheadError, ValueError):
    """A model's sizes or choices contradict each other."""


class RecipeError(ClearheadError, ValueError):
    """A recipe cannot be read, has an unknown key, or asks for what cannot be."""


class DataError(ClearheadError, ValueError):
    """A corpus is missing, empty, unequal in length, or not UTF-8."""


class TokenizerError(ClearheadError, ValueError):
    """A tokenizer cannot be learned, loaded, or used for this text or language."""


class BundleError(ClearheadError):
    """A folder is not a trained model, or is a damaged one."""


class InteropError(ClearheadError):
    """A model of another program cannot be read, is damaged, or asks for what clearhead has not."""


class DecodingError(ClearheadError, ValueError):
    """A search was asked for what it cannot do."""


class UnknownWeightsError(DecodingError):
    """A model's weights are not those that the compiled functions know, as after an edit of its code."""


class TrainingError(ClearheadError):
    """A training run cannot start, go on, or be resumed."""


class UsageError(ClearheadError):
    """The command line was used in a way that it does not have."""


class TraceError(ClearheadError):
    """A file is no trace, or a trace lacks what is asked of it."""


class MissingTensorError(TraceError, KeyError):
    """A trace has no tensor, or no operation, of this name."""

    # A KeyError's own would be the message's repr.
    __str__ = Exception.__str__


class PackageError(ClearheadError, ImportError):
    """What was asked for needs a package that is not installed."""
