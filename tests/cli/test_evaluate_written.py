"""`clearhead evaluate` of models that write a text for each text."""

import dataclasses
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from sacrebleu import corpus_chrf

from clearhead import Bundle, Message
from clearhead.bundle import load
from clearhead.cli.evaluate_written import EvaluationSet, of_table
from clearhead.errors import DataError
from clearhead.tasks.chat import join

Run = Callable[..., Any]


@pytest.fixture(scope="module")
def table(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The six pairs to validate with."""
    sources, references = ((corpus / name).read_text().split("\n")[:-1] for name in ("val.en", "val.fr"))
    path = tmp_path_factory.mktemp("tables") / "val.tsv"
    path.write_text("".join(f"{one}\t{other}\n" for one, other in zip(sources, references, strict=True)))
    return path


def test_a_table_of_pairs_is_two_files(clearhead: Run, run_folder: Path, corpus: Path, table: Path) -> None:
    files = clearhead("evaluate", run_folder, corpus / "val.en", corpus / "val.fr")
    rows = clearhead("evaluate", run_folder, "--table", table)
    assert (rows.code, rows.err, rows.out) == (0, "", files.out)
    named = table.with_name("named.csv")
    lines = [",".join(reversed(line.split("\t"))) for line in table.read_text().splitlines()]
    named.write_text("\n".join(["summary,text", *lines, ""]))
    assert clearhead("evaluate", run_folder, "--table", named, "--columns", "text,summary").out == files.out


def test_summaries_are_measured_as_translations_are(
    clearhead: Run, run_folder: Path, table: Path, tmp_path: Path
) -> None:
    bundle = load(run_folder)
    settings = dataclasses.replace(bundle.settings, task="summarisation", languages=((None, None),))
    summariser = Bundle(
        bundle.model, bundle.source_tokenizer, bundle.target_tokenizer, bundle.recipe, settings=settings
    )
    summariser.save(tmp_path / "summariser")
    expected = clearhead("evaluate", run_folder, "--table", table).out
    assert clearhead("evaluate", tmp_path / "summariser", "--table", table).out == expected


def test_answers_and_how_well_they_are_predicted(
    clearhead: Run, chat_model: Bundle, chat_folder: Path, tmp_path: Path
) -> None:
    rows = [["one", "two"], ["two", "three one", "three", "one"]]
    path = tmp_path / "a.tsv"
    path.write_text("".join("\t".join(row) + "\n" for row in rows))
    said = [Message("user", "two"), Message("assistant", "three one"), Message("user", "three")]
    answers = [chat_model.chat(one, beam_size=2) for one in ("one", said[:1], said)]
    right = ["two", "three one", "one"]
    result = clearhead("evaluate", chat_folder, "--table", path, "--beam-size", 2, "--json")
    document = json.loads(result.out)
    assert (result.code, document["lines"]) == (0, 3)
    assert document["model"]["chrf"] == pytest.approx(corpus_chrf(answers, [right]).score)
    tokenizer, nats, count = chat_model.source_tokenizer, 0.0, 0
    for row in rows:
        joined = join(tokenizer.encode_many(row), tokenizer)
        ids = torch.tensor([joined.ids])
        with torch.inference_mode():
            found = F.cross_entropy(chat_model.model(ids[:, :-1])[0], ids[0, 1:], reduction="none")
        learned = torch.tensor(joined.learned[1:])
        nats, count = nats + float(found[learned].sum()), count + int(learned.sum())
    assert document["answers"]["tokens"] == count
    assert document["answers"]["token_perplexity"] == pytest.approx(math.exp(nats / count), rel=1e-4)
    shown = clearhead("evaluate", chat_folder, "--table", path).lines
    assert shown[0].split()[-3:] == ["of", "3", "lines"]
    assert shown[-1].startswith("the answers as they are: perplexity ")


def test_each_answer_is_asked_for_with_all_before_it(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("a\tb\tc\td\n")
    asked = of_table(tmp_path / "a.tsv", (), "chat")
    assert asked.right == ["b", "d"]
    assert [[one.text for one in said] for said in asked.texts] == [["a"], ["a", "b", "c"]]
    assert [one.role for one in asked.texts[1]] == ["user", "assistant", "user"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--columns", "1,2,3"], "--columns has 3 columns, and this model's table two"),
        (["--columns", "1,3"], "line 1 has 2 columns, expected 3 or more"),
        (["--against", "{none}"], "does not exist"),
    ],
)
def test_what_is_refused(
    clearhead: Run, run_folder: Path, table: Path, tmp_path: Path, arguments: list[str], message: str
) -> None:
    given = [one.format(none=tmp_path / "none") for one in arguments]
    result = clearhead("evaluate", run_folder, "--table", table, *given)
    assert (result.code, result.out, result.err.count("\n")) == (2, b"", 1)
    assert message in result.err


def test_files_are_read_once(tmp_path: Path) -> None:
    """Before a model is loaded, and never again: each may be a pipe."""
    paths = [tmp_path / name for name in ("원문", "정답", "다른 번역")]
    for path, text in zip(paths, ("one\ntwo\n", "un\ndeux\n", "une\ndeux\n"), strict=True):
        path.write_text(text, encoding="utf-8")
    examples = EvaluationSet(paths[0], paths[1], None, (), paths[2])
    examples.check()
    for path in paths:
        path.unlink()
    asked, others = examples.read("translation")
    assert (list(asked.texts), list(asked.right), others) == (["one", "two"], ["un", "deux"], ["une", "deux"])


def test_what_is_wrong_with_the_files_is_found_before(tmp_path: Path) -> None:
    for name, text in (("a", "one\ntwo\n"), ("b", "un\n")):
        (tmp_path / name).write_text(text, encoding="utf-8")
    a, b = tmp_path / "a", tmp_path / "b"
    for examples in (
        EvaluationSet(a, b, None, (), None), EvaluationSet(a, a, None, (), b),
        EvaluationSet(None, None, tmp_path / "없음.tsv", (), None),
    ):  # fmt: skip
        with pytest.raises(DataError) as caught:
            examples.check()
        assert "\n" not in str(caught.value)
