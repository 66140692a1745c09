"""What a model is trained for: a family's examples, its loss and metrics, and what a bundle can do with it."""

from typing import TYPE_CHECKING

from clearhead.lazy import lazy_names

if TYPE_CHECKING:
    from clearhead.tasks.families import TASKS, task_for
    from clearhead.tasks.models import Model
    from clearhead.tasks.task import Task

__all__ = ["TASKS", "Model", "Task", "task_for"]

__getattr__, __dir__ = lazy_names(
    __name__, {"families": ("TASKS", "task_for"), "models": ("Model",), "task": ("Task",)}
)
