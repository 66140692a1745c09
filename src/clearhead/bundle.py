"""A trained model on disk, complete in itself: sizes, weights, tokenizers and the recipe that made it."""

import copy
import dataclasses
import functools
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, overload

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from clearhead.decoding import Hypothesis, LengthPenalty, Sampling, SearchOptions, score_ids, translate_ids
from clearhead.decoding.engine import DEFAULT_BATCH_TOKENS, Progress
from clearhead.errors import BundleError, ConfigError, RecipeError, TokenizerError, UsageError
from clearhead.files import publish_folder, sha256
from clearhead.model import EncoderDecoder, TransformerConfig
from clearhead.recipe import Recipe, build_recipe, parse_recipe
from clearhead.text import Tokenizer

FORMAT = 1


@dataclasses.dataclass(frozen=True)
class Translation:
    """One hypothesis as text, with the scores of the search that found it (natural logarithms).

    tokens: the pieces' ids, the end symbol included where the hypothesis ended by itself (`finished`).
    """

    text: str
    score: float
    log_probability: float
    tokens: tuple[int, ...]
    token_log_probabilities: tuple[float, ...]
    finished: bool


class Bundle:
    """A trained model with all that is needed to use it.

    `clearhead.load(path)` reads one; `translate` and `score` use it; `save` writes it to a folder.
    """

    def __init__(self, model: EncoderDecoder, source: Tokenizer, target: Tokenizer, recipe: Recipe) -> None:
        self.model = model
        self.source_tokenizer = source
        self.target_tokenizer = target
        self.recipe = recipe

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that the model can be asked for; empty where it knows one direction only."""
        return self.source_tokenizer.languages

    @overload
    def translate(  # type: ignore[overload-overlap]  # a str is a sequence of str as well
        self,
        texts: str,
        to: str | None = None,
        *,
        beam_size: int | None = None,
        length_penalty: str | None = None,
        batch_tokens: int = DEFAULT_BATCH_TOKENS,
    ) -> str: ...

    @overload
    def translate(
        self,
        texts: Sequence[str],
        to: str | None = None,
        *,
        beam_size: int | None = None,
        length_penalty: str | None = None,
        batch_tokens: int = DEFAULT_BATCH_TOKENS,
    ) -> list[str]: ...

    def translate(
        self,
        texts: str | Sequence[str],
        to: str | None = None,
        *,
        beam_size: int | None = None,
        length_penalty: str | None = None,
        batch_tokens: int = DEFAULT_BATCH_TOKENS,
    ) -> str | list[str]:
        """Translate a text, or many: a str gives a str, a sequence gives a list of the same length and order.

        `to` names the target language where the model knows several; the other settings default to the recipe's.
        Raises UsageError for a language that it does not know, DecodingError for impossible settings.
        """
        many = [texts] if isinstance(texts, str) else list(texts)
        found = self.search(
            many, to, beam_size=beam_size, length_penalty=length_penalty, batch_tokens=batch_tokens, exact=False
        )
        translated = [hypotheses[0].text for hypotheses in found]
        return translated[0] if isinstance(texts, str) else translated

    def search(
        self,
        texts: Sequence[str],
        to: str | None = None,
        *,
        beam_size: int | None = None,
        top_beams: int = 1,
        length_penalty: str | None = None,
        sampling: Sampling | None = None,
        prefix: str = "",
        batch_tokens: int = DEFAULT_BATCH_TOKENS,
        exact: bool = True,
        progress: Progress | None = None,
    ) -> list[list[Translation]]:
        """The `top_beams` best translations of each text with their scores, best first, in the order of `texts`.

        A text without any word (blank) is translated by a blank one, with a log-probability of 0. A text that is longer
        than the model can read is cut (`too_long` says which). `prefix` is text that every translation must begin with.
        Scores are those that `score` gives, computed in float64; `exact=False` leaves them as the search had them,
        right to about five digits, and saves that second pass. Raises as `translate` does.
        """
        _require_many("texts", texts)
        options = self._options(beam_size, top_beams, length_penalty, sampling)
        encoded = self._sources(texts, to)
        spoken = [number for number, source in enumerate(encoded) if source is not None]
        sources = [source for source in encoded if source is not None]
        found = translate_ids(
            self.model,
            sources,
            options,
            prefixes=[self.target_tokenizer.encode(prefix)] * len(spoken) if prefix else None,
            batch_tokens=batch_tokens,
            progress=progress,
        )
        if exact:
            found = self._rescored(sources, found, options)
        results = [[BLANK] for _ in texts]
        for number, hypotheses in zip(spoken, found, strict=True):
            results[number] = [self._translation(hypothesis) for hypothesis in hypotheses]
        return results

    def score(
        self,
        sources: Sequence[str],
        targets: Sequence[str],
        to: str | None = None,
        *,
        length_penalty: str | None = None,
        batch_tokens: int = DEFAULT_BATCH_TOKENS // 2,
    ) -> list[Translation]:
        """How probable the model holds each target to be, given its source: what `search` reports for what it finds.

        A blank target of a blank source has a log-probability of 0, as in `search`. Raises UsageError where the two
        have different lengths, DecodingError for a target that is longer than the model can write.
        """
        _require_many("sources", sources)
        _require_many("targets", targets)
        if len(sources) != len(targets):
            raise UsageError(f"{len(sources)} sources but {len(targets)} targets; give one target for each source")
        options = self._options(None, 1, length_penalty, None)
        encoded = self._sources(sources, to)
        # A blank source with words for a target is a question: how probable are they after nothing at all?
        empty = [*self._tag(to), self.source_tokenizer.end]
        asked = [n for n, source in enumerate(encoded) if source is not None or targets[n].strip()]
        ids = [encoded[number] or empty for number in asked]
        wanted = self.target_tokenizer.encode_many([targets[number] for number in asked])
        results = [BLANK for _ in sources]
        found = score_ids(self._precise, ids, wanted, options, batch_tokens=batch_tokens)
        for number, hypothesis in zip(asked, found, strict=True):
            results[number] = self._translation(hypothesis)
        return results

    def save(self, path: str | Path, card: str = "") -> None:
        """Write the bundle to the folder `path`, whole or not at all; `card` is its README.

        A bundle that was there is replaced. Raises BundleError where something else is.
        """
        path = Path(path)
        if path.exists() and not (path / "config.json").is_file() and not (path.is_dir() and not any(path.iterdir())):
            raise BundleError(f"{path} exists and is no bundle, so it is not replaced; name another folder")
        with publish_folder(path) as draft:
            save_weights(self.model, draft / "model.safetensors")
            for name, tokenizer in tokenizer_files(self.source_tokenizer, self.target_tokenizer).items():
                tokenizer.save(draft / name)
            (draft / "recipe.yaml").write_text(self.recipe.to_yaml(), encoding="utf-8")
            (draft / "README.md").write_text(card or f"# {self.recipe.name}\n", encoding="utf-8")
            hashes = {file.name: sha256(file) for file in sorted(draft.iterdir())}
            config = {
                "format": FORMAT,
                "family": self.recipe.family,
                "model": dataclasses.asdict(self.model.config),
                "files": hashes,
            }
            (draft / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")

    @functools.cached_property
    def _precise(self) -> EncoderDecoder:
        """The model in float64: in float32 a score would depend on the shapes of the products that computed it."""
        return copy.deepcopy(self.model).double()

    def _rescored(
        self, sources: Sequence[list[int]], found: Sequence[Sequence[Hypothesis]], options: SearchOptions
    ) -> list[list[Hypothesis]]:
        """The same hypotheses in the same order, scored as `score` would."""
        flat = [(source, one) for source, hypotheses in zip(sources, found, strict=True) for one in hypotheses]
        targets = [one.tokens[:-1] if one.finished else one.tokens for _, one in flat]
        ended = [one.finished for _, one in flat]
        scored = iter(score_ids(self._precise, [source for source, _ in flat], targets, options, ended=ended))
        return [[next(scored) for _ in hypotheses] for hypotheses in found]

    def _options(
        self, beam_size: int | None, top_beams: int, length_penalty: str | None, sampling: Sampling | None
    ) -> SearchOptions:
        tokenizer = self.target_tokenizer
        tags = (tokenizer.tag(language) for language in tokenizer.languages)
        chosen = self.recipe.decoding.beam_size if beam_size is None else beam_size
        return SearchOptions(
            begin=tokenizer.begin,
            end=tokenizer.end,
            suppressed=(tokenizer.padding, tokenizer.begin, *tags),
            # Whoever asks for so many translations and says nothing of the beam wants a beam that can give them.
            beam_size=max(chosen, top_beams) if beam_size is None else chosen,
            top_beams=top_beams,
            length_penalty=LengthPenalty.parse(length_penalty or self.recipe.decoding.length_penalty),
            sampling=sampling,
        )

    def _sources(self, texts: Sequence[str], to: str | None) -> list[list[int] | None]:
        """The ids of each text with its tag and end; None for a blank one. Too long a text is cut."""
        tag = self._tag(to)
        room = self.model.config.max_length - len(tag) - 1
        encoded = self.source_tokenizer.encode_many(texts)
        return [
            [*tag, *ids[:room], self.source_tokenizer.end] if text.strip() else None
            for text, ids in zip(texts, encoded, strict=True)
        ]

    def too_long(self, texts: Sequence[str]) -> list[int]:
        """The numbers, from 0, of the texts that are longer than the model can read, and are cut at its limit."""
        room = self.model.config.max_length - 1 - bool(self.languages)
        encoded = self.source_tokenizer.encode_many(texts)
        return [n for n, (text, ids) in enumerate(zip(texts, encoded, strict=True)) if len(ids) > room and text.strip()]

    def _tag(self, to: str | None) -> list[int]:
        if self.languages:
            if to not in self.languages:
                given = "" if to is None else f", not {to!r}"
                raise UsageError(
                    f"this model translates into {', '.join(self.languages)}{given}; "
                    f"say which, as in to={self.languages[0]!r} or --to {self.languages[0]}"
                )
            return [self.source_tokenizer.tag(to)]
        known = {corpus.to_language for corpus in self.recipe.data.train}
        if to is not None and to not in known:
            languages = ", ".join(sorted(language for language in known if language)) or "one unnamed language"
            raise UsageError(f"this model translates into {languages} only, not {to!r}; leave `to` out")
        return []

    def _translation(self, hypothesis: Hypothesis) -> Translation:
        return Translation(
            self.target_tokenizer.decode(hypothesis.tokens),
            hypothesis.score,
            hypothesis.log_probability,
            hypothesis.tokens,
            hypothesis.token_log_probabilities,
            hypothesis.finished,
        )


BLANK = Translation("", 0.0, 0.0, (), (), True)


def load(path: str | Path, device: str = "cpu") -> Bundle:
    """Read a bundle from its folder, or from the run folder that holds it, onto a device such as "cpu" or "cuda".

    Every file is checked against its hash. Raises BundleError where the folder is no bundle or a damaged one.
    """
    folder = find_bundle(Path(path))
    sizes, hashes = _read_config(folder)
    for name, expected in hashes.items():
        _check_file(folder, name, expected)
    try:
        recipe = build_recipe(parse_recipe(_read_text(folder / "recipe.yaml"), "recipe.yaml"), "recipe.yaml")
        model = EncoderDecoder(TransformerConfig(**sizes))
        source, target = load_tokenizers(folder)
    except (TypeError, ConfigError, RecipeError, TokenizerError) as error:
        raise BundleError(f"{folder} is not a bundle of this clearhead ({error}); update clearhead") from None
    load_weights(model, folder / "model.safetensors")
    try:
        model = model.to(device)
    except (RuntimeError, AssertionError) as error:
        raise UsageError(
            f"device={device!r} cannot be used ({error}); choose cpu, or cuda where there is one"
        ) from None
    return Bundle(model.eval(), source, target, recipe)


def find_bundle(path: Path) -> Path:
    """The bundle's folder, given it or the run folder that holds it."""
    try:
        for folder in (path, path / "bundle"):
            if (folder / "config.json").is_file():
                return folder
        exists = path.exists()
    except OSError as error:
        raise BundleError(f"model {path} cannot be read ({error.strerror}); check the path and its rights") from None
    if not exists:
        raise BundleError(
            f"model {path} does not exist; expected a run folder or a bundle folder made by `clearhead train`"
        )
    if (path / "checkpoints").is_dir():
        raise BundleError(
            f"model {path} has not been validated yet, so it has no bundle; go on with its training (--resume)"
        )
    raise BundleError(f"model {path} is not a model; expected a folder with config.json, or a run folder with bundle/")


def tokenizer_files(source: Tokenizer, target: Tokenizer) -> dict[str, Tokenizer]:
    """Under which names a model's tokenizers are stored: one file where both sides share one."""
    return {"tokenizer.json": source} if source is target else {"source.json": source, "target.json": target}


def load_tokenizers(folder: Path) -> tuple[Tokenizer, Tokenizer]:
    """The source's and the target's tokenizer, as stored under `tokenizer_files`'s names."""
    joint = folder / "tokenizer.json"
    if joint.is_file():
        tokenizer = Tokenizer.load(joint)
        return tokenizer, tokenizer
    return Tokenizer.load(folder / "source.json"), Tokenizer.load(folder / "target.json")


def save_weights(model: nn.Module, path: Path) -> None:
    """Every parameter once, shared ones under their first name, in float32."""
    save_file({name: value.detach().float().contiguous().cpu() for name, value in model.named_parameters()}, path)


def load_weights(model: nn.Module, path: Path) -> None:
    """Fill a model's parameters. Raises BundleError where names or shapes differ."""
    stored = read_tensors(path)
    wanted = dict(model.named_parameters())
    if stored.keys() != wanted.keys():
        name = min(stored.keys() ^ wanted.keys())
        raise BundleError(f"{path} does not fit its config.json (first difference: {name}); copy the bundle again")
    with torch.no_grad():
        for name, parameter in wanted.items():
            if parameter.shape != stored[name].shape:
                raise BundleError(
                    f"{path}: {name} has shape {tuple(stored[name].shape)}, expected {tuple(parameter.shape)}; "
                    f"copy the bundle again"
                )
            parameter.copy_(stored[name])


def read_tensors(path: Path) -> Mapping[str, Tensor]:
    """The tensors of a safetensors file. Raises BundleError where it cannot be read."""
    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise BundleError(f"{path} cannot be read ({error}); copy the bundle again") from None


def _require_many(name: str, texts: Sequence[str]) -> None:
    # A str is a sequence of str too, so that each of its letters would be taken for a text.
    if isinstance(texts, str):
        raise UsageError(f"{name} is one str; give a list of texts, as in [{texts[:20]!r}]")


def _read_config(folder: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """The model's sizes and the files' hashes, once the format is known to be ours."""
    path = folder / "config.json"
    try:
        config = json.loads(_read_text(path))
        form, family = config["format"], config["family"]
        if form != FORMAT:
            raise BundleError(f"{path} has format {form!r}, but this clearhead reads format {FORMAT}; update clearhead")
        if family != "encoder-decoder":
            raise BundleError(f"{path} has family {family!r}; expected encoder-decoder; update clearhead")
        sizes, hashes = dict(config["model"]), dict(config["files"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BundleError(f"{path} is not a bundle's config ({error!r}); copy the bundle again") from None
    tokenizers = {"tokenizer.json"} if "tokenizer.json" in hashes else {"source.json", "target.json"}
    if missing := {"model.safetensors", "recipe.yaml", *tokenizers} - hashes.keys():
        raise BundleError(f"{path} names no {', '.join(sorted(missing))}; copy the bundle again")
    return sizes, hashes


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BundleError(f"{path} cannot be read ({error}); copy the bundle again") from None


def _check_file(folder: Path, name: str, expected: str) -> None:
    path = folder / name
    # Neither a name such as ../secret nor a link may make us read outside the bundle.
    inside = Path(name).name == name and path.resolve().is_relative_to(folder.resolve())
    if not inside or not path.is_file():
        raise BundleError(f"{folder} lacks {name!r}, which its config.json names; copy the bundle again")
    if sha256(path) != expected:
        raise BundleError(f"{path} is damaged (its sha256 is not that in config.json); copy the bundle again")
