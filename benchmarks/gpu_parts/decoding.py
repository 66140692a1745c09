"""Generated tokens a second: `decoding.py clearhead|huggingface [options]`, with random weights of the same sizes.

Each batch has so many sources of 27 tokens and writes 27 tokens for each, the most as well as the least. A figure is
the best of three calls after two that warm up. Weights are bfloat16 on a GPU. Neither toolkit's process imports the
other. The last line of output is JSON.
"""

import argparse
import json
import time
from collections.abc import Callable

import numpy as np
import torch

PADDING, BEGIN, END, FIRST, LENGTH = 0, 1, 2, 3, 27
Translate = Callable[[list[list[int]], int], int]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("toolkit", choices=["clearhead", "huggingface"])
    parser.add_argument("--pieces", type=int, default=37_000)
    parser.add_argument("--width", type=int, default=512)
    parser.add_argument("--layers", type=int, default=6)
    parser.add_argument("--batches", default="1,32,512")
    parser.add_argument("--beams", default="1,4")
    parser.add_argument("--seconds", type=float, default=60, help="begin no other measurement after so long")
    chosen = parser.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    make = clearhead_translates if chosen.toolkit == "clearhead" else huggingface_translates
    translate = make(chosen.pieces, chosen.width, chosen.layers, device)
    random = np.random.default_rng(1)
    began, found = time.perf_counter(), {}
    for beams in map(int, chosen.beams.split(",")):
        for size in map(int, chosen.batches.split(",")):
            if time.perf_counter() - began > chosen.seconds:
                continue
            sources = [[*random.integers(FIRST, chosen.pieces, LENGTH - 1).tolist(), END] for _ in range(size)]
            found[f"batch {size}, beam {beams}"] = speed(translate, sources, beams)
    print(json.dumps(found))


def speed(translate: Translate, sources: list[list[int]], beams: int) -> float:
    translate(sources, beams)
    translate(sources, beams)  # What is recorded at a second call is not to be in a measurement.
    rates = []
    for _ in range(3):
        synchronize()
        began = time.perf_counter()
        tokens = translate(sources, beams)
        synchronize()
        rates.append(tokens / (time.perf_counter() - began))
    return max(rates)


def clearhead_translates(pieces: int, width: int, layers: int, device: str) -> Translate:
    from clearhead.decoding import Engine, LengthLimit, SearchOptions
    from clearhead.model import EncoderDecoder, TransformerConfig
    from clearhead.runtimes.preparing import prepared

    sizes = {"width": width, "inner_width": 4 * width, "encoder_layers": layers, "decoder_layers": layers}
    model = EncoderDecoder(
        TransformerConfig(source_vocabulary=pieces, target_vocabulary=pieces, **sizes), seed=1
    ).eval()
    # A row of zeros is never among the best, so no hypothesis ends before the last step.
    model.output.matrix.weight.data[END] = 0.0
    runtime = prepared(model.to(device), "bf16" if device == "cuda" else "fp32").runtime

    def translate(sources: list[list[int]], beams: int) -> int:
        options = SearchOptions(begin=BEGIN, end=END, suppressed=(PADDING, BEGIN), beam_size=beams)
        # All in one batch: a source takes as many positions as the runtime pads it to.
        budget = len(sources) * runtime.padded_length(LENGTH) * beams
        found = Engine(runtime, batch_tokens=budget).translate(sources, options, length_limit=LengthLimit(1.0, 0))
        return sum(len(hypotheses[0].tokens) for hypotheses in found)

    return translate


def huggingface_translates(pieces: int, width: int, layers: int, device: str) -> Translate:
    from transformers import MarianConfig, MarianMTModel

    torch.manual_seed(1)
    config = MarianConfig(
        vocab_size=pieces, d_model=width, encoder_layers=layers, decoder_layers=layers, encoder_attention_heads=8,
        decoder_attention_heads=8, encoder_ffn_dim=4 * width, decoder_ffn_dim=4 * width, max_position_embeddings=256,
        activation_function="relu", scale_embedding=True, share_encoder_decoder_embeddings=True,
        tie_word_embeddings=True, pad_token_id=PADDING, eos_token_id=END, decoder_start_token_id=BEGIN,
        forced_eos_token_id=None,
    )  # fmt: skip
    model = MarianMTModel(config).eval().to(device, torch.bfloat16 if device == "cuda" else torch.float32)

    @torch.inference_mode()
    def translate(sources: list[list[int]], beams: int) -> int:
        ids = torch.tensor(sources, device=device)
        exactly = {"max_new_tokens": LENGTH, "min_new_tokens": LENGTH}
        found = model.generate(
            input_ids=ids, attention_mask=torch.ones_like(ids), num_beams=beams, do_sample=False, **exactly
        )
        return found[:, 1:].numel()

    return translate


def synchronize() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()


if __name__ == "__main__":
    main()
