"""What other toolkits call the keys of a recipe: JoeyNMT, OpenNMT-py, eole, fairseq, Marian, Hugging Face.

Whoever comes from one of them is told our name. docs/coming-from.md has the same names, with what differs.
"""

from types import MappingProxyType
from typing import Final

_NAMES: Final = {
    "data.train": "train_sets trainpref train_file",
    "data.validate": "dev valid_sets validpref validation_file",
    "text.size": "num_merges voc_limit src_vocab_size dim_vocabs nwordssrc",
    "text.joint": "share_vocab joined_dictionary",
    "model.from": "load_model train_from finetune_from_model pretrained_model model_name_or_path",
    "model.width": "hidden_size embedding_dim word_vec_size encoder_embed_dim dim_emb d_model",
    "model.heads": "num_heads encoder_attention_heads transformer_heads",
    "model.inner_width": "ff_size transformer_ff encoder_ffn_embed_dim transformer_dim_ffn encoder_ffn_dim",
    "model.encoder_layers": "num_layers enc_layers enc_depth",
    "model.decoder_layers": "dec_layers dec_depth",
    "model.share_embeddings": "tied_embeddings share_all_embeddings tied_embeddings_all",
    "training.steps": "updates epochs train_steps max_update max_epoch after max_steps num_train_epochs",
    "training.batch_tokens": "batch_size mini_batch_words per_device_train_batch_size",
    "training.accumulate": "batch_multiplier accum_count update_freq optimizer_delay gradient_accumulation_steps",
    "training.loss.label_smoothing": "label_smoothing_factor",
    "training.optimizer.betas": "adam_betas adam_beta1 adam_beta2",
    "training.optimizer.epsilon": "adam_eps adam_epsilon",
    "training.optimizer.clip": "clip_grad_norm max_grad_norm clip_norm",
    "training.schedule.name": "scheduling decay_method lr_scheduler lr_scheduler_type",
    "training.schedule.peak": "learning_rate lr learn_rate",
    "training.schedule.warmup": "learning_rate_warmup warmup_steps warmup_updates lr_warmup",
    "training.average.decay": "average_decay ema_decay exponential_smoothing",
    "training.validate_every": "validation_freq valid_steps validate_interval_updates valid_freq eval_steps",
    "training.checkpoint_every": "save_checkpoint_steps save_interval_updates save_freq save_steps",
    "training.log_every": "logging_freq report_every log_interval disp_freq logging_steps",
    "training.keep_checkpoints": "keep_best_ckpts keep_checkpoint keep_interval_updates save_total_limit",
    "training.select_by": "early_stopping_metric best_checkpoint_metric valid_metrics metric_for_best_model",
    "training.patience": "early_stopping early_stopping_patience",
    "training.seed": "random_seed",
    "training.device": "use_cuda",
    "training.precision": "fp16 bf16 model_dtype compute_dtype",
    "decoding.beam_size": "beam num_beams",
    "decoding.length_penalty": "beam_alpha lenpen",
}

CALLED_ELSEWHERE: Final = MappingProxyType({name: key for key, names in _NAMES.items() for name in names.split()})
"""The key of a recipe by another toolkit's name, with _ in the place of -."""
