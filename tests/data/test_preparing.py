"""From files to ids, once."""

import dataclasses
import errno

import pytest

from clearhead.data import Filters, ParallelFiles, prepare
from clearhead.data import preparing as module
from clearhead.data.caching import key_of
from clearhead.data.sides import side_identity
from clearhead.errors import DataError, RecipeError
from clearhead.text import BytePairTokenizer

# Nothing is learned, so an ASCII letter is one id: 3 controls, 2 tags, then the bytes: "a" is 5 + 97 = 102.
BYTES = BytePairTokenizer.learn(["-"], 261, ["fr", "ko"])
A = 102
NO_FILTERS = Filters()


@pytest.fixture
def direction(tmp_path):
    (tmp_path / "s.en").write_text("a\nbb\nccc\n")
    (tmp_path / "t.fr").write_text("aa\nb\nc\n")
    return ParallelFiles(tmp_path / "s.en", tmp_path / "t.fr", "en", "fr")


@pytest.fixture
def make(tmp_path):
    def call(*directions, filters=NO_FILTERS, tags=True, source=BYTES, target=BYTES):
        return prepare(directions, source, target, filters, tags, tmp_path / "cache")

    return call


@pytest.fixture
def count_encoding(monkeypatch):
    """How often text was encoded."""
    calls = []
    encode_many = BytePairTokenizer.encode_many
    monkeypatch.setattr(
        BytePairTokenizer, "encode_many", lambda self, texts: calls.append(1) or encode_many(self, texts)
    )
    return calls


def rows(file):
    return [file[index].tolist() for index in range(len(file))]


def test_ids_by_hand(make, direction):
    corpus = make(direction)
    assert rows(corpus.source) == [[3, A, 2], [3, A + 1, A + 1, 2], [3, A + 2, A + 2, A + 2, 2]]
    assert rows(corpus.target) == [[A, A, 2], [A + 1, 2], [A + 2, 2]]
    assert (len(corpus), corpus.tokens) == (3, 12 + 7)


def test_it_knows_what_version_0_1_called_it(make, direction):
    """Printed by that version, so that a run of that version is resumed with the files that it began with."""
    corpus = make(direction)
    assert corpus.is_called("6a400a97e55271056548fc6f30784689")
    assert corpus.is_called(corpus.key)
    assert not corpus.is_called("")
    assert make(dataclasses.replace(direction, to_language="ko")).former_keys != corpus.former_keys


def test_a_corpus_of_a_tag_has_its_symbol_first_in_each_source(make, direction):
    """With a language's tag and without: 3 controls, 2 tags, then the symbols back and noisy; then the bytes."""
    back = dataclasses.replace(direction, tag="back")
    symbols = BytePairTokenizer.learn(["-"], 263, ["fr", "ko"], symbols=["noisy", "back"])
    corpus = make(direction, back, source=symbols)
    plain, tagged = rows(corpus.source)[:3], rows(corpus.source)[3:]
    assert plain[0] == [3, A + 2, 2]
    assert tagged == [[5, *ids] for ids in plain]
    assert rows(corpus.target)[:3] == rows(corpus.target)[3:]
    without = make(dataclasses.replace(back, tag="noisy", to_language=None), source=symbols, tags=False)
    assert rows(without.source)[0] == [6, A + 2, 2]
    assert corpus.key != make(direction, direction, source=symbols).key


@pytest.mark.parametrize(("symbols", "known"), [((), "no such tag"), (("noisy", "true"), "the tags noisy, true")])
def test_a_tag_that_was_not_learned(make, direction, symbols, known):
    """A run that is resumed, or begins with a trained model, has the pieces that were learned then."""
    learned = BytePairTokenizer.learn(["-"], 270, symbols=symbols)
    with pytest.raises(RecipeError, match=rf"has tag: back, but the model's pieces, .* have {known}; remove it") as one:
        make(dataclasses.replace(direction, tag="back"), source=learned, tags=False)
    assert "\n" not in str(one.value)


def test_without_tags_no_language_is_needed(make, direction):
    corpus = make(dataclasses.replace(direction, from_language=None, to_language=None), tags=False)
    assert rows(corpus.source)[0] == [A, 2]


def test_each_side_has_its_own_tokenizer(make, direction):
    corpus = make(direction, target=BytePairTokenizer.learn(["-"], 259))
    assert rows(corpus.target)[0] == [3 + 97, 3 + 97, 2]


def test_directions_follow_one_another_with_their_weights(make, direction, tmp_path):
    back = ParallelFiles(tmp_path / "t.fr", tmp_path / "s.en", "fr", "ko", weight=0.5)
    corpus = make(direction, back)
    assert corpus.weights.tolist() == [1.0] * 3 + [0.5] * 3
    assert rows(corpus.source)[3] == [4, A, A, 2]


def test_filters_and_their_report(make, direction, tmp_path):
    (tmp_path / "s.en").write_text("a\n\na\nbbbbbb\nccc\nd\n")
    (tmp_path / "t.fr").write_text("a\nx\na\nb\nc\n \n")
    corpus = make(direction, filters=Filters(max_tokens=5, max_ratio=2.0, deduplicate=True))
    assert rows(corpus.target) == [[A, 2]]
    report = corpus.report
    assert (report.kept, report.empty, report.duplicate, report.too_long, report.ratio) == (1, 2, 1, 1, 1)


@pytest.mark.parametrize(
    ("languages", "message"),
    [
        ((None, "fr"), "has no `from:`; data.filters.scripts needs ISO 639 codes"),
        (("en", "xx"), "has to: xx, whose script is not known; data.filters.scripts needs"),
    ],
)
def test_scripts_need_languages_that_are_known(make, direction, languages, message):
    unknown = dataclasses.replace(direction, from_language=languages[0], to_language=languages[1])
    with pytest.raises(RecipeError, match=message) as caught:
        make(unknown, filters=Filters(scripts=True), tags=False)
    assert "\n" not in str(caught.value)


def test_filters_that_are_off_leave_the_name_as_it_was(make, direction):
    """Those that are newer than a corpus; a run goes on with it."""
    work = module._Work([direction], BYTES, BYTES, Filters(max_tokens=9, deduplicate=True), False)
    identities = [(side_identity(direction.source), side_identity(direction.target), "en", direction.to_language)]
    assert direction.from_language == "en"
    parts = (identities, (BYTES.to_json(), BYTES.to_json()), (9, None, True), False)
    assert work.keys()[0] == key_of((2, *parts))
    assert (
        dataclasses.replace(work, filters=Filters(no_copies=True)).keys()
        != dataclasses.replace(work, filters=Filters()).keys()
    )


def test_many_chunks_are_as_one(make, direction, monkeypatch, tmp_path):
    lines = [f"line {number}" for number in range(25)]
    for name in ("s.en", "t.fr"):
        (tmp_path / name).write_text("\n".join(lines))
    monkeypatch.setattr(module, "_CHUNK", 10)
    corpus = make(direction)
    assert [BYTES.decode(ids) for ids in rows(corpus.source)] == lines


def test_the_second_call_does_not_tokenize(make, direction, count_encoding):
    first = make(direction, filters=Filters(max_tokens=2))
    encoded = len(count_encoding)
    second = make(dataclasses.replace(direction, weight=3.0), filters=Filters(max_tokens=2))
    assert encoded == len(count_encoding) == 2
    assert rows(second.source) == rows(first.source)
    assert second.report == first.report
    assert second.weights.tolist() == [3.0, 3.0]


@pytest.mark.parametrize(
    "change",
    [
        {"filters": Filters(max_tokens=2)},
        {"tags": False},
        {"source": BytePairTokenizer.learn(["-"], 262, ["fr", "ko", "xx"])},
        {"target": BytePairTokenizer.learn(["ab ab"], 300, ["fr", "ko"])},
    ],
)
def test_other_choices_have_other_ids(make, direction, count_encoding, change):
    make(direction)
    make(direction, **change)
    assert len(count_encoding) == 4


def test_a_changed_file_is_read_again_and_a_renamed_one_is_not(make, direction, count_encoding, tmp_path):
    make(direction)
    moved = direction.source.rename(tmp_path / "moved.en")
    make(dataclasses.replace(direction, source=moved))
    assert len(count_encoding) == 2
    moved.write_text("z\nbb\nccc\n")
    assert rows(make(dataclasses.replace(direction, source=moved)).source)[0] == [3, 5 + ord("z"), 2]


@pytest.mark.parametrize("name", ["source.ids", "target.ids", "manifest.json"])
def test_a_damaged_cache_is_made_again(make, direction, tmp_path, name):
    expected = rows(make(direction).source)
    (damaged,) = (tmp_path / "cache").rglob(name)
    damaged.write_bytes(damaged.read_bytes()[:-1])
    assert rows(make(direction).source) == expected
    damaged.unlink()
    assert rows(make(direction).source) == expected


def test_the_cache_is_the_users_cache_folder(direction, tmp_path, monkeypatch):
    monkeypatch.setenv("CLEARHEAD_CACHE", str(tmp_path / "mine"))
    prepare([direction], BYTES, BYTES, Filters(), True)
    assert len(list((tmp_path / "mine" / "prepared").iterdir())) == 1


def test_nothing_left_is_refused_with_the_report(make, direction, tmp_path):
    (tmp_path / "t.fr").write_text("\n\n\n")
    with pytest.raises(DataError, match=r"no pair is left.*3 pairs read, 0 kept; removed: 3 with an empty side"):
        make(direction)
    assert list((tmp_path / "cache" / "prepared").iterdir()) == []


def test_unequal_files_are_refused_and_leave_nothing(make, direction, tmp_path):
    (tmp_path / "t.fr").write_text("a\nb\n")
    with pytest.raises(DataError, match="has 3 lines but"):
        make(direction)
    assert list((tmp_path / "cache" / "prepared").iterdir()) == []


def test_a_missing_file_is_refused(make, direction, tmp_path):
    with pytest.raises(DataError, match=r"did you mean s\.en"):
        make(dataclasses.replace(direction, source=tmp_path / "x.en"))


def test_no_direction_is_refused(make):
    with pytest.raises(RecipeError, match="no files to train on"):
        make()


def test_tags_need_a_language_that_is_known(make, direction):
    with pytest.raises(RecipeError, match=r"no target language, which tags need; add `to:`"):
        make(dataclasses.replace(direction, to_language=None))
    with pytest.raises(
        RecipeError, match=r"has to: de, but the model's languages are fr, ko, which the training files had"
    ):
        make(dataclasses.replace(direction, to_language="de"))


def test_a_cache_that_cannot_be_written_is_told(make, direction, monkeypatch, tmp_path):
    (tmp_path / "cache").write_text("a file, not a folder")
    with pytest.raises(DataError, match=r"cannot keep the corpus's ids in .*CLEARHEAD_CACHE"):
        make(direction)


def test_a_full_disk_is_told_and_leaves_nothing(make, direction, monkeypatch, tmp_path):
    def full(*_args):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(module.TokenWriter, "append", full)
    with pytest.raises(DataError, match=r"\(No space left on device\); make room"):
        make(direction)
    assert list((tmp_path / "cache" / "prepared").iterdir()) == []
