"""Public corpora by name: where each file lies, and the SHA-256 by which it is known to be that file.

Every hash was computed from the file itself, as the named commit of its authors' repository has it. A corpus whose hash
could not be computed so is not listed: what is fetched must be what was meant.
"""

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final


@dataclasses.dataclass(frozen=True)
class PublicFile:
    """name: that of the file to write. size: its bytes."""

    name: str
    url: str
    sha256: str
    size: int


@dataclasses.dataclass(frozen=True)
class PublicCorpus:
    """what: in a few words. licence: under which its authors give it. begin: the files that `clearhead init` takes."""

    what: str
    licence: str
    files: tuple[PublicFile, ...]
    begin: tuple[str, ...]


_MULTI30K: Final = (
    "https://raw.githubusercontent.com/multi30k/dataset/a3d2e0d26b56f3846f66a952536ffed4e401d05a/data/task1/raw/"
)
# Of each language the hashes and the sizes of train, val and test_2016_flickr.
_PARTS: Final = ("train", "val", "test_2016_flickr")
_OF_LANGUAGES: Final[Mapping[str, tuple[tuple[str, int], ...]]] = MappingProxyType(
    {
        "en": (
            ("d79cfa999dd4c51d2cb42499b6796d5a882c3a8a961923c25a898c90f8bbd56f", 568_929),
            ("14f7d25ddd868909a9213e361768460edcacdd6ab9d1e77b92560dc10c10dc28", 21_650),
            ("611d361c6334bc7246101d48097c13cf5c4413c5befc793cc629934359d532d9", 21_077),
        ),
        "de": (
            ("726e39b2fa9eb9ffb6dc763fb35a179f80fae06ffc5d28b6ace5faa883de28a6", 637_044),
            ("f0cba2f995189cf5770f29a8a9a537a3ad3f51657ad873405082ff6863a5e75a", 24_681),
            ("9204244e408ccb38d2a55cfcd344df15005fc42a07a6e55ca6c52b6ababb8cc8", 22_890),
        ),
        "fr": (
            ("622e75069e9f4c577425c4f277116ce66e63a2401c0a2312d90073cb12379a3c", 604_242),
            ("ca3106f1a72390591d25f6c45cb4cd39dec4cd3f123e099748a3ce5256c160e9", 23_001),
            ("6d326e188d259fb1d04ac19eae3af956559b3a0b93d7635e56c90987c40c8b90", 22_310),
        ),
        "cs": (
            ("a65adb8b32e3bc664f21ecba7a6e7f6950fd1f405e135f7c312faabdb6255077", 593_827),
            ("b63226e05c4bd5dd6a42897d74b86a1b9d2c31498252c572b1ea7f7996927fcc", 22_096),
            ("200a4a74cc9560f051924abb9803be008d1908d77f747e9141aeb86dfd2797f1", 22_572),
        ),
    }
)


def _multi30k(language: str, name: str) -> PublicCorpus:
    files = tuple(
        PublicFile(f"{part}.{one}.gz", f"{_MULTI30K}{part}.{one}.gz", *known)
        for one in ("en", language)
        for part, known in zip(_PARTS, _OF_LANGUAGES[one], strict=True)
    )
    return PublicCorpus(
        f"Multi30k: 29,000 image captions in English and {name}, with files to validate and to test",
        "for research, github.com/multi30k/dataset",
        files,
        ("train.en.gz", f"train.{language}.gz", "val.en.gz", f"val.{language}.gz"),
    )


CORPORA: Final[Mapping[str, PublicCorpus]] = MappingProxyType(
    {
        "multi30k-en-de": _multi30k("de", "German"),
        "multi30k-en-fr": _multi30k("fr", "French"),
        "multi30k-en-cs": _multi30k("cs", "Czech"),
        "shakespeare": PublicCorpus(
            "plays of Shakespeare's as one text of 1.1 MB",
            "public domain, github.com/karpathy/char-rnn",
            (
                PublicFile(
                    "shakespeare.txt",
                    "https://raw.githubusercontent.com/karpathy/char-rnn/6f9487a6fe5b420b7ca9afb0d7c078e37c1d1b4e/data/"
                    "tinyshakespeare/input.txt",
                    "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
                    1_115_394,
                ),
            ),
            ("shakespeare.txt",),
        ),
    }
)
