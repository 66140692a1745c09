"""Small random models that `transformers` makes and saves, each class once."""

import io
import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sentencepiece
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors

LINES = ["the animal did not cross the street", "나는 너무 피곤해서 길을 건너지 않았다", "ab ba abba 🙂 1, 2"] * 30
SIZES: dict[str, Any] = {"vocab_size": 320, "max_position_embeddings": 40}
BERT: dict[str, Any] = {
    **SIZES, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 24,
}  # fmt: skip
LLAMA: dict[str, Any] = {**BERT, "num_key_value_heads": 2, "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0}
LINEAR: dict[str, Any] = {"rope_type": "linear", "rope_theta": 500.0, "factor": 4.0}
LLAMA3: dict[str, Any] = {
    "rope_type": "llama3", "rope_theta": 500.0, "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
    "original_max_position_embeddings": 16,
}  # fmt: skip
ELECTRA: dict[str, Any] = {**BERT, "embedding_size": 8}
ROBERTA: dict[str, Any] = {**BERT, "pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2, "type_vocab_size": 1}
DISTILBERT: dict[str, Any] = {**SIZES, "dim": 16, "n_layers": 2, "n_heads": 4, "hidden_dim": 24}
# Of each: its config's class, its model's, what differs from the classes' own sizes, and its tokenizer.
CLASSES: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "gpt2": (
        "GPT2Config", "GPT2LMHeadModel",
        {"vocab_size": 320, "n_embd": 16, "n_layer": 2, "n_head": 4, "n_positions": 40}, "bytes",
    ),
    "llama": ("LlamaConfig", "LlamaForCausalLM", LLAMA, "bytes"),
    "llama, tied": ("LlamaConfig", "LlamaForCausalLM", {**LLAMA, "tie_word_embeddings": True, "head_dim": 6}, "bytes"),
    "llama, as 3.1": (
        "LlamaConfig", "LlamaForCausalLM",
        {**LLAMA, "head_dim": 12, "rope_parameters": LLAMA3, "attention_bias": True, "mlp_bias": True}, "bytes",
    ),
    "llama, linear": (
        "LlamaConfig", "LlamaForCausalLM", {**LLAMA, "rope_parameters": LINEAR, "attention_bias": True}, "bytes",
    ),
    "mistral": ("MistralConfig", "MistralForCausalLM", {**LLAMA, "sliding_window": 30}, "bytes"),
    "qwen2": ("Qwen2Config", "Qwen2ForCausalLM", LLAMA, "bytes"),
    "qwen3": ("Qwen3Config", "Qwen3ForCausalLM", {**LLAMA, "head_dim": 6}, "bytes"),
    "bert": ("BertConfig", "BertForMaskedLM", BERT, "words"),
    "bert, bare": ("BertConfig", "BertModel", BERT, "words"),
    "bert, classes": ("BertConfig", "BertForSequenceClassification", {**BERT, "num_labels": 3}, "words"),
    "bert, both heads": ("BertConfig", "BertForPreTraining", {**BERT, "hidden_act": "gelu_new"}, "words"),
    "roberta": ("RobertaConfig", "RobertaForMaskedLM", ROBERTA, "framed bytes"),
    "roberta, classes": (
        "RobertaConfig", "RobertaForSequenceClassification", {**ROBERTA, "num_labels": 3}, "framed bytes",
    ),
    "xlm-roberta": ("XLMRobertaConfig", "XLMRobertaForMaskedLM", ROBERTA, "pieces"),
    "distilbert": ("DistilBertConfig", "DistilBertForMaskedLM", DISTILBERT, "words"),
    "distilbert, classes": (
        "DistilBertConfig", "DistilBertForSequenceClassification", {**DISTILBERT, "num_labels": 3}, "words",
    ),
    "electra": ("ElectraConfig", "ElectraForMaskedLM", ELECTRA, "words"),
    "electra, as wide": ("ElectraConfig", "ElectraForMaskedLM", {**ELECTRA, "embedding_size": 16}, "words"),
    "electra, classes": ("ElectraConfig", "ElectraForSequenceClassification", {**ELECTRA, "num_labels": 3}, "words"),
    "electra, discriminator": ("ElectraConfig", "ElectraForPreTraining", ELECTRA, "words"),
}  # fmt: skip
BART: dict[str, Any] = {
    **SIZES, "d_model": 16, "encoder_layers": 2, "decoder_layers": 2, "encoder_attention_heads": 4,
    "decoder_attention_heads": 4, "encoder_ffn_dim": 24, "decoder_ffn_dim": 24, "activation_function": "gelu",
}  # fmt: skip
MARIAN: dict[str, Any] = {
    **BART, "activation_function": "swish", "scale_embedding": True, "pad_token_id": 319, "eos_token_id": 0,
    "decoder_start_token_id": 319, "forced_eos_token_id": 0,
}  # fmt: skip
T5: dict[str, Any] = {
    "vocab_size": 320, "d_model": 16, "d_kv": 6, "d_ff": 24, "num_layers": 2, "num_heads": 4,
    "decoder_start_token_id": 0, "relative_attention_num_buckets": 8, "relative_attention_max_distance": 20,
}  # fmt: skip
MBART: dict[str, Any] = {**BART, "scale_embedding": True, "decoder_start_token_id": 2}
# Encoder-decoders: the same.
PAIRS: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "marian": ("MarianConfig", "MarianMTModel", MARIAN, "two files of pieces"),
    "bart": ("BartConfig", "BartForConditionalGeneration", BART, "framed bytes"),
    "mbart": ("MBartConfig", "MBartForConditionalGeneration", MBART, "framed bytes"),
    "pegasus": (
        "PegasusConfig", "PegasusForConditionalGeneration", {**BART, "activation_function": "relu"}, "spiece.model",
    ),
    "t5": ("T5Config", "T5ForConditionalGeneration", T5, "spiece.model"),
    "t5, 1.1": (
        "T5Config", "T5ForConditionalGeneration",
        {**T5, "feed_forward_proj": "gated-gelu", "tie_word_embeddings": False}, "spiece.model",
    ),
    "mt5": ("MT5Config", "MT5ForConditionalGeneration", {**T5, "num_decoder_layers": 1}, "spiece.model"),
}  # fmt: skip
CAUSAL = ["gpt2", "llama", "llama, tied", "llama, as 3.1", "llama, linear", "mistral", "qwen2", "qwen3"]
Folder = Callable[..., tuple[Path, Any]]


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """What transformers says of its own files is not ours."""
    import transformers

    monkeypatch.setenv("TQDM_DISABLE", "1")
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    logging.getLogger("transformers").setLevel(logging.ERROR)


@pytest.fixture
def folder_of(tmp_path: Path) -> Folder:
    """Makes a model of a class of `CLASSES` and its folder as `transformers` writes it."""

    def make(name: str, **changes: Any) -> tuple[Path, Any]:
        import transformers

        config, model, sizes, tokenizer = {**CLASSES, **PAIRS}[name]
        torch.manual_seed(1)
        made = getattr(transformers, model)(getattr(transformers, config)(**{**sizes, **changes}))
        if name in ("t5, 1.1", "mt5"):  # A new one has its output tied to its input.
            made.lm_head.weight = torch.nn.Parameter(torch.randn(made.config.vocab_size, 16))
        if hasattr(made, "final_logits_bias") and name != "bart":
            made.final_logits_bias.normal_()
        with torch.no_grad():
            for parameter in filter(lambda one: one.requires_grad, made.parameters()):
                # Biases and norms that differ from 0 and 1, so that one that is forgotten is noticed.
                parameter.add_(torch.randn_like(parameter), alpha=0.2)
        folder = tmp_path / "theirs"
        made.eval().save_pretrained(folder)
        write_tokenizer(folder, tokenizer)
        return folder, made

    return make


def write_tokenizer(folder: Path, kind: str) -> None:
    """Files of one of the kinds that models bring; 320 ids or fewer."""
    if kind == "words":
        letters = sorted(set("".join(LINES)) - {" "})
        special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
        tokens = [*special, *letters, *(f"##{one}" for one in letters), "the", "animal", "나는"]
        (folder / "vocab.txt").write_text("\n".join(tokens) + "\n", encoding="utf-8")
        (folder / "tokenizer_config.json").write_text(json.dumps({"do_lower_case": False}))
    elif kind == "pieces":
        (folder / "sentencepiece.bpe.model").write_bytes(_sentence_pieces())
    elif kind == "spiece.model":
        (folder / "spiece.model").write_bytes(_sentence_pieces(150, pad_id=0, eos_id=1, unk_id=2, bos_id=-1))
    elif kind == "two files of pieces":
        _marian(folder)
    else:
        _byte_pairs(folder, between=("<s>", "</s>") if kind == "framed bytes" else None)


def _sentence_pieces(size: int = 300, lines: list[str] = LINES, **ids: int) -> bytes:
    out = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines), model_writer=out, vocab_size=size, hard_vocab_limit=False, minloglevel=2, **ids
    )
    return out.getvalue()


def _marian(folder: Path) -> None:
    """Two files cut, and vocab.json has ids of its own: padding is the last."""
    pieces = ["</s>", "<unk>"]
    for name, lines in (("source.spm", LINES[:1] + LINES[2:3]), ("target.spm", LINES[1:3])):
        (folder / name).write_bytes(made := _sentence_pieces(100, lines * 30))
        model = sentencepiece.SentencePieceProcessor(model_proto=made)
        pieces += [model.id_to_piece(number) for number in reversed(range(model.get_piece_size()))]
    pieces = list(dict.fromkeys(one for one in pieces if one != "<s>"))
    pieces += [f"▁unused{number}" for number in range(319 - len(pieces))] + ["<pad>"]
    (folder / "vocab.json").write_text(json.dumps({piece: number for number, piece in enumerate(pieces)}))


def _byte_pairs(folder: Path, between: tuple[str, str] | None) -> None:
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"] if between else ["<pad>", "<s>", "</s>"]
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokens = [*special, *alphabet, "Ġt", "he", "Ġthe"]
    vocabulary = {token: number for number, token in enumerate(tokens)}
    library = Tokenizer(models.BPE(vocabulary, [("Ġ", "t"), ("h", "e"), ("Ġt", "he")]))
    library.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    library.decoder = decoders.ByteLevel()
    library.add_special_tokens(special)
    if between:
        first, last = between
        library.post_processor = processors.TemplateProcessing(
            single=f"{first} $A {last}", special_tokens=[(one, vocabulary[one]) for one in between]
        )
    library.save(str(folder / "tokenizer.json"))
    named = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>"}
    named |= {"mask_token": "<mask>", "cls_token": "<s>", "sep_token": "</s>"} if between else {}
    (folder / "tokenizer_config.json").write_text(json.dumps(named))
