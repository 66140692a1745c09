"""Positions against the paper's formula, tensor2tensor's code, and what rotation must do."""

import math
from typing import Any

import pytest
import torch

from clearhead.errors import ConfigError
from clearhead.model.config import BlockConfig
from clearhead.model.positions import Positions, Rotary, restarted, sinusoidal, sinusoidal_concatenated


def test_the_first_position_of_the_paper_is_zero_one_alternating() -> None:
    """Section 3.5: PE(0, 2i) = sin 0 = 0 and PE(0, 2i+1) = cos 0 = 1."""
    assert sinusoidal(positions=1, width=8)[0].tolist() == [0, 1] * 4


def test_the_paper_s_formula_entry_by_entry() -> None:
    width, positions = 12, 50
    table = sinusoidal(positions, width)
    for position in range(positions):
        for i in range(width // 2):
            angle = position / 10000 ** (2 * i / width)
            assert table[position, 2 * i].item() == pytest.approx(math.sin(angle), abs=1e-6)
            assert table[position, 2 * i + 1].item() == pytest.approx(math.cos(angle), abs=1e-6)


def test_the_toy_of_width_four_by_hand() -> None:
    """Position 1: sin 1, cos 1, and at a hundredth of the speed sin 0.01, cos 0.01."""
    expected = [0.8414710, 0.5403023, 0.0099998, 0.9999500]
    assert sinusoidal(2, 4)[1].tolist() == pytest.approx(expected, abs=1e-6)


def test_tensor2tensor_s_formula_entry_by_entry() -> None:
    """get_timing_signal_1d: timescale_i = 10000^(i/(width/2 - 1)), all sines before all cosines, from position 0."""
    width, positions = 12, 50
    table = sinusoidal_concatenated(positions, width)
    for position in range(positions):
        for i in range(width // 2):
            angle = position * math.exp(-i * math.log(10000.0) / (width // 2 - 1))
            assert table[position, i].item() == pytest.approx(math.sin(angle), abs=1e-6)
            assert table[position, width // 2 + i].item() == pytest.approx(math.cos(angle), abs=1e-6)


def test_a_distance_is_the_same_rotation_everywhere() -> None:
    """Section 3.5: PE(pos + k) is a linear function of PE(pos); pair by pair it is a rotation by k·frequency."""
    table, k, width = sinusoidal(40, 8).double(), 5, 8
    for i in range(width // 2):
        turn = k / 10000 ** (2 * i / width)
        rotation = torch.tensor([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]]).double()
        pairs = table[:, 2 * i : 2 * i + 2]
        torch.testing.assert_close(pairs[:-k] @ rotation.T, pairs[k:], rtol=0, atol=1e-6)


def test_far_positions_keep_their_precision() -> None:
    """At position 9,999 the fastest angle is 9,999 radians; computed in float32 it would be off by up to 5e-4."""
    assert sinusoidal(10_000, 4)[9_999, 0].item() == pytest.approx(math.sin(9_999), abs=1e-6)


def rotary_of(head_width: int, **changes: Any) -> Rotary:
    sizes: dict[str, Any] = {"width": head_width, "heads": 1, "max_length": 8, "positions": "rotary"}
    return Rotary(BlockConfig(**{**sizes, **changes}))


def test_rotary_keeps_lengths_and_sees_distances_only() -> None:
    """Su et al. 2021, equation 34: the product of a query at m and a key at n depends on n - m."""
    generator = torch.Generator().manual_seed(1)
    query, key = (torch.randn(1, 1, 1, 8, generator=generator) for _ in range(2))
    rotary = rotary_of(8, max_length=32)
    torch.testing.assert_close(rotary(query, 7).norm(), query.norm())
    products = [(rotary(query, start) * rotary(key, start + 4)).sum() for start in (0, 3, 20)]
    torch.testing.assert_close(torch.stack(products), products[0].expand(3), rtol=0, atol=1e-5)
    assert not torch.isclose(products[0], (rotary(query, 0) * rotary(key, 9)).sum(), atol=1e-3)


def test_rotary_turns_the_first_pair_by_its_position_in_radians() -> None:
    """The first pair's frequency is 10000^0 = 1: (1, 0) at position 2 becomes (cos 2, sin 2)."""
    vector = torch.tensor([1.0, 0.0, 0.0, 0.0]).view(1, 1, 1, 4)
    turned = rotary_of(4)(vector, start=2)[0, 0, 0]
    assert turned.tolist() == pytest.approx([math.cos(2), math.sin(2), 0.0, 0.0], abs=1e-6)


def test_rotary_in_halves_pairs_a_number_with_the_one_half_a_head_further() -> None:
    """(1, 0) of numbers 0 and 2 at position 2 becomes (cos 2, sin 2); numbers 1 and 3 turn by 2/√base = 1."""
    rotary = rotary_of(4, positions="rotary-halves", rotary_base=4.0)
    turned = rotary(torch.tensor([1.0, 0.0, 0.0, 1.0]).view(1, 1, 1, 4), start=2)[0, 0, 0]
    assert turned.tolist() == pytest.approx([math.cos(2), -math.sin(1), math.sin(2), math.cos(1)], abs=1e-6)


def test_rotary_in_halves_is_llama_s() -> None:
    from transformers.models.llama.modeling_llama import apply_rotary_pos_emb

    vectors = torch.randn(2, 3, 5, 8, generator=torch.Generator().manual_seed(1))
    angles = torch.arange(5.0)[:, None] * 500.0 ** (-torch.arange(0, 8, 2) / 8)
    angles = torch.cat((angles, angles), dim=-1)[None]
    expected, _ = apply_rotary_pos_emb(vectors, vectors, angles.cos(), angles.sin())
    found = rotary_of(8, positions="rotary-halves", rotary_base=500.0)(vectors)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-6)


def test_rows_from_the_middle_are_those_of_the_whole() -> None:
    config = BlockConfig(width=8, heads=2, max_length=16)
    positions = Positions(config)
    assert torch.equal(positions(3, 5), sinusoidal(16, 8)[3:8])
    with pytest.raises(ConfigError, match="17 tokens is longer than the model's max_length=16"):
        positions(12, 5)


def test_positions_begin_anew_in_each_segment() -> None:
    """By hand: segments of 2, 1 and 3 places and two of padding; a row of padding alone; a segment of a whole row."""
    segments = torch.tensor([[1, 1, 2, 3, 3, 3, 0, 0], [0] * 8, [1] * 8])
    assert restarted(segments).tolist() == [[0, 1, 0, 0, 1, 2, 0, 0], [0] * 8, list(range(8))]


@pytest.mark.parametrize("kind", ["sinusoidal", "learned"])
def test_each_place_takes_the_row_of_its_own_position(kind: str) -> None:
    config = BlockConfig(width=8, heads=2, max_length=16, positions=kind)
    positions = Positions(config)
    with torch.no_grad():
        positions.table.copy_(torch.arange(16.0)[:, None].expand(16, 8))
    own = torch.tensor([[0, 1, 0], [15, 0, 1]])
    assert positions(own, 3)[..., 5].tolist() == own.tolist()


def test_in_training_each_sequence_is_shifted_by_its_own_number() -> None:
    """From 0 to the shift, or as far as there is room; what follows keeps its distance. In use, not at all."""
    positions = Positions(BlockConfig(width=8, heads=2, max_length=16, positions="learned", position_shift=6))
    with torch.no_grad():
        positions.table.copy_(torch.arange(16.0)[:, None].expand(16, 8))
    own = torch.tensor([[0, 1, 0]])
    for start, distances in ((0, [0, 1, 2]), (own, [0, 1, 0])):
        found = positions(start, 3, 400)[..., 5]
        assert (found - found[:, :1] == torch.tensor(distances)).all()
        assert set(found[:, 0].tolist()) == set(range(7))
    assert set(positions(0, 13, 200)[:, 0, 0].tolist()) == {0, 1, 2, 3}
    assert positions(0, 16, 9)[..., 0].tolist() == [list(range(16))] * 9
    assert positions.eval()(0, 3, 400)[..., 5].tolist() == [0, 1, 2]


def test_each_vector_is_turned_by_its_own_position() -> None:
    vectors = torch.randn(2, 3, 4, 8, generator=torch.Generator().manual_seed(1))
    rotary = rotary_of(8, max_length=32)
    turned = rotary(vectors, torch.tensor([[0, 1, 0, 1], [5, 6, 7, 8]]))
    torch.testing.assert_close(turned[0, :, :2], rotary(vectors[:1, :, :2])[0], rtol=0, atol=0)
    torch.testing.assert_close(turned[0, :, 2:], rotary(vectors[:1, :, 2:])[0], rtol=0, atol=0)
    torch.testing.assert_close(turned[1], rotary(vectors[1:], 5)[0], rtol=0, atol=0)


def test_a_formula_is_not_stored_and_a_learned_table_is() -> None:
    config = {"width": 8, "heads": 2, "max_length": 16}
    assert list(Positions(BlockConfig(**config)).state_dict()) == []
    learned = Positions(BlockConfig(**config, positions="learned"))
    assert [(name, tuple(value.shape)) for name, value in learned.named_parameters()] == [("table", (16, 8))]
