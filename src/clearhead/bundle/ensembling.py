"""Several bundles that write together: an ensemble, as one bundle."""

from collections.abc import Sequence

from clearhead.bundle.bundle import Bundle
from clearhead.bundle.together import Together
from clearhead.bundle.verbs import has_verb
from clearhead.errors import UsageError


def ensemble(bundles: Sequence[Bundle]) -> Bundle:
    """Several trained models as one, which translates by the mean of what they find probable.

    bundles: two or more of one task with the same vocabularies and languages, such as those of three seeds; they may
        have different sizes. Settings, precision and shortlist are those of the first.
    It translates, searches and scores; `model`, `trace` and `save` are for each bundle by itself.
    Raises UsageError for one bundle, and for such as do not go together, with what differs.
    """
    if len(bundles) < 2:
        raise UsageError(f"an ensemble of {len(bundles)} bundles is none; give two or more")
    first = bundles[0]
    if not has_verb("search", first.task):
        raise UsageError(f"an ensemble translates or summarises, and the models' task is {first.task}; give others")
    for number, other in enumerate(bundles[1:], start=2):
        if told := _difference(first, other):
            raise UsageError(
                f"model {number} of the ensemble{_named(other)} differs from the first{_named(first)}: {told}; "
                "give models of one task with the same vocabularies, as runs of several seeds have"
            )
    members = [member for one in bundles for member in getattr(one._serving, "members", [one._serving])]
    return Bundle(
        Together(members), first.source_tokenizer, first.target_tokenizer, lambda: first.recipe, first.precision,
        first.shortlist, first.source_scripts, first.settings,
    )  # fmt: skip


def _difference(first: Bundle, other: Bundle) -> str:
    """What keeps two bundles from writing together; nothing where they can."""
    if other.task != first.task:
        return f"its task is {other.task} and not {first.task}"
    for side in ("source", "target"):
        own, expected = (getattr(one, f"{side}_tokenizer") for one in (other, first))
        if own.size != expected.size:
            return f"its {side} vocabulary has {own.size:,} pieces and not {expected.size:,}"
        if own.to_json() != expected.to_json():
            return f"its {side} vocabulary has other pieces"
    if other.settings.targets != first.settings.targets:
        return "it translates into other languages"
    return ""


def _named(bundle: Bundle) -> str:
    return f" ({bundle.folder})" if bundle.folder else ""
