"""Translation memories: units in two languages, and what is never read."""

import gzip
import tracemalloc
from pathlib import Path

import pytest

from clearhead.data.tables import TableFile, read_table
from clearhead.errors import DataError

# The example of the TMX 1.4b specification, in short: several languages, inline codes, notes.
MEMORY = """<?xml version="1.0"{encoding}?>
<!DOCTYPE tmx SYSTEM "tmx14.dtd">
<tmx version="1.4"><header creationtool="X" srclang="en-US"><note>not this</note></header><body>
<tu tuid="1"><note>nor this</note>
 <tuv xml:lang="en-US"><seg>The <bpt i="1">&lt;b></bpt>big<ept i="1">&lt;/b></ept> <hi>dog</hi> &amp;
   a cat.<ph>{{\\n}}</ph></seg></tuv>
 <tuv xml:lang="FR"><seg>Le gros chien &#233;tait là.</seg></tuv>
 <tuv xml:lang="fr-CA"><seg>Un autre.</seg></tuv></tu>
<tu><tuv xml:lang="en"><seg>Only English.</seg></tuv></tu>
<tu><tuv lang="EN"><seg>Two.</seg></tuv><tuv lang="fr_ca"><seg>Deux.</seg></tuv></tu>
</body></tmx>
"""
PAIRS = [("The big dog & a cat.", "Le gros chien était là."), ("Two.", "Deux.")]


def _memory(folder: Path, text: str = MEMORY.format(encoding=""), encoding: str = "utf-8") -> Path:
    (folder / "a.tmx").write_bytes(text.encode(encoding))
    return folder / "a.tmx"


def test_units_in_two_languages(tmp_path: Path) -> None:
    path = _memory(tmp_path)
    assert list(read_table(TableFile(path, ("en", "fr")))) == PAIRS
    assert list(read_table(TableFile(path, ("fr-CA", "en-us")))) == [("Un autre.", PAIRS[0][0])]
    (tmp_path / "b.tmx.gz").write_bytes(gzip.compress(path.read_bytes()))
    assert list(read_table(TableFile(tmp_path / "b.tmx.gz", ("en", "fr")))) == PAIRS


@pytest.mark.parametrize("encoding", ["utf-16", "iso-8859-1", "windows-1252"])
def test_the_encoding_that_it_declares(tmp_path: Path, encoding: str) -> None:
    path = _memory(tmp_path, MEMORY.format(encoding=f' encoding="{encoding}"'), encoding)
    assert list(read_table(TableFile(path, ("en", "fr")))) == PAIRS


BOMB = '<!DOCTYPE tmx [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><tmx><body/></tmx>'
OUTSIDE = (
    '<!DOCTYPE tmx [<!ENTITY a SYSTEM "{secret}">]><tmx><body><tu><tuv lang="en"><seg>&a;</seg></tuv></tu></body></tmx>'
)
UNKNOWN = '<!DOCTYPE tmx SYSTEM "tmx14.dtd"><tmx><body><tu><tuv lang="en"><seg>a&nbsp;b</seg></tuv></tu></body></tmx>'


@pytest.mark.parametrize(
    ("text", "columns", "message"),
    [
        (BOMB, ("en", "fr"), "line 1 has the entity 'a', which is not read"),
        (OUTSIDE, ("en", "fr"), "has the entity 'a', which is not read"),
        (UNKNOWN, ("en", "fr"), "has the entity 'nbsp', which is not read, .* write the text itself"),
        (
            MEMORY.format(encoding=""),
            ("en", "de"),
            r"has no unit in en and de; it has en-us, fr, .*columns: \[en-us, fr\]",
        ),
        (MEMORY.format(encoding=""), (1, 2), "is TMX, whose texts have languages and no numbers; it has en-us, fr"),
        (MEMORY.format(encoding="")[:-30], ("en", "fr"), "line 10 is no XML"),
        ("<html/>", ("en", "fr"), "is XML, but no TMX: it begins with <html>; expected <tmx>"),
        ("one\n", ("en", "fr"), "line 1 is no XML"),
    ],
)
def test_what_is_refused(tmp_path: Path, text: str, columns: tuple[int | str, ...], message: str) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret", encoding="utf-8")
    with pytest.raises(DataError, match=message) as caught:
        list(read_table(TableFile(_memory(tmp_path, text.replace("{secret}", secret.as_uri())), columns)))
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_memory_is_constant(tmp_path: Path) -> None:
    """20,000 units take 3 MB and more as text; what is held at once is some blocks of them."""
    with (tmp_path / "a.tmx").open("w", encoding="utf-8") as file:
        file.write("<tmx><body>")
        for number in range(20_000):
            file.write(f'<tu><tuv xml:lang="en"><seg>{number} {"x" * 80}</seg></tuv>')
            file.write(f'<tuv xml:lang="fr"><seg>{"y" * 80}</seg></tuv></tu>\n')
        file.write("</body></tmx>")
    tracemalloc.start()
    try:
        assert sum(1 for _ in read_table(TableFile(tmp_path / "a.tmx", ("en", "fr")))) == 20_000
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 3_000_000
