"""Sizes and parameter counts of the paper's table 3."""

import dataclasses
from collections.abc import Callable

import pytest
import torch

from clearhead.model import (
    CAUSAL_PRESETS,
    MASKED_PRESETS,
    PRESETS,
    EncoderOnlyConfig,
    FamilyConfig,
    bert_base,
    bert_tiny,
    gpt2_small,
    gpt_tiny,
    llama_tiny,
    paper_base,
    paper_big,
)
from clearhead.model.families import built


def parameters(config: FamilyConfig) -> int:
    with torch.device("meta"):
        return sum(parameter.numel() for parameter in built(config).parameters())


def test_paper_base_has_the_sizes_of_table_3() -> None:
    config = paper_base(37_000, 37_000)
    assert (config.encoder_layers, config.decoder_layers, config.width, config.inner_width) == (6, 6, 512, 2048)
    assert (config.heads, config.block.head_width, config.dropout) == (8, 64, 0.1)
    assert (config.norm_placement, config.activation, config.share_embeddings) == ("post", "relu", "all")


def test_paper_big_has_the_sizes_of_table_3() -> None:
    config = paper_big(37_000, 37_000)
    assert (config.encoder_layers, config.decoder_layers, config.width, config.inner_width) == (6, 6, 1024, 4096)
    assert (config.heads, config.block.head_width, config.dropout) == (16, 64, 0.3)


@pytest.mark.parametrize(("preset", "millions"), [(paper_base, 65), (paper_big, 213)])
def test_parameter_counts_are_those_of_table_3(preset: object, millions: int) -> None:
    """Section 5.1 says "about 37000" shared pieces; within 3 % of the table's rounded millions."""
    assert callable(preset)
    assert parameters(preset(37_000, 37_000)) == pytest.approx(millions * 1e6, rel=0.03)


def test_the_count_of_paper_base_by_hand() -> None:
    """Attention 4·(512² + 512), feed-forward 2·512·2048 + 2048 + 512, normalisation 2·512, embeddings 37000·512."""
    attention, feed_forward, normalization = 4 * (512**2 + 512), 2 * 512 * 2048 + 2048 + 512, 2 * 512
    encoder_layer = attention + feed_forward + 2 * normalization
    decoder_layer = 2 * attention + feed_forward + 3 * normalization
    assert parameters(paper_base(37_000, 37_000)) == 6 * encoder_layer + 6 * decoder_layer + 37_000 * 512


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_takes_vocabularies_and_can_be_changed(name: str) -> None:
    config = dataclasses.replace(PRESETS[name](500, 500), encoder_layers=1)
    assert (config.source_vocabulary, config.encoder_layers) == (500, 1)


def test_gpt2_small_has_as_many_parameters_as_the_published_model() -> None:
    """124,439,808: what `GPT2LMHeadModel.from_pretrained("gpt2").num_parameters()` gives."""
    config = gpt2_small(50_257)
    assert (config.layers, config.heads, config.width, config.max_length) == (12, 12, 768, 1024)
    assert parameters(config) == 124_439_808


def test_gpt_tiny_has_as_many_parameters_as_nanogpt_says() -> None:
    """nanoGPT prints "number of parameters: 0.80M", position embeddings left out, for 65 characters."""
    config = gpt_tiny(65)
    assert (config.layers, config.heads, config.width, config.max_length, config.dropout) == (4, 4, 128, 64, 0.0)
    # Attention and feed-forward 12·128², two normalisations of 128, in 4 layers; one more; 65 characters.
    assert parameters(config) - 64 * 128 == 4 * (12 * 128**2 + 2 * 128) + 128 + 65 * 128 == 795_904


def test_llama_tiny_has_as_many_parameters_as_stories15m() -> None:
    """llama2.c's table: dim 288, 6 layers, 6 heads, context 256, 15M; its run.c's sizes by hand."""
    config = llama_tiny(32_000)
    assert (config.layers, config.heads, config.width, config.max_length) == (6, 6, 288, 256)
    layer = 4 * 288**2 + 3 * 288 * 768 + 2 * 288
    assert parameters(config) == 32_000 * 288 + 6 * layer + 288 == 15_191_712


@pytest.mark.parametrize("name", CAUSAL_PRESETS)
def test_every_causal_preset_takes_a_vocabulary_and_can_be_changed(name: str) -> None:
    config = dataclasses.replace(CAUSAL_PRESETS[name](500), layers=1)
    assert (config.vocabulary, config.layers) == (500, 1)


@pytest.mark.parametrize(("preset", "count"), [(bert_tiny, 4_385_920), (bert_base, 109_482_240)])
def test_bert_has_as_many_parameters_as_the_published_models(
    preset: Callable[[int], EncoderOnlyConfig], count: int
) -> None:
    """google-research/bert, readme (4.4 and 110 million), and `BertModel(BertConfig(…)).num_parameters()`.

    The masked head adds a square matrix, its bias, a norm's two vectors, and a bias for each piece.
    """
    config = preset(30_522)
    assert parameters(dataclasses.replace(config, masked_head="none")) == count
    assert parameters(config) == count + config.width**2 + 3 * config.width + 30_522


@pytest.mark.parametrize("name", MASKED_PRESETS)
def test_every_masked_preset_takes_a_vocabulary_and_can_be_changed(name: str) -> None:
    config = dataclasses.replace(MASKED_PRESETS[name](500), layers=1, classes=3)
    assert (config.vocabulary, config.layers, config.classes) == (500, 1, 3)
