"""A model on disk: what is whole loads, and nothing else."""

import json
import shutil
from pathlib import Path
from random import Random

import pytest
import torch
from safetensors.torch import save_file

import clearhead
from clearhead.bundle import Bundle, find_bundle, load, shipped
from clearhead.data.street import DIRECTIONS, scored
from clearhead.data.street.examples import example
from clearhead.errors import BundleError, UsageError
from clearhead.files import sha256
from clearhead.recipe import load_recipe, shipped_recipe

TIRED = "The animal didn't cross the street because it was too tired."
WIDE = TIRED.replace("tired", "wide")


@pytest.fixture
def copy(run_folder: Path, tmp_path: Path) -> Path:
    """A bundle's folder that a test may damage."""
    return shutil.copytree(run_folder / "bundle", tmp_path / "copy")


def rewrite(folder: Path, **changes: object) -> None:
    """Change config.json."""
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | changes))


def rehash(folder: Path, name: str) -> None:
    """Let config.json hold the hash that a file has now, as somebody who means harm would."""
    files = json.loads((folder / "config.json").read_text())["files"]
    rewrite(folder, files=files | {name: sha256(folder / name)})


class TestLoading:
    def test_a_run_folder_or_its_bundle(self, run_folder: Path) -> None:
        assert find_bundle(run_folder) == find_bundle(run_folder / "bundle") == run_folder / "bundle"
        assert clearhead.load(str(run_folder)).recipe.name == "tiny"

    def test_the_model_does_not_train(self, run_folder: Path) -> None:
        assert not load(run_folder).model.training

    @pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json", "recipe.yaml", "README.md"])
    @pytest.mark.parametrize("damage", ["removed", "cut", "flipped"])
    def test_a_damaged_file(self, copy: Path, name: str, damage: str) -> None:
        path = copy / name
        content = bytearray(path.read_bytes())
        if damage == "removed":
            path.unlink()
        elif damage == "cut":
            path.write_bytes(content[: len(content) // 2])
        else:
            content[len(content) // 2] ^= 1
            path.write_bytes(content)
        self.refused(copy, f"lacks '{name}'" if damage == "removed" else f"{name} is damaged")

    def refused(self, folder: Path, message: str) -> None:
        with pytest.raises(BundleError, match=message) as caught:
            load(folder)
        assert "\n" not in str(caught.value)

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (b"", "is not a bundle's config"),
            (b"{", "is not a bundle's config"),
            (b"[]", "is not a bundle's config"),
            (b"\xff", "cannot be read"),
            (b"[" * 100_000, "is not a bundle's config"),
            (b"{}", "is not a bundle's config .KeyError..format"),
            (b'{"format": 2, "family": "x"}', "has format 2, but this clearhead reads format 1; update clearhead"),
            (b'{"format": 1, "family": "causal"}', "has family 'causal'; expected encoder-decoder"),
            (b'{"format": 1, "family": "encoder-decoder", "model": 1, "files": {}}', "is not a bundle's config"),
            (b'{"format": 1, "family": "encoder-decoder", "model": {}, "files": {}}', "names no model.safetensors"),
        ],
    )
    def test_another_config(self, copy: Path, content: bytes, message: str) -> None:
        (copy / "config.json").write_bytes(content)
        self.refused(copy, message)

    @pytest.mark.parametrize("name", ["../secret", "/etc/hostname", "a/b", "..", ""])
    def test_a_name_that_leads_out(self, copy: Path, name: str) -> None:
        (copy.parent / "secret").write_text("secret")
        files = json.loads((copy / "config.json").read_text())["files"]
        rewrite(copy, files=files | {name: sha256(copy.parent / "secret")})
        self.refused(copy, "which its config.json names")

    def test_a_link_that_leads_out(self, copy: Path) -> None:
        (copy.parent / "secret").write_text("secret")
        (copy / "README.md").unlink()
        (copy / "README.md").symlink_to(copy.parent / "secret")
        rehash(copy, "README.md")
        self.refused(copy, "lacks 'README.md'")

    @pytest.mark.parametrize("sizes", [{"width": 15}, {"widht": 16}, {"heads": 0}, {"dropout": 1.5}])
    def test_sizes_that_are_none(self, copy: Path, sizes: dict[str, object]) -> None:
        model = json.loads((copy / "config.json").read_text())["model"]
        rewrite(copy, model=model | sizes)
        self.refused(copy, "is not a bundle of this clearhead")

    def test_weights_of_other_sizes(self, copy: Path) -> None:
        model = json.loads((copy / "config.json").read_text())["model"]
        rewrite(copy, model=model | {"inner_width": 64})
        self.refused(copy, r"has shape .*, expected .*; copy the bundle again")

    @pytest.mark.parametrize("content", [b"", b"\xff" * 64, (2**60).to_bytes(8, "little") + b"{}"])
    def test_weights_that_are_none(self, copy: Path, content: bytes) -> None:
        (copy / "model.safetensors").write_bytes(content)
        rehash(copy, "model.safetensors")
        self.refused(copy, "model.safetensors cannot be read")

    def test_weights_with_other_names(self, copy: Path) -> None:
        save_file({"other": torch.zeros(2)}, copy / "model.safetensors")
        rehash(copy, "model.safetensors")
        self.refused(copy, "does not fit its config.json .first difference: ")

    @pytest.mark.parametrize(
        ("name", "content"), [("tokenizer.json", b"{}"), ("recipe.yaml", b"nmae: a"), ("recipe.yaml", b"\xff")]
    )
    def test_a_file_of_another_version(self, copy: Path, name: str, content: bytes) -> None:
        (copy / name).write_bytes(content)
        rehash(copy, name)
        self.refused(copy, "is not a bundle of this clearhead|cannot be read")

    def test_a_name_of_ours(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run_folder: Path) -> None:
        monkeypatch.chdir(tmp_path)
        assert find_bundle(Path("street")) == shipped()["street"]
        # A folder of another sort, such as the corpus that `clearhead corpus street --out street` writes.
        (tmp_path / "street").mkdir()
        assert find_bundle(Path("street")) == shipped()["street"]
        (tmp_path / "street" / "checkpoints").mkdir()
        self.refused(Path("street"), "has not been validated yet")
        shutil.copytree(run_folder / "bundle", tmp_path / "street" / "bundle")
        assert find_bundle(Path("street")) == Path("street/bundle")
        self.refused(Path("stret"), "made by `clearhead train`, or the name of clearhead's own: street")

    def test_no_such_folder(self, tmp_path: Path) -> None:
        self.refused(tmp_path / "none", "does not exist; expected a run folder or a bundle folder")
        self.refused(tmp_path, "is not a model; expected a folder with config.json, or a run folder with bundle/")
        self.refused(tmp_path / ("x" * 5000), "cannot be read|does not exist")

    def test_a_run_without_a_bundle(self, tmp_path: Path) -> None:
        (tmp_path / "checkpoints").mkdir()
        self.refused(tmp_path, "has not been validated yet, so it has no bundle; go on with its training")

    def test_a_device_that_is_not_there(self, run_folder: Path) -> None:
        with pytest.raises(UsageError, match="device='quantum' cannot be used"):
            load(run_folder, device="quantum")


class TestStreet:
    """The model that comes with clearhead, made by `make street`."""

    def test_its_size(self) -> None:
        """Issue: 3 MB at most."""
        files = [file for file in shipped()["street"].parent.rglob("*") if file.is_file()]
        assert sum(file.stat().st_size for file in files) <= 3_000_000
        assert {file.name for file in files} == {
            "config.json", "model.safetensors", "tokenizer.json", "recipe.yaml", "README.md", "history.jsonl",
        }  # fmt: skip

    def test_it_is_what_the_demo_trains(self, street: Bundle) -> None:
        """But for the machine, and for the key of the grammar's text, which a comment in it changes too."""
        decisive = [
            recipe.model_dump(
                exclude={
                    "training": {"device", "precision", "compile", "graph"},
                    "data": {"embedded": {"grammar"}},
                }
            )
            for recipe in (street.recipe, load_recipe(shipped_recipe("street")))
        ]
        assert decisive[0] == decisive[1], "make it again, by `make street`, and measure docs/heads.md again"

    @pytest.mark.parametrize(
        ("source", "to", "target"),
        [
            # docs/street.md, and the grammar's own words for the rest.
            ("I am a student.", "fr", "Je suis étudiant."),
            ("I am a student.", "ko", "저는 학생입니다."),
            ("je suis étudiant", "en", "i am a student"),
            (TIRED, "fr", "L'animal n'a pas traversé la rue parce qu'il était trop fatigué."),
            (WIDE, "fr", "L'animal n'a pas traversé la rue parce qu'elle était trop large."),
            (TIRED, "ko", "동물은 길을 건너지 않았습니다. 동물이 너무 피곤했기 때문입니다."),
            (WIDE, "ko", "동물은 길을 건너지 않았습니다. 길이 너무 넓었기 때문입니다."),
            ("The crates that the princess and the king found yesterday are white.", "fr",
             "Les caisses que la princesse et le roi ont trouvées hier sont blanches."),
        ],
    )  # fmt: skip
    def test_what_it_is_famous_for(self, street: Bundle, source: str, to: str, target: str) -> None:
        assert street.translate(source, to) == target

    def test_on_sentences_that_it_has_not_seen(self, street: Bundle) -> None:
        """Pairs of words that no training sentence holds; docs/benchmarks.md has the shares in the test sets."""
        random, right = Random("a sample"), []
        for direction in DIRECTIONS:
            for phenomenon in ("plain", "coreference", "word-sense"):
                draws = [scored.to_test(random, direction, phenomenon) for _ in range(10)]
                made = [example(direction, phenomenon, draw, None) for draw in draws]
                found = street.translate([one.source for one in made], direction[3:])
                right += [text == one.target for text, one in zip(found, made, strict=True)]
        assert sum(right) >= 0.95 * len(right) > 80
