"""Are a text's tokens those of the library that a tokenizer's files are from? Each kind of files, on many real lines.

    python benchmarks/same_tokens.py --data DATA --save same-tokens

The files of each kind are learned from the first 20,000 lines of Multi30k's train.en, train.de and train.cs each. All
these lines are then cut by both: by what `clearhead import` makes of the files, and by the package that reads them
itself. A line differs where any id does; what stands before and after a text counts where that package puts it there.
Hostile lines, of marks, joiners and variation selectors, and of letters that repeat, say where a difference is to be
expected. The exit code is 1 where a real line differs.
"""

import argparse
import dataclasses
import functools
import gzip
import importlib.metadata
import itertools
import json
import random
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import results_file
import sentencepiece
import tokenizers
from tokenizers import decoders, models, normalizers, pre_tokenizers, trainers

from clearhead.interop.pair_tokens import documents_of
from clearhead.interop.tokens import roles_of, special_tokens
from clearhead.text import LibraryTokenizer

# Marian has a file for each side.
SOURCE, TARGET = ("en",), ("de", "cs")
LANGUAGES, EACH, SIZE = (*SOURCE, *TARGET), 20_000, 8000
HOSTILE = 1000
Ids = list[list[int]]
Texts = Mapping[str, Sequence[str]]  # Lines by their language.
Cut = Callable[[Sequence[str]], Ids]
BERT = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
FRAMED = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
MARKS = "\u0301\u0308\u0323\u200d\ufe0f"
# Llama 3's way to find words, so that a tokenizer.json has a pattern of its own.
WORDS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+"


@dataclasses.dataclass(frozen=True)
class Kind:
    """files: which, and whose. beside: the package that reads them. known: the class, as an import names its tokens.

    write: learns them of lines, so many pieces at most, into a folder. theirs: how the package cuts by that folder.
    languages: whose lines are cut: those that the file was learned of. is_target: whether what cuts targets is asked.
    """

    files: str
    beside: str
    known: str
    write: Callable[[Path, Texts, int], None]
    theirs: Callable[[Path], Cut]
    languages: Sequence[str] = LANGUAGES
    is_target: bool = False


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the folder that holds multi30k/")
    parser.add_argument("--lines", type=int, default=EACH, help="of each language, at most")
    parser.add_argument("--size", type=int, default=SIZE, help="how many pieces are learned, at most")
    results_file.add_option(parser)
    chosen = parser.parse_args()
    texts = {language: read(chosen.data / "multi30k", language, chosen.lines) for language in LANGUAGES}
    rows = [row(kind, texts, chosen.size) for kind in KINDS]
    method = (
        f"{chosen.lines:,} lines of each of {', '.join(LANGUAGES)}; {chosen.size:,} pieces learned of them, at most"
    )
    results_file.report(chosen.save, rows, method, dict.fromkeys(("lines", "tokens"), ","))
    return int(any(one["lines that differ"] for one in rows))


def read(folder: Path, language: str, most: int) -> list[str]:
    with gzip.open(folder / f"train.{language}.gz", "rt", encoding="utf-8") as file:
        return [line.rstrip("\n") for line in itertools.islice(file, most)]


def every(texts: Texts, languages: Sequence[str] = LANGUAGES) -> list[str]:
    return [line for language in languages for line in texts[language]]


def marked(draw: random.Random) -> str:
    return "".join(draw.choices(f"aeiouñ한 {MARKS}", k=20))


def repeated(draw: random.Random) -> str:
    return " ".join(draw.choice("aeo") * draw.randint(1, 9) for _ in range(5))


def row(kind: Kind, texts: Texts, size: int) -> dict[str, results_file.Cell]:
    lines = every(texts, kind.languages)
    with tempfile.TemporaryDirectory() as place:
        kind.write(Path(place), texts, size)
        ours, theirs = of_an_import(Path(place), kind), kind.theirs(Path(place))
        found = ours(lines)
        real = differing(found, theirs(lines))
        drawn = {name: [one(random.Random(number)) for number in range(HOSTILE)] for name, one in ODD.items()}
        odd = {name: differing(ours(some), theirs(some)) for name, some in drawn.items()}
    print(f"{kind.files}: {real} differ, and {odd}", file=sys.stderr)
    beside = f"{kind.beside} {importlib.metadata.version(kind.beside)}"
    return {
        "files": kind.files,
        "beside": beside,
        "lines": len(lines),
        "tokens": sum(map(len, found)),
        "lines that differ": real,
        **odd,
    }


def differing(found: Ids, expected: Ids) -> int:
    return sum(one != other for one, other in zip(found, expected, strict=True))


def of_an_import(folder: Path, kind: Kind) -> Cut:
    """As an import reads the folder: the rows of its table are as many as there are ids."""
    document = documents_of(folder, kind.known)[kind.is_target]
    rows = tokenizers.Tokenizer.from_str(document).get_vocab_size()
    tokenizer = LibraryTokenizer(document, roles_of(document, special_tokens(folder, kind.known), {}, rows))
    return lambda lines: [tokenizer.framed(line) for line in lines]


def write_tokenizer_json(folder: Path, texts: Texts, size: int) -> None:
    """Byte-level BPE with a pattern for words, and tokens that stand beside the vocabulary."""
    words = pre_tokenizers.Split(tokenizers.Regex(WORDS), "isolated")
    cut = pre_tokenizers.Sequence([words, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    library = of_bytes(models.BPE(ignore_merges=True), cut, texts, size, [])
    library.decoder = decoders.ByteLevel()
    library.add_tokens(["straße"])
    library.add_special_tokens(["<|endoftext|>"])
    library.save(str(folder / "tokenizer.json"))


def write_vocab_txt(lowercase: bool, folder: Path, texts: Texts, size: int) -> None:
    library = tokenizers.Tokenizer(models.WordPiece(unk_token="[UNK]"))
    library.normalizer = normalizers.BertNormalizer(lowercase=lowercase)
    library.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(vocab_size=size, special_tokens=BERT, show_progress=False)
    library.train_from_iterator(every(texts), trainer)
    ids = library.get_vocab()
    (folder / "vocab.txt").write_text("".join(f"{one}\n" for one in sorted(ids, key=ids.__getitem__)), encoding="utf-8")
    (folder / "tokenizer_config.json").write_text(json.dumps({"do_lower_case": lowercase}), encoding="utf-8")


def write_vocab_json(special: list[str], folder: Path, texts: Texts, size: int) -> None:
    of_bytes(models.BPE(), pre_tokenizers.ByteLevel(add_prefix_space=False), texts, size, special).model.save(
        str(folder)
    )


def of_bytes(
    model: models.BPE, cut: pre_tokenizers.PreTokenizer, texts: Texts, size: int, special: list[str]
) -> tokenizers.Tokenizer:
    library = tokenizers.Tokenizer(model)
    library.pre_tokenizer = cut
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=size, special_tokens=special, initial_alphabet=alphabet, show_progress=False
    )
    library.train_from_iterator(every(texts), trainer)
    return library


def write_sentence_pieces(name: str, settings: Mapping[str, object], folder: Path, texts: Texts, size: int) -> None:
    with (folder / name).open("wb") as file:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(every(texts, [*texts])), model_writer=file, vocab_size=size, minloglevel=2,
            hard_vocab_limit=False, character_coverage=0.9995, **settings,
        )  # fmt: skip


def write_marian(folder: Path, texts: Texts, size: int) -> None:
    """A file for each side, and ids of their own order for both."""
    pieces = ["</s>", "<unk>"]
    for name, languages in (("source.spm", SOURCE), ("target.spm", TARGET)):
        write_sentence_pieces(name, {}, folder, {language: texts[language] for language in languages}, size)
        model = sentencepiece.SentencePieceProcessor(model_file=str(folder / name))
        pieces += [model.id_to_piece(number) for number in reversed(range(model.get_piece_size()))]
    names = [*dict.fromkeys(one for one in pieces if one != "<s>"), "<pad>"]
    ids = {piece: number for number, piece in enumerate(names)}
    (folder / "vocab.json").write_text(json.dumps(ids), encoding="utf-8")
    (folder / "tokenizer_config.json").write_text(json.dumps({"source_lang": "en", "target_lang": "de"}))


def by_transformers(name: str, folder: Path) -> Cut:
    """By a class of its own, which reads the folder's files."""
    import transformers

    if name == "PreTrainedTokenizerFast":
        read = transformers.PreTrainedTokenizerFast(tokenizer_file=str(folder / "tokenizer.json"))
    else:
        read = getattr(transformers, name).from_pretrained(folder)
    return lambda lines: list(read(list(lines))["input_ids"])


def by_marian(is_target: bool, folder: Path) -> Cut:
    import transformers

    read = transformers.MarianTokenizer.from_pretrained(folder)
    given = "text_target" if is_target else "text"
    return lambda lines: list(read(**{given: list(lines)})["input_ids"])


def by_sentencepiece(name: str, begin: list[int], end: list[int], shift: int, folder: Path) -> Cut:
    """shift: how much later a class's ids are than the file's; its unknown piece is then 3, as fairseq has it."""
    model = sentencepiece.SentencePieceProcessor(model_file=str(folder / name))

    def cut(lines: Sequence[str]) -> Ids:
        return [[*begin, *(one + shift if one or not shift else 3 for one in ids), *end] for ids in model.encode(lines)]

    return cut


ODD = {f"of {HOSTILE:,} of marks": marked, f"of {HOSTILE:,} of repeated letters": repeated}
_XLM, _LLAMA, _T5 = "sentencepiece.bpe.model", "tokenizer.model", "spiece.model"
KINDS = [
    Kind(
        "tokenizer.json, bytes with a pattern for words (Llama 3, GPT-2)", "tokenizers", "gpt2", write_tokenizer_json,
        functools.partial(by_transformers, "PreTrainedTokenizerFast"),
    ),
    *(
        Kind(
            f"vocab.txt, {name} (BERT)", "transformers", "bert", functools.partial(write_vocab_txt, lowercase),
            functools.partial(by_transformers, "BertTokenizer"),
        )
        for name, lowercase in (("uncased", True), ("cased", False))
    ),
    Kind(
        "vocab.json and merges.txt (GPT-2)", "transformers", "gpt2",
        functools.partial(write_vocab_json, ["<|endoftext|>"]), functools.partial(by_transformers, "GPT2Tokenizer"),
    ),
    Kind(
        "vocab.json and merges.txt (RoBERTa, BART)", "transformers", "roberta",
        functools.partial(write_vocab_json, FRAMED), functools.partial(by_transformers, "RobertaTokenizer"),
    ),
    Kind(
        "spiece.model, unigram (T5)", "sentencepiece", "t5",
        functools.partial(write_sentence_pieces, _T5, {"pad_id": 0, "eos_id": 1, "unk_id": 2, "bos_id": -1}),
        functools.partial(by_sentencepiece, _T5, [], [1], 0),
    ),
    Kind(
        "sentencepiece.bpe.model, unigram (XLM-R)", "sentencepiece", "xlm-roberta",
        functools.partial(write_sentence_pieces, _XLM, {}), functools.partial(by_sentencepiece, _XLM, [0], [2], 1),
    ),
    Kind(
        "tokenizer.model, BPE and bytes (Llama)", "sentencepiece", "llama",
        functools.partial(write_sentence_pieces, _LLAMA, {"model_type": "bpe", "byte_fallback": True}),
        functools.partial(by_sentencepiece, _LLAMA, [1], [], 0),
    ),
    *(
        Kind(
            f"{side}.spm, unigram, and vocab.json (Marian)", "transformers", "marian", write_marian,
            functools.partial(by_marian, is_target), languages, is_target,
        )
        for side, languages, is_target in (("source", SOURCE, False), ("target", TARGET, True))
    ),
]  # fmt: skip

if __name__ == "__main__":
    raise SystemExit(main())
