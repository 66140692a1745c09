"""What translated best before the Transformer: gated recurrent units that read both ways, and attention between them.

It imports nothing but torch, and has what clearhead's training and search use of an `EncoderDecoder`: `hidden_states`
and `output.matrix`; `encode`, `begin` and `step`.
"""

import bisect
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence


@dataclass(frozen=True)
class RecurrentConfig:
    """width: of embeddings and of what goes into the last layer. hidden_width: of a state, even: half for each way."""

    vocabulary: int
    width: int
    hidden_width: int
    dropout: float = 0.0
    max_length: int = 1024
    padding: int = 0

    @property
    def source_vocabulary(self) -> int:
        return self.vocabulary

    @property
    def target_vocabulary(self) -> int:
        return self.vocabulary


class Memory(NamedTuple):
    """What the encoder made of the sources.

    vectors: one for each source token, (sentences, source, hidden). state: what the decoder's layers begin
    with, (2, sentences, hidden).
    """

    vectors: Tensor
    state: Tensor


class Recurrent(nn.Module):
    """Two layers that read the source both ways, and two that write the target and attend to what was read.

    The encoder is that of Bahdanau et al. 2015 (section 3.2), the decoder that of Luong et al. 2015 (section 3.1, with
    their "general" scores), in which attention follows the recurrent layers and no state waits for what was attended
    to: so `nn.GRU` runs over whole targets at once in training, which is its fastest way. One matrix serves both
    embeddings and the output, as in the Transformer.
    """

    def __init__(self, config: RecurrentConfig, seed: int = 1) -> None:
        super().__init__()
        self.config = config
        width, hidden, rate = config.width, config.hidden_width, config.dropout
        self.embedding = nn.Embedding(config.vocabulary, width)
        self.encoder = nn.GRU(width, hidden // 2, 2, batch_first=True, dropout=rate, bidirectional=True)
        self.decoder = nn.GRU(width, hidden, 2, batch_first=True, dropout=rate)
        self.query = nn.Linear(hidden, hidden, bias=False)
        self.combined = nn.Linear(2 * hidden, width)
        self.dropout = nn.Dropout(rate)
        self.output = Output(self.embedding)
        initialize(self, seed)

    def forward(self, source: Tensor, target: Tensor, masks: object = None) -> Tensor:
        """The logits of each next target token, (sentences, target, vocabulary)."""
        return self.output(self.hidden_states(source, target))

    def hidden_states(self, source: Tensor, target: Tensor, masks: object = None, segments: None = None) -> Tensor:
        """What goes into the last linear layer, (sentences, target, width).

        masks: a Transformer's; it has its own. segments: none, as a row is one sentence.
        """
        mask = (source != self.config.padding)[:, None, None, :]
        memory = self.encode(source, mask)
        return self.decode(target, self.begin(memory, mask))

    def encode(self, source: Tensor, mask: Tensor) -> Memory:
        """Read the sources, each to its own end and back: its padding is never read. mask: as `EncoderDecoder`'s."""
        lengths = mask[:, 0, 0].sum(dim=1).cpu()
        packed = pack_padded_sequence(self.embed(source), lengths, batch_first=True, enforce_sorted=False)
        vectors, last = self.encoder(packed)
        vectors, _ = pad_packed_sequence(vectors, batch_first=True, total_length=source.shape[1])
        # Each layer's two ways end at the two ends of the sentence; side by side they are a state of the decoder.
        return Memory(vectors, torch.cat((last[0::2], last[1::2]), dim=-1))

    def begin(self, memory: Memory, source_mask: Tensor, beams: int = 1) -> "RecurrentCache":
        """What `step` needs to translate these sentences with `beams` hypotheses each."""
        return RecurrentCache(memory.vectors, source_mask[:, 0], memory.state.repeat_interleave(beams, dim=1), beams)

    def step(self, tokens: Tensor, cache: "RecurrentCache") -> Tensor:
        """The logits after `tokens`, the newest token of every hypothesis: (sentences, beams, vocabulary)."""
        return self.output(self.decode(tokens.reshape(-1, 1), cache)).view(*tokens.shape, -1)

    def decode(self, tokens: Tensor, cache: "RecurrentCache") -> Tensor:
        """Read `tokens`, (sentences · beams, length), on from where the cache is: vectors for the last linear layer."""
        states, cache.state = self.decoder(self.embed(tokens), cache.state)
        both = torch.cat((self.attend(states, cache), states), dim=-1)
        return self.dropout(torch.tanh(self.combined(both)))

    def attend(self, states: Tensor, cache: "RecurrentCache") -> Tensor:
        """The context of every state, (sentences · beams, length, hidden)."""
        # All hypotheses of a sentence are its queries, so that its memory is never copied for each of them.
        queries = self.query(states).view(len(cache.vectors), -1, states.shape[-1])
        scores = torch.bmm(queries, cache.vectors.mT).masked_fill(~cache.mask, -torch.inf)
        return torch.bmm(scores.softmax(dim=-1).to(cache.vectors.dtype), cache.vectors).view_as(states)

    def embed(self, ids: Tensor) -> Tensor:
        return self.dropout(self.embedding(ids) * self.config.width**0.5)


class Output(nn.Module):
    """The last linear layer, its matrix the embedding's, without a bias."""

    bias = None

    def __init__(self, matrix: nn.Embedding) -> None:
        super().__init__()
        self.matrix = matrix

    def forward(self, vectors: Tensor) -> Tensor:
        return nn.functional.linear(vectors, self.matrix.weight)


class RecurrentCache:
    """All that decoding remembers between steps: of each sentence its memory, of each hypothesis its newest state."""

    def __init__(self, vectors: Tensor, mask: Tensor, state: Tensor, beams: int) -> None:
        self.vectors, self.mask, self.state, self.beams = vectors, mask, state, beams

    def select(self, sentences: Tensor, beams: Tensor) -> None:
        """Let row j of kept sentence i continue old row beams[i, j] of old sentence sentences[i]."""
        self.state = self.state[:, (sentences[:, None] * self.beams + beams).flatten()]
        self.vectors, self.mask = self.vectors[sentences], self.mask[sentences]
        self.beams = beams.shape[1]


def initialize(model: Recurrent, seed: int) -> None:
    """Gate by gate orthogonal matrices from state to state, so that a state lasts; the rest as clearhead does it."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "weight_" in name:
                draw = nn.init.orthogonal_ if "weight_hh_" in name else nn.init.xavier_uniform_
                for gate in parameter.chunk(3):
                    draw(gate, generator=generator)
            elif parameter.ndim == 1:
                nn.init.zeros_(parameter)
            elif name == "embedding.weight":
                nn.init.normal_(parameter, std=model.config.width**-0.5, generator=generator)
            else:
                nn.init.xavier_uniform_(parameter, generator=generator)


def hidden_width_for(parameters: int, vocabulary: int, width: int) -> int:
    """The width of states, a multiple of 16, with which a model has about so many parameters."""

    def size(hidden_width: int) -> int:
        with torch.device("meta"):
            return count(Recurrent(RecurrentConfig(vocabulary, width, hidden_width)))

    widths = range(16, 8193, 16)
    first = max(1, bisect.bisect_left(widths, parameters, key=size))
    return min(widths[first - 1 : first + 1], key=lambda hidden_width: abs(size(hidden_width) - parameters))


def count(model: nn.Module) -> int:
    """The number of a model's parameters, those that it shares counted once."""
    return sum(parameter.numel() for parameter in model.parameters())
