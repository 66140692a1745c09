"""The exception tree."""

import inspect

import pytest

from clearhead import errors

TREE = [one for _, one in inspect.getmembers(errors, inspect.isclass)]


@pytest.mark.parametrize("error", TREE)
def test_one_class_catches_all(error: type[Exception]) -> None:
    assert issubclass(error, errors.ClearheadError)
    assert error.__doc__


@pytest.mark.parametrize("error", [errors.ConfigError, errors.RecipeError, errors.DataError, errors.DecodingError])
def test_a_wrong_value_is_a_value_error_too(error: type[Exception]) -> None:
    assert issubclass(error, ValueError)
