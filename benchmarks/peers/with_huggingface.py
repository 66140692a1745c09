"""Hugging Face transformers, its Marian class (the encoder-decoder of its translation models), in a plain loop."""

import torch
import torch.nn.functional as F
from task import Batch, arguments, measure
from torch import nn
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
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.98), fused=True)


def step(batch: Batch) -> None:
    source, target = torch.from_numpy(batch.source), torch.from_numpy(batch.target)
    logits = model(
        input_ids=source,
        attention_mask=(source != settings["padding"]).long(),
        decoder_input_ids=target[:, :-1],
    ).logits
    loss = F.cross_entropy(
        logits.flatten(0, 1), target[:, 1:].flatten(), ignore_index=settings["padding"], label_smoothing=0.1
    )
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad()


measure(step, task.batches(), seconds, warm_up=5)
