"""What a model does, one operation at a time: each described once, for `check()`, the page and worksheets.

A description says where each number is read, its formula, how large the sum of magnitudes behind it is, and how it is
written out. `recompute.py` computes the formula on tensors, the page (`arithmetic.js`) for one number at a time, and
`byhand/described.py` on a worksheet. All know how to read and what functions mean, and none knows an operation.
"""

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from clearhead.errors import TraceError
from clearhead.model.config import EPS
from clearhead.model.shapes import Shape
from clearhead.tracing.formulas import (
    INFINITY,
    Formula,
    at,
    cos,
    count,
    dot,
    erf,
    exp,
    floor,
    greatest,
    larger,
    mean,
    named,
    sin,
    sqrt,
    tanh,
    total,
    where,
)

Shapes = Sequence[Shape]


@dataclasses.dataclass(frozen=True)
class Operation:
    """One tensor and how it comes about.

    name: the tensor, such as "encoder.layers.0.self_attention.scores". operation: a key of `DESCRIPTIONS`. inputs:
    tensors that earlier operations made, or that were given. parameters: the model's own, by their paths. settings: the
    operation's constants.
    is_shown: whether the model shows this tensor; else the trace holds what the operation's own formula gave.
    """

    name: str
    operation: str
    inputs: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    settings: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    is_shown: bool = True

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "operation": self.operation,
            "inputs": list(self.inputs),
            "parameters": list(self.parameters),
            "settings": dict(self.settings),
        }


def _as_first(inputs: Shapes, parameters: Shapes, settings: Mapping[str, Any]) -> Shape:
    return inputs[0]


@dataclasses.dataclass(frozen=True)
class Description:
    """How a number of an operation's tensor comes about, at its place (head, row, column).

    words: what it is, in English and Korean.
    inputs, parameters: for each, which of its numbers stand in the formula, as {name: reading}.
    Readings of an input: "cell", the same place (a tensor of one row, of one column or without heads serves all);
    "partner", the other number of its pair (2i, 2i+1); "opposite", the one half a row further; "first", the same column
    of the first row;
    "row", all columns of the row; "across", row number `column`; "down", the column; "split", the same place where
    heads stand side by side.
    Readings of a parameter: "across", row number `column` of a matrix (the heads' rows one after another); "entry",
    number `column` of a vector; "partner across" and "partner entry", those of the other column of a pair; "token",
    a number of the row that the first input names; "bucket", the head's number of that row; "place", one of row `row`.
    A parameter that is not there is 0.
    value: the formula, of these names, the operation's settings, `row`, `column`, and `last`, the first input's width.
    given: formulas of other names in it, its parts: worksheets ask for one after another. "powers" is the row of which
    "power" is one number, and so with each name and its s.
    bound: the sum of the magnitudes that were added up; |value| where None.
    Rounding is in proportion to what was added, not to what remained: a large residual may hide in a small sum.
    roundings: how often a model rounds to its own precision on the way. PyTorch's kernels compute in float32 within and
    round what they give, so that those which may stand one behind the other are counted.
    lines: how it is written out with its numbers: {x}, and {(x)} in brackets if negative; of several that whose number
    is `which`. None for a sum of products, which is written out by its terms.
    defaults: settings that may be missing.
    shape: of the result, from the shapes of inputs and parameters and the settings.
    """

    words: tuple[str, str]
    inputs: tuple[Mapping[str, str], ...]
    value: Formula
    parameters: tuple[Mapping[str, str], ...] = ()
    bound: Formula | None = None
    given: Mapping[str, Formula] = dataclasses.field(default_factory=dict)
    lines: tuple[str, ...] = ()
    defaults: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    roundings: int = 1
    shape: Callable[[Shapes, Shapes, Mapping[str, Any]], Shape] = _as_first

    def as_json(self) -> dict[str, Any]:
        """As the page reads it."""
        used = self._used(self.value)
        reach = [[_widest(one, used) for one in several] for several in (self.inputs, self.parameters)]
        return {
            "words": dict(zip(("en", "ko"), self.words, strict=True)),
            "inputs": [dict(one) for one in self.inputs],
            "parameters": [dict(one) for one in self.parameters],
            "reach": reach,
            "value": self.value.as_json(),
            "bound": None if self.bound is None else self.bound.as_json(),
            "given": {name: one.as_json() for name, one in self.given.items()},
            "roundings": self.roundings,
            "lines": list(self.lines),
            "defaults": dict(self.defaults),
        }

    def _used(self, formula: Formula) -> set[str]:
        """The names of what a formula is made of, those behind `given` included."""
        names = formula.names()
        return names.union(*(self._used(self.given[name]) for name in names & self.given.keys()))


def _widest(operands: Mapping[str, str], used: set[str]) -> str | None:
    """Which of an input's numbers the value is made of: of two readings the one that has more of them."""
    readings = [reading for name, reading in operands.items() if name in used]
    return max(readings, key=lambda one: one != "cell", default=None)


def description_of(operation: Operation) -> Description:
    """Raises TraceError for an operation, or a kind of one, that is not described here."""
    known: Mapping[str, Description] = DESCRIPTIONS
    what, name = "operation", operation.operation
    if name in KINDS:
        setting, known = KINDS[name]
        what, name = f"{setting} of {name!r}", str(operation.settings.get(setting))
    if name not in known:
        names = [*known, *(KINDS if known is DESCRIPTIONS else ())]
        raise TraceError(
            f"{what} {name[:60]!r} cannot be checked, which knows {', '.join(names)}; "
            "describe it in tracing/operations.py"
        )
    return known[name]


def key_of(operation: Operation) -> str:
    """A name for the description of an operation, which those of its kind share."""
    if operation.operation not in KINDS:
        return operation.operation
    return f"{operation.operation} {operation.settings.get(KINDS[operation.operation][0])}"


x, y, xs, ys, w, b, v, d, p, q, angle = named("x y xs ys w b v d p q angle")
row, column, last, width = named("row column last width")
_CELL, _BOTH = {"x": "cell"}, ({"x": "cell"}, {"y": "cell"})
_VECTOR = {"x": "cell", "xs": "row"}


def _of_both(inputs: Shapes, parameters: Shapes, settings: Mapping[str, Any]) -> Shape:
    """What has one row, one column or no heads serves all."""
    longest = max(map(len, inputs))
    filled = [(*(1,) * (longest - len(one)), *one) for one in inputs]
    return tuple(map(max, *filled))


def _one_a_row(inputs: Shapes, parameters: Shapes, settings: Mapping[str, Any]) -> Shape:
    return (*inputs[0][:-1], 1)


def _activation(formula: Formula, line: str) -> Description:
    """A function of each number. Below zero a smooth one takes a small difference of numbers as large as its input."""
    words = ("the activation of its input", "입력에 활성화 함수를 적용한 것")
    return Description(words, (_CELL,), formula, bound=abs(x) + abs(formula), given={"opposite": -x}, lines=(line,))


ACTIVATIONS: dict[str, Description] = {
    "relu": _activation(larger(0, x), "max(0, {x})"),
    "gelu": _activation(x * (1 + erf(x / math.sqrt(2))) / 2, "{x} · Φ({x})"),
    "gelu-tanh": _activation(
        x * (1 + tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))) / 2,
        "½ · {(x)} · (1 + tanh(√(2/π) · (x + 0.044715·x³)))",
    ),
    "tanh": _activation(tanh(x), "tanh({x})"),
    "silu": _activation(x / (1 + exp(-x)), "{x} / (1 + e^({opposite}))"),
    "relu2": _activation(larger(0, x) ** 2, "max(0, {x})²"),
}


def _of_places(inputs: Shapes, parameters: Shapes, settings: Mapping[str, Any]) -> Shape:
    return (inputs[0][0], settings["width"])


def _waves(exponent: Formula, is_cosine: Formula) -> Description:
    """sin or cos of row / 10000^exponent (section 3.5)."""
    return Description(
        ("a function of the place alone", "위치만으로 정해지는 함수"),
        ({},),
        where(Formula("which"), cos(angle), sin(angle)),
        given={
            "exponent": exponent,
            "divisor": 10_000.0 ** Formula("exponent"),
            "angle": row / Formula("divisor"),
            "which": is_cosine,
        },
        lines=tuple(f"{one}({{row}} / 10000^{{exponent}}) = {one}({{angle}})" for one in ("sin", "cos")),
        shape=_of_places,
    )


_TERMS = width / 2
POSITIONS: dict[str, Description] = {
    "sinusoidal": _waves(2 * floor(column / 2) / width, column % 2),
    # All sines, then all cosines, as in tensor2tensor and in Marian.
    "sinusoidal-concatenated": _waves((column % _TERMS) / larger(_TERMS - 1, 1), floor(column / _TERMS)),
    "sinusoidal-halves": _waves(2 * (column % _TERMS) / width, floor(column / _TERMS)),
    "learned": Description(
        ("a row of the table", "표의 한 행"),
        ({},),
        p,
        ({"p": "place"},),
        lines=("P[{row}, {column}] = {p}",),
        shape=_of_places,
    ),
}


def _of_heads(inputs: Shapes, parameters: Shapes, settings: Mapping[str, Any]) -> Shape:
    return (settings["heads"], inputs[0][0], parameters[0][0] // settings["heads"])


_LINEAR = ({"w": "across"}, {"b": "entry"})
_OTHER = ({"w": "across", "v": "partner across"}, {"b": "entry", "d": "partner entry"})
_SPLIT = ("input · W + b, split into heads", "입력 · W + b를 헤드로 나눈 것")
_LINEAR_BOUND = dot(abs(xs), abs(w)) + abs(b)
HEADS: dict[str, Description] = {
    "False": Description(
        _SPLIT, ({"xs": "row"},), dot(xs, w) + b, _LINEAR, _LINEAR_BOUND, roundings=2, shape=_of_heads
    ),
    # Each pair of numbers (2i, 2i+1) turned by row · 10000^(-2i/d_k) (Su et al. 2021).
    "True": Description(
        _SPLIT,
        ({"xs": "row"},),
        where(column % 2, q * sin(angle) + p * cos(angle), p * cos(angle) - q * sin(angle)),
        _OTHER,
        _LINEAR_BOUND + dot(abs(xs), abs(v)) + abs(d),
        {
            "p": dot(xs, w) + b, "q": dot(xs, v) + d, "which": column % 2,
            "angle": row * 10_000.0 ** (-2 * floor(column / 2) / width),
        },
        tuple(f"{{p}}·cos({{angle}}) {sign} {{(q)}}·sin({{angle}})" for sign in "−+"),
        roundings=5,  # Product, bias, cosine, its product, sum.
        shape=_of_heads,
    ),
}  # fmt: skip


def _turn(partner: str, is_second: Formula, pair: Formula) -> Description:
    """One number of a pair, turned by row · base^(-2·pair/d_k) (Su et al. 2021), or by less: see `BlockConfig`.

    trained: 0 where the angles of all pairs are divided by the factor.
    """
    frequency, factor, low, high, kept = named("frequency factor low high kept")
    turns = Formula("trained") * frequency / (2 * math.pi)
    return Description(
        ("a pair of numbers turned by its position", "위치에 따라 돌린 한 쌍의 수"),
        ({"p": "cell", "q": partner},),
        where(Formula("which"), q * sin(angle) + p * cos(angle), p * cos(angle) - q * sin(angle)),
        bound=abs(p) + abs(q),
        given={
            "which": is_second,
            "frequency": Formula("base") ** (-2 * pair / width),
            "kept": larger(0, 1 - larger(0, 1 - (turns - low) / (high - low))),
            "angle": row * frequency * (kept + (1 - kept) / factor),
        },
        lines=tuple(f"{{p}}·cos({{angle}}) {sign} {{(q)}}·sin({{angle}})" for sign in "−+"),
        defaults={"factor": 1.0, "trained": 0, "low": 1.0, "high": 4.0},
        roundings=3,
    )


TURNS: dict[str, Description] = {
    "neighbours": _turn("partner", column % 2, floor(column / 2)),
    "halves": _turn("opposite", floor(2 * column / width), column % (width / 2)),
}

_mean, _variance, _eps, _weight, _bias, _top, _power, _sum = named("mean variance eps weight bias top power sum")
# Operations of which there are several kinds: the setting that says which, and the description of each.
KINDS: Mapping[str, tuple[str, Mapping[str, Description]]] = {
    "positions": ("kind", POSITIONS), "heads": ("rotary", HEADS), "activate": ("function", ACTIVATIONS),
    "turn": ("layout", TURNS),
}  # fmt: skip

DESCRIPTIONS: dict[str, Description] = {
    "embed": Description(
        ("a row of the table, times √d_model", "표의 한 행 × √d_model"),
        ({},), w * Formula("scale"), ({"w": "token"},), lines=("{w} · {(scale)}",),
        shape=lambda inputs, parameters, _: (inputs[0][0], parameters[0][1]),
    ),
    "add": Description(
        ("the sum of its inputs", "입력을 모두 더한 것"), _BOTH, x + y, bound=abs(x) + abs(y), lines=("{x} + {(y)}",)
    ),
    "multiply": Description(
        ("the product of its inputs, number by number", "입력을 성분끼리 곱한 것"), _BOTH, x * y,
        lines=("{x} · {(y)}",), shape=_of_both,
    ),
    "bucket": Description(
        ("the number of the head and of the distance's bucket", "헤드와 거리 구간에 해당하는 수"),
        ({},), b, ({"b": "bucket"},), lines=("{b}",),
        shape=lambda inputs, parameters, _: (parameters[0][1], *inputs[0]),
    ),
    "same": Description(("its input as it is", "입력 그대로"), (_CELL,), x, lines=("{x}",)),
    # PyTorch keeps a linear layer's matrix turned.
    "project": Description(
        ("input · W + b", "입력 · W + b"), ({"xs": "row"},), dot(xs, w) + b, _LINEAR, _LINEAR_BOUND,
        roundings=2,  # Some kernels add the bias, others leave it to the next.
        shape=lambda inputs, parameters, _: (*inputs[0][:-1], parameters[0][0]),
    ),
    "scores": Description(
        ("query · keyᵀ", "쿼리 · 키ᵀ"), ({"xs": "row"}, {"ys": "across"}), dot(xs, ys), bound=dot(abs(xs), abs(ys)),
        shape=lambda inputs, *_: (*inputs[0][:-1], inputs[1][-2]),
    ),
    "divide": Description(
        ("input ÷ √d_k", "입력 ÷ √d_k"), (_CELL,), x / Formula("by"), lines=("{x} / {(by)}",)
    ),
    "mask": Description(
        ("input where the mask is 1, else −∞", "마스크가 1이면 입력, 아니면 −∞"),
        ({"x": "cell"}, {"allowed": "cell"}), where(Formula("allowed"), x, -INFINITY),
        given={"which": where(Formula("allowed"), 0, 1)}, lines=("{x}", "{x} → −∞"),
    ),
    # The exponent's rounding is in proportion to its distance from the greatest one; e^-800 is 0.
    "softmax": Description(
        ("e^x ÷ the sum of its row's e^x", "e^x ÷ 그 행의 e^x 합"), (_VECTOR,), _power / _sum,
        bound=_power / _sum * (1 - larger(x - _top, -800)),
        given={
            "top": greatest(xs), "shifted": x - _top, "shifteds": xs - _top, "power": exp(Formula("shifted")),
            "powers": exp(Formula("shifteds")), "sum": total(Formula("powers")),
        },
        lines=("e^({x} − {(top)}) / Σ = {power} / {sum}",),
    ),
    "weigh": Description(
        ("weights · values", "가중치 · 값"), ({"xs": "row"}, {"ys": "down"}), dot(xs, ys), bound=dot(xs, abs(ys)),
        shape=lambda inputs, *_: (*inputs[0][:-1], inputs[1][-1]),
    ),
    "merge": Description(
        ("the heads side by side", "헤드를 나란히 이어 붙인 것"), ({"x": "split"},), x,
        given={"number": floor(column / last) + 1, "own": column % last}, lines=("head {number} [{row}, {own}] = {x}",),
        shape=lambda inputs, *_: (inputs[0][1], inputs[0][0] * inputs[0][2]),
    ),
    "first": Description(
        ("the first row of its input", "입력의 첫 행"), ({"x": "first"},), x, lines=("{x}",),
        shape=lambda inputs, *_: (1, *inputs[0][1:]),
    ),
    "average": Description(
        ("the mean of the rows whose mask is 1", "마스크가 1인 행의 평균"), ({"xs": "row"}, {"ys": "down"}),
        dot(xs, ys) / Formula("rows"), bound=dot(xs, abs(ys)) / Formula("rows"),
        given={"sum": dot(xs, ys), "rows": larger(1, total(xs))}, lines=("{(sum)} / {rows}",), roundings=2,
        shape=lambda inputs, *_: (inputs[0][0], inputs[1][-1]),
    ),
    "mean": Description(
        ("the mean of each row", "행마다 평균"), ({"xs": "row"},), mean(xs), bound=mean(abs(xs)),
        given={"first": at(xs, 0), "second": at(xs, 1), "count": count(xs)},
        lines=("({first} + {(second)} + …) / {count}",), shape=_one_a_row,
    ),
    # Of the whole row, divided by its width (not by one less).
    "variance": Description(
        ("the mean squared distance from the mean", "평균과의 차이를 제곱해 평균한 것"),
        ({"xs": "row"}, {"mean": "cell"}), mean(Formula("deviations") ** 2), bound=mean(xs**2 + _mean**2),
        given={"deviations": xs - _mean, "first": at(xs, 0), "count": count(xs)},
        lines=("(({first} − {(mean)})² + …) / {count}",), shape=_one_a_row,
    ),
    "mean_square": Description(
        ("the mean of each row's squares", "행마다 제곱의 평균"), ({"xs": "row"},), mean(xs**2),
        given={"first": at(xs, 0), "second": at(xs, 1), "count": count(xs)},
        lines=("({(first)}² + {(second)}² + …) / {count}",), shape=_one_a_row,
    ),
    # Ba et al. 2016. The model has a mean and a variance of its own, each rounded in proportion to what it was averaged
    # from. To first order that changes the result by its derivative: -factor (weight / root) for the mean, and for the
    # variance -(x - mean) · factor / 2(variance + ε). The bound is the sum of these, of x · factor and of the bias.
    "normalize": Description(
        ("(x − mean) ÷ √(variance + ε) · weight + bias", "(x − 평균) ÷ √(분산 + ε) · 가중치 + 편향"),
        (_VECTOR, {"mean": "cell"}, {"variance": "cell"}), _weight * Formula("deviation") / Formula("root") + _bias,
        ({"weight": "entry"}, {"bias": "entry"}),
        (
            abs(x) + mean(abs(xs)) + abs(x - _mean) * mean(xs**2 + _mean**2) / (2 * (_variance + _eps))
        ) * abs(_weight / Formula("root")) + abs(_bias),
        given={"deviation": x - _mean, "root": sqrt(_variance + _eps)},
        lines=("({x} − {(mean)}) / √({variance} + {eps}) · {(weight)} + {(bias)}",), defaults={"eps": EPS},
    ),
    # Zhang and Sennrich 2019. Squares do not cancel: the rounding of their mean is in proportion to it, and so is that
    # of the result.
    "normalize_by_square": Description(
        ("x ÷ √(mean square + ε) · weight", "x ÷ √(제곱 평균 + ε) · 가중치"),
        (_CELL, {"square": "cell"}), x / sqrt(Formula("square") + _eps) * _weight, ({"weight": "entry"},),
        lines=("{x} / √({square} + {eps}) · {(weight)}",), defaults={"eps": EPS},
    ),
}  # fmt: skip
