"""The sizes and choices of a block, and of each family that is made of blocks: frozen, and validated once."""

import dataclasses
from typing import TYPE_CHECKING, Any, Literal, get_args

from clearhead.errors import ConfigError

PositionKind = Literal[
    "sinusoidal",
    "sinusoidal-concatenated",
    "sinusoidal-halves",
    "learned",
    "rotary",
    "rotary-halves",
    "relative",
    "alibi",
]
RotaryScaling = Literal["none", "linear", "llama3"]
NormPlacement = Literal["post", "pre"]
NormKind = Literal["layer", "rms"]
Activation = Literal["relu", "gelu", "gelu-tanh", "silu", "relu2", "reglu", "geglu", "geglu-tanh", "swiglu"]
Sharing = Literal["all", "target", "inputs", "none"]
# Where the source's matrix is the target's.
SHARED_SOURCE = ("all", "inputs")
Initialization = Literal["paper", "gpt2", "bert", "zero-outputs"]
# The kinds of positions whose vectors are added to those of tokens; the others act inside attention.
ADDED = ("sinusoidal", "sinusoidal-concatenated", "sinusoidal-halves", "learned")
MaskedHead = Literal["transform", "plain", "none"]
Pooling = Literal["first", "mean"]
PoolerActivation = Literal["tanh", "relu", "gelu"]
# The function by which each gated activation multiplies a second projection (Shazeer 2020).
GATED = {"reglu": "relu", "geglu": "gelu", "geglu-tanh": "gelu-tanh", "swiglu": "silu"}

_CHOICES = {
    "positions": get_args(PositionKind),
    "rotary_scaling": get_args(RotaryScaling),
    "norm_placement": get_args(NormPlacement),
    "norm": get_args(NormKind),
    "activation": get_args(Activation),
    "initialization": get_args(Initialization),
}
# What a size may be at most: above any model that is trained with this, and below what overflows a product of three.
MOST_SIZES = {
    "source_vocabulary": 2**24, "target_vocabulary": 2**24, "vocabulary": 2**24, "width": 2**16, "heads": 2**12,
    "kv_heads": 2**12, "head_width": 2**16, "inner_width": 2**18, "encoder_layers": 2**10, "decoder_layers": 2**10,
    "layers": 2**10, "max_length": 2**20, "relative_buckets": 2**12, "relative_distance": 2**16, "segments": 2**10,
    "classes": 2**20, "position_shift": 2**20, "embedding_width": 2**16,
    "rotary_trained_length": 2**20,
}  # fmt: skip
# What version 0.1 took for granted.
EPS = 1e-5
ROTARY_BASE = 10_000.0
# What it wrote into files, in its order.
_OLDEST = (
    "source_vocabulary", "target_vocabulary", "width", "heads", "inner_width", "encoder_layers", "decoder_layers",
    "dropout", "attention_dropout", "activation_dropout", "positions", "max_length", "norm_placement", "norm",
    "activation", "share_embeddings",
)  # fmt: skip
# What the first models of a family did not have.
_LATER = {"output_bias", "pooler_activation", "embedding_width"}
_DERIVED: Any = None
if TYPE_CHECKING:
    Derived = int
else:
    Derived = int | None  # None until the config has derived it, when it is made.
_LARGEST = 2.0**127
_RATES = ("dropout", "attention_dropout", "activation_dropout")


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class BlockFields:
    """The values that a block and every family have in common, with the meanings that `BlockConfig` tells."""

    width: int = 512
    heads: int = 8
    kv_heads: int | None = None
    head_width: int | None = None
    inner_width: int = 2048
    dropout: float = 0.1
    attention_dropout: float = 0.0
    activation_dropout: float = 0.0
    positions: PositionKind = "sinusoidal"
    max_length: int = 1024
    norm_placement: NormPlacement = "post"
    norm: NormKind = "layer"
    eps: float = EPS
    bias: bool = True
    query_key_value_bias: bool | None = None
    attention_output_bias: bool | None = None
    activation: Activation = "relu"
    scale: float | None = None
    scale_embeddings: bool = True
    embedding_norm: bool = False
    query_key_norm: bool = False
    position_shift: int = 0
    rotary_base: float = ROTARY_BASE
    rotary_scaling: RotaryScaling = "none"
    rotary_factor: float = 1.0
    rotary_trained_length: int = 8192
    rotary_low_turns: float = 1.0
    rotary_high_turns: float = 4.0
    relative_buckets: int = 32
    relative_distance: int = 128
    initialization: Initialization = "paper"


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class BlockConfig(BlockFields):
    """What one block is made of, whatever family it belongs to. The defaults are those of the paper's base model.

    A family's config yields it, with a number in place of each None but `scale`; replace that config's values, not
    these.

    width: d_model, the length of a token's vector; heads: h; inner_width: d_ff.
    head_width: d_k, the width of one head's queries, keys and values; width / heads where None is given.
    kv_heads: how many heads have keys and values of their own, each shared by heads / kv_heads queries (Ainslie et al.
    2023, grouped-query attention); as many as heads where None is given.
    scale: what scores are multiplied by; 1/√head_width where None is given, as in the paper.
    norm: "layer" (Ba et al. 2016) or "rms" (Zhang and Sennrich 2019). norm_placement: "post" normalises the sum, as in
    the paper; "pre" normalises each sub-layer's input. eps: what is added to the variance under the root.
    bias: whether linear layers and LayerNorms have a bias, as in `torch.nn.Transformer`. query_key_value_bias: whether
    those of queries, keys and values have one, as in Qwen2; attention_output_bias: whether that of the context has one;
    both as `bias` says where None is given.
    dropout: on embeddings and on every sub-layer's output (section 5.4); attention_dropout: on the weights;
    activation_dropout: inside the feed-forward layer. The last two are not in the paper and stay 0 unless asked for.
    positions: "sinusoidal" interleaves sine and cosine (section 3.5), "sinusoidal-halves" puts all these sines before
    all these cosines (Marian), "sinusoidal-concatenated" others, of slightly longer waves (tensor2tensor). "learned" is
    a table (section 3.5). "rotary" turns queries and keys (Su et al. 2021), pairs of neighbouring numbers as in that
    paper, "rotary-halves" each number with the one half a head further, as Llama's files have them. "relative" adds a
    number for each head and bucket of distances to the scores (T5; Raffel et al. 2020), one table for a stack; "alibi"
    subtracts the distance times a slope for each head (Press et al. 2022).
    position_shift: in training each sequence begins at a position drawn from 0 to this one, so that a model learns how
    far apart tokens are and not where they stand (Kiyono et al. 2021, "SHAPE"): for positions that are added.
    rotary_base: the longest wavelength is near 2π times this. rotary_scaling: how a model that was trained on short
    texts turns in longer ones: "linear" divides every angle by rotary_factor (Chen et al. 2023); "llama3" those of
    waves that turn at most rotary_low_turns times in rotary_trained_length positions, none that turns rotary_high_turns
    times, and in between a share of each (Llama 3.1).
    relative_buckets: how many there are, for a stack that looks both ways half of them for each; relative_distance:
    from where on all distances share the last one.
    max_length: the most tokens a sequence may have.
    scale_embeddings: whether a token's vector is multiplied by √width (section 3.4), to be as large as its position's.
    embedding_norm: whether the embedding's sum is normalised, as in BERT and BART.
    query_key_norm: whether each head's queries and keys are, before they are turned (Henry et al. 2020; Qwen3).
    initialization: "paper" as the authors' tensor2tensor; "gpt2" normal with deviation 0.02, less where a residual sum
    is added to (Radford et al. 2019); "bert" without the latter (Devlin et al. 2019); "zero-outputs" with 0 there,
    so that each layer begins as the identity (Yang et al. 2022, section D.2).

    Raises ConfigError where the values contradict each other.
    """

    kv_heads: Derived = _DERIVED
    head_width: Derived = _DERIVED

    def __post_init__(self) -> None:
        for name in ("width", "heads", "inner_width", "max_length", "relative_distance"):
            _require_whole(name, getattr(self, name), 1)
        _require_whole("relative_buckets", self.relative_buckets, 4)
        _require_whole("position_shift", self.position_shift, 0)
        _require_whole("rotary_trained_length", self.rotary_trained_length, 1)
        if self.head_width is None:
            _require_divisible(self.width, self.heads)
        for name, derived in (("kv_heads", self.heads), ("head_width", self.width // self.heads)):
            if getattr(self, name) is None:
                object.__setattr__(self, name, derived)
            _require_whole(name, getattr(self, name), 1)
        for name in _RATES:
            _require_rate(name, getattr(self, name))
        for name, choices in _CHOICES.items():
            _require_choice(name, getattr(self, name), choices)
        for name in ("bias", "scale_embeddings", "embedding_norm", "query_key_norm"):
            _require_choice(name, getattr(self, name), (True, False))
        for name in ("query_key_value_bias", "attention_output_bias"):
            if getattr(self, name) is not None:
                _require_choice(name, getattr(self, name), (True, False))
        for name in ("eps", "scale", "rotary_base", "rotary_factor", "rotary_low_turns", "rotary_high_turns"):
            if name != "scale" or self.scale is not None:
                _require_positive(name, getattr(self, name))
        self._require_agreement()

    @property
    def has_query_bias(self) -> bool:
        """Whether the linear layers of queries, keys and values have a bias."""
        return self.bias if self.query_key_value_bias is None else self.query_key_value_bias

    @property
    def has_output_bias(self) -> bool:
        """Whether the linear layer of attention's contexts has a bias."""
        return self.bias if self.attention_output_bias is None else self.attention_output_bias

    def _require_agreement(self) -> None:
        if self.heads % self.kv_heads:
            raise ConfigError(
                f"heads={self.heads} is not divisible by kv_heads={self.kv_heads}, so that queries cannot share keys "
                f"evenly; choose kv_heads such as {_nearest_divisor(self.heads, self.kv_heads)}"
            )
        if self.relative_buckets % 2 or self.relative_distance <= self.relative_buckets // 2:
            raise ConfigError(
                f"relative_buckets={self.relative_buckets} with relative_distance={self.relative_distance} cannot be: "
                "the number is to be even, and the distance above half of it; choose such as 32 and 128"
            )
        if self.position_shift and (self.positions not in ADDED or self.position_shift >= self.max_length):
            raise ConfigError(
                f"position_shift={self.position_shift} is for added positions ({', '.join(ADDED)}), and below "
                f"max_length, not positions={self.positions} with max_length={self.max_length}; set position_shift=0"
            )
        if self.positions.startswith("sinusoidal") and self.width % 2:
            raise ConfigError(
                f"width={self.width} is odd, but sinusoidal positions pair a sine with a cosine; choose an even width"
            )
        if self.positions.startswith("rotary") and self.head_width % 2:
            raise ConfigError(
                f"head width {self.head_width} (width={self.width} / heads={self.heads}) is odd, but rotary positions "
                f"turn pairs of numbers; choose width and heads with an even quotient"
            )
        self._require_scaling()

    def _require_scaling(self) -> None:
        if self.rotary_low_turns >= self.rotary_high_turns:
            raise ConfigError(
                f"rotary_low_turns={self.rotary_low_turns} is not below rotary_high_turns={self.rotary_high_turns}; "
                "choose such as 1 and 4"
            )


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class TransformerConfig(BlockFields):
    """What an encoder-decoder Transformer is made of: two stacks of blocks, their vocabularies, and the blocks' values.

    What all blocks have in common is named as in `BlockConfig`, and means the same.
    share_embeddings: "all" shares source, target and output matrices (section 3.4); "target" the last two; "inputs" the
    first two (T5 from version 1.1 on); or "none".
    output_bias: whether a number is added to each token's logit (Marian).

    Raises ConfigError where the values contradict each other.
    """

    source_vocabulary: int
    target_vocabulary: int
    encoder_layers: int = 6
    decoder_layers: int = 6
    share_embeddings: Sharing = "all"
    output_bias: bool = False

    def __post_init__(self) -> None:
        for name in ("source_vocabulary", "target_vocabulary"):
            _require_whole(name, getattr(self, name), 1)
        for name in ("encoder_layers", "decoder_layers"):
            _require_whole(name, getattr(self, name), 0)
        _require_choice("share_embeddings", self.share_embeddings, get_args(Sharing))
        _require_choice("output_bias", self.output_bias, (True, False))
        _ = self.block  # What contradicts itself in there is said at once.
        if self.share_embeddings in SHARED_SOURCE and self.source_vocabulary != self.target_vocabulary:
            raise ConfigError(
                f"share_embeddings={self.share_embeddings} needs one vocabulary, but source_vocabulary="
                f"{self.source_vocabulary} and target_vocabulary={self.target_vocabulary}; "
                "use a joint tokenizer or share_embeddings=target"
            )

    @property
    def block(self) -> BlockConfig:
        """What each of its blocks is made of."""
        return _block(self)

    def as_plain(self) -> dict[str, Any]:
        """Its values by name, as files hold them. What version 0.1 did not know is left out where it is as it was."""
        return _plain(self)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class DecoderOnlyConfig(BlockFields):
    """What a decoder-only Transformer (GPT) is made of: one stack of blocks, its vocabulary, and the blocks' values.

    What all blocks have in common is named as in `BlockConfig`, and means the same.
    share_embeddings: whether the output's matrix is the embedding's (section 3.4).

    Raises ConfigError where the values contradict each other.
    """

    vocabulary: int
    layers: int = 6
    share_embeddings: bool = True

    def __post_init__(self) -> None:
        _require_whole("vocabulary", self.vocabulary, 1)
        _require_whole("layers", self.layers, 0)
        _require_choice("share_embeddings", self.share_embeddings, (True, False))
        _ = self.block  # What contradicts itself in there is said at once.

    @property
    def block(self) -> BlockConfig:
        """What each of its blocks is made of."""
        return _block(self)

    def as_plain(self) -> dict[str, Any]:
        """Its values by name, as files hold them. What version 0.1 did not know is left out where it is usual."""
        return _plain(self)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class EncoderOnlyConfig(BlockFields):
    """What an encoder-only Transformer (BERT) is made of: one stack of blocks, its vocabulary and its heads.

    What all blocks have in common is named as in `BlockConfig`, and means the same.
    segments: how many kinds of tokens have an embedding that is added, such as 2 for pairs of sentences; 0 for none.
    masked_head: what fills masked places: "transform" is a layer like BERT's before the vocabulary's matrix, "plain"
    that matrix alone (Geiping and Goldstein 2023, "Cramming"), "none" neither. share_embeddings: whether the matrix is
    the embedding's.
    pooling: what one vector of a text is made of: its "first" token's, or the "mean" of its tokens'. pooler: whether
    f(x·W + b) of it follows; pooler_activation: which function f is, tanh as in BERT.
    embedding_width: how many numbers a token's vector has before a linear layer makes `width` of them, and those from
    which the masked head tells tokens (Clark et al. 2020, "ELECTRA"); as many as `width` where None is given.
    classes: how many there are to choose from, by that vector; 0 for no classification head.

    Raises ConfigError where the values contradict each other.
    """

    vocabulary: int
    layers: int = 6
    segments: int = 0
    masked_head: MaskedHead = "transform"
    share_embeddings: bool = True
    pooler: bool = False
    pooler_activation: PoolerActivation = "tanh"
    pooling: Pooling = "first"
    embedding_width: int | None = None
    classes: int = 0

    def __post_init__(self) -> None:
        for name, least in (("vocabulary", 1), ("layers", 0), ("segments", 0), ("classes", 0)):
            _require_whole(name, getattr(self, name), least)
        for name in ("share_embeddings", "pooler"):
            _require_choice(name, getattr(self, name), (True, False))
        _require_choice("masked_head", self.masked_head, get_args(MaskedHead))
        _require_choice("pooling", self.pooling, get_args(Pooling))
        _require_choice("pooler_activation", self.pooler_activation, get_args(PoolerActivation))
        if self.embedding_width is not None:
            self._require_embedding_width(self.embedding_width)
        _ = self.block  # What contradicts itself in there is said at once.
        if self.classes == 1:
            raise ConfigError("classes=1 leaves nothing to choose; set 2 or more, or 0 for no classification head")
        if self.masked_head == "none" and not self.share_embeddings:
            raise ConfigError(
                "share_embeddings=False gives the masked head a matrix of its own, but masked_head=none; set "
                "share_embeddings=True or masked_head=plain"
            )

    def _require_embedding_width(self, narrow: int) -> None:
        _require_whole("embedding_width", narrow, 1)
        if narrow > self.width or self.scale_embeddings or self.masked_head == "plain":
            raise ConfigError(
                f"embedding_width={narrow} is for a width of as much or more (width={self.width}), with "
                "scale_embeddings=False and no masked_head=plain; leave it out, or set these"
            )
        if self.positions.startswith("sinusoidal"):
            raise ConfigError(f"embedding_width is not for positions={self.positions}; set positions=learned")

    @property
    def has_projection(self) -> bool:
        """Whether a linear layer makes a token's vector as wide as the blocks'."""
        return self.embedding_width is not None

    @property
    def block(self) -> BlockConfig:
        """What each of its blocks is made of."""
        return _block(self)

    def as_plain(self) -> dict[str, Any]:
        """Its values by name, as files hold them. What version 0.1 did not know is left out where it is usual."""
        return _plain(self)


# Of the families that write token by token, and of all.
AutoregressiveConfig = TransformerConfig | DecoderOnlyConfig
FamilyConfig = AutoregressiveConfig | EncoderOnlyConfig


def _block(config: BlockFields) -> BlockConfig:
    return BlockConfig(**{field.name: getattr(config, field.name) for field in dataclasses.fields(BlockFields)})


def _plain(config: BlockFields) -> dict[str, Any]:
    later = {one.name for one in dataclasses.fields(BlockFields)}.difference(_OLDEST) | _LATER
    usual = {one.name: one.default for one in dataclasses.fields(config) if one.name in later}
    values = dataclasses.asdict(config)
    own = [name for name in values if name not in _OLDEST and (name not in usual or values[name] != usual[name])]
    return {name: values[name] for name in (*_OLDEST, *own) if name in values}


def _require_whole(name: str, value: object, at_least: int) -> None:
    at_most = MOST_SIZES[name]
    if isinstance(value, bool) or not isinstance(value, int) or not at_least <= value <= at_most:
        raise ConfigError(
            f"{name}={_shown(value)} is not a whole number from {at_least} to {at_most:,}; set one, such as {name}=8"
        )


def _require_divisible(width: int, heads: int) -> None:
    if width % heads:
        lower = width - width % heads
        nearest = [str(one) for one in (lower, lower + heads) if one]
        raise ConfigError(
            f"width={width} is not divisible by heads={heads}; choose a width such as {' or '.join(nearest)}"
        )


def _nearest_divisor(number: int, wanted: int) -> int:
    return min((one for one in range(1, number + 1) if number % one == 0), key=lambda one: abs(one - wanted))


def _require_positive(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0.0 < value <= _LARGEST:
        raise ConfigError(f"{name}={_shown(value)} is not a finite number above 0; set one, such as {name}={EPS}")


def _require_rate(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0.0 <= value < 1.0:
        raise ConfigError(f"{name}={_shown(value)} is not a rate from 0 to below 1; set one, such as {name}=0.1")


def _require_choice(name: str, value: object, choices: tuple[str | bool, ...]) -> None:
    if not isinstance(value, type(choices[0])) or value not in choices:
        raise ConfigError(f"{name}={_shown(value)} is not known; choose one of {', '.join(map(str, choices))}")


def _shown(value: object) -> str:
    if isinstance(value, int) and value.bit_length() > 128:
        return "a number of many digits"  # Python refuses to write the longest ones out.
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
