"""The generated pages of docs/reference/: the Python API, the command line and the errors.

    python docs/reference.py

The Python API is read from signatures and docstrings by griffe, without importing anything; the command line's page is
typer's own. A test holds what is committed up to date.
"""

import inspect
import re
import textwrap
from collections.abc import Collection, Iterator
from pathlib import Path

import griffe
import typer
from typer.cli import get_docs_for_click
from typer.main import get_command

from clearhead.cli.commands import application

REFERENCE = Path(__file__).with_name("reference")
SOURCE = Path(__file__).parents[1] / "src"
# The packages whose public names (`__all__`) are documented.
PACKAGES = ("clearhead", "clearhead.decoding", "clearhead.look", "clearhead.training")
# What a page of its own, or the base class, documents.
ELSEWHERE = {"clearhead.ClearheadError": "[errors](errors.md)", "clearhead.Recipe": "[recipe](recipe.md)"}
GENERATED = "<!-- Made by `make reference`; do not edit. -->\n\n"
WIDTH = 100
SECTION = re.compile(r"^(Args|Attributes|Raises|Returns):\n")
# `name: what it is` at the beginning of a line, and what is indented below it.
ITEM = re.compile(r"^([a-z0-9_]+(?:, [a-z0-9_]+)*): ")


def pages() -> dict[str, str]:
    """Every generated page, by its file's name."""
    package = griffe.load("clearhead", search_paths=[SOURCE])
    assert isinstance(package, griffe.Module)
    return {"python.md": python_page(package), "commands.md": commands_page(), "errors.md": errors_page(package)}


def python_page(package: griffe.Module) -> str:
    parts = [GENERATED + "# The Python API", "What is not listed here may change from one version to the next."]
    seen: set[str] = set()
    for name in PACKAGES:
        module = package if name == "clearhead" else package[name.removeprefix("clearhead.")]
        parts += [f"## {name}", markdown(module.docstring)]
        for exported in sorted(map(str, module.exports or ()), key=str.casefold):
            path, found = f"{name}.{exported}", module[exported]
            target = found.final_target if found.is_alias else found
            if target.path in seen:
                continue
            seen.add(target.path)
            where = ELSEWHERE.get(path)
            parts += [
                f"### {path}",
                *([first_line(target.docstring), f"See {where}."] if where else entry(path, target)),
            ]
    return "\n\n".join(part for part in parts if part) + "\n"


def entry(path: str, found: griffe.Object) -> Iterator[str]:
    """A function's or a class's signature and docstring, and those of a class's public methods and properties."""
    if isinstance(found, griffe.Attribute):
        yield code(f"{path} = {written(found.value)}")
        yield markdown(found.docstring)
    elif isinstance(found, griffe.Function):
        yield code(signature(path, found))
        yield markdown(found.docstring, names_of(found))
    elif isinstance(found, griffe.Class):
        members = members_of(found)
        initializer = members.get("__init__")
        if isinstance(initializer, griffe.Function):
            yield code(signature(path, initializer, returns=False))
        elif fields := [one for one in found.members.values() if is_field(one)]:
            yield code("\n".join([f"class {path}:", *(f"    {one.name}: {described(one)}" for one in fields)]))
        yield markdown(found.docstring, {*members, *names_of(initializer)})
        for member in members.values():
            is_shown = isinstance(member, griffe.Function | griffe.Attribute) and member.docstring
            if is_shown and not member.name.startswith("_"):
                is_property = isinstance(member, griffe.Attribute)
                yield f"#### {path.rpartition('.')[2]}.{member.name}"
                yield code(f"{member.name}: {member.annotation}" if is_property else signature(member.name, member))
                yield markdown(member.docstring, names_of(member))


def members_of(found: griffe.Class) -> dict[str, griffe.Object]:
    """Its own, after those of the class that it is made upon."""
    every = {**found.inherited_members, **found.members}
    return {name: one.final_target if isinstance(one, griffe.Alias) else one for name, one in every.items()}


def names_of(function: object) -> set[str]:
    return {one.name for one in function.parameters} if isinstance(function, griffe.Function) else set()


def is_field(member: griffe.Object | griffe.Alias) -> bool:
    return isinstance(member, griffe.Attribute) and "property" not in member.labels and not member.name.startswith("_")


def described(field: griffe.Object | griffe.Alias) -> str:
    return written(field.annotation) + (f" = {written(field.value)}" if field.value is not None else "")


def written(expression: object) -> str:
    """With the quotes of this house."""
    return str(expression).replace("'", '"')


def signature(name: str, function: griffe.Function, returns: bool = True) -> str:
    """As it would be written, on one line where it fits."""
    parameters, has_star = [], False
    for one in function.parameters:
        if one.name in ("self", "cls"):
            continue
        if one.kind is griffe.ParameterKind.keyword_only and not has_star:
            has_star = True
            parameters.append("*")
        has_star = has_star or one.kind is griffe.ParameterKind.var_positional
        stars = {griffe.ParameterKind.var_positional: "*", griffe.ParameterKind.var_keyword: "**"}.get(one.kind, "")
        annotation = f": {written(one.annotation)}" if one.annotation is not None else ""
        default = f" = {written(one.default)}" if one.default is not None and not stars else ""
        parameters.append(f"{stars}{one.name}{annotation}{default}")
    result = f" -> {written(function.returns)}" if returns and function.returns is not None else ""
    line = f"{name}({', '.join(parameters)}){result}"
    if len(line) <= WIDTH:
        return line
    return "\n".join([f"{name}(", *(f"    {one}," for one in parameters), f"){result}"])


def code(text: str) -> str:
    return f"```python\n{text}\n```"


def first_line(docstring: griffe.Docstring | None) -> str:
    return markdown(docstring).split("\n\n")[0]


def markdown(docstring: griffe.Docstring | None, names: Collection[str] = ()) -> str:
    """A docstring's paragraphs; one of these `names` with what it is, as a list's item; indented paragraphs as code."""
    if docstring is None:
        return ""
    return "\n\n".join(paragraph(one, names) for one in re.split(r"\n\s*\n", inspect.cleandoc(docstring.value)))


def paragraph(text: str, names: Collection[str]) -> str:
    lines = textwrap.dedent(SECTION.sub("", text)).split("\n")
    if text.startswith("    "):
        return code("\n".join(lines))
    made: list[str] = []
    in_item = False
    for line in lines:
        item = ITEM.match(line)
        is_item = item is not None and set(item[1].split(", ")) <= set(names)
        if (is_item and not in_item and made) or (in_item and line.startswith("Raises ")):
            made.append("")
        in_item = is_item or (in_item and not line.startswith("Raises "))
        if is_item and item is not None:
            listed = ", ".join(f"`{name}`" for name in item[1].split(", "))
            made.append(f"- {listed}: {line[item.end() :]}")
        else:
            made.append(f"  {line.strip()}" if in_item else line)
    return "\n".join(made)


def commands_page() -> str:
    command = get_command(application())
    # By the width of no terminal.
    context = typer.Context(command, info_name="clearhead", max_content_width=80)
    text = get_docs_for_click(obj=command, ctx=context, name="clearhead")
    return GENERATED + text.replace("# `clearhead`", "# The command line", 1).rstrip() + "\n"


def errors_page(package: griffe.Module) -> str:
    module = package["errors"]
    parts = [GENERATED + "# Errors", markdown(module.docstring), "| error | is a | raised where |\n|---|---|---|"]
    rows = [
        f"| `{one.name}` | {', '.join(f'`{base}`' for base in one.bases)} | {one.docstring.value} |"
        for one in module.members.values()
        if isinstance(one, griffe.Class) and one.docstring
    ]
    return "\n\n".join(parts) + "\n" + "\n".join(rows) + "\n"


if __name__ == "__main__":
    for file, text in pages().items():
        (REFERENCE / file).write_text(text, encoding="utf-8")
