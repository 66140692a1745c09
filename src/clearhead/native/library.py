"""The compiled functions and the records that they share with Python: the C files say what each means."""

import ctypes
import functools
import os
import sys
from ctypes import POINTER, Structure, c_float, c_int, c_int32, c_int64, c_void_p
from typing import Any

import numpy as np

from clearhead.native import compiler, crossing
from clearhead.native.crossing import FLOAT32, FLOAT64, INT32, INT64, UINT8, Array, address, pointer

FP32, BF16, INT8 = range(3)
# Whether this process is a copy of one that may have had threads: empty where it is none.
_FORKED: list[bool] = []
# As `text.utf8.Standing`: uint8 "states vocabulary", int64 "sentences beams", uint8 "sentences".
Standing = tuple[Array, Array, Array | None]
_STATES = 8


class Matrix(Structure):
    """`struct matrix` of products.h."""

    _fields_ = (
        ("precision", c_int32), ("inputs", c_int32), ("outputs", c_int32),
        ("prepacked", c_void_p), ("scales", c_void_p), ("corrections", c_void_p), ("bias", c_void_p),
    )  # fmt: skip


class Norm(Structure):
    """`struct norm` of transformer.h."""

    _fields_ = (("weight", c_void_p), ("bias", c_void_p), ("eps", c_float), ("centred", c_int32))


class Layer(Structure):
    """`struct layer` of transformer.h."""

    _fields_ = (
        ("self_norm", Norm), ("cross_norm", Norm), ("feed_forward_norm", Norm),
        ("query_norm", Norm), ("key_norm", Norm), ("cross_query_norm", Norm), ("cross_key_norm", Norm),
        ("self_inputs", Matrix), ("self_output", Matrix),
        ("cross_query", Matrix), ("cross_memory", Matrix), ("cross_output", Matrix),
        ("inner", Matrix), ("gate", Matrix), ("outer", Matrix),
    )  # fmt: skip


class Embedding(Structure):
    """`struct embedding` of transformer.h."""

    _fields_ = (
        ("matrix", c_void_p), ("segment", c_void_p), ("positions", c_void_p), ("norm", Norm), ("width", c_int32),
        ("projection", Matrix),
    )  # fmt: skip


class Head(Structure):
    """`struct head` of transformer.h."""

    _fields_ = (("dense", Matrix), ("output", Matrix), ("norm", Norm), ("activation", c_int32))


class Transformer(Structure):
    """`struct transformer` of transformer.h."""

    _fields_ = (
        ("width", c_int32), ("heads", c_int32), ("kv_heads", c_int32), ("head_width", c_int32),
        ("inner_width", c_int32), ("encoder_layers", c_int32), ("decoder_layers", c_int32),
        ("source_vocabulary", c_int32), ("target_vocabulary", c_int32), ("max_length", c_int32),
        ("normalize_after", c_int32), ("activation", c_int32), ("gated", c_int32), ("rotary_halves", c_int32),
        ("precision", c_int32),
        ("scale", c_float), ("attention_scale", c_float),
        ("source", Embedding), ("target", Embedding),
        ("cosine", c_void_p), ("sine", c_void_p), ("source_bias", c_void_p), ("target_bias", c_void_p),
        ("encoder", POINTER(Layer)), ("decoder", POINTER(Layer)),
        ("encoder_norm", Norm), ("decoder_norm", Norm),
        ("tokens", Head), ("classes", Head),
    )  # fmt: skip


class Library:
    """The functions, with their types. They hold no lock of Python's while they run, so threads run side by side."""

    def __init__(self, path: str) -> None:
        functions = ctypes.CDLL(path)
        matrix, model, numbers = POINTER(Matrix), POINTER(Transformer), c_void_p
        self.prepack = _declared(functions.ch_prepack, c_int, matrix, c_int, c_int, c_int, numbers, numbers)
        self.prepacked_free = _declared(functions.ch_prepacked_free, None, matrix)
        self.workspace_bytes = _declared(functions.ch_workspace_bytes, ctypes.c_size_t, matrix, c_int)
        self.words32 = _declared(functions.ch_words32, c_int, matrix)
        self.unfold = _declared(functions.ch_unfold, None, matrix, numbers)
        self.matmul = _declared(functions.ch_matmul, None, matrix, numbers, c_int, numbers, numbers, c_int)
        self.state_new = _declared(
            functions.ch_state_new, c_int, model, numbers, c_int, numbers, *[c_int] * 4, POINTER(c_void_p)
        )
        self.shortlist = _declared(functions.ch_shortlist, c_int, model, c_void_p, *[numbers] * 3, c_int, c_int)
        self.advance = _declared(
            functions.ch_advance, c_int, model, c_void_p, numbers, numbers, *[c_int] * 3, numbers, c_int, c_int
        )
        self.read = _declared(functions.ch_read, c_int, model, numbers, c_int, numbers, *[c_int] * 3, numbers)
        self.logits = _declared(functions.ch_logits, c_int, POINTER(Head), numbers, c_int, numbers, c_int)
        self.state_free = _declared(functions.ch_state_free, None, model, c_void_p)
        self.expand_beams = _declared(
            functions.ch_expand_beams, c_int, *[numbers] * 3, *[c_int] * 5, c_int64, numbers, c_int, *[numbers] * 8
        )
        self.digest = _declared(functions.ch_digest, ctypes.c_uint64, c_void_p, c_void_p, c_int)
        self.topk = _declared(
            functions.ch_topk, c_int, numbers, c_int, c_int, numbers, numbers, c_int, numbers, c_int,
            numbers, c_int, numbers, numbers, numbers, c_int, numbers, numbers,
        )  # fmt: skip

    def most_probable(
        self,
        logits: Array,
        suppressed: tuple[int, ...],
        count: int,
        lists: tuple[Array, Array] | None = None,
        standing: Standing | None = None,
        forced: Array | None = None,
        known: int | None = None,
    ) -> tuple[Array, Array]:
        """The log-probabilities and the tokens of the `count` most probable ones of each row of `logits`.

        logits: float32 "sentences beams tokens".
        lists: where the logits of a sentence are those of some tokens: these tokens (int32, one row a sentence) and how
        many there are (int32). What follows them in a row is not read.
        standing: keeps hypotheses to whole UTF-8. forced: int64, the one token that a sentence may have; -1 for any.
        known: the `pointer` of these logits, where it has been asked for before.
        Raises DecodingError where these do not fit together.
        """
        sentences, beams, stride = logits.shape
        count = crossing.count("count", count)
        values, tokens = np.empty((sentences, beams, count), FLOAT32), np.empty((sentences, beams, count), INT64)
        banned = _whole_numbers(suppressed)
        listed = sizes = moves = states = furthest = only = None
        vocabulary = 0
        if lists is not None:
            listed = pointer("lists", lists[0], INT32, sentences, stride)
            sizes = pointer("the lists' sizes", lists[1], INT32, sentences)
        if standing is not None:
            moves, vocabulary, states = _pointers(standing, sentences, beams)
            if standing[2] is not None:
                furthest = pointer("furthest states", standing[2], UINT8, sentences)
        if forced is not None:
            only = pointer("forced tokens", forced, INT64, sentences)
        code = self.topk(
            known or pointer("logits", logits, FLOAT32, *logits.shape), sentences * beams, stride, listed, sizes,
            beams, banned, len(banned), moves, vocabulary, states, furthest, only, count, address(values),
            address(tokens),
        )  # fmt: skip
        crossing.require_done(code, "choosing the most probable tokens", logits=logits, count=count)
        return values, tokens

    def continuations(
        self,
        totals: Array,
        values: Array,
        tokens: Array,
        count: int,
        beams: int,
        end: int,
        standing: Standing | None = None,
    ) -> tuple[tuple[Array, Array, Array], tuple[Array, Array, Array], Array]:
        """Parents, tokens and totals of each sentence's `count` best continuations, and of the `beams` that live on.

        Parents are rows among those of all sentences. At last where the latter stand, as the states of `standing`; no
        numbers in particular without one. Raises DecodingError where these do not fit together.
        """
        sentences, rows, choices = values.shape
        count = min(crossing.count("count", count), rows * choices)
        beams = min(crossing.count("beams", beams), count)
        # One piece of memory for all results, and so one pointer: to ask for one takes longer than to make an array.
        wide, narrow = sentences * count, sentences * beams
        room = np.empty(3 * wide + 4 * narrow, INT64)
        places = [0, wide, 2 * wide, 3 * wide, 3 * wide + narrow, 3 * wide + 2 * narrow, 3 * wide + 3 * narrow]
        first = address(room)
        moves, vocabulary, before = (None, 0, None) if standing is None else _pointers(standing, sentences, rows)
        code = self.expand_beams(
            pointer("totals", totals, FLOAT64, sentences, rows),
            pointer("log-probabilities", values, FLOAT32, sentences, rows, choices),
            pointer("tokens", tokens, INT64, sentences, rows, choices),
            sentences, rows, choices, count, beams, end, moves, vocabulary, before,
            *(first + 8 * place for place in places),
        )  # fmt: skip
        crossing.require_done(code, "continuing hypotheses", values=values, count=count, beams=beams)
        parts = [room[a:b] for a, b in zip(places, [*places[1:], len(room)], strict=True)]
        found = [part.reshape(sentences, count) for part in parts[:3]]
        live = [part.reshape(sentences, beams) for part in parts[3:]]
        return (
            (found[0], found[1], found[2].view(FLOAT64)),
            (live[0], live[1], live[2].view(FLOAT64)),
            live[3],
        )


def _pointers(standing: Standing, sentences: int, rows: int) -> tuple[int, int, int]:
    """The automaton's table, the size of its vocabulary, and the states of the rows."""
    table, states, _ = standing
    vocabulary = table.shape[1]
    moves = pointer("the automaton", table, UINT8, _STATES, vocabulary)
    return moves, vocabulary, pointer("states", states, INT64, sentences, rows)


@functools.lru_cache(maxsize=16)
def _whole_numbers(numbers: tuple[int, ...]) -> Any:
    """As C reads them; made once for the steps of a search."""
    return (c_int64 * len(numbers))(*numbers)


def threads(wanted: int) -> int:
    """How many threads C may use for one product, where `wanted` are asked for: one in a process that was forked."""
    return 1 if _FORKED else wanted


def _forget_threads() -> None:
    # OpenMP's threads, torch's own among them, were not copied with the process, and whoever asked for them would wait
    # for ever. One thread needs none of them.
    _FORKED.append(True)
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_threads)


def _declared(function: Any, result: object, *arguments: object) -> Any:
    function.restype, function.argtypes = result, arguments
    return function


@functools.cache
def library() -> Library | None:
    """The compiled functions; None where they cannot be had, or where CLEARHEAD_OFF=native says not to."""
    path = compiler.compiled() if compiler.is_wanted() else None
    if path is None or compiler.is_unusable(path):
        return None
    try:
        found = Library(str(path))
    except (OSError, AttributeError) as error:
        reason = str(error).replace(str(path), path.name)
        compiler.remember_unusable(path, f"what the C compiler made cannot be loaded ({reason})")
        return None
    if not all(_multiplies(found, precision) for precision in (FP32, BF16, INT8)):
        compiler.remember_unusable(path, "the compiled products differ from PyTorch's here")
        return None
    return found


def _multiplies(functions: Library, precision: int) -> bool:
    """Whether a product of small whole numbers, which every precision holds exactly, comes out right."""
    random = np.random.default_rng(1)
    rows, weight, bias = (random.integers(-127, 128, shape).astype(FLOAT32) for shape in ((13, 42), (70, 42), (70,)))
    # The scale of a row is its greatest number divided by 127.
    rows[:, 0], weight[:, 0] = 127, -127
    matrix = Matrix()
    if functions.prepack(matrix, precision, *weight.shape, address(weight), address(bias)):
        return False
    work = np.empty(functions.workspace_bytes(matrix, len(rows)), UINT8)
    result = np.empty((len(rows), len(weight)), FLOAT32)
    functions.matmul(matrix, address(rows), len(rows), address(result), address(work), 1)
    functions.prepacked_free(matrix)
    # Whole numbers are exact in float64, so this depends on nobody's kind of product.
    exact = (rows.astype(FLOAT64)[:, None] * weight).sum(-1) + bias
    return bool((result == exact).all())
