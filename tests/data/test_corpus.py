"""Reading lines: what is a line, and what is said of a file that has none to give."""

import gzip
import os
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clearhead.data import check_file, read_lines, read_pairs
from clearhead.errors import DataError


def write(path, content: bytes):
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


@pytest.mark.parametrize("name", ["text.txt", "text.gz"])
@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (b"one\ntwo\n", ["one", "two"]),
        (b"one\ntwo", ["one", "two"]),
        (b"one\r\ntwo\r\r\n", ["one", "two\r"]),
        (b"\n\n", ["", ""]),
        (b"\xef\xbb\xbfone\n\xef\xbb\xbftwo", ["one", "\ufefftwo"]),
        (b"\xef\xbb\xbf\n", [""]),
        ("a\u2028b\u0085c\x0bd\x0ce\rf\x00g\x1c\n".encode(), ["a\u2028b\u0085c\x0bd\x0ce\rf\x00g\x1c"]),
    ],
)
def test_what_a_line_is(tmp_path, name, content, lines):
    assert list(read_lines(write(tmp_path / name, content))) == lines


@settings(
    derandomize=True, max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n\r\ufeff")), min_size=1))
def test_lines_out_are_lines_in(tmp_path, lines):
    path = write(tmp_path / "text.txt", "".join(line + "\n" for line in lines).encode())
    assert list(read_lines(path)) == lines


def test_a_line_of_ten_megabytes(tmp_path):
    path = write(tmp_path / "text.txt", b"x" * 10_000_000 + b"\ny")
    assert [len(line) for line in read_lines(path)] == [10_000_000, 1]


@pytest.mark.parametrize("name", ["text.txt", "text.gz"])
@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf"])
def test_an_empty_file_is_refused(tmp_path, name, content):
    with pytest.raises(DataError, match=r"text\.\w+ is empty \(0 lines\)"):
        list(read_lines(write(tmp_path / name, content)))


def test_invalid_utf8_is_told_with_line_and_byte(tmp_path):
    """In b"caf\\xe9", Latin-1's é is the fourth byte."""
    path = write(tmp_path / "text.txt", b"one\ncaf\xe9\n")
    with pytest.raises(DataError, match=r"text\.txt: line 2 is not UTF-8 \(byte 0xE9 at 4\); .*iconv"):
        list(read_lines(path))


def test_gzip_is_told_by_its_content(tmp_path):
    """faults.md B6."""
    assert list(read_lines(write(tmp_path / "text.txt", gzip.compress(b"one\ntwo\n")))) == ["one", "two"]


@pytest.mark.parametrize(
    ("line", "codec", "named"),
    [
        ("오늘은 날씨가 좋습니다.", "cp949", r"CP949 \(Korean Windows\): convert it with iconv -f CP949 -t UTF-8"),
        ("今日は天気がいいです。", "shift_jis", "iconv -f Shift-JIS"),
        ("Он не перешёл улицу.", "cp1251", "iconv -f CP1251"),
        ("caf\u00e9", "latin-1", "iconv -f LATIN1"),
    ],
)
def test_the_encoding_that_fits_is_named(tmp_path, line, codec, named):
    """faults.md B6: `iconv -f LATIN1` would ruin Korean."""
    path = write(tmp_path / "text.txt", b"one\n" + line.encode(codec) + b"\n")
    with pytest.raises(DataError, match=f"line 2 is not UTF-8 .*; it looks like .*{named}"):
        list(read_lines(path))


def test_what_fits_nothing_is_no_advice_for_an_encoding(tmp_path):
    with pytest.raises(DataError, match=r"line 2 is not UTF-8 .*; correct or remove the line"):
        list(read_lines(write(tmp_path / "text.txt", b"one\n\xff\x00\xfe\n")))


def test_utf16_and_old_line_ends_are_refused_at_once(tmp_path):
    """faults.md B6 and B8."""
    with pytest.raises(DataError, match=r"text\.txt has CR line ends, those of old Macs"):
        list(read_lines(write(tmp_path / "text.txt", b"one\rtwo\rthree\r")))
    with pytest.raises(DataError, match="UTF-16"):
        list(read_lines(write(tmp_path / "text.txt", "one\n".encode("utf-16"))))


@pytest.mark.parametrize("damage", [lambda raw: b"plain", lambda raw: raw[:-9], lambda raw: raw[:20] + b"!" + raw[21:]])
def test_broken_gzip_is_refused(tmp_path, damage):
    path = tmp_path / "text.gz"
    path.write_bytes(damage(gzip.compress(b"one two three four five six seven\n" * 100)))
    with pytest.raises(DataError, match=r"text\.gz is not a whole gzip file"):
        list(read_lines(path))


def test_a_missing_file_is_refused_at_once_with_a_name_like_it(tmp_path):
    write(tmp_path / "train.en.gz", b"one")
    with pytest.raises(DataError, match=r"train\.en does not exist; did you mean train\.en\.gz\?"):
        read_lines(tmp_path / "train.en")
    with pytest.raises(DataError, match=r"zzz does not exist; check the path, which has train\.en\.gz"):
        read_lines(tmp_path / "zzz")
    with pytest.raises(DataError, match="nor does its folder"):
        read_lines(tmp_path / "no" / "train.en")


def test_the_system_s_own_files_are_not_listed(monkeypatch):
    monkeypatch.setattr(Path, "iterdir", lambda folder: iter([Path(__file__)]))  # As some containers have one in /.
    with pytest.raises(DataError, match=r"^/zzz does not exist; check the path$"):
        read_lines(Path("/zzz"))


def test_a_folder_is_refused_at_once(tmp_path):
    write(tmp_path / "train.en", b"one")
    with pytest.raises(DataError, match=r"is a folder.*which has train\.en"):
        read_lines(tmp_path)


def test_a_file_that_cannot_be_read_is_refused(tmp_path, monkeypatch):
    path = write(tmp_path / "text.txt", b"one")

    def refuse(*_args, **_kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(path), "open", refuse)
    with pytest.raises(DataError, match=r"cannot read .*text\.txt \(Permission denied\)"):
        list(read_lines(path))


def test_a_name_that_no_file_can_have_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"cannot read|does not exist"):
        read_lines(tmp_path / ("x" * 300))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_no_file_to_read_again(tmp_path):
    """faults.md C12: whoever reads a file twice asks `check_file` first."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataError, match="pipe is a pipe or a device, which can be read only once; give a file"):
        check_file(tmp_path / "pipe")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_read_once(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=(tmp_path / "pipe").write_bytes, args=(b"one\ntwo\n",))
    writer.start()
    assert list(read_lines(tmp_path / "pipe")) == ["one", "two"]
    writer.join()


def test_pairs(tmp_path):
    source, target = write(tmp_path / "a", b"one\n\nthree"), write(tmp_path / "b.gz", b"un\ndeux\ntrois\n")
    assert list(read_pairs(source, target)) == [("one", "un"), ("", "deux"), ("three", "trois")]


@pytest.mark.parametrize(("source", "target"), [(b"1\n \n3\n4\n", b"1\n2\n"), (b"1\n\n", b"1\n2\n3\n4\n")])
def test_unequal_files_are_told_with_both_counts_and_the_first_blank(tmp_path, source, target):
    one, other = write(tmp_path / "a", source), write(tmp_path / "b", target)
    counts = (source.count(b"\n"), target.count(b"\n"))
    expected = rf"a has {counts[0]} lines but .*b has {counts[1]};.*one line for each other; .*blank line: line 2"
    pairs = read_pairs(one, other)
    assert [next(pairs)[0], next(pairs)[1]] == ["1", "2"]
    with pytest.raises(DataError, match=expected):
        next(pairs)


def test_unequal_files_without_a_blank_line(tmp_path):
    """What is not so is not said; nor is a pair where one file has ended."""
    with pytest.raises(DataError, match=r"must have one line for each other$"):
        list(read_pairs(write(tmp_path / "a", b"1"), write(tmp_path / "b", b"1\n2")))


@pytest.mark.parametrize("swapped", [False, True])
def test_blank_lines_at_the_end_of_one_file(tmp_path, swapped):
    files = [write(tmp_path / "a", b"1\n \n2\n"), write(tmp_path / "b", b"1\n2\n3\n\n \n")]
    with pytest.raises(DataError, match=r"b has from line 4 on is blank: remove it$"):
        list(read_pairs(*(reversed(files) if swapped else files)))


@pytest.mark.parametrize("swapped", [False, True])
def test_unequal_files_of_which_one_is_a_table(tmp_path, swapped):
    """Its lines are not those of the other because of what it is, which "430 lines but 365" did not say."""
    table = write(tmp_path / "pairs.csv", "".join(f"하나,{n}\n" for n in range(9)).encode())
    text = write(tmp_path / "text", b"one\n" * 7)
    files = (text, table) if swapped else (table, text)
    with pytest.raises(DataError) as caught:
        list(read_pairs(*files))
    counts = {table: 9, text: 7}
    said = f"({files[0]} has {counts[files[0]]} lines, {files[1]} {counts[files[1]]}); save each column as a text file"
    assert str(caught.value).startswith(f"{table} looks like a table: nearly every line has 2 columns")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
