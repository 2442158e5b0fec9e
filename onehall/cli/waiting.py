"""`onehall waiting`: the reports that came while the database was away. Looking and dropping need no database."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import pwd
import re
import time
import unicodedata
import uuid
from datetime import UTC
from typing import TYPE_CHECKING, Final, override

import click

from onehall.cli import running
from onehall.cli.words import Failure, done, operator, out

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from onehall.portal.recording import Run
    from onehall.service_requests.waiting import Report

log = logging.getLogger(__name__)

STATES: Final = {"new": "waits", "refused": "refused", "dropped": "dropped"}
NOT_TYPED: Final = frozenset({"key", "do", "pick", "asset", "candidate", "website"})
"""Fields of the form that nobody types into."""
MOST_REASON: Final = 200
PATIENCE_SECONDS: Final = 10
EMAIL: Final = re.compile(r"\S@\S")
LOG: Final = "dropped.log"
DAMAGED: Final = "its files on the disk are damaged"


class Key(click.ParamType[uuid.UUID]):
    """The key of a report, as `onehall waiting list` shows it."""

    name = "KEY"

    @override
    def convert(
        self, value: str | uuid.UUID, param: click.Parameter | None, ctx: click.Context | None
    ) -> uuid.UUID:
        """The key, or a sentence."""
        try:
            return value if isinstance(value, uuid.UUID) else uuid.UUID(value)
        except ValueError:
            example = "0b0a7c1e-5f0e-4f0c-9d57-3f6f0e2a9a11"
            message = f"{value!r} is no key of a report; one looks like {example}."
            raise Failure(message, hint="Which there are: onehall waiting list --all") from None


@click.group()
def command() -> None:
    """Reports that came while the database was away, and wait on this machine's disk."""


@command.command("list")
@click.option("--all", "with_dropped", is_flag=True, help="Those that were dropped, too.")
def list_command(*, with_dropped: bool) -> None:
    """Show what waits or was refused, and why: nothing of what residents typed."""
    running.set_up_django()
    from onehall.service_requests import waiting

    with _folder():
        kinds = waiting.KINDS if with_dropped else (waiting.NEW, waiting.REFUSED)
        rows = [tuple(_row(key, kind)) for kind in kinds for key in waiting.keys(kind)]
    if not rows:
        done("No report waits.")
        return
    for row in rows:
        for line in row:
            out.print(line, markup=False, soft_wrap=True)


@command.command()
@click.argument("key", type=Key())
def show(key: uuid.UUID) -> None:
    """Print one with everything that was typed: personal data, for the operator alone."""
    running.set_up_django()
    from onehall.service_requests import waiting

    with _folder():
        kind = _kind(key)
        try:
            report = waiting.read(key, kind)
        except waiting.Damaged:
            message = (
                f"The files of {key} are damaged. They lie in {waiting.home() / kind / str(key)}."
            )
            raise Failure(message) from None
        if report is None:
            raise _none(key)
        why = waiting.why(key, kind)
    for words in _said(report, kind, why):
        out.print(words, markup=False, soft_wrap=True)


@command.command()
@click.argument("key", type=Key())
@click.option("--reason", required=True, help="Why: it goes into the log, so name nobody in it.")
def drop(key: uuid.UUID, reason: str) -> None:
    """Put one away that must not be recorded. It can be taken back for thirty days: `retry KEY`."""
    reason = _reason(reason)
    running.set_up_django()
    from onehall.kernel import clock
    from onehall.service_requests import waiting

    with _folder(writes=True), _alone():
        kind = _kind(key)
        if kind == waiting.DROPPED:
            message = f"{key} was dropped before: {_clean(waiting.why(key, kind))}"
            raise Failure(message)
        waiting.put_aside(key, waiting.DROPPED, why=reason)
        facts = {"at": clock.now().isoformat(), "key": str(key), "was": STATES[kind]}
        _write_down(waiting.home() / LOG, facts | {"by": operator(), "reason": reason})
    # The whole key opens the report's page; its beginning is enough to find the line beside the report.
    log.warning("event=waiting.dropped key=%.8s was=%s by=%s", key, STATES[kind], operator())
    done(f"{key} is dropped. To take it back within thirty days: onehall waiting retry {key}")


@command.command()
@click.argument("keys", nargs=-1, type=Key())
def retry(keys: tuple[uuid.UUID, ...]) -> None:
    """Have all that wait recorded now; with KEYS those alone, also when they were refused or dropped."""
    with _reachable(), running.django():
        run, many = _try(keys)
    if not many:
        done("No report waits.")
        return
    done(f"{run.recorded:,} of {many:,} recorded.")
    if run.refused or run.again:
        message = f"{run.refused:,} refused, {run.again:,} to be tried again by the worker."
        raise Failure(message, hint="Why: onehall waiting list")


def _try(keys: tuple[uuid.UUID, ...]) -> tuple[Run, int]:
    """What became of them, and how many there were."""
    from django.db import InterfaceError, InternalError, OperationalError, connection

    from onehall.portal import recording
    from onehall.service_requests import waiting

    run = recording.Run()
    with _folder(writes=True), _alone():
        for key in keys:
            _kind(key)
        chosen = keys or tuple(waiting.keys())
        try:
            if chosen:
                connection.ensure_connection()
            for key in keys:
                waiting.take_back(key)
            recording.settle(chosen, run)
        except (OperationalError, InterfaceError, InternalError) as lost:
            message = (
                f"The database cannot be reached; {run.recorded:,} of {len(chosen):,} recorded."
            )
            raise Failure(message) from lost
    return run, len(chosen)


@contextlib.contextmanager
def _reachable() -> Iterator[None]:
    """Say of a database that is not there that no report is lost by it."""
    try:
        yield
    except Failure as failure:
        failure.hint = failure.hint or "What waits goes on waiting; the worker tries by itself."
        raise


@contextlib.contextmanager
def _folder(*, writes: bool = False) -> Iterator[None]:
    """The folder in which they wait, or a sentence on who may read it."""
    from onehall.service_requests import waiting

    home = waiting.home()
    if home.exists():
        owner = home.stat().st_uid
        # What another account made in it, root too, the pages and the worker could not write to.
        if (writes and owner != os.geteuid()) or not os.access(home, os.R_OK | os.X_OK):
            raise _of_another(home, owner)
    try:
        yield
    except PermissionError as no:
        message = f"{no.filename} belongs to another account."
        raise Failure(message, hint="Run it as the account of the pages.") from None


def _of_another(home: Path, owner: int) -> Failure:
    try:
        name = pwd.getpwuid(owner).pw_name
    except KeyError:
        name = str(owner)
    message = f"{home} belongs to another account, {name}."
    return Failure(message, hint=f"Run it as that one: sudo -u {name} onehall waiting ...")


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Wait until the worker has its hands off what waits."""
    from onehall.service_requests import waiting

    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        with waiting.alone() as mine:
            if mine:
                yield
                return
        if time.monotonic() > until:
            message = "A worker is recording what waits at this moment."
            raise Failure(message, hint="Try again in a minute.")
        time.sleep(0.1)


def _kind(key: uuid.UUID) -> str:
    from onehall.service_requests import waiting

    kind = waiting.kind_of(key)
    if kind is None:
        raise _none(key)
    return kind


def _none(key: uuid.UUID) -> Failure:
    message = f"No report {key} waits on this machine or was put aside."
    return Failure(
        message, hint="It may be recorded by now. Which there are: onehall waiting list --all"
    )


def _row(key: uuid.UUID, kind: str) -> Iterator[str]:
    """One report in a line, and why it was put aside in a second one."""
    from onehall.service_requests import waiting

    why = waiting.why(key, kind) if kind != waiting.NEW else ""
    try:
        report = waiting.read(key, kind)
    except waiting.Damaged:
        report, why = None, why or DAMAGED
    facts = [str(key), STATES[kind]]
    if report is not None:
        facts += [f"{_came(report)} UTC", _clean(report.host), _clean(report.service)]
        facts += ["by staff"] if report.agent is not None else []
    yield "  ".join(facts)
    if why:
        yield f"    {_clean(why)}"


def _came(report: Report) -> str:
    return report.received_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def _said(report: Report, kind: str, why: str) -> Iterator[str]:
    """One report in lines."""
    yield f"{report.key}: {STATES[kind]}" + (f", {_clean(why)}" if why and kind != "new" else "")
    yield f"Came {_came(report)} UTC to {_clean(report.host)} about {_clean(report.service)}, in {_clean(report.language)}."
    if report.agent is not None:
        what = "for somebody who called" if report.agent.call else "of the staff"
        yield f"Filled in by {_clean(report.agent.name)}, {what}."
    for name, value in report.fields:
        if value.strip() and name not in NOT_TYPED:
            yield f"{_clean(name)}: {_clean(value)}"
    for name, content, data in report.files:
        yield f"Photo {_clean(name)} ({_clean(content)}, {len(data):,} bytes)"


def _clean(text: str) -> str:
    """Words of a stranger, without what a terminal takes for orders."""
    return "".join(
        sign if sign == "\n" or unicodedata.category(sign) not in ("Cc", "Cf") else "\ufffd"
        for sign in text.replace("\r\n", "\n")
    )


def _reason(text: str) -> str:
    """The reason as the log takes it, or a sentence on what is wrong with it."""
    text = " ".join(text.split())
    wrong = ""
    if not text:
        wrong = "Say why in words: --reason 'sent twice by telephone'."
    elif len(text) > MOST_REASON:
        wrong = f"The reason is longer than {MOST_REASON} characters."
    elif EMAIL.search(text):
        wrong = "The reason names an e-mail address. It goes into the log: name nobody in it."
    if wrong:
        raise Failure(wrong)
    return _clean(text)


def _write_down(path: Path, facts: dict[str, str]) -> None:
    """One line that outlives the terminal."""
    line = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(line, "a", encoding="utf-8") as written:
        pairs = (f"{k}={json.dumps(v, ensure_ascii=False)}" for k, v in facts.items())
        written.write(" ".join(pairs) + "\n")
        written.flush()
        os.fsync(written.fileno())
