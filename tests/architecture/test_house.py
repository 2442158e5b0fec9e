"""The order of the house: who imports whom, who writes, where foreign keys point, how large files are."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from django.apps import apps

from tests.conftest import ROOT

PACKAGE = ROOT / "onehall"
ROOMS = (
    "kernel",
    "places",
    "messaging",
    "people",
    "catalog",
    "casework",
    "billing",
    "service_requests",
    "insights",
    "setup",
    "look",
    "portal",
    "console",
    "api",
)
"""From the bottom up; the last three are neighbors."""
WITH_WRITES = (*ROOMS[:8], "insights", "setup")
LONGEST = 450

WRITERS = {
    # The writes of a room, and the parts that its `actions` is made of.
    "actions.py": "every write",
    "steps.py": "what all writes to a case share",
    "timeline_parts.py": "the parts that the table of the timeline lies in",
    "after.py": "photos of the finished work, inside a close",
    "joining.py": "joins and their undoing",
    "timers.py": "what a due timer does",
    "posting.py": "the journal, and what is kept in step with it",
    "numbering.py": "numbers without gaps",
    "invoicing.py": "bills written and changed",
    "attempts.py": "attempts at a provider",
    "taking.py": "money that came in",
    "settling.py": "what became of an attempt",
    "refunding.py": "money that goes back",
    "exceptions.py": "money that somebody has to look at",
    "sweeping.py": "the page that an attempt was found to have",
    "penalties.py": "how many steps of penalties are on a bill",
    "reconciling.py": "payouts of providers",
    "receiving.py": "bills that other systems send",
    "api_keys.py": "keys of other systems",
    "proof.py": "what the last proof found",
    "drawers.py": "cash drawers opened and counted",
    "closing.py": "days that finance closed",
    "disputing.py": "bills that are contested",
    "plans.py": "bills paid in parts by dates",
    "ending_plans.py": "how such a plan ends",
    "events.py": "what payment providers told",
    "progress.py": "tasks and timers of a case on its way, inside any act",
    "promises.py": "dates and pauses, inside any act",
    "targets.py": "further targets, inside any act",
    "recounting.py": "the dates of many cases after a change of the set-up",
    "redistricting.py": "the areas of many cases after a change of the set-up",
    "area_moves.py": "how far that is",
    "area_uploads.py": "files of areas whose columns are not named yet",
    "task_actions.py": "every write to a task",
    "handing.py": "cases that outside bodies have",
    "changing.py": "a case that becomes another service's",
    "migrating.py": "live cases between the versions of their flow",
    "photos.py": "writes about photos",
    "leaving.py": "one person's open work to another",
    "mail.py": "messages sent again, and addresses corrected",
    "presence.py": "who has a case open",
    "saved.py": "saved views and pins",
    "notices.py": "what all residents are told",
    "undoing.py": "an act taken back",
    "batches.py": "one act on many cases",
    "attachments.py": "writes about files of a case",
    "following.py": "who of the staff follows a case, and their lines",
    "for_you.py": "that a line was mailed",
    "efforts.py": "time and materials",
    "erasing.py": "what rules of retention take out of cases",
    "retention.py": "what they take out of reports",
    "holds.py": "legal holds",
    "archiving.py": "histories that go into files",
    "restoring.py": "histories that come back from them",
    "relating.py": "cases that have to do with each other",
    "captions.py": "words of photos",
    "splitting.py": "a part split off a case",
    "alerts.py": "mail that somebody asked for about new reports",
    "applying.py": "a pack as a whole, put in force",
    "rollups.py": "the sums by day that figures are read from",
    "bulk.py": "COPY for imports and histories",
    "pack.py": "applying a pack",
}
WRITING_FOLDERS = (
    "catalog/pack/",
    "billing/importing/",
    "service_requests/importing/",
    "service_requests/generating/",
    "cli/",
    "messaging/worker.py",
)
MANAGERS = ("people/models.py",)
WRITES = frozenset(
    {
        "create",
        "bulk_create",
        "bulk_update",
        "get_or_create",
        "update_or_create",
        "update",
        "delete",
        "save",
        "_raw_delete",
    }
)
NOT_ROWS = {
    "update": re.compile(
        r"^(self\._read|digest|seen|doc|gone|register\.\w+|context|steps|known|headers|values|data|extra)$"
    ),
    "save": re.compile(r"^(picture|image|kept|square|default_storage)$"),
    "delete": re.compile(r"^(storage|default_storage)$"),
    "create": re.compile(r"^self\._api\.[\w.]+$"),
}
"""Receivers that are dicts, sets, pictures, files, or things at another company."""
WRITING_SQL = re.compile(
    r"\b(INSERT INTO|UPDATE \w+ (\w )?SET|DELETE FROM|TRUNCATE|COPY \w+ FROM)\b"
)


def sources(folder: Path = PACKAGE) -> Iterator[tuple[str, str]]:
    """Path inside the package and text of every source file; migrations left out."""
    for path in sorted(folder.rglob("*.py")):
        if "migrations" not in path.parts:
            yield path.relative_to(folder).as_posix(), path.read_text(encoding="utf-8")


DERIVED = (
    "casework/map_statements.py",
    "casework/mapping.py",
    "insights/areas.py",
    "insights/rollups.py",
    "insights/statements.py",
    "places/making/cutting.py",
    "setup/rehearsals.py",
)
"""Sums by day and of the map with their SQL, and the rows of rehearsals: written by the worker beside what they are about.
And the pieces of a basemap in the making, in a scratch file of their own.
"""


def may_write(path: str) -> bool:
    """Whether a file is one of the places where writes live."""
    if path.startswith(WRITING_FOLDERS) or path in (*MANAGERS, *DERIVED, "kernel/rows.py"):
        return True
    return Path(path).name in WRITERS and path.split("/")[0] in WITH_WRITES


def orm_writes(text: str) -> Iterator[tuple[int, str]]:
    """Line and text of every call that looks like a write to rows, and of SQL that writes."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Constant) and WRITING_SQL.search(str(node.value)):
            yield node.lineno, str(node.value)[:60]
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        if isinstance(called, ast.Name) and called.id == "insert":
            yield node.lineno, "insert()"
        if isinstance(called, ast.Attribute) and called.attr in WRITES:
            other = NOT_ROWS.get(called.attr)
            if other is None or not other.match(ast.unparse(called.value)):
                yield node.lineno, ast.unparse(called)


def test_the_rooms_are_in_order() -> None:
    answer = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stdout[-3000:]


def test_only_the_places_for_it_write() -> None:
    offenders = [
        f"{path}:{line} {what}"
        for path, text in sources()
        if not may_write(path)
        for line, what in orm_writes(text)
    ]
    assert offenders == []


def test_the_search_for_writes_finds_them() -> None:
    text = """
Case.objects.filter(pk=1).update(state="x")
case.save()
Case.objects.create()
cursor.execute("DELETE FROM casework_case")
insert([case])
seen.update({1})
picture.save(out)
"""
    assert [line for line, _what in sorted(orm_writes(text))] == [2, 3, 4, 5, 6]


def test_rooms_below_the_doors_do_not_read_the_clock() -> None:
    for path, text in sources():
        room = path.split("/")[0]
        if room in ROOMS[:10] and path != "kernel/clock.py":
            found = re.findall(
                r"\b(?:datetime\.now|timezone\.now|date\.today|datetime\.utcnow)\(", text
            )
            assert not found or path.startswith(("messaging/", "kernel/")), path


def test_foreign_keys_point_down() -> None:
    wrong = [
        f"{model._meta.label}.{field.name} -> {field.related_model._meta.label}"
        for model in apps.get_models()
        if model._meta.app_label in ROOMS
        for field in model._meta.get_fields()
        if field.concrete and field.is_relation and not isinstance(field.related_model, str)
        if field.related_model is not None and field.related_model._meta.app_label in ROOMS
        if ROOMS.index(field.related_model._meta.app_label) > ROOMS.index(model._meta.app_label)
    ]
    assert wrong == []


def test_every_row_of_a_city_carries_it() -> None:
    without = {
        model._meta.label
        for model in apps.get_models()
        if model._meta.app_label in ROOMS
        and model._meta.label != "places.City"
        and not any(f.name == "city" for f in model._meta.get_fields())
    }
    # Users may work for several cities, versions hang on their flow, ticks are the machine's.
    assert without == {"people.User", "catalog.FlowVersion", "messaging.Tick"}


def city_names() -> list[str]:
    """Names and keys of the cities that come with the repository."""
    folders = [p.name for p in (ROOT / "cities").iterdir() if p.is_dir()]
    return [*folders, *(f.replace("-", " ") for f in folders), "testford"]


def test_no_city_is_named_in_code() -> None:
    """Importing profiles name the system they read; the demo names its city; a comment may give an example."""
    allowed = ("cli/demo_city.py", "service_requests/importing/profiles/")
    named = re.compile("|".join(map(re.escape, city_names())), re.IGNORECASE)
    kinds = {".py", ".html", ".txt", ".js", ".css", ".yaml", ".toml"}
    offenders = []
    for path in sorted(PACKAGE.rglob("*")):
        short = path.relative_to(PACKAGE).as_posix()
        if path.suffix not in kinds or short.startswith(allowed) or "__pycache__" in path.parts:
            continue
        if "vendor" in path.parts or "built" in path.parts:
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if named.search(line):
                offenders.append(f"{short}:{number} {line.strip()[:80]}")
    assert offenders == []


def test_no_file_is_too_long() -> None:
    long = [
        f"{path} has {lines} lines"
        for path, text in sources()
        if (lines := text.count("\n")) > LONGEST
    ]
    assert long == []


def test_every_room_says_in_one_line_what_it_is() -> None:
    without = []
    for room in ROOMS:
        words = ast.get_docstring(ast.parse((PACKAGE / room / "__init__.py").read_text("utf-8")))
        if not words or "\n" in words.split("\n\n")[0]:
            without.append(room)
    assert without == []


def test_every_module_and_public_function_explains_itself() -> None:
    without = []
    for path, text in sources():
        tree = ast.parse(text)
        if text.strip() and not ast.get_docstring(tree):
            without.append(path)
        without += [
            f"{path}:{node.lineno} {node.name}"
            for node in tree.body
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_")
            if not ast.get_docstring(node)
        ]
    assert without == []


def test_actions_take_keywords_and_say_who_and_when() -> None:
    wrong = []
    for path, text in sources():
        if Path(path).name != "actions.py":
            continue
        for node in ast.parse(text).body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                given = node.args
                if given.args or given.posonlyargs:
                    wrong.append(f"{path}:{node.lineno} {node.name}")
    assert wrong == []


def test_no_model_does_more_than_save_itself() -> None:
    wrong = []
    for path, text in sources():
        if "django.db.models.signals" in text:
            wrong.append(path)
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ClassDef) and Path(path).name == "models.py":
                wrong += [
                    f"{path}:{m.lineno} {node.name}.{m.name}"
                    for m in node.body
                    if isinstance(m, ast.FunctionDef) and m.name in ("save", "delete")
                ]
    assert wrong == []
