"""What a model card says of a translation model."""

from clearhead.data import PreparedCorpus
from clearhead.model import TransformerConfig
from clearhead.recipe import CorpusSettings, Recipe, TableSettings
from clearhead.tasks.examples import Tokenizers
from clearhead.tasks.task import Description


def description(
    recipe: Recipe, config: TransformerConfig, corpus: PreparedCorpus, tokenizers: Tokenizers, verb: str = "translate"
) -> Description:
    """Its sizes, how to ask it by its `verb`, and which pairs it learned from."""
    language = tokenizers[0].languages[0] if recipe.text.tags else None
    to, named = (f" --to {language}", f', to="{language}"') if language else ("", "")
    files = "\n".join(f"- {_corpus_line(one)}" for one in recipe.data.directions)
    return Description(
        f"{config.encoder_layers}+{config.decoder_layers} layers, width {config.width}, {config.heads} heads, "
        f"vocabulary {config.target_vocabulary:,}",
        f'echo "a sentence" | clearhead {verb} PATH-OF-THIS-FOLDER{to}',
        f'bundle.{verb}("a sentence"{named})',
        f"{len(corpus):,} sentence pairs ({corpus.report}):\n\n{files}",
    )


def _corpus_line(corpus: CorpusSettings | TableSettings) -> str:
    files = corpus.table if isinstance(corpus, TableSettings) else f"{corpus.source}, {corpus.target}"
    languages = f" ({corpus.from_language or '?'} → {corpus.to_language or '?'})"
    tag = f", tagged {corpus.tag}" if corpus.tag is not None else ""
    return f"{files}{languages if corpus.to_language else ''}{tag}"
