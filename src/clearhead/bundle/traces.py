"""From a sentence to its trace: the search, watched, and one forced pass over what it found."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import torch

from clearhead.bundle.together import Served
from clearhead.decoding import Engine, Hypothesis, Precision, SearchOptions, Step
from clearhead.errors import DecodingError
from clearhead.runtimes.weights import require_numbers
from clearhead.tasks.searching import COUNTED
from clearhead.text import Tokenizer
from clearhead.tracing import Side, Trace, Tree, operations_of, record
from clearhead.tracing.families import FAMILIES, family_of

# How many of the likeliest next tokens a tree keeps for each hypothesis that was continued.
CANDIDATES = 10


def traced_text(
    serving: Served,
    precision: Precision,
    text: str,
    source: Sequence[int],
    target: str | None,
    tokenizers: tuple[Tokenizer, Tokenizer],
    options: SearchOptions,
    settings: Mapping[str, Any],
) -> Trace:
    """The trace of what translating gives for a text and its ids, or of a target that is given.

    settings: what the trace tells of how it was made. Raises DecodingError where the target is too long.
    """
    sentence, tokenizer = side(text, source, tokenizers[0]), tokenizers[1]
    settings = {
        **settings,
        "beam_size": options.beam_size if target is None else None,
        "length_penalty": str(options.length_penalty),
        "precision": precision,
    }
    if target is not None:
        tokens = (*tokenizer.opening, *tokenizer.encode(target, COUNTED), tokenizer.end)
        return traced(serving.model, sentence, tokens, target, tokenizer, None, {**settings, "served": None})
    best, tree = searched(serving.engine(precision), sentence.ids, options)
    # Each token's log-probability as the program that translates computed it, in its precision.
    settings = {**settings, "served": list(best.token_log_probabilities)}
    return traced(serving.model, sentence, best.tokens, tokenizer.decode(best.tokens), tokenizer, tree, settings)


def searched(engine: Engine, source: Sequence[int], options: SearchOptions) -> tuple[Hypothesis, Tree | None]:
    """What wins, and the tree of the search; no tree where the search is greedy, which has no rivals."""
    if options.beam_size == 1:
        [[best]] = engine.translate([source], options)
        return best, None
    tree = Tree(options.begin, options.end, options.length_penalty.score)

    def watch(step: Step) -> None:
        values, tokens = (one[0].tolist() for one in step.choices)
        choices = [list(zip(*both, strict=True))[:CANDIDATES] for both in zip(tokens, values, strict=True)]
        candidates = (one[0].tolist() for one in step.candidates)
        parents, new_tokens, _ = (one[0].tolist() for one in step.live)
        tree.grow(choices, list(zip(*candidates, strict=True)), list(zip(parents, new_tokens, strict=True)))

    [[best]] = engine.translate([source], options, watch=watch)
    tree.mark_winner(best.tokens)
    return best, tree


def traced(
    model: Any,
    source: Side,
    tokens: Sequence[int],
    text: str,
    tokenizer: Tokenizer,
    tree: Tree | None,
    settings: Mapping[str, Any],
) -> Trace:
    """The trace of one forced pass: all of the target's positions at once, each predicting the token after it.

    Its settings tell the pieces of the likeliest next tokens, so that a reader without the tokenizer can name them.
    """
    require_numbers(model)
    if len(tokens) > model.config.max_length:
        raise DecodingError(
            f"the target has {len(tokens)} tokens but the model writes {model.config.max_length} at most; shorten it"
        )
    inputs = (tokenizer.begin, *tokens[:-1])
    sequences = {"source": source, "target": side(text, inputs, tokenizer), "predicted": side(text, tokens, tokenizer)}
    nodes = [] if tree is None else tree.as_json()
    return _made(model, record(model, source.ids, inputs), sequences, tokenizer, settings, nodes)


def traced_reading(
    model: Any,
    text: str,
    ids: Sequence[int],
    written: Sequence[int],
    tokenizer: Tokenizer,
    settings: Mapping[str, Any],
    sees_all: bool = False,
) -> Trace:
    """The trace of a model that reads one text: its ids and, of a language model, those that it wrote after them.

    What was to follow each place is the token there; after all of them the last one that it wrote, or else the
    likeliest. sees_all: whether a language model's places see the whole text, in place of those before them.
    """
    require_numbers(model)
    read = (*ids, *written[:-1])
    mask = {"mask": torch.ones(1, 1, len(read), len(read), dtype=torch.bool)} if sees_all else {}
    tensors = record(model, read, **mask)
    sequences = {"text": side(text, read, tokenizer)}
    if "predicted" in family_of(model.config).sequences:
        following = (*read[1:], written[-1] if written else int(tensors["output.probabilities"][-1].argmax()))
        sequences["predicted"] = side(tokenizer.decode(following[len(ids) - 1 :]), following, tokenizer)
    return _made(model, tensors, sequences, tokenizer, settings)


def _made(
    model: Any,
    tensors: Mapping[str, torch.Tensor],
    sequences: Mapping[str, Side],
    tokenizer: Tokenizer,
    settings: Mapping[str, Any],
    nodes: Sequence[Mapping[str, Any]] = (),
) -> Trace:
    told = {token for node in nodes for token, _ in node["candidates"]}
    pieces = likely_pieces(tensors, tokenizer, told)
    family = family_of(model.config)
    return Trace(
        tensors,
        operations_of(model.config),
        **sequences,
        family=next(name for name, one in FAMILIES.items() if one is family),
        config=model.config.as_plain(),
        tree=[{**node, "piece": tokenizer.pieces([node["token"]])[0]} for node in nodes],
        settings={**settings, "pieces": pieces},
        parameters=dict(model.named_parameters(remove_duplicate=False)),
    )


def likely_pieces(
    tensors: Mapping[str, torch.Tensor], tokenizer: Tokenizer, others: Collection[int] = ()
) -> dict[str, str]:
    """The pieces of the likeliest tokens of each place, and of others, by their ids."""
    told = {*others}
    if "output.probabilities" in tensors:
        probabilities = tensors["output.probabilities"]
        told |= {*torch.topk(probabilities, min(CANDIDATES, probabilities.shape[1])).indices.flatten().tolist()}
    return {str(one): tokenizer.pieces([one])[0] for one in sorted(told)}


def side(text: str, ids: Sequence[int], tokenizer: Tokenizer) -> Side:
    return Side(text, tuple(ids), tuple(tokenizer.pieces(ids)))
