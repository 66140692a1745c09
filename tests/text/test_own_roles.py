"""Control symbols of a vocabulary of ours in the library's form."""

import tokenizers
from tokenizers import models

from clearhead.text import LibraryTokenizer, Roles
from clearhead.text.own_roles import is_own, learned_tokenizer
from clearhead.text.vocabulary import controls_of


def test_they_are_the_first_ids() -> None:
    names = controls_of(["ko", "fr", "ko"], ["mask"])
    assert names == ["⟨padding⟩", "⟨begin⟩", "⟨end⟩", "⟨2fr⟩", "⟨2ko⟩", "⟨mask⟩"]
    ids = {name: number for number, name in enumerate([*names, "?", "one"])}
    library = tokenizers.Tokenizer(models.WordLevel(ids, unk_token="?"))
    own = learned_tokenizer(library, ["ko", "fr"], ["mask"], "?")
    assert own.roles == Roles(0, 1, 2, 6, 8, symbols={"mask": 5}, tags={"fr": 3, "ko": 4})
    assert (own.encode("one"), own.encode("two"), own.decode([3, 7, 2])) == ([7], [6], "one")
    assert is_own(own)
    assert learned_tokenizer(library, [], []).unknown is None


def test_another_programs_is_not_ours() -> None:
    library = tokenizers.Tokenizer(models.WordLevel({"<pad>": 0, "<s>": 1, "</s>": 2, "?": 3}, unk_token="?"))
    assert not is_own(LibraryTokenizer(library.to_str(), Roles(0, 1, 2, 3, 4)))
