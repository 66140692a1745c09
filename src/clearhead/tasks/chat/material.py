"""What a model learns that answers: conversations."""

from typing import TYPE_CHECKING, Final, final

if TYPE_CHECKING:
    import clearhead.data
    import clearhead.model
    import clearhead.recipe
    import clearhead.tasks.chat.examples
    import clearhead.tasks.task


@final
class ConversationMaterial:
    """`Material` of chat: the rows of tables, whose columns are turns."""

    name: Final = "chat"
    examples_are: Final = "conversations"

    def examples(self, recipe: "clearhead.recipe.Recipe") -> "clearhead.tasks.chat.examples.ChatExamples":
        from clearhead.tasks.chat.examples import ChatExamples

        return ChatExamples(recipe)

    def describe(
        self,
        recipe: "clearhead.recipe.Recipe",
        config: "clearhead.model.DecoderOnlyConfig",
        corpus: "clearhead.data.PreparedText",
    ) -> "clearhead.tasks.task.Description":
        from clearhead.tasks.chat.describing import description

        return description(recipe, config, corpus)

    def first_use(self, recipe: "clearhead.recipe.Recipe", model: str) -> str:
        return f"chat {model}"
