"""A tokenizer.json made of older files: vocab.txt, vocab.json with merges.txt, and SentencePiece's."""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

import tokenizers
from tokenizers import decoders, models, normalizers, pre_tokenizers, processors

from clearhead.errors import TokenizerError
from clearhead.text.sentence_piece import BYTE, CONTROL, UNKNOWN, USER_DEFINED, SentencePieceModel
from clearhead.text.token_texts import HIDDEN

# As BertTokenizer of transformers: a longer word is unknown.
_LONGEST_WORD: Final = 100


def word_piece(
    vocabulary: Sequence[str],
    special: Sequence[str] = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"),
    *,
    lowercase: bool = True,
    strip_accents: bool | None = None,
    chinese_characters: bool = True,
) -> str:
    """Of a vocab.txt's lines. special: its names for padding, the unknown, begin, end and mask.

    lowercase, strip_accents, chinese_characters: as BertTokenizer's do_lower_case, strip_accents and
    tokenize_chinese_chars. None for strip_accents is as lowercase says: both take Hangul apart into Jamo.
    """
    ids = _ids(vocabulary)
    _, unknown, begin, end, _ = special
    for token in (unknown, begin, end):
        _require(token, ids, "vocab.txt")
    model = models.WordPiece(ids, unk_token=unknown, max_input_chars_per_word=_LONGEST_WORD)
    library = tokenizers.Tokenizer(model)
    library.normalizer = normalizers.BertNormalizer(
        clean_text=True, handle_chinese_chars=chinese_characters, strip_accents=strip_accents, lowercase=lowercase
    )
    library.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    library.decoder = decoders.WordPiece(prefix="##")
    library.post_processor = between_tokens(begin, end, ids)
    return with_special(library, [one for one in special if one in ids])


def byte_pairs(
    vocabulary: Mapping[str, int],
    merges: str,
    special: Sequence[str],
    *,
    between: tuple[str, str] | None = None,
    adds_space: bool = False,
) -> str:
    """Of a vocab.json and the text of a merges.txt, as GPT-2 has them.

    special: the names of its special tokens. between: which of these a text is read between, as RoBERTa's and BART's
    "<s>" and "</s>". adds_space: whether a text begins with a space that it does not have.
    """
    lines = [line for line in merges.split("\n") if line.strip() and not line.startswith("#version")]
    pairs = [tuple(line.rstrip("\r").split(" ")) for line in lines]
    if any(len(pair) != 2 for pair in pairs):
        raise TokenizerError("merges.txt has a line that is no pair of pieces; copy it again")
    for one in (*special, *(between or ())):
        _require(one, vocabulary, "vocab.json")
    for left, right in pairs:
        # Seen here, as the library may panic, which is no Exception.
        if not {left, right, left + right} <= vocabulary.keys():
            raise TokenizerError(
                f"the merge of {left!r:.40} and {right!r:.40} does not fit vocab.json; copy both again"
            )
    library = tokenizers.Tokenizer(_checked(models.BPE, dict(vocabulary), pairs))
    library.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=adds_space)
    library.decoder = decoders.ByteLevel()
    if between is not None:
        library.post_processor = between_tokens(*between, vocabulary)
    return with_special(library, special)


def sentence_piece(
    model: SentencePieceModel,
    ids: Sequence[str] | None = None,
    special: Sequence[str] = (),
    *,
    between: tuple[str | None, str | None] = (None, None),
    hidden: Collection[str] = (),
) -> str:
    """Of a SentencePiece model: unigram or BPE, normalised by its own table.

    ids: the pieces in the order of a model's ids, where that is another than the file's, as Marian's vocab.json says or
    XLM-R's shift. special: tokens that are read by id only, beside the file's control pieces.
    between: which tokens a text is read between. hidden: pieces that are written and that no text is cut into, as those
    which Marian's vocab.json has for the other side alone.
    Two things differ from SentencePiece: ties of equal scores may be cut otherwise, and in a unigram model a control
    piece that is typed, such as "</s>", is that piece.
    """
    names = [piece.text for piece in model.pieces] if ids is None else list(ids)
    names = [HIDDEN + name if name in hidden else name for name in names]
    scores = {piece.text: piece.score for piece in model.pieces}
    lowest = min(scores.values())
    known, unknown = _ids(names), model.pieces[model.unknown].text
    _require(unknown, known, "the vocabulary")
    if model.kind == "unigram":
        # The library derives from the lowest score what an unknown character costs.
        table = [(name, scores.get(name, lowest)) for name in names]
        falls_back = any(piece.kind == BYTE for piece in model.pieces)
        made: Any = _checked(models.Unigram, table, known[unknown], falls_back)
    else:
        made = _merging(model, known, unknown)
    library = tokenizers.Tokenizer(made)
    if steps := _normalizing(model):
        library.normalizer = normalizers.Sequence(steps)
    scheme = "always" if model.adds_space else "never"
    library.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme=scheme, split=model.kind != "bpe")
    library.decoder = _writing(model, scheme)
    if hidden:
        library.decoder = decoders.Sequence([decoders.Replace(HIDDEN, ""), library.decoder])
    controls = [piece.text for piece in model.pieces if piece.kind in (CONTROL, UNKNOWN) and piece.text in known]
    typed = [piece.text for piece in model.pieces if piece.kind == USER_DEFINED and piece.text in known]
    begin, end = between
    if begin is not None or end is not None:
        library.post_processor = between_tokens(begin, end, known)
    library.add_tokens(typed)
    return with_special(library, [*dict.fromkeys((*controls, *special))])


def _normalizing(model: SentencePieceModel) -> list[Any]:
    steps: list[Any] = [normalizers.Precompiled(model.charsmap)] if model.charsmap else []
    if model.removes_spaces:
        steps += [normalizers.Strip(left=True, right=True), normalizers.Replace(tokenizers.Regex(" {2,}"), " ")]
    return steps


def _writing(model: SentencePieceModel, scheme: Any) -> Any:
    if any(piece.kind == BYTE for piece in model.pieces):
        strip = [decoders.Strip(" ", 1, 0)] if model.adds_space else []
        return decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), *strip])
    return decoders.Metaspace(replacement="▁", prepend_scheme=scheme)


def _merging(model: SentencePieceModel, known: dict[str, int], unknown: str) -> Any:
    """BPE's merges from its pieces: two pieces merge into a third with the rank of its score."""
    scores = {piece.text: piece.score for piece in model.pieces if piece.text in known}
    merges: list[tuple[float, int, int, str, str]] = []
    for whole, score in scores.items():
        for cut in range(1, len(whole)):
            left, right = whole[:cut], whole[cut:]
            if left in scores and right in scores:
                merges.append((-score, known[left], known[right], left, right))
    merges.sort(key=lambda one: one[:3])
    falls_back = any(piece.kind == BYTE for piece in model.pieces)
    return models.BPE(
        known, [(left, right) for *_, left, right in merges], unk_token=unknown, fuse_unk=True, byte_fallback=falls_back
    )


def between_tokens(begin: str | None, end: str | None, ids: Mapping[str, int]) -> Any:
    """[CLS] A [SEP], and a pair as [CLS] A [SEP] B [SEP]."""
    first, last = ([f"{one}:0"] if one else [] for one in (begin, end))
    again = [f"{end}:1"] if end else []
    return processors.TemplateProcessing(
        single=[*first, "$A:0", *last], pair=[*first, "$A:0", *last, "$B:1", *again],
        special_tokens=[(one, ids[one]) for one in dict.fromkeys((begin, end)) if one],
    )  # fmt: skip


def with_special(library: tokenizers.Tokenizer, special: Sequence[str]) -> str:
    library.add_special_tokens([tokenizers.AddedToken(one, normalized=False, special=True) for one in special])
    return json.dumps(json.loads(library.to_str()), ensure_ascii=False)


def _checked(make: Any, *parts: Any) -> Any:
    try:
        return make(*parts)
    except Exception as error:  # The library raises nothing more particular.
        raise TokenizerError(f"the vocabulary and its merges do not fit ({error}); copy the files again") from None


def _ids(tokens: Sequence[str]) -> dict[str, int]:
    found = {token: number for number, token in enumerate(tokens)}
    if len(found) != len(tokens):
        twice = next(token for number, token in enumerate(tokens) if found[token] != number)
        raise TokenizerError(f"the vocabulary has {twice!r:.60} twice; each piece must have one id; copy it again")
    return found


def _require(token: str, ids: Mapping[str, int], place: str) -> None:
    if token not in ids:
        raise TokenizerError(f"{place} has no {token!r:.60}, which its settings name; copy the model's folder again")
