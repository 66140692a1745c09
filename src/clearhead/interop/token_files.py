"""The tokenizer of a bundle as the files of a folder of Hugging Face's."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from clearhead.bundle.verbs import CHAT
from clearhead.model.config import DecoderOnlyConfig, EncoderOnlyConfig, FamilyConfig
from clearhead.text import LibraryTokenizer, Tokenizer
from clearhead.text.published import control_symbols, published

if TYPE_CHECKING:
    from clearhead.bundle import Bundle

# Where targets are cut by another tokenizer than sources.
TARGET_TOKENIZER: Final = "target_tokenizer.json"
# A conversation as `tasks.chat.turns` joins it, in Jinja.
_TEMPLATE: Final = (
    "{{{{ '{begin}' }}}}{{% for message in messages %}}"
    "{{{{ '⟨' + message['role'] + '⟩' + message['content'] + '{end}' }}}}{{% endfor %}}"
    "{{% if add_generation_prompt %}}{{{{ '⟨assistant⟩' }}}}{{% endif %}}"
)


class TokenFiles(NamedTuple):
    """document: a tokenizer.json. settings: of a tokenizer_config.json. template: of conversations."""

    document: str
    target_document: str | None
    settings: Mapping[str, Any]
    template: str | None


def token_files(bundle: "Bundle") -> TokenFiles:
    """As the model reads texts: with begin and end around them where it was trained so."""
    source, target = bundle.source_tokenizer, bundle.target_tokenizer
    document = published(source, _between(bundle))
    other = None if source is target else published(target, (None, target.end))
    template = bundle.settings.template
    if template is None and bundle.task == CHAT:
        begin, end = target.pieces([target.begin, target.end])
        template = _TEMPLATE.format(begin=begin, end=end)
    settings: dict[str, Any] = {
        "tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": bundle.config.max_length,
        "clean_up_tokenization_spaces": False, **special_names(source, bundle.config),
    }  # fmt: skip
    return TokenFiles(document, other if other != document else None, settings, template)


def special_names(tokenizer: Tokenizer, config: FamilyConfig) -> dict[str, str]:
    """What special tokens are called, by the names that transformers has for them."""
    ids: dict[str, int | None] = {"pad_token": tokenizer.padding, "unk_token": tokenizer.unknown}
    if isinstance(config, EncoderOnlyConfig):
        ids |= {"cls_token": tokenizer.begin, "sep_token": tokenizer.end}
    else:
        ids |= {"bos_token": tokenizer.begin, "eos_token": tokenizer.end}
    ids |= {"mask_token": tokenizer.symbol("mask")} if "mask" in tokenizer.symbols else {}
    known = {number: text for text, number in _special(tokenizer).items()}
    return {name: known[one] for name, one in ids.items() if one is not None and one in known}


def _special(tokenizer: Tokenizer) -> dict[str, int]:
    if isinstance(tokenizer, LibraryTokenizer):
        return tokenizer.special_texts()
    found = control_symbols(tokenizer)
    unknown = tokenizer.unknown
    return found if unknown is None else {**found, "\ufffd": unknown}


def _between(bundle: "Bundle") -> tuple[int | None, int | None]:
    """The ids around a text: a source ends, a document begins, and what is read whole has both."""
    tokenizer, config = bundle.source_tokenizer, bundle.config
    if isinstance(config, EncoderOnlyConfig):
        return tokenizer.begin, tokenizer.end
    if not isinstance(config, DecoderOnlyConfig):
        return None, tokenizer.end
    is_template = bundle.task == CHAT
    return (None if is_template or bundle.settings.documents == "file" else tokenizer.begin), None
