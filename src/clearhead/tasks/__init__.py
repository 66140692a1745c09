"""What a model is trained for: a family's examples, its loss and metrics, and what a bundle can do with it."""

from typing import TYPE_CHECKING

from clearhead.lazy import lazy_names

if TYPE_CHECKING:
    from clearhead.tasks.families import FAMILY_TASKS, TASKS, task_for, task_named
    from clearhead.tasks.models import Model
    from clearhead.tasks.task import AnyTask, Task

__all__ = ["FAMILY_TASKS", "TASKS", "AnyTask", "Model", "Task", "task_for", "task_named"]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "families": ("FAMILY_TASKS", "TASKS", "task_for", "task_named"),
        "models": ("Model",),
        "task": ("AnyTask", "Task"),
    },
)
