"""A model in fixed shapes, whose keys and values never move, so that its steps can be captured as CUDA graphs."""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple, cast

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor

from clearhead.model import EncoderDecoder
from clearhead.model.attention import Attention
from clearhead.model.blocks import DecoderLayer
from clearhead.model.config import FamilyConfig, TransformerConfig
from clearhead.model.linear import Linear, joined_parameters


class Shape(NamedTuple):
    """The sizes of a batch's buffers. capacity: target positions. source: source positions, padding included."""

    sentences: int
    source: int
    capacity: int
    beams: int


class Joined(NamedTuple):
    """Layers of the same inputs as one, their outputs one after the other: one product instead of several."""

    weight: Float[Tensor, "outputs inputs"]
    bias: Float[Tensor, "outputs"] | None

    @classmethod
    def of(cls, *layers: Linear) -> "Joined":
        with torch.no_grad():
            return cls(*joined_parameters(layers))


class _Now(NamedTuple):
    """What is the same in all layers. positions: the one position, for each row. bias: of self-attention's scores."""

    position: Int[Tensor, "1"]
    positions: Int[Tensor, "sentences beams"]
    reach: int
    bias: Float[Tensor, "sentences 1 beams keys"]


class StaticStep:
    """The parts of `model`, put together for one position of every row of a batch of this shape.

    `past` holds the keys and values of every row and position where they were computed. A hypothesis whose beginning
    was in other rows knows in which: `ancestry` has, for every position, the row that held its token there, and -1 for
    those to come. All rows of a sentence attend to all that its rows have ever held, under a mask that is made of the
    ancestry once for all layers. So each key is read once for all beams; gathering each hypothesis' own first would
    read it, write a copy for each beam that shares it, and read the copies. What is computed in vain are products of
    numbers that have been read anyway, and reading is what takes the time.

    The memory's keys and values are kept once for each sentence: its beams are its queries.
    """

    def __init__(self, model: EncoderDecoder, joined: Sequence[Joined], shape: Shape, room: Tensor) -> None:
        """room: numbers of the model's type, at least as many as `numbers_for` says, for this step's use while it runs.

        joined: query, key and value of each layer's self-attention.
        """
        self.model, self.joined, self.shape = model, joined, shape
        self.layers = [cast(DecoderLayer, layer) for layer in model.decoder.layers]
        self.config = config = model.config.block
        sentences, source, capacity, beams = shape
        count = _past_numbers(model, shape)
        # Each sentence's together, so that the first few sentences are a piece of memory as well.
        self.past = room[:count].view(sentences, len(self.layers), capacity, beams, 2 * _key_numbers(model))
        split = (sentences, len(self.layers), 2, config.kv_heads, source, config.head_width)
        self.memory = room[count : numbers_for(model, shape)].view(split)
        self.source = torch.zeros(sentences, source, dtype=torch.long, device=room.device)
        self.source_mask = torch.ones(sentences, 1, 1, source, dtype=torch.bool, device=room.device)
        self.source_bias = room.new_zeros(sentences, 1, 1, source)
        self.ancestry = torch.zeros(sentences, capacity, beams, dtype=torch.long, device=room.device)
        self.rows = torch.arange(beams, device=room.device)
        # What is added to a score where a query may attend, and where it may not.
        self.open, self.shut = room.new_tensor(0.0), room.new_tensor(-math.inf)

    def begin(self, sources: Sequence[Sequence[int]]) -> None:
        """Take these sources, which `read` then reads; places without one are filled with something harmless."""
        sentences, length = self.source.shape
        filled = [*sources, *[[0]] * (sentences - len(sources))]
        rows = [[*source, *[0] * (length - len(source))] for source in filled]
        self.source.copy_(torch.tensor(rows, dtype=torch.long, device="cpu"))
        lengths = torch.tensor([len(source) for source in filled], dtype=torch.long, device="cpu")[:, None]
        self.source_mask.copy_((torch.arange(length, dtype=torch.long, device="cpu") < lengths)[:, None, None])

    def read(self) -> None:
        """Encode the sources, and forget whatever was decoded before. Nothing is read by the host."""
        self.source_bias.copy_(self._bias(self.source_mask))
        memories = self.model.decoder.memories(self.model.encode(self.source, self.source_mask))
        for layer, (key, value) in enumerate(memories):
            self.memory[:, layer, 0].copy_(key)
            self.memory[:, layer, 1].copy_(value)
        # What is masked counts 0 times, and 0 times what an earlier user left may be NaN.
        self.past.zero_()
        self.ancestry.fill_(-1)

    def __call__(
        self, tokens: Int[Tensor, "sentences beams"], position: Int[Tensor, "1"], reach: int
    ) -> Float[Tensor, "sentences beams vocabulary"]:
        sentences = len(tokens)
        ancestry, past = self.ancestry[:sentences], self.past[:sentences]
        ancestry.index_copy_(1, position, self.rows.expand(sentences, 1, -1))
        # Query j may see what row r held at position p where that is its own beginning.
        bias = self._bias(ancestry[:, :reach].mT[..., None] == self.rows).flatten(2)[:, None]
        now = _Now(position, position.expand(tokens.shape), reach, bias)
        inputs = self.model.target_embedding(tokens, now.positions)
        for number in range(len(self.layers)):
            inputs = self._layer(number, inputs, past[:, number], now)
        return self.model.output(self.model.decoder.normalization(inputs))

    def select(self, parents: Int[Tensor, "sentences beams"]) -> None:
        ancestry = self.ancestry[: len(parents)]
        ancestry.copy_(ancestry.gather(2, parents[:, None].expand_as(ancestry)))

    def keep(self, places: Int[Tensor, "kept"]) -> None:
        move_to_front((self.past, self.memory, self.source_bias, self.ancestry), places)

    def _layer(
        self,
        number: int,
        inputs: Float[Tensor, "sentences beams width"],
        past: Float[Tensor, "sentences capacity beams keys_and_values"],
        now: "_Now",
    ) -> Float[Tensor, "sentences beams width"]:
        """`DecoderLayer.step`, with the past in place."""
        layer, keys = self.layers[number], _key_numbers(self.model)
        attention, to_memory = layer.self_attention, layer.cross_attention

        def attend(inputs: Tensor) -> Tensor:
            projected = F.linear(inputs, *self.joined[number])
            if attention.rotary is not None:
                turned = attention.rotary(self._split(projected[..., :-keys]), now.positions)
                projected = torch.cat((self._merge(turned), projected[..., -keys:]), dim=-1)
            query, new = projected[..., : -2 * keys], projected[..., -2 * keys :]
            past.index_copy_(1, now.position, new[:, None])
            key, value = past[:, : now.reach].flatten(1, 2).chunk(2, dim=-1)
            return attention.output(self._attend(attention, query, self._split(key), self._split(value), now.bias))

        def attend_to_memory(inputs: Tensor) -> Tensor:
            key, value = self.memory[: len(inputs), number].unbind(1)
            context = self._attend(to_memory, to_memory.query(inputs), key, value, self.source_bias[: len(inputs)])
            return to_memory.output(context)

        inputs = layer.self_attention_residual(inputs, attend)
        inputs = layer.cross_attention_residual(inputs, attend_to_memory)
        return layer.feed_forward_residual(inputs, layer.feed_forward)

    def _attend(
        self, attention: Attention, query: Tensor, key: Tensor, value: Tensor, bias: Tensor
    ) -> Float[Tensor, "sentences beams all_heads"]:
        key, value = attention.for_all_heads(key), attention.for_all_heads(value)
        # Torch's operator would make such a bias of a mask of booleans, once more in every layer.
        return self._merge(
            F.scaled_dot_product_attention(self._split(query), key, value, attn_mask=bias, scale=attention.scale)
        )

    def _split(
        self, vectors: Float[Tensor, "batch length all_heads"]
    ) -> Float[Tensor, "batch heads length head_width"]:
        return vectors.view(*vectors.shape[:2], -1, self.config.head_width).transpose(1, 2)

    def _merge(self, heads: Float[Tensor, "batch heads length head_width"]) -> Float[Tensor, "batch length all_heads"]:
        return heads.transpose(1, 2).flatten(2)

    def _bias(self, mask: Bool[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        return torch.where(mask, self.open, self.shut)


def unknown_to_steps(config: FamilyConfig) -> str | None:
    """What of a model `StaticStep` does not know; None where it knows all of it."""
    if not isinstance(config, TransformerConfig):
        return "models without an encoder"
    if config.query_key_norm:
        return "query_key_norm=True"
    return f"positions={config.positions!r}" if config.positions in ("relative", "alibi") else None


def numbers_for(model: EncoderDecoder, shape: Shape) -> int:
    """How many numbers the keys and values of a batch of this shape are."""
    memory = shape.sentences * len(model.decoder.layers) * shape.source * 2 * _key_numbers(model)
    return _past_numbers(model, shape) + memory


def _past_numbers(model: EncoderDecoder, shape: Shape) -> int:
    return shape.sentences * len(model.decoder.layers) * shape.capacity * shape.beams * 2 * _key_numbers(model)


def _key_numbers(model: EncoderDecoder) -> int:
    """How many numbers the keys of one position of one layer are, and its values."""
    return model.config.block.kv_heads * model.config.block.head_width


def move_to_front(tensors: Iterable[Tensor], places: Int[Tensor, "kept"]) -> None:
    """Rows `places` of each tensor to its first rows."""
    for tensor in tensors:
        tensor[: len(places)] = tensor[places]
