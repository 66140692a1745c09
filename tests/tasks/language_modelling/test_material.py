"""What a language model learns from, apart from all else of its task."""

from clearhead.tasks import TASKS
from clearhead.tasks.language_modelling.material import DocumentMaterial, Material
from clearhead.tasks.language_modelling.task import LanguageModellingTask


def test_a_task_is_called_as_its_material() -> None:
    material = DocumentMaterial()
    assert isinstance(material, Material)
    task = LanguageModellingTask()
    assert (
        (task.name, task.examples_are) == (material.name, material.examples_are) == ("language-modelling", "documents")
    )
    assert TASKS[task.name].name == task.name
