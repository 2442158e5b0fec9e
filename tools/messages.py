"""Gathers the words of the pages into `onehall/locale` and `onehall/look/locale`, and compiles them.

`tools/messages` brings each .po up to date and writes its .mo; it names what has no translation yet.
`tools/messages --check` changes nothing and fails when something would change or is missing.
`onehall/look` has a catalog of its own. Gathering needs the programs of GNU gettext; compiling does not.
"""

import io
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, cast

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
LANGUAGE = "es"
ROOMS = ("", "look")
"""The package as a whole, and the room with a catalog of its own."""

PROGRAMS = ("xgettext", "msgmerge", "msguniq", "msgattrib", "msgfmt")
HEADER = {
    "Project-Id-Version": "Onehall",
    "Language": LANGUAGE,
    "MIME-Version": "1.0",
    "Content-Type": "text/plain; charset=UTF-8",
    "Content-Transfer-Encoding": "8bit",
    "Plural-Forms": "nplurals=2; plural=(n != 1);",
}


class _Words:
    """Messages under our own short header: babel's names the day and its version."""

    charset = "utf-8"

    def __init__(self, messages: Iterable[Message]) -> None:
        self.messages = list(messages)

    def __iter__(self) -> Iterator[Message]:
        yield Message("", "".join(f"{name}: {value}\n" for name, value in HEADER.items()))
        yield from self.messages


def can_gather() -> bool:
    """Whether this machine has the programs of GNU gettext."""
    return all(shutil.which(program) for program in PROGRAMS)


def gather(room: str = "") -> Catalog:
    """Every message of the package, or of one room with its own catalog, with where it stands.

    The work is done in a copy: makemessages writes its own files beside those that it reads.
    """
    with tempfile.TemporaryDirectory(prefix="onehall-messages-") as made:
        package = Path(made) / "onehall"
        shutil.copytree(ROOT / "onehall", package, ignore=_no_words)
        home = package / room
        (home / "locale").mkdir(exist_ok=True)
        skip = [] if room else ["--ignore", "look/*"]
        subprocess.run(
            [
                *(sys.executable, "-W", "ignore", "-m", "django", "makemessages"),
                *("--locale", LANGUAGE, "--extension", "html,txt,py", "--verbosity", "0", *skip),
            ],
            cwd=home,
            env=os.environ
            | {
                "DJANGO_SETTINGS_MODULE": "onehall.config.settings",
                "ONEHALL_DATA": made,
                "ONEHALL_MODE": "test",
                "PYTHONPATH": made,
            },
            check=True,
        )
        return read(home / "locale" / LANGUAGE / "LC_MESSAGES" / "django.po")


def _no_words(_folder: str, names: list[str]) -> set[str]:
    """What holds nothing to translate, of the names in a folder."""
    skipped = {"__pycache__", "static", "locale", "migrations"}
    return {
        n
        for n in names
        if n in skipped or ("." in n and Path(n).suffix not in {".py", ".html", ".txt"})
    }


def read(path: Path) -> Catalog:
    """The messages of a .po file."""
    with path.open("rb") as file:
        return read_po(file, locale=LANGUAGE)


def messages(catalog: Catalog) -> list[Message]:
    """The messages of a catalog without its header."""
    return [message for message in catalog if message.id]


def forms(message: Message) -> list[str]:
    """The translation, one text for each plural form."""
    found = message.string
    return [found] if isinstance(found, str) else [str(text) for text in found or ("",)]


def merged(fresh: Catalog, known: Catalog) -> list[Message]:
    """The messages as they are now, with the translations that are known. Nothing is guessed."""
    found: list[Message] = []
    for message in messages(fresh):
        before = known.get(cast(Any, message.id), message.context)
        string = before.string if before is not None and not before.fuzzy else None
        if string is None or isinstance(string, str) == message.pluralizable:
            string = ("", "") if message.pluralizable else ""
        flags = message.flags - {"fuzzy"}
        found.append(
            Message(
                message.id,
                string,
                flags=flags,
                auto_comments=message.auto_comments,
                context=message.context,
            )
        )
    return found


def po_text(found: list[Message]) -> str:
    """The text of a .po file: without line numbers and days, so that it changes only with the words."""
    catalog = Catalog(locale=LANGUAGE)
    for message in found:
        catalog[cast(Any, message.id)] = message
    out = io.BytesIO()
    write_po(out, catalog, width=100, no_location=True, omit_header=True)
    header = "".join(f'"{name}: {value}\\n"\n' for name, value in HEADER.items())
    return f'msgid ""\nmsgstr ""\n{header}\n{out.getvalue().decode().strip()}\n'


def mo_bytes(found: Iterable[Message]) -> bytes:
    """The compiled catalog, the same for the same words."""
    out = io.BytesIO()
    write_mo(out, cast(Catalog, _Words(found)))
    return out.getvalue()


def folder_of(room: str) -> Path:
    """Where a catalog lies."""
    return ROOT / "onehall" / room / "locale" / LANGUAGE / "LC_MESSAGES"


def bring_up_to_date(room: str, *, only_check: bool) -> bool:
    """Gather, merge and write one catalog, and say what is missing; whether all was well."""
    folder = folder_of(room)
    po, mo = folder / "django.po", folder / "django.mo"
    known = read(po) if po.exists() else Catalog(locale=LANGUAGE)
    found = merged(gather(room), known)
    text, compiled = po_text(found), mo_bytes(found)
    fresh = po.exists() and po.read_text(encoding="utf-8") == text
    fresh = fresh and mo.exists() and mo.read_bytes() == compiled
    if not only_check:
        folder.mkdir(parents=True, exist_ok=True)
        po.write_text(text, encoding="utf-8")
        mo.write_bytes(compiled)
    elif not fresh:
        where = po.relative_to(ROOT)
        print(f"{where} is not up to date. Run tools/messages.", file=sys.stderr)
    missing = [message for message in found if not all(forms(message))]
    for message in missing:
        print(f"No translation: {message.id!r}", file=sys.stderr)
    name = f"onehall/{room}".rstrip("/")
    print(f"{name}: {len(found)} messages, {len(missing)} without a translation.")
    return not missing and (fresh or not only_check)


def main(arguments: list[str]) -> int:
    """Bring every catalog up to date, or check that they are."""
    if not can_gather():
        print("GNU gettext is missing. Debian and Ubuntu: apt install gettext", file=sys.stderr)
        return 2
    only_check = "--check" in arguments
    well = [bring_up_to_date(room, only_check=only_check) for room in ROOMS]
    return 0 if all(well) else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
