"""The model card that every bundle carries: what it is, what it learned from, how good it is, how to use it."""

from clearhead.evaluation import shown_perplexity
from clearhead.model import TransformerConfig
from clearhead.recipe import CorpusSettings, without_paths
from clearhead.training.run_inputs import RunInputs
from clearhead.training.validation import Validation


def model_card(inputs: RunInputs, parameters: int, step: int, tokens: int, validation: Validation) -> str:
    """Markdown for people who find the folder."""
    recipe, config = without_paths(inputs.recipe), inputs.config
    to = f" --to {inputs.source_tokenizer.languages[0]}" if recipe.text.tags else ""
    files = "\n".join(f"- {_corpus_line(corpus)}" for corpus in recipe.data.train)
    return f"""# {recipe.name}

A Transformer ({recipe.family}) trained with clearhead: {parameters:,} parameters, {_sizes(config)}.

## Use

    echo "a sentence" | clearhead translate PATH-OF-THIS-FOLDER{to}

or in Python:

    import clearhead
    bundle = clearhead.load("PATH-OF-THIS-FOLDER")
    bundle.translate("a sentence"{f', to="{inputs.source_tokenizer.languages[0]}"' if to else ""})

## Data

{len(inputs.training):,} sentence pairs ({inputs.training.report}):

{files}

## Training and scores

{step:,} steps, {tokens:,} target tokens; weights: {_average(inputs)}. Every setting is in recipe.yaml.

On the validation set:

{_scores(validation)}
"""


def _sizes(config: TransformerConfig) -> str:
    return (
        f"{config.encoder_layers}+{config.decoder_layers} layers, width {config.width}, {config.heads} heads, "
        f"vocabulary {config.target_vocabulary:,}"
    )


def _corpus_line(corpus: CorpusSettings) -> str:
    languages = f" ({corpus.from_language or '?'} → {corpus.to_language or '?'})"
    return f"{corpus.source}, {corpus.target}{languages if corpus.to_language else ''}"


def _average(inputs: RunInputs) -> str:
    training = inputs.recipe.training
    average = training.average
    which = f"exponential moving average, decay {average.decay}" if average.name == "ema" else "those of the last step"
    return which if training.bundle_precision == "fp32" else f"{which}, rounded to float16 when they were stored"


def _scores(validation: Validation) -> str:
    lines = [f"- loss {validation.loss:.4f} nats a token, perplexity {shown_perplexity(validation.perplexity, 3)}"]
    if quality := validation.quality:
        lines += [
            f"- BLEU {quality.bleu:.2f} ({quality.bleu_signature})",
            f"- chrF {quality.chrf:.2f} ({quality.chrf_signature})",
            "- both of greedy translations, made while training, of the set's first lines",
        ]
    return "\n".join(lines)
