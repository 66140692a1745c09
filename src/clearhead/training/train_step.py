"""One step: forward → summed loss → backward → clip → update → average, on the model's device from end to end."""

import contextlib
import functools
from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from clearhead.errors import TrainingError
from clearhead.model.linear import set_matmul_dtype
from clearhead.recipe import ResolvedTraining
from clearhead.switches import is_on
from clearhead.tasks import AnyTask, Model, task_for
from clearhead.tasks.examples import TrainingBatch
from clearhead.training.average import MovingAverage
from clearhead.training.compile import compile_layers, compiler_errors
from clearhead.training.flat_parameters import FlatParameters
from clearhead.training.loss import linear_cross_entropy, static_linear_cross_entropy, whole_linear_cross_entropy
from clearhead.training.optimizer_step import OptimizerStep
from clearhead.training.r_drop import linear_r_drop, whole_linear_r_drop
from clearhead.training.schedule import LearningRate, learning_rate
from clearhead.training.seeding import seed_step
from clearhead.training.static_shapes import StaticTrainStep, graph_capturer
from clearhead.training.workers import Workers, can_fork, one_thread, parts, shared_zeros

# The numbers of steps, which count from 1, and the batches of each.
Steps = Iterator[tuple[int, Sequence[TrainingBatch]]]


class TrainStep:
    """A model that learns: its weights, what updates them, their average, and the loss so far.

    The host reads nothing during a step: `loss` is summed on the device, until somebody reads it and sets it to 0.
    """

    def __init__(
        self,
        model: Model,
        settings: ResolvedTraining,
        rank: int = 0,
        task: AnyTask | None = None,
        is_static: bool | None = None,
    ) -> None:
        """rank: the number of this machine among those that train together, which draw random numbers of their own.

        task: what the model is trained for; its family's where none is given. is_static: whether packed batches are
        copied to one place and the host reads nothing of them, as a GPU and torch.compile want; None for just there.
        """
        self.settings, self.rank = settings, rank
        self.task = task_for(model.config) if task is None else task
        self.model = model.to(settings.device).train()
        # On a GPU torch's autocast rounds what it should; on a CPU it would round attention too, which is slower there.
        self.matmul_dtype = torch.bfloat16 if settings.precision == "bf16" else None
        if self.matmul_dtype is not None and settings.device == "cpu":
            set_matmul_dtype(self.model, self.matmul_dtype)
        self._workers: Workers | None = None
        if is_static is None:
            is_static = settings.packing and (settings.device != "cpu" or settings.compile)
        # One pass at a time reads tensors that stay at one place, and so does a GPU.
        is_shared = settings.workers > 1 and settings.device == "cpu" and not is_static and can_fork()
        self.processes = settings.workers if is_shared else 1
        self.flat = FlatParameters(self.model, zeros=shared_zeros if is_shared else torch.zeros)
        self._gradients = [
            shared_zeros(len(self.flat.values), dtype=self.flat.values.dtype) for _ in range(1, self.processes)
        ]
        self.average = MovingAverage(self.flat, settings.average)
        self.optimizer_step = OptimizerStep(
            self.flat,
            settings.optimizer,
            self._rate(settings.schedule.peak),
            self._rate(settings.optimizer.matrix_peak),
            None if settings.optimizer.head_peak is None else self._rate(settings.optimizer.head_peak),
            self.matmul_dtype,
        )
        self.loss = torch.zeros((), dtype=torch.float64, device=settings.device)
        compiled = settings.compile
        # After the average, which is a copy that is never compiled.
        if compiled:
            compile_layers(self.task.layers(self.model))
        self._cross_entropy: Callable[..., Tensor] = linear_cross_entropy
        self._r_drop: Callable[..., Tensor] = linear_r_drop
        if not is_on("chunked-loss"):
            self._cross_entropy, self._r_drop = whole_linear_cross_entropy, whole_linear_r_drop
        elif is_static or settings.device != "cpu":
            self._cross_entropy = functools.partial(static_linear_cross_entropy, compiled=compiled)
            self._r_drop = whole_linear_r_drop
        capturer = graph_capturer(settings.device) if settings.graph else None
        self._static = StaticTrainStep(self._learn, settings.device, capturer) if is_static else None

    def _rate(self, peak: float) -> LearningRate:
        schedule = self.settings.schedule.model_copy(update={"peak": peak})
        return learning_rate(schedule, self.settings.steps, self.model.config.width)

    @contextlib.contextmanager
    def together(self, steps: Callable[[], Steps]) -> Iterator[None]:
        """Within it each step is taken together with as many processes as the recipe asks for.

        steps: the numbers and batches of the steps that are taken, from the next one on, anew for each process.
        """
        if self.processes == 1:
            yield
            return
        if not hasattr(self.task.full_batch(2, 2, 2, False), "part"):
            raise TrainingError(
                f"training.workers={self.processes} is not for {self.task.name}, whose batches cannot be shared; "
                "set training.workers=1"
            )
        with Workers(self.processes, lambda rank: self._parts(rank, steps())) as self._workers:
            yield
        self._workers = None

    def _parts(self, rank: int, steps: Steps) -> Iterator[Callable[[], float]]:
        """What a process that helps does, step by step."""
        gradients = self._gradients[rank - 1]
        self.flat.sum_gradients_in(gradients)
        for number, batches in steps:
            own = parts(batches, rank, self.processes)

            def learn(number: int = number, own: Sequence[TrainingBatch] = own) -> float:
                seed_step(self.settings.device, self.settings.seed, number, rank)
                gradients.zero_()
                return float(sum(self.backward(batch) for batch in own))

            yield learn

    def step(self, number: int, batches: Sequence[TrainingBatch]) -> None:
        """Take step `number`, which counts from 1, with the gradients of all `batches` together."""
        seed_step(self.settings.device, self.settings.seed, number, self.rank)
        self.optimizer_step.prepare(number)
        self.average.prepare(number)
        if self._static is None:
            with attention_for(self.settings):
                self._learn([batch.to(self.settings.device) for batch in batches])
        else:
            with compiler_errors():
                self._static(batches)
        self.flat.mark_modified()
        self.average.flat.mark_modified()

    def _learn(self, batches: Sequence[TrainingBatch]) -> None:
        """All of a step that happens on the device, whatever its number."""
        if self._workers is None:
            for batch in batches:
                self.loss += self.backward(batch)
        else:
            # Each process has a core: more threads would wait for each other.
            with one_thread():
                self._workers.begin()
                for batch in parts(batches, 0, self.processes):
                    self.loss += self.backward(batch)
                self.loss += self._workers.finish()
                for gradients in self._gradients:
                    self.flat.gradients += gradients
        real = [batch.target_output != batch.padding for batch in batches]
        # Of a few short rows, masking may have left nothing to predict: then the gradients are 0, and no 0/0.
        tokens = torch.stack([one.sum() for one in real]).sum().clamp(min=1).float()
        # Muon multiplies matrices while the other processes wait; Adam is done before more threads have begun.
        is_short = self._workers is not None and self.settings.optimizer.name == "adamw"
        with one_thread() if is_short else contextlib.nullcontext():
            self.optimizer_step.update(tokens)
        self.average.update()

    def backward(self, batch: TrainingBatch) -> Tensor:
        """Add one batch's gradients to those of the step; the summed loss, still on the device."""
        settings, matrix = self.settings.loss, self.task.output_weight(self.model)
        if settings.r_drop:
            states = torch.stack(self._hidden_states(batch.twice()).chunk(2))
            loss = self._r_drop(states, matrix, batch.target_output, settings, batch.padding, self.matmul_dtype)
        else:
            states = self._hidden_states(batch)
            loss = self._cross_entropy(
                states,
                matrix,
                batch.target_output,
                settings.label_smoothing,
                padding=batch.padding,
                matmul_dtype=self.matmul_dtype,
            )
        torch.autograd.backward(loss)
        return loss.detach()

    def _hidden_states(self, batch: TrainingBatch) -> Tensor:
        with self._precision():
            return self.task.hidden_states(self.model, batch)

    def _precision(self) -> contextlib.AbstractContextManager[object]:
        if self.settings.precision == "fp32" or self.settings.device == "cpu":
            return contextlib.nullcontext()
        return torch.autocast(self.settings.device, torch.bfloat16)


def attention_for(settings: ResolvedTraining) -> contextlib.AbstractContextManager[object]:
    """Which of PyTorch's kernels a step's attention may be.

    cuDNN makes a plan for each shape that it meets. Batches that are not packed have ever new shapes: on an H200 the
    plans took four fifths of a step of the paper's base model.
    """
    if settings.device == "cpu" or settings.packing:
        return contextlib.nullcontext()
    return sdpa_kernel([SDPBackend.FLASH_ATTENTION, SDPBackend.EFFICIENT_ATTENTION, SDPBackend.MATH])
