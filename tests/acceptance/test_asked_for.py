"""What users of other programs trip over when they fine-tune and write, and the tests that hold it here.

The rows are those of table C of the field notes (shared/field/family.md); under each stand the tests.

2 a fine-tuned model never stops
    tasks/language_modelling/test_batching.py::test_the_end_is_learnt_where_it_is_the_padding
    tasks/language_modelling/test_batching.py::test_padding_is_never_the_end_which_is_learnt
    training/test_using.py::test_it_answers_as_it_learned_by_its_own_template_and_ends
    tasks/chat/test_joining.py::test_a_template_that_cannot_be_learned_from
3 stop strings, of each row of a batch
    decoding/test_beam.py::test_stop_strings_end_what_a_plain_loop_ends
    bundle/test_generating.py::test_a_stop_string_ends_a_text_and_is_no_part_of_it
    tasks/language_modelling/test_pieces.py::test_a_stop_string_is_never_shown_not_even_its_beginning
4 streamed Korean and emoji in whole characters
    acceptance/test_whole_characters.py::test_no_search_writes_half_a_character
    tasks/language_modelling/test_pieces.py::test_each_character_comes_with_its_last_byte
5 a batch differs from one alone
    tasks/chat/test_objective.py::test_answers_and_their_ends_are_learned
    bundle/test_generating.py::test_a_text_is_the_same_whatever_is_in_the_batch
6 merging adapters changes what a model says
    training/test_adapting.py::test_a_merge_that_changes_more_than_rounding_is_refused
    training/test_adapting.py::test_only_adapters_learn_and_the_bundle_is_merged
    model/test_low_rank.py::test_a_merged_model_is_as_it_was_built
    interop/test_importing.py::test_what_is_tied_is_what_the_tensors_say
    interop/test_adapter.py::test_a_table_that_peft_saved_whole_after_it_grew
7 GPT-2's matrices lie the other way round
    interop/test_adapter.py::test_merged_weights_are_those_of_the_class
    interop/test_adapter.py::test_an_adapter_that_peft_wrote
    interop/test_adapter_writing.py::test_each_class_is_given_its_own_names
    interop/test_adapter_writing.py::test_what_lies_side_by_side_has_one_product
8 new tokens beside adapters
    training/test_new_tokens.py::test_they_learn_beside_adapters_and_are_kept_with_them
    training/test_new_tokens.py::test_only_the_new_rows_learn_of_a_frozen_table
    training/test_new_tokens.py::test_a_new_row_is_the_mean_of_those_that_it_replaces
    interop/test_adapter.py::test_rows_of_new_tokens_are_those_of_the_class
    interop/test_adapter.py::test_rows_that_have_no_place
    interop/test_adapter_writing.py::test_rows_of_tokens_are_as_peft_has_them
    training/test_storing_adapters.py::test_what_learned_is_stored_by_the_names_of_the_class
9 a classifier's head is lost, or random once it is loaded
    interop/test_adapter.py::test_a_classifier_that_learned_comes_along
    training/test_adapting.py::test_the_adapter_beside_the_bundle_makes_it_of_the_trained_model
    training/test_adapting.py::test_a_weight_that_nobody_trained_is_refused
    interop/test_adapter_writing.py::test_what_is_written_is_read_again
    interop/test_adapter_writing.py::test_a_head_that_no_class_has_stands_by_our_names
    interop/test_importing.py::test_a_tensor_that_is_missing_or_unknown_is_an_error
10 fine-tuning BERT is unstable
    training/test_optimizer_step.py::test_heads_have_a_rate_of_their_own
    tasks/classification/test_task.py::test_one_class_for_all_is_said_once
    tasks/classification/test_batching.py::test_weights_of_rare_classes
    training/test_seeds.py::test_mean_and_deviation
    training/test_seeds.py::test_each_is_a_run_of_its_own
11 what was known is forgotten
    training/test_fine_tuning.py::test_a_share_of_old_data_is_replayed
    training/test_fine_tuning.py::test_the_old_score_stands_beside_the_new_one
    training/test_checkpoint_averaging.py::test_by_hand
    cli/test_average.py::test_named_models_by_their_shares
12 another vocabulary than the trained model's
    training/test_fine_tuning.py::test_contradictions
    training/test_fine_tuning.py::test_the_weights_are_those_of_the_trained_model
"""

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
NAMED = re.findall(r"^    (\S+\.py)::(test_\w+)$", __doc__ or "", re.MULTILINE)


@pytest.mark.parametrize(("file", "name"), NAMED, ids=[name for _, name in NAMED])
def test_each_of_them_is_there(file: str, name: str) -> None:
    assert re.search(rf"^ *def {name}\(", (TESTS / file).read_text(encoding="utf-8"), re.MULTILINE)


def test_every_row_has_some() -> None:
    rows = re.split(r"^(?=\d+ )", __doc__ or "", flags=re.MULTILINE)[1:]
    assert [int(row.split()[0]) for row in rows] == [*range(2, 13)]
    assert all("::" in row for row in rows)
