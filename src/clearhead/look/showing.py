"""From a trace to what is shown of it: the same for the page, one file and a notebook."""

import functools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from clearhead.bundle import shipped
from clearhead.bundle.storage import read_tensors
from clearhead.bundle.traces import likely_pieces, traced, traced_reading
from clearhead.bundle.verbs import VERBS
from clearhead.look.exhibit import Exhibit
from clearhead.look.run_log import read_run
from clearhead.tasks import Model, task_for
from clearhead.tracing import Trace
from clearhead.tracing.families import FAMILIES

if TYPE_CHECKING:
    from clearhead.bundle import Bundle

# The model that docs/questions.md and docs/heads.md are about: one that was trained elsewhere has other numbers.
ASKED_ABOUT = "street"


def exhibit_of(trace: Trace, bundle: "Bundle | None" = None) -> Exhibit:
    """A trace with all that its model adds: its first weights, its run's log, other hypotheses and masks.

    bundle: where the trace does not know it, as one that was read from a file. Without any, the trace alone is shown.
    Raises BundleError for a damaged history.jsonl or samples.jsonl.
    """
    bundle = trace.bundle if bundle is None else bundle
    if bundle is None:
        return Exhibit(trace, shipped=is_shipped(trace))
    translates = "source" in trace.sequences
    return Exhibit(
        trace,
        untrained(bundle, trace),
        read_run(bundle.folder),
        bundle.languages,
        functools.partial(forced, bundle, trace) if translates else None,
        is_shipped(trace) if translates else None,
        bundle.readable_scripts if translates and bundle.unreadable([trace.source.text]) else (),
        under_the_other_mask(bundle, trace) if is_used_under_both(bundle) else None,
    )


def is_used_under_both(bundle: "Bundle") -> bool:
    """Whether it is one network that goes on with texts, under the causal mask, and fills gaps, under a full one."""
    return {"generate", "fill"} <= set(VERBS[bundle.task].methods)


def under_the_other_mask(bundle: "Bundle", trace: Trace) -> Trace:
    """The same text, each of whose places sees all of it."""
    ids = trace.text.ids[: trace.settings.get("prompt")]
    written = trace.predicted.ids[len(ids) - 1 :]
    return traced_reading(bundle.model, trace.text.text, ids, written, bundle.source_tokenizer, trace.settings, True)


def forced(bundle: "Bundle", trace: Trace, tokens: Sequence[int]) -> Trace:
    """The trace of the same source with other tokens, such as those of a hypothesis that did not win."""
    tokenizer = bundle.target_tokenizer
    settings = {**trace.settings, "beam_size": None, "served": None}
    return traced(bundle.model, trace.source, tokens, tokenizer.decode(tokens), tokenizer, None, settings)


def untrained(bundle: "Bundle", trace: Trace) -> Trace:
    """What the model's first weights, which its seed gives again, make of the same tokens: its probabilities alone."""
    model, family = _before_training(bundle), FAMILIES[trace.family]
    ids = [torch.tensor([trace.sequences[name].ids]) for name in family.reads]
    with torch.inference_mode():
        said = model(*ids)
    logits = said if isinstance(said, Tensor) else said.logits
    tensors = {} if logits is None else {"output.probabilities": logits[0].float().softmax(-1)}
    pieces = {**trace.settings.get("pieces", {}), **likely_pieces(tensors, bundle.target_tokenizer)}
    settings = {**trace.settings, "pieces": pieces}
    told: dict[str, Any] = {"family": trace.family, "config": trace.config, "settings": settings}
    return Trace(tensors, (), **told | dict(trace.sequences))


@functools.lru_cache(maxsize=1)
def _before_training(bundle: "Bundle") -> Model:
    config = bundle.model.config
    return task_for(config).new_model(config, bundle.settings.seed).eval()


def is_shipped(trace: Trace) -> bool | None:
    """Whether the trace's model is the one that docs/questions.md is about; None where it has no weights to tell by."""
    if not trace.parameters:
        return None
    stored = _shipped_weights()
    return stored.keys() <= trace.parameters.keys() and all(
        torch.equal(trace.parameters[name].detach().float().cpu(), one.float()) for name, one in stored.items()
    )


@functools.cache
def _shipped_weights() -> Mapping[str, Tensor]:
    return read_tensors(shipped()[ASKED_ABOUT] / "model.safetensors")
