"""What is made of older files cuts as the libraries that these files are from."""

import json
import random
from pathlib import Path

import pytest
import sentencepiece
import tokenizers
from tokenizers import models, pre_tokenizers, trainers

from clearhead.errors import TokenizerError
from clearhead.text.built import byte_pairs, sentence_piece, word_piece
from clearhead.text.sentence_piece import read_sentence_piece

TEXT = (
    "the animal did not cross street because it was too tired 나는 너무 피곤해서 길을 건너지 않았다 동물 고양이 über "
    "Straße naïve don't — “quoted” 123 45 🙂 👍🏽 日本語 ①② ａｂｃ"
)
WORDS = TEXT.split()
HOSTILE = [
    "", " ", "  two  spaces ", "\ttab\u3000wide", "unknown ☃ Ж 漢", "a" * 30, "\u200bzero", "e\u0301", "<s> typed </s>",
    "▁under", "[CLS] typed [MASK]", "\u0007bell", "👨\u200d👩\u200d👧", "ÀÉÎ", "한글과 English가 섞인 문장",
]  # fmt: skip


def lines(count: int = 400) -> list[str]:
    draw = random.Random(3)
    return [" ".join(draw.choices(WORDS, k=draw.randint(3, 12))) for _ in range(count)]


def read_as_text(document: str) -> tokenizers.Tokenizer:
    library = tokenizers.Tokenizer.from_str(document)
    library.encode_special_tokens = True
    return library


def cut(library: tokenizers.Tokenizer, text: str) -> list[int]:
    return list(library.encode(text, add_special_tokens=False).ids)


@pytest.mark.parametrize("kind", ["unigram", "bpe"])
@pytest.mark.parametrize("falls_back", [False, True])
def test_sentencepiece_is_cut_as_by_the_package(kind: str, falls_back: bool, tmp_path: Path) -> None:
    prefix = str(tmp_path / "made")
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines(1500)), model_prefix=prefix, vocab_size=600, model_type=kind,
        character_coverage=0.999, hard_vocab_limit=False, byte_fallback=falls_back, minloglevel=2,
    )  # fmt: skip
    content = Path(prefix + ".model").read_bytes()
    theirs = sentencepiece.SentencePieceProcessor(model_proto=content)
    document = sentence_piece(read_sentence_piece(content))
    ours = read_as_text(document)
    texts = lines() + [text for text in HOSTILE if kind == "bpe" or "</s>" not in text]
    assert [cut(ours, text) for text in texts] == [theirs.encode(text) for text in texts]
    known = [text for text in texts if theirs.unk_id() not in theirs.encode(text)]
    assert len(known) > 200
    assert [ours.decode(cut(ours, text)) for text in known] == [theirs.decode(theirs.encode(text)) for text in known]


def test_pieces_take_the_ids_of_another_order(tmp_path: Path) -> None:
    """As Marian's vocab.json has one of its own, and XLM-R counts from a piece later."""
    prefix = str(tmp_path / "made")
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines(1500)), model_prefix=prefix, vocab_size=600, hard_vocab_limit=False, minloglevel=2
    )
    content = Path(prefix + ".model").read_bytes()
    theirs = sentencepiece.SentencePieceProcessor(model_proto=content)
    pieces = [theirs.id_to_piece(one) for one in range(theirs.get_piece_size())]
    ids = [*reversed(pieces), "<pad>"]
    ours = read_as_text(sentence_piece(read_sentence_piece(content), ids, ["<pad>", "</s>"], between=(None, "</s>")))
    assert [cut(ours, text) for text in lines()] == [
        [ids.index(theirs.id_to_piece(one)) for one in theirs.encode(text)] for text in lines()
    ]
    assert ours.encode("a").ids[-1] == ids.index("</s>")
    # Of another file's pieces none is cut into, however good it would be, and each can be written.
    foreign = "▁" + f"{pieces[-2]}{pieces[-1]}".replace("▁", "")
    more = sentence_piece(read_sentence_piece(content), [*ids, foreign], ["<pad>", "</s>"], hidden=[foreign])
    written = foreign.replace("▁", " ")
    assert len(ids) not in cut(read_as_text(more), written)
    assert read_as_text(more).decode([len(ids)]).strip() == written.strip()


@pytest.mark.parametrize("lowercase", [True, False])
@pytest.mark.parametrize("accents", [None, True, False])
def test_word_pieces_are_cut_as_by_bert_of_transformers(lowercase: bool, accents: bool | None, tmp_path: Path) -> None:
    from transformers import BertTokenizer

    trained = tokenizers.Tokenizer(models.WordPiece(unk_token="[UNK]"))
    trained.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    trained.train_from_iterator(lines(), trainers.WordPieceTrainer(vocab_size=200, special_tokens=special))
    vocabulary = sorted(trained.get_vocab(), key=trained.get_vocab().__getitem__)
    (tmp_path / "vocab.txt").write_text("\n".join(vocabulary) + "\n", encoding="utf-8")
    theirs = BertTokenizer(vocab=str(tmp_path / "vocab.txt"), do_lower_case=lowercase, strip_accents=accents)
    ours = tokenizers.Tokenizer.from_str(word_piece(vocabulary, lowercase=lowercase, strip_accents=accents))
    texts = lines(200) + HOSTILE
    assert [ours.encode(text).ids for text in texts] == [theirs(text)["input_ids"] for text in texts]
    pair = ours.encode("나는", "it was")
    assert (pair.ids, pair.type_ids) == (
        theirs("나는", "it was")["input_ids"],
        theirs("나는", "it was")["token_type_ids"],
    )


@pytest.mark.parametrize("adds_space", [True, False])
def test_byte_pairs_are_cut_as_by_gpt2_of_transformers(adds_space: bool, tmp_path: Path) -> None:
    from transformers import PreTrainedTokenizerFast

    trained = tokenizers.Tokenizer(models.BPE())
    trained.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=adds_space)
    trained.decoder = tokenizers.decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400, special_tokens=["<s>", "</s>"], initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
    )
    trained.train_from_iterator(lines(), trainer)
    trained.save(str(tmp_path / "tokenizer.json"))
    model = json.loads(trained.to_str())["model"]
    merges = "#version: 0.2\n" + "\n".join(" ".join(pair) for pair in model["merges"]) + "\n"
    ours = tokenizers.Tokenizer.from_str(
        byte_pairs(model["vocab"], merges, ["<s>", "</s>"], between=("<s>", "</s>"), adds_space=adds_space)
    )
    theirs = PreTrainedTokenizerFast(tokenizer_file=str(tmp_path / "tokenizer.json"))
    texts = lines(200) + HOSTILE
    found = [ours.encode(text).ids for text in texts]
    assert [one[1:-1] for one in found] == [theirs(text)["input_ids"] for text in texts]
    assert {(one[0], one[-1]) for one in found} == {(0, 1)}
    assert [ours.decode(one) for one in found] == [theirs.decode(one, skip_special_tokens=True) for one in found]


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: word_piece(["[UNK]", "[CLS]"]), "no '\\[SEP\\]'"),
        (lambda: word_piece(["[UNK]", "[UNK]"]), "'\\[UNK\\]' twice"),
        (lambda: byte_pairs({"a": 0, "b": 1}, "a b\n", []), "does not fit"),
        (lambda: byte_pairs({"a": 0}, "a b c\n", []), "no pair"),
        (lambda: byte_pairs({"a": 0}, "", ["<s>"]), "no '<s>'"),
    ],
)
def test_files_that_contradict_each_other_are_refused(make: object, said: str) -> None:
    with pytest.raises(TokenizerError, match=said):
        make()  # type: ignore[operator]
