"""What all objectives have in common: a batch of each has a vector for every token that is to be predicted."""

import pytest

from clearhead.tasks import TASKS
from clearhead.tasks.text_task import TextTask

OBJECTIVES = {name: task.objective() for name, task in TASKS.items() if isinstance(task, TextTask)}
SIZES = {"vocabulary": 9, "width": 8, "heads": 2, "inner_width": 8, "layers": 1, "max_length": 4}


@pytest.mark.parametrize("packing", [False, True])
@pytest.mark.parametrize("name", OBJECTIVES)
def test_a_full_batch_has_a_vector_for_each_place(name: str, packing: bool) -> None:
    task, objective = TASKS[name], OBJECTIVES[name]
    model, batch = task.new_model(task.config(SIZES)), objective.full_batch(2, 4, 4, packing)
    vectors, matrix = objective.hidden_states(model, batch), objective.output_weight(model)
    assert vectors.flatten(0, -2).shape == (2 * 4, matrix.shape[1])
    assert batch.target_output.numel() == batch.target_tokens == 2 * 4
    assert len(matrix) == 9


@pytest.mark.parametrize("name", OBJECTIVES)
def test_it_learns_the_usual_model(name: str) -> None:
    assert OBJECTIVES[name].refusal(TASKS[name].config(SIZES)) is None
