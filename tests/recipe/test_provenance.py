"""A bundle's recipe: without its maker's places, and readable whatever it says."""

from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from clearhead.recipe import Recipe, load_recipe, read_provenance, shipped_recipe, without_paths

STREET = shipped_recipe("street").read_text(encoding="utf-8")


class TestWithoutPaths:
    def test_an_absolute_folder_is_its_last_name(self, make_recipe: Callable[..., Recipe], tmp_path: Path) -> None:
        """faults.md C8: `load_recipe` makes each folder absolute."""
        recipe = without_paths(make_recipe("data.folder=/home/somebody/corpora/first"))
        assert recipe.data.folder == "first"
        assert "somebody" not in recipe.to_yaml()

    def test_a_trained_model_that_it_began_with(self, make_recipe: Callable[..., Recipe]) -> None:
        recipe = without_paths(make_recipe("model.from=/home/somebody/runs/masked"))
        assert recipe.model.base == "masked"
        assert "somebody" not in recipe.to_yaml()

    @pytest.mark.parametrize(
        ("path", "kept"),
        [
            ("train.en", "train.en"), ("a/train.en.gz", "a/train.en.gz"), ("/home/somebody/a/train.en", "train.en"),
            ("~/a/train.en", "train.en"), ("~somebody/train.en", "train.en"), ("../somebody/train.en", "train.en"),
            ("a/../../somebody/train.en", "train.en"), ("C:\\Users\\somebody\\train.en", "train.en"),
            ("\\\\host\\somebody\\train.en", "train.en"), ("C:somebody/train.en", "train.en"), ("/", "data"),
        ],
    )  # fmt: skip
    def test_files_outside_of_the_folder(self, make_recipe: Callable[..., Recipe], path: str, kept: str) -> None:
        recipe = without_paths(make_recipe(f"data.train.0.source='{path}'", f"data.validate.0.target='{path}'"))
        assert recipe.data.train[0].source == recipe.data.validation[0].target == kept

    def test_nothing_else_changes(self) -> None:
        recipe = load_recipe("street")
        assert without_paths(recipe) == recipe


class TestReading:
    def test_a_whole_one(self) -> None:
        assert read_provenance(STREET, "recipe.yaml") == load_recipe("street")

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("\ntraining:", "\nfuture: {a: 1}\ntraining:"),
            ("  kind: bpe", "  kind: unigram\n  scale: 3"),
            ("  batch_tokens: 1024", "  batch_tokens: 1024\n  optimiser: {name: lion}"),
            ("  batch_tokens: 1024", "  batch_tokens: many"),
            ("  batch_tokens: 1024", "  max_batch_tokens: 1024"),
            ("  device: auto", "  device: [cpu]"),
            ("name: street", "title: street"),
            ("  beam_size: 1", "  new: 5\n  beam_size: 1"),
            ("    weight: 0.9", "    weight: -1\n    share: 5"),
        ],
    )
    def test_what_is_not_known(self, old: str, new: str) -> None:
        """faults.md C8: "an older clearhead opens a newer bundle's recipe, with defaults for what it does not know"."""
        whole = load_recipe("street")
        text = whole.to_yaml()
        assert old in text
        read = read_provenance(text.replace(old, new, 1), "recipe.yaml")
        assert read.decoding == whole.decoding
        assert [one.to_language for one in read.data.train] == [one.to_language for one in whole.data.train]

    @pytest.mark.parametrize("text", ["", "5", "[1]", "a: &b 1", "nmae: a", "data: 5\ntraining: []\nname: {}", "\t"])
    def test_what_is_no_recipe(self, text: str) -> None:
        read = read_provenance(text, "recipe.yaml")
        assert (read.name, read.decoding.beam_size) == ("unknown", 5)

    @pytest.mark.parametrize(
        ("decoding", "read"),
        [
            ("{beam_size: 1025, length_penalty: none}", (5, "none")),
            ("{beam_size: 3, length_penalty: 'mean:1e308'}", (3, "mean:1.0")),
            ("{length_penalty: 'gnmt:nan'}", (5, "mean:1.0")),
            ("{beams: 3}", (5, "mean:1.0")),
            ("[3]", (5, "mean:1.0")),
        ],
    )
    def test_how_to_translate_has_bounds(self, decoding: str, read: tuple[int, str]) -> None:
        """faults.md A17: a beam without bounds in a bundle's recipe did not end in 30 s. It is as its default is."""
        found = read_provenance(f"name: a\ndecoding: {decoding}", "recipe.yaml").decoding
        assert (found.beam_size, found.length_penalty) == read

    def test_keys_that_contradict_each_other(self) -> None:
        """No key is wrong by itself, so that none can be removed; the bundle opens."""
        text = load_recipe("street").to_yaml()
        assert "  select_by: loss\n" in text
        assert read_provenance(text.replace("select_by: loss", "select_by: f1"), "recipe.yaml").name == "unknown"

    def test_mutations(self) -> None:
        """faults.md C8: lines removed, doubled and exchanged; whatever comes of it is read."""
        random, lines, read = Random("provenance"), load_recipe("street").to_yaml().splitlines(), 0
        for _ in range(100):
            changed = list(lines)
            for _ in range(random.randint(1, 4)):
                one, other = random.randrange(len(changed)), random.randrange(len(changed))
                what = random.choice(["remove", "exchange", "shift", "value"])
                if what == "remove":
                    del changed[one]
                elif what == "exchange":
                    changed[one], changed[other] = changed[other], changed[one]
                elif what == "shift":
                    changed[one] = "  " + changed[one]
                else:
                    changed[one] = changed[one].partition(":")[0] + ": " + random.choice(["[]", "{}", "x", "-1", "1e9"])
            found = read_provenance("\n".join(changed), "recipe.yaml")
            assert 1 <= found.decoding.beam_size <= 1024
            read += found.name == "street"
        assert read > 20
