"""What the code has is named in the documents, and the other way round."""

import ast
import inspect
import re
import shlex
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec

import click
import pytest
from django.apps import apps

from onehall.casework.timeline import KINDS, NEWS, STAFF_KINDS
from onehall.catalog import categories
from onehall.cli.main import COMMANDS, main
from onehall.config.env import Env
from onehall.kernel.photos.intake import MAX_BYTES
from onehall.messaging import handlers
from onehall.messaging.models import LIVE
from onehall.people.actor import ROLES
from tests.conftest import ROOT
from tests.docs.pages import blocks, code_words, first_cells, name_of, pages, rows, text_of

WORDS = "docs/words.md"
SHELL = {"sh", "shell", "bash", ""}


def section(name: str, heading: str) -> str:
    """The part of a page under a heading."""
    text = text_of(name)
    found = re.search(
        rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL
    )
    assert found, f"{name} has no section {heading!r}"
    return found[1]


# Settings


def test_every_setting_is_documented_with_its_default() -> None:
    table = {
        cells[0].strip("`"): cells[1].strip("`")
        for cells in rows(text_of("docs/operate/settings.md"))
        if cells[0].startswith("`")
    }
    assert table == {v.name: v.default for v in Env.TABLE}


def test_pages_name_only_settings_that_exist() -> None:
    for page in pages():
        named = set(re.findall(r"\bONEHALL_[A-Z_]*[A-Z]", page.read_text(encoding="utf-8")))
        assert named <= set(Env.names()), name_of(page)


def test_the_sample_environment_is_understood() -> None:
    text = (ROOT / "docs/operate/samples/onehall.env").read_text(encoding="utf-8")
    named = set(re.findall(r"^#?([A-Z_]+)=", text, re.MULTILINE))
    assert named <= set(Env.names())


def test_the_proxy_takes_as_much_as_a_form_may_send() -> None:
    text = (ROOT / "docs/operate/samples/nginx.conf").read_text(encoding="utf-8")
    found = re.search(r"client_max_body_size (\d+)m;", text)
    assert found
    assert int(found[1]) * 1_000_000 > 6 * MAX_BYTES


# Words


@pytest.mark.parametrize(
    ("heading", "known"),
    [
        ("Timeline kinds", KINDS),
        ("Categories", categories.ALL),
        ("Purposes of moves", categories.PURPOSES),
        ("Needs", categories.NEEDS),
        ("Roles", frozenset(ROLES)),
    ],
)
def test_words_are_complete(heading: str, known: frozenset[str]) -> None:
    assert first_cells(section(WORDS, heading)) == known


def test_words_say_who_sees_a_kind() -> None:
    for cells in rows(section(WORDS, "Timeline kinds")):
        kind = cells[0].strip("`")
        if kind in KINDS:
            assert cells[1] == ("staff" if kind in STAFF_KINDS else "public"), kind


def test_words_say_what_categories_do() -> None:
    for cells in rows(section(WORDS, "Categories")):
        category = cells[0].strip("`")
        if category not in categories.ALL:
            continue
        assert cells[2] == ("yes" if categories.is_open(category) else "no"), category
        if categories.is_open(category):
            stands = categories.is_paused(category)
            assert cells[3] == ("stands still" if stands else "runs"), category


def test_every_row_of_the_database_has_a_word() -> None:
    nouns = set(re.findall(r"\*\*(\w[\w ]*)\*\*", section(WORDS, "Nouns")))
    models = {m.__name__ for m in apps.get_models() if m.__module__.startswith("onehall.")}
    assert models <= nouns


# The outbox


def test_every_topic_is_documented() -> None:
    text = text_of("docs/integrate/outbox.md").partition("## ")[0]
    assert first_cells(text) == {*handlers.topics, LIVE}


def test_every_kind_that_is_news_is_documented() -> None:
    assert code_words(section("docs/integrate/outbox.md", "Events of a case")) >= NEWS


def test_every_recurring_job_is_documented() -> None:
    table = section("docs/operate/health.md", "What happens by itself")
    assert first_cells(table) == set(handlers.recurring)


# Commands


def typed() -> Iterator[tuple[str, list[str]]]:
    """Every `onehall …` line of shell blocks and backticks, with the page it stands on."""
    for page in pages():
        text = page.read_text(encoding="utf-8")
        lines = [
            line
            for block in blocks(text)
            if block.language in SHELL
            for line in block.text.splitlines()
        ]
        for line in [*lines, *code_words(text)]:
            for call in re.findall(r"(?:^|[|(&]\s*)onehall( [^|)&\"']*)", line.strip()):
                yield name_of(page), shlex.split(call, comments=True)


def command_of(words: list[str]) -> tuple[click.Command, list[str]]:
    """The command that words name, and the words that are left for it."""
    found: click.Command = main
    rest = list(words)
    with click.Context(main) as context:
        while isinstance(found, click.Group) and rest:
            if rest[0].startswith("-"):
                rest = rest[2:]
                continue
            below = found.get_command(context, rest[0])
            if below is None:
                break
            found, rest = below, rest[1:]
    return found, rest


def test_commands_in_the_documents_exist() -> None:
    seen = 0
    for page, words in typed():
        found, rest = command_of(words)
        seen += 1
        stuck = isinstance(found, click.Group) and not found.invoke_without_command
        assert not (stuck and rest), f"{page}: onehall {' '.join(words)}"
        if found.name == "command" and "manage" in words:
            continue
        options = {name for p in found.params for name in (*p.opts, *p.secondary_opts)}
        unknown = {word for word in rest if word.startswith("--")} - options
        assert not unknown, f"{page}: onehall {' '.join(words)} has no {unknown}"
    assert seen > 20


def only_announced(command: click.Command) -> bool:
    """Whether a command only says that this version cannot do it yet."""
    if isinstance(command, click.Group) and not command.invoke_without_command:
        with click.Context(command) as context:
            below = [command.get_command(context, name) for name in command.list_commands(context)]
        return all(only_announced(part) for part in below if part)
    return command.callback is not None and "not_yet(" in inspect.getsource(command.callback)


def test_no_document_shows_a_command_that_cannot_do_it_yet() -> None:
    for page, words in typed():
        assert words == [] or not only_announced(command_of(words)[0]), f"{page}: {words}"


def test_every_command_is_in_a_document() -> None:
    shown = {word for _, words in typed() for word in words}
    for name, words in COMMANDS.items():
        if words and not only_announced(command_of([name])[0]):
            assert name in shown, f"No document shows onehall {name}"


def test_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    for page in pages():
        text = page.read_text(encoding="utf-8")
        code = "\n".join([*(b.text for b in blocks(text)), *code_words(text)])
        named = set(re.findall(r"^make ([a-z-]+)", code, re.MULTILINE))
        assert named <= targets, name_of(page)


# The code


def test_every_room_says_what_it_is_for() -> None:
    for app in apps.get_app_configs():
        if app.name.startswith("onehall."):
            assert f"\n{app.label} " in text_of("docs/contribute/README.md") or re.search(
                rf"\b{app.label}\b.*doors:", text_of("docs/contribute/README.md")
            ), app.label


def test_files_named_in_the_documents_exist() -> None:
    for page in pages():
        for word in code_words(page.read_text(encoding="utf-8")):
            if re.fullmatch(r"(onehall|tests|tools|docs|cities)/[\w/.-]+", word):
                place = ROOT / word
                known = place.exists() or "your-city" in word
                assert known, f"{name_of(page)} names {word}"
            elif re.fullmatch(r"[a-z_]+/[\w/]+\.(py|js|css)", word):
                assert (ROOT / "onehall" / word).exists(), f"{name_of(page)} names {word}"


def exists(module: str, name: str) -> bool:
    """Whether a module has the name, or is a package with a module of that name."""
    return hasattr(import_module(module), name) or find_spec(f"{module}.{name}") is not None


def test_python_in_the_documents_is_right() -> None:
    for page in pages():
        for block in blocks(page.read_text(encoding="utf-8")):
            if block.language != "python":
                continue
            for node in ast.walk(ast.parse(block.text)):
                if isinstance(node, ast.ImportFrom) and node.module:
                    for alias in node.names:
                        assert exists(node.module, alias.name), f"{name_of(page)}: {alias.name}"
