"""The bytes of tokens, by what each kind of decoder writes."""

import json

from tokenizers import Tokenizer, decoders, models

from clearhead.text.token_texts import token_texts


def found(decoder: object, tokens: list[str], special: set[int] = frozenset()) -> list[bytes | None]:  # type: ignore[assignment]
    library = Tokenizer(models.BPE({token: number for number, token in enumerate(tokens)}, []))
    library.decoder = decoder
    return token_texts(json.loads(library.to_str()), [*tokens, None], special)


def test_each_kind_of_decoder_has_its_own_bytes() -> None:
    """A space is Ġ on bytes and ▁ in SentencePiece; <0xEA> is a byte where bytes are fallen back on; ## goes on."""
    byte_level = found(decoders.ByteLevel(), ["Ġthe", "ê", "<|end|>"], {2})
    assert byte_level == [b" the", b"\xea", None, None]
    fallback = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    assert found(fallback, ["▁the", "<0xEA>", "가"]) == [b" the", b"\xea", "가".encode(), None]
    assert found(decoders.Metaspace(), ["▁the", "<0xEA>"]) == [b" the", b"<0xEA>", None]
    assert found(decoders.WordPiece(), ["the", "##s", "##"]) == [b"the", b"s", b"##", None]
    assert found(None, ["▁the"]) == ["▁the".encode(), None]
