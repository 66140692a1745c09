"""What is done to a model is what it does (faults.md A1), and a bundle in use can be copied (faults.md C14)."""

import copy
import dataclasses
import logging
import pickle
import threading
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional

from clearhead.bundle import Bundle, load
from clearhead.bundle.serving import Serving
from clearhead.decoding import Precision
from clearhead.errors import DecodingError, TraceError, UsageError
from clearhead.model import EncoderDecoder, kernels
from clearhead.native import library as native
from clearhead.runtimes import preparing
from clearhead.runtimes.compiled import CompiledRuntime
from clearhead.runtimes.cuda import CudaRuntime
from clearhead.runtimes.eager import EagerRuntime

TEXTS = ["one two", "six", "three four"]
Change = Callable[[EncoderDecoder], object]
needs_c = pytest.mark.skipif(native.library() is None, reason="PyTorch serves where there is no compiler")


@pytest.fixture
def bundle(run_folder: Path) -> Bundle:
    """A bundle that has translated: what serves is prepared."""
    bundle = load(run_folder)
    bundle.search(TEXTS)
    return bundle


def by_hand(bundle: Bundle, text: str) -> float:
    """What the model itself says: the log-probability of the bundle's own translation, one forward pass a token."""
    [[found]] = bundle.search([text], beam_size=1, exact=False)
    tokenizer = bundle.target_tokenizer
    source = torch.tensor([[*bundle.source_tokenizer.encode(text), tokenizer.end]])
    said, total = [tokenizer.begin], 0.0
    model = copy.deepcopy(bundle.model).double() if _is_plain(bundle.model) else bundle.model
    with torch.inference_mode():
        for token in found.tokens:
            row = model(source, torch.tensor([said]))[0, -1].double().log_softmax(-1)
            total += float(row[token])
            said.append(token)
    assert found.log_probability == pytest.approx(total, abs=1e-3 * len(said))
    return total


def _is_plain(model: EncoderDecoder) -> bool:
    return all(parameter.dtype == torch.float32 for parameter in model.parameters())


def numpy_write(model: EncoderDecoder) -> None:
    model.encoder.layers[0].self_attention.value.weight.detach().numpy()[:] *= -3


def swap_rows(model: EncoderDecoder) -> None:
    weight = model.output.matrix.weight.data
    weight[[103, 104, 120, 123]] = weight[[104, 103, 123, 120]].clone()


def one_number(model: EncoderDecoder) -> None:
    model.decoder.layers[0].feed_forward.outer.bias.data[3] += 5


def load_other(model: EncoderDecoder) -> None:
    model.load_state_dict(EncoderDecoder(model.config, seed=9).state_dict())


def train_a_step(model: EncoderDecoder) -> None:
    optimizer = torch.optim.SGD(model.parameters(), 1.0)
    model(torch.tensor([[3, 4]]), torch.tensor([[1, 5]])).log_softmax(-1)[0, 0, 7].backward()  # type: ignore[no-untyped-call]
    optimizer.step()


def replaced_data(model: EncoderDecoder) -> None:
    model.encoder.layers[0].feed_forward.inner.weight.data = torch.randn(32, 16)


def no_positions(model: EncoderDecoder) -> None:
    assert model.source_embedding.positions is not None
    model.source_embedding.positions.table.data.zero_()


def new_parameter(model: EncoderDecoder) -> None:
    model.decoder.layers[0].cross_attention.query.weight = nn.Parameter(torch.randn(16, 16))


def another_module(model: EncoderDecoder) -> None:
    model.decoder.layers[0].feed_forward = nn.Identity()


def fewer_layers(model: EncoderDecoder) -> None:
    model.encoder.layers = nn.ModuleList()


def wider(model: EncoderDecoder) -> None:
    layer = model.encoder.layers[0].feed_forward
    layer.inner.weight, layer.inner.bias = nn.Parameter(torch.randn(48, 16)), nn.Parameter(torch.zeros(48))
    layer.outer.weight = nn.Parameter(torch.randn(16, 48))


def forward_of_an_instance(model: EncoderDecoder) -> None:
    feed_forward = model.decoder.layers[0].feed_forward
    feed_forward.forward = lambda inputs: -inputs  # type: ignore[method-assign]


def inner_function(model: EncoderDecoder) -> None:
    module = model.decoder.layers[0].cross_attention
    module._attend = lambda query, *attended: query.transpose(1, 2).flatten(2)  # type: ignore[method-assign]


CHANGES: list[Change] = [
    lambda model: model.output.matrix.weight.data.zero_(),
    lambda model: model.output.matrix.weight.data.mul_(-1),
    numpy_write, swap_rows, one_number, load_other, train_a_step, replaced_data, no_positions, new_parameter,
    another_module, fewer_layers, wider, forward_of_an_instance, inner_function,
    lambda model: setattr(model.source_embedding, "scale", 40.0),
    lambda model: setattr(model.encoder.layers[0].self_attention_residual.normalization, "eps", 3.0),
    lambda model: setattr(model.decoder.layers[0].self_attention, "heads", 1),
    lambda model: setattr(model.decoder.layers[0].feed_forward, "function", torch.sin),
    lambda model: setattr(model.encoder, "observer", lambda name, tensor: torch.zeros_like(tensor)),
    lambda model: model.decoder.layers[0].self_attention.register_forward_hook(lambda *given: given[2] * 9),
    lambda model: model.decoder.layers[0].cross_attention.register_forward_pre_hook(
        lambda module, given: (given[0] * 9, *given[1:])
    ),
    lambda model: model.half(),
    lambda model: model.double(),
]  # fmt: skip


class TestChanges:
    @pytest.mark.parametrize("change", CHANGES)
    def test_every_change_is_what_translates(self, bundle: Bundle, change: Change) -> None:
        """Whatever is done, and however: the translation is the changed model's, by its own forward pass."""
        before = by_hand(bundle, TEXTS[0])
        change(bundle.model)
        after = by_hand(bundle, TEXTS[0])
        is_same_model = change in (CHANGES[-1], CHANGES[-2])
        assert (after != before) or is_same_model

    def test_back_again(self, bundle: Bundle) -> None:
        """A hook that is removed leaves the model as it was, and C serves again."""
        expected = bundle.search(TEXTS)
        handle = bundle.model.encoder.register_forward_hook(lambda module, given, result: torch.zeros_like(result))
        assert bundle.search(TEXTS) != expected
        handle.remove()
        assert bundle.search(TEXTS) == expected
        weight = bundle.model.output.matrix.weight
        kept = weight.detach().clone()
        weight.data.zero_()
        assert bundle.search(TEXTS) != expected
        weight.data.copy_(kept)
        assert bundle.search(TEXTS) == expected

    def test_a_change_to_what_was_handed_out_before(self, run_folder: Path) -> None:
        """The model was asked for before anything was prepared; a tensor of it is enough."""
        bundle = load(run_folder)
        weight = bundle.model.output.matrix.weight
        before = bundle.search(TEXTS)
        weight.data.neg_()
        assert bundle.search(TEXTS) != before

    @pytest.mark.parametrize("other", [None, nn.Linear(2, 2), "street", {}])
    def test_no_model(self, bundle: Bundle, other: object) -> None:
        """One line, and the model that was there serves on."""
        expected = bundle.search(TEXTS)
        with pytest.raises(UsageError, match="is no EncoderDecoder, DecoderOnly or EncoderOnly; give one") as raised:
            bundle.model = other  # type: ignore[assignment]
        assert "\n" not in str(raised.value)
        assert bundle.search(TEXTS) == expected

    @pytest.mark.parametrize("part", ["", "decoder.layers.0.cross_attention.key"])
    @pytest.mark.parametrize(
        "use",
        [
            lambda bundle: bundle.search(TEXTS, exact=False),
            lambda bundle: bundle.score(TEXTS, TEXTS),
            lambda bundle: bundle.save("nowhere"),
            lambda bundle: bundle.trace("six"),
            lambda bundle: bundle.trace("six", target="six"),
        ],
    )
    def test_a_model_without_numbers(self, bundle: Bundle, part: str, use: Callable[[Bundle], object]) -> None:
        bundle.model.get_submodule(part).to("meta")
        with pytest.raises(DecodingError, match=f"^{part}.* is on the meta device, where there are no numbers; load"):
            use(bundle)

    def test_another_model(self, bundle: Bundle) -> None:
        other = EncoderDecoder(bundle.config, seed=5).eval()
        bundle.model = other
        assert bundle.search(TEXTS) == Bundle(
            other, bundle.source_tokenizer, bundle.target_tokenizer, bundle.recipe
        ).search(TEXTS)

    @needs_c
    def test_nothing_is_prepared_again_without_need(self, bundle: Bundle) -> None:
        first = bundle._serving.engine("fp32")
        assert isinstance(first.runtime, CompiledRuntime)
        assert bundle.model is bundle.model
        bundle.search(TEXTS)
        bundle.score(TEXTS, TEXTS)
        bundle.trace("one two")
        copy.deepcopy(bundle)
        pickle.dumps(bundle)
        assert bundle._serving.engine("fp32") is first

    def test_on_a_gpu_it_is_prepared_once_until_a_weight_is_changed(
        self, bundle: Bundle, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Here a model on the CPU is taken for one there; the digest and the copy notice a change alike."""
        monkeypatch.setattr(preparing, "is_on_gpu", lambda model: True)
        serving = Serving(bundle.model)
        first = serving.engine("fp32")
        assert isinstance(first.runtime, CudaRuntime)
        assert serving.engine("fp32") is first
        with torch.no_grad():
            bundle.model.output.matrix.weight.mul_(2)
        second = serving.engine("fp32")
        assert second is not first
        assert serving.engine("fp32") is second


class TestListening:
    @pytest.mark.parametrize("name", ["self_attention", "cross_attention", "feed_forward", "self_attention.query", ""])
    def test_a_hook_hears_every_way_of_use(self, bundle: Bundle, name: str) -> None:
        """Seen 0 times of 94 in version 0.1."""
        heard: list[str] = []
        layer = bundle.model.decoder.layers[0]
        layer.get_submodule(name).register_forward_hook(lambda *given: heard.append("after"))
        layer.get_submodule(name).register_forward_pre_hook(lambda *given: heard.append("before"))
        for use in (
            lambda: bundle.translate("one two"),
            lambda: bundle.search(["one two"], beam_size=3),
            lambda: bundle.score(["one two"], ["un deux"]),
            lambda: bundle.model(torch.tensor([[3, 4]]), torch.tensor([[1, 5]])),
        ):
            heard.clear()
            use()
            assert set(heard) == {"after", "before"}

    def test_an_observer_too(self, bundle: Bundle) -> None:
        seen: list[str] = []

        def observe(name: str, tensor: torch.Tensor) -> torch.Tensor:
            seen.append(name)
            return tensor

        bundle.model.decoder.layers[0].self_attention.observer = observe
        for use in (lambda: bundle.translate("one two"), lambda: bundle.score(["one two"], ["un deux"])):
            seen.clear()
            use()
            assert {"query", "scores", "weights", "output"} <= set(seen)

    def test_a_hook_hears_the_module_that_it_was_given_to(self, bundle: Bundle) -> None:
        """Not a copy of it: names are often looked up by module."""
        names = {module: name for name, module in bundle.model.named_modules()}
        heard: set[str] = set()
        for module in bundle.model.decoder.layers[0].children():
            module.register_forward_hook(lambda module, given, result: heard.add(names[module]))
        bundle.score(["one two"], ["un deux"])
        bundle.translate("one two")
        assert "decoder.layers.0.self_attention" in heard

    def test_one_on_every_module_of_the_program(self, bundle: Bundle) -> None:
        heard: list[nn.Module] = []
        handle = nn.modules.module.register_module_forward_hook(lambda module, *rest: heard.append(module))
        try:
            bundle.translate("one two")
        finally:
            handle.remove()
        assert heard

    @needs_c
    @pytest.mark.parametrize("name", ["fused_attention", "_ShortAttention"])
    def test_an_edited_function(self, bundle: Bundle, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
        """PyTorch serves, whether the numbers are others or not: it may count, print or draw."""
        before = bundle.search(TEXTS)
        if name == "fused_attention":
            monkeypatch.setattr(kernels, name, lambda query, *rest: query)
        else:
            monkeypatch.setattr(kernels, name, type(name, (kernels._ShortAttention,), {}))
        assert isinstance(bundle._serving.engine("fp32").runtime, EagerRuntime)
        if name == "fused_attention":
            assert bundle.search(TEXTS) != before
        monkeypatch.undo()
        assert bundle.search(TEXTS) == before

    @needs_c
    def test_edited_code_that_was_there_from_the_start(
        self, run_folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        """As where somebody edited the file: nothing tells but the logits, which are compared once."""
        monkeypatch.setattr(kernels, "fused_attention", lambda query, *rest: query)
        monkeypatch.setattr("clearhead.model.as_built._is_edited", lambda: False)
        monkeypatch.setattr("clearhead.bundle.serving.is_agreed", lambda: False)
        bundle = load(run_folder)
        with caplog.at_level(logging.WARNING):
            bundle.translate(TEXTS)
            bundle.translate(TEXTS)
        assert isinstance(bundle._serving.engine("fp32").runtime, EagerRuntime)
        [record] = caplog.records
        assert "C computes logits that differ by" in record.message
        assert "\n" not in record.message

    @needs_c
    @pytest.mark.parametrize("precision", ["fp32", "int8"])
    @pytest.mark.parametrize("is_shared", [True, False])
    def test_edited_code_is_compared_once(
        self, run_folder: Path, monkeypatch: pytest.MonkeyPatch, precision: Precision, is_shared: bool
    ) -> None:
        """Each call packed the whole model again, and compared it again; only a change is a reason to."""
        packings: list[str] = []
        compiled = preparing.compiled

        def counted(model: EncoderDecoder, precision: Precision) -> CompiledRuntime | None:
            packings.append(precision)
            return compiled(model, precision)

        monkeypatch.setattr(kernels, "fused_attention", lambda query, *rest: query)
        monkeypatch.setattr("clearhead.model.as_built._is_edited", lambda: False)
        monkeypatch.setattr("clearhead.bundle.serving.is_agreed", lambda: False)
        monkeypatch.setattr(preparing, "compiled", counted)
        bundle = load(run_folder, precision=precision)
        weight = bundle.model.output.matrix.weight if is_shared else None
        expected = bundle.search(TEXTS)
        once = ["fp32"] if precision == "fp32" else ["int8", "fp32"]
        assert packings == once
        assert bundle.search(TEXTS) == bundle.search(TEXTS) == expected
        assert packings == once
        if weight is not None:
            weight.data.neg_()
            assert bundle.search(TEXTS) != expected
            assert packings == once * 2

    @pytest.mark.parametrize("precision", ["fp32", "int8"])
    def test_an_activation_that_only_the_model_has(
        self,
        two_languages: Bundle,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
        precision: Precision,
    ) -> None:
        """As where somebody wrote it into model/config.py and model/feed_forward.py, as CONTRIBUTING.md says."""
        choices = import_module("clearhead.model.config")._CHOICES
        monkeypatch.setitem(choices, "activation", (*choices["activation"], "mish"))
        monkeypatch.setitem(import_module("clearhead.model.feed_forward").FUNCTIONS, "mish", functional.mish)
        preparing._note.cache_clear()
        tokenizer = two_languages.source_tokenizer
        model = EncoderDecoder(dataclasses.replace(two_languages.config, activation="mish"), seed=3)
        bundle = Bundle(model, tokenizer, tokenizer, two_languages.recipe, precision)
        for _ in range(2):
            bundle.search(TEXTS, "fr", beam_size=2)
        said = [one.message for one in caplog.records if "activation='mish'" in one.message]
        assert len(said) == (native.library() is not None)
        with pytest.raises(TraceError, match="'mish' cannot be checked, which knows relu"):
            bundle.trace(TEXTS[0], "fr").check()


@pytest.mark.parametrize(
    "changes",
    [
        {"kv_heads": 1},
        {"head_width": 6},
        {"eps": 0.1},
        {"bias": False},
        {"scale": 1.0},
        {"norm": "rms", "bias": False, "eps": 1e-6, "positions": "rotary", "kv_heads": 1, "head_width": 6},
    ],
    ids=str,
)
def test_blocks_of_other_kinds_are_served_as_they_are(
    two_languages: Bundle, tmp_path: Path, changes: dict[str, Any]
) -> None:
    """From a folder: its config tells them, and C must not take the model for the usual one."""
    tokenizer = two_languages.source_tokenizer
    config = dataclasses.replace(two_languages.config, **changes)
    model = EncoderDecoder(config, seed=3).eval()
    Bundle(model, tokenizer, tokenizer, two_languages.recipe).save(tmp_path / "bundle")
    precisions: dict[Precision, float] = {"fp32": 1e-4, "int8": 0.2}
    for precision, bound in precisions.items():
        bundle = load(tmp_path / "bundle", precision=precision)
        assert bundle.config == config
        [[found]] = bundle.search(["one two"], "fr", beam_size=1, exact=False)
        source, said = torch.tensor([[*bundle.tag("fr"), *tokenizer.encode("one two"), tokenizer.end]]), [1]
        with torch.inference_mode():
            for token, value in zip(found.tokens, found.token_log_probabilities, strict=True):
                row = model(source, torch.tensor([said]))[0, -1].log_softmax(-1)
                assert float(row[token]) == pytest.approx(value, abs=bound)
                said.append(token)
    trace = load(tmp_path / "bundle").trace("one two", "fr")
    assert [one for one in trace.check() if not one.agrees] == []


class TestCopies:
    """faults.md C14."""

    @pytest.mark.parametrize("copied", [copy.deepcopy, copy.copy, lambda bundle: pickle.loads(pickle.dumps(bundle))])
    @pytest.mark.parametrize("changes", [(), ("model.activation=gelu-tanh", "model.positions=rotary")])
    def test_a_bundle_in_use(
        self, two_languages: Bundle, copied: Callable[[Bundle], Bundle], changes: tuple[str, ...]
    ) -> None:
        recipe, tokenizer = two_languages.recipe, two_languages.source_tokenizer
        sizes = dict(change.removeprefix("model.").split("=") for change in changes)
        recipe = recipe.model_copy(update={"model": recipe.model.model_copy(update=sizes)})
        model = EncoderDecoder(recipe.model.config(tokenizer.size, tokenizer.size), seed=3)
        bundle = Bundle(model, tokenizer, tokenizer, recipe)
        expected = bundle.search(TEXTS, "fr"), bundle.score(TEXTS, TEXTS, "fr")
        again = copied(bundle)
        assert (again.search(TEXTS, "fr"), again.score(TEXTS, TEXTS, "fr")) == expected
        assert again.model.config == bundle.model.config

    def test_a_deep_copy_is_another_model(self, bundle: Bundle) -> None:
        expected = bundle.search(TEXTS)
        again = copy.deepcopy(bundle)
        again.model.output.matrix.weight.data.neg_()
        assert again.search(TEXTS) != expected
        assert bundle.search(TEXTS) == expected

    def test_a_shallow_copy_is_the_same_one(self, bundle: Bundle) -> None:
        again = copy.copy(bundle)
        bundle.model.output.matrix.weight.data.neg_()
        assert again.search(TEXTS) == bundle.search(TEXTS)

    @pytest.mark.parametrize("mode", [torch.inference_mode, torch.no_grad, torch.enable_grad])
    def test_loaded_in_any_mode(self, run_folder: Path, mode: Callable[[], torch.no_grad]) -> None:
        expected = load(run_folder).search(TEXTS), load(run_folder).score(TEXTS, TEXTS)
        with mode():
            bundle = load(run_folder)
            assert (bundle.search(TEXTS), bundle.score(TEXTS, TEXTS)) == expected
        assert (bundle.search(TEXTS), bundle.score(TEXTS, TEXTS)) == expected
        with mode():
            bundle.model.output.matrix.weight.data.neg_()
            assert bundle.search(TEXTS) != expected[0]

    def test_threads_at_once(self, bundle: Bundle) -> None:
        expected, found = bundle.search(TEXTS), []
        model = bundle.model
        assert model is not None
        threads = [threading.Thread(target=lambda: found.append(bundle.search(TEXTS))) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == [expected] * 4


class TestDefaults:
    """faults.md A2: the same model whatever torch's defaults are."""

    @pytest.mark.parametrize("default", [torch.float64, torch.bfloat16, torch.float16])
    def test_another_type(self, run_folder: Path, default: torch.dtype) -> None:
        expected = load(run_folder).score(TEXTS, TEXTS)
        torch.set_default_dtype(default)
        try:
            bundle = load(run_folder)
            assert {one.dtype for one in (*bundle.model.parameters(), *bundle.model.buffers())} == {torch.float32}
            found = bundle.score(TEXTS, TEXTS)
        finally:
            torch.set_default_dtype(torch.float32)
        assert found == expected

    def test_another_device(self, run_folder: Path) -> None:
        torch.set_default_device("meta")
        try:
            bundle = load(run_folder)
        finally:
            torch.set_default_device(None)
        assert {one.device.type for one in (*bundle.model.parameters(), *bundle.model.buffers())} == {"cpu"}
        assert bundle.search(TEXTS) == load(run_folder).search(TEXTS)
