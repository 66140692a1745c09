"""Hugging Face transformers, its Marian class (the encoder-decoder of its translation models), in a plain loop."""

from plain_loop import train
from task import arguments
from torch import Tensor
from transformers import MarianConfig, MarianMTModel

task, seconds = arguments()
settings = task.settings
model = MarianMTModel(
    MarianConfig(
        vocab_size=settings["vocabulary"],
        d_model=settings["width"],
        encoder_layers=settings["layers"],
        decoder_layers=settings["layers"],
        encoder_attention_heads=settings["heads"],
        decoder_attention_heads=settings["heads"],
        encoder_ffn_dim=settings["inner_width"],
        decoder_ffn_dim=settings["inner_width"],
        max_position_embeddings=256,
        activation_function="relu",
        dropout=settings["dropout"],
        attention_dropout=0.0,
        activation_dropout=0.0,
        scale_embedding=True,
        share_encoder_decoder_embeddings=True,
        tie_word_embeddings=True,
        use_cache=False,
        pad_token_id=settings["padding"],
        eos_token_id=settings["end"],
        decoder_start_token_id=settings["begin"],
        forced_eos_token_id=None,
    )
).train()


def logits(source: Tensor, target: Tensor) -> Tensor:
    mask = (source != settings["padding"]).long()
    found: Tensor = model(input_ids=source, attention_mask=mask, decoder_input_ids=target).logits
    return found


train(model, logits, task, seconds)
