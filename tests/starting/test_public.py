"""The table of public corpora. That its hashes are of its files is checked by whoever fetches them."""

import re

import pytest

from clearhead.starting.public import CORPORA, PublicCorpus


@pytest.mark.parametrize("corpus", CORPORA.values(), ids=CORPORA.keys())
def test_each_file_is_one_commits_and_has_a_hash(corpus: PublicCorpus) -> None:
    """A branch would change below a hash; another scheme than https could be answered by anybody."""
    for file in corpus.files:
        assert re.match(r"https://raw\.githubusercontent\.com/[\w-]+/[\w-]+/[0-9a-f]{40}/", file.url)
        assert re.fullmatch("[0-9a-f]{64}", file.sha256)
        assert 0 < file.size < 10**8
        assert re.fullmatch(r"\w[\w.-]*", file.name)
    names = [file.name for file in corpus.files]
    assert len(set(names)) == len(names) == len({file.sha256 for file in corpus.files})
    assert set(corpus.begin) <= set(names)


def test_multi30k_has_the_files_of_its_recipe() -> None:
    """Those that recipes/multi30k-en-de.yaml reads, and the test set of docs/benchmarks/multi30k.md."""
    names = {file.name: file.url.rpartition("/")[2] for file in CORPORA["multi30k-en-de"].files}
    assert sorted(names) == [
        f"{part}.{one}.gz" for part in ("test_2016_flickr", "train", "val") for one in ("de", "en")
    ]
    assert all(name == url for name, url in names.items())
