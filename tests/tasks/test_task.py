"""What a family has to say of itself; each task is held to it in test_families.py."""

import pytest

from clearhead.tasks import TASKS, Task


class Nothing:
    """A family's name alone."""

    family = "encoder-decoder"


def test_a_name_makes_no_task() -> None:
    assert not isinstance(Nothing(), Task)


@pytest.mark.parametrize("name", TASKS)
def test_a_config_of_plain_values(name: str) -> None:
    """As a recipe or a bundle has them; what is none of this family's is refused."""
    vocabularies = {
        "encoder-decoder": ("source_vocabulary", "target_vocabulary"),
        "decoder-only": ("vocabulary",),
        "encoder-only": ("vocabulary",),
    }
    sizes = {"width": 8, "heads": 2, **dict.fromkeys(vocabularies[TASKS[name].family], 9)}
    made = TASKS[name].config(sizes)
    assert isinstance(made, TASKS[name].config_class)
    assert (made.width, made.heads) == (8, 2)
    with pytest.raises(TypeError):
        TASKS[name].config({**sizes, "colour": "red"})
