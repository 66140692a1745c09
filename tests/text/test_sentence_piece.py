"""Models that SentencePiece itself trains here are read as it says, and whatever else is refused in one line."""

import io
import struct

import pytest
import sentencepiece

from clearhead.errors import TokenizerError
from clearhead.text.sentence_piece import BYTE, NORMAL, read_sentence_piece

LINES = ["나는 너무 피곤해서 길을 건너지 않았다", "the animal did not cross the street", "ﬁve 🙂 times ①"] * 40


def trained(kind: str, **settings: object) -> bytes:
    out = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(LINES), model_writer=out, vocab_size=500, model_type=kind, hard_vocab_limit=False,
        minloglevel=2, **settings,
    )  # fmt: skip
    return out.getvalue()


@pytest.mark.parametrize("kind", ["unigram", "bpe"])
def test_pieces_scores_and_kinds_are_those_of_sentencepiece(kind: str) -> None:
    content = trained(kind, byte_fallback=True)
    theirs, ours = sentencepiece.SentencePieceProcessor(model_proto=content), read_sentence_piece(content)
    assert ours.kind == kind
    assert [piece.text for piece in ours.pieces] == [theirs.id_to_piece(one) for one in range(theirs.get_piece_size())]
    assert [piece.score for piece in ours.pieces] == [theirs.get_score(one) for one in range(theirs.get_piece_size())]
    assert ours.unknown == theirs.unk_id()
    assert [piece.kind == BYTE for piece in ours.pieces] == [theirs.is_byte(one) for one in range(len(ours.pieces))]
    assert ours.adds_space
    assert ours.removes_spaces
    assert ours.charsmap


def test_what_normalising_is_asked_for_is_read() -> None:
    ours = read_sentence_piece(
        trained("unigram", add_dummy_prefix=False, remove_extra_whitespaces=False, normalization_rule_name="identity")
    )
    assert not ours.adds_space
    assert not ours.removes_spaces
    assert ours.charsmap == b""


def message(field: int, content: bytes) -> bytes:
    return bytes([field << 3 | 2, len(content)]) + content


def test_a_model_written_by_hand() -> None:
    """By the proto: pieces are field 1 with text 1, score 2 and type 3; the unknown is of type 2."""
    unknown = message(1, message(1, b"<unk>") + b"\x18\x02")
    piece = message(1, message(1, "▁가".encode()) + b"\x15" + struct.pack("<f", -1.5))
    model = read_sentence_piece(unknown + piece + message(9, b"later"))
    assert model.pieces[1] == ("▁가", -1.5, NORMAL)
    assert model.kind == "unigram"


@pytest.mark.parametrize(
    "content",
    [
        b"", b"\x00", b"\xff" * 20, b"{}", b"\x0a\xff", message(1, message(1, b"a")), message(1, b"\x08\x01"),
        message(1, message(1, b"\xff")), message(1, message(1, b"u") + b"\x18\x02") + message(2, b"\x18\x03"),
        b"\x0a\x7fshort",
    ],
)  # fmt: skip
def test_what_is_no_model_is_refused_in_one_line(content: bytes) -> None:
    with pytest.raises(TokenizerError, match=r"^a\.spm is no SentencePiece model \(") as caught:
        read_sentence_piece(content, "a.spm")
    assert "\n" not in str(caught.value)
