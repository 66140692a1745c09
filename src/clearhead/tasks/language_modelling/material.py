"""What a decoder-only model learns from, where that is all that sets one task apart from another."""

import shlex
from typing import TYPE_CHECKING, Final, Protocol, final, runtime_checkable

if TYPE_CHECKING:
    import clearhead.data
    import clearhead.model
    import clearhead.recipe
    import clearhead.tasks.examples
    import clearhead.tasks.language_modelling.examples
    import clearhead.tasks.task


@runtime_checkable
class Material(Protocol):
    """The task's name in recipes and bundles, what its examples are called, and where they come from.

    The methods are those of `Task`, which has what they answer.
    """

    @property
    def name(self) -> str: ...
    @property
    def examples_are(self) -> str: ...

    def examples(
        self, recipe: "clearhead.recipe.Recipe"
    ) -> (
        "clearhead.tasks.examples.Examples[clearhead.data.PreparedText, "
        "clearhead.tasks.language_modelling.examples.TextSet]"
    ): ...

    def describe(
        self,
        recipe: "clearhead.recipe.Recipe",
        config: "clearhead.model.DecoderOnlyConfig",
        corpus: "clearhead.data.PreparedText",
    ) -> "clearhead.tasks.task.Description": ...

    def first_use(self, recipe: "clearhead.recipe.Recipe", model: str) -> str: ...


@final
class DocumentMaterial:
    """`Material` of language modelling: documents."""

    name: Final = "language-modelling"
    examples_are: Final = "documents"

    def examples(self, recipe: "clearhead.recipe.Recipe") -> "clearhead.tasks.language_modelling.examples.TextExamples":
        from clearhead.tasks.language_modelling.examples import TextExamples

        return TextExamples(recipe)

    def describe(
        self,
        recipe: "clearhead.recipe.Recipe",
        config: "clearhead.model.DecoderOnlyConfig",
        corpus: "clearhead.data.PreparedText",
    ) -> "clearhead.tasks.task.Description":
        from clearhead.tasks.language_modelling.describing import description

        return description(recipe, config, corpus)

    def first_use(self, recipe: "clearhead.recipe.Recipe", model: str) -> str:
        from clearhead.tasks.language_modelling.describing import example_prompt

        return f"generate {model} {shlex.quote(example_prompt(recipe))}"
