"""Who of the staff may do what: one table that people read, and that the code asks everywhere.

The table is what the page of roles and `docs/offices/roles.md` show. What a role may do still ends at
the person's department and areas, and a move at what its flow says.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Literal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

ROLES: Final = (
    "agent",
    "crew",
    "contractor",
    "reviewer",
    "supervisor",
    "head",
    "finance",
    "auditor",
    "set-up",
    "admin",
)
"""The fixed role keys. A pack says who has them; flows say which may make a move."""

type Key = Literal[
    "see_cases",
    "see_everywhere",
    "see_contacts",
    "see_originals",
    "see_figures",
    "export",
    "see_messages",
    "see_people",
    "see_setup",
    "move",
    "note",
    "reply",
    "take",
    "assign",
    "set_priority",
    "send_on",
    "change_service",
    "hand_over",
    "change_place",
    "join",
    "do_tasks",
    "add_tasks",
    "skip_tasks",
    "add_photos",
    "show_photos",
    "redact_photos",
    "add_files",
    "share_files",
    "split",
    "relate",
    "write_effort",
    "hold",
    "see_bills",
    "write_bills",
    "adjust_bills",
    "take_money",
    "ask_refunds",
    "approve_refunds",
    "run_plans",
    "close_days",
    "see_books",
    "ask",
    "take_calls",
    "share_views",
    "tidy_views",
    "resend",
    "fix_contacts",
    "tell_all",
    "change_people",
    "change_setup",
    "publish",
]
"""Every permission by name, so that a misspelt one is found before it runs."""


@dataclass(frozen=True, slots=True)
class Permission:
    """One line of the table."""

    key: Key
    words: Promise
    roles: frozenset[str]


@dataclass(frozen=True, slots=True)
class Part:
    """Lines of the table under one heading."""

    key: str
    words: Promise
    lines: tuple[Permission, ...]


def _line(key: Key, words: Promise, roles: str) -> Permission:
    return Permission(key, words, frozenset(roles.split()))


_ALL: Final = " ".join(ROLES)
_DESK: Final = "agent crew supervisor head admin"
_HANDS: Final = f"{_DESK} contractor reviewer finance"

TABLE: Final[tuple[Part, ...]] = (
    Part("read", _("Reading"), (
        _line("see_cases", _("See the cases of their department and areas"), _ALL),
        _line("see_everywhere", _("See every department, also as a member of one"),
              "agent auditor admin"),
        _line("see_contacts", _("See and search names, e-mail addresses and phone numbers"),
              "agent crew reviewer supervisor head finance auditor admin"),
        _line("see_originals", _("See a photo as it was before parts were made unreadable"),
              "supervisor head admin"),
        _line("see_figures", _("See the figures"),
              "agent crew reviewer supervisor head finance auditor set-up admin"),
        _line("export", _("Take lists and figures along as CSV files"),
              "agent crew reviewer supervisor head finance auditor admin"),
        _line("see_messages", _("Read the message log"), "agent supervisor head auditor admin"),
        _line("see_people", _("See who works here and in which role"),
              "supervisor head auditor set-up admin"),
        _line("see_setup", _("Read the city's set-up, its draft and its history"),
              "auditor set-up admin"),
    )),
    Part("work", _("Work on cases"), (
        _line("move", _("Make a move, where its flow names the role"), _HANDS),
        _line("note", _("Keep notes for the staff"), _HANDS),
        _line("reply", _("Write to residents"), _DESK),
        _line("take", _("Take a case"), f"{_DESK} contractor"),
        _line("assign", _("Give a case to somebody, or back to its queue"), _DESK),
        _line("set_priority", _("Set the priority"), _DESK),
        _line("send_on", _("Send a case to another queue"), _DESK),
        _line("change_service", _("Change the service of a case"), _DESK),
        _line("hand_over", _("Hand a case over to an outside body, and take it back"), _DESK),
        _line("change_place", _("Correct the place of a case"), _DESK),
        _line("join", _("Join cases, and undo it"), _DESK),
        _line("do_tasks", _("Take and finish tasks of their queues"), _HANDS),
        _line("add_tasks", _("Add tasks by hand"), _DESK),
        _line("skip_tasks", _("Decide that a task is not needed"), "agent supervisor head"),
        _line("add_photos", _("Add photos"), _HANDS),
        _line("show_photos", _("Show a photo to everybody who follows, or hide it"), _DESK),
        _line("redact_photos", _("Make parts of a photo unreadable"), _DESK),
        _line("add_files", _("Add files, and remove them"), _HANDS),
        _line("share_files", _("Share a file with everybody who follows, or take it back"), _DESK),
        _line("split", _("Split a part off a case for another department"), _DESK),
        _line("relate", _("Say that two cases have to do with each other"), _DESK),
        _line("write_effort", _("Write down time and materials"), _HANDS),
        _line("hold", _("Put a legal hold on a case, so that nothing of it is erased, and lift it"),
              "supervisor head admin"),
    )),
    Part("money", _("Money"), (
        _line("see_bills", _("Find and read bills, payments and receipts"),
              "agent supervisor head finance auditor admin"),
        _line("write_bills", _("Write bills, and send a link to pay one"), "agent finance admin"),
        _line("adjust_bills", _("Waive, correct, write off and take back what is billed"),
              "finance"),
        _line("take_money", _("Take cash, checks and transfers at the counter"), "agent finance"),
        _line("ask_refunds", _("Ask for a refund"), "agent supervisor head finance"),
        _line("approve_refunds", _("Approve or reject a refund that somebody else asked for"),
              "head finance"),
        _line("run_plans", _("Make payment plans, answer who asks for one, change and end them"),
              "head finance"),
        _line("close_days", _("Close the day, take in payouts and resolve exceptions"), "finance"),
        _line("see_books", _("See receivables, the journal and every override, and export them"),
              "finance auditor admin"),
    )),
    Part("ask", _("Ask and answer"), (
        _line("ask", _("Ask for something of the city's own catalogue"),
              "agent crew reviewer supervisor head finance set-up admin"),
        _line("take_calls", _("Report for a resident who calls"),
              "agent crew reviewer supervisor head finance admin"),
    )),
    Part("run", _("Run the city's desk"), (
        _line("share_views", _("Share a saved list with the whole city"), "supervisor head admin"),
        _line("tidy_views", _("Change shared lists of others, and remove them"), "admin"),
        _line("resend", _("Send messages once more"), "agent supervisor head admin"),
        _line("fix_contacts", _("Correct a resident's address"), "agent supervisor head admin"),
        _line("tell_all", _("Tell all residents something at once, and pause services"),
              "supervisor head admin"),
        _line("change_people", _("Add people, change what they are, and end it"), "admin"),
        _line("change_setup", _("Change the city's set-up in a draft"), "set-up admin"),
        _line("publish", _("Publish a draft of the set-up"), "set-up admin"),
    )),
)  # fmt: skip

WORK: Final[frozenset[Key]] = frozenset(
    line.key for part in TABLE if part.key == "work" for line in part.lines
)
"""What changes cases. Whoever may do none of it only reads them."""

_LINES: Final[dict[Key, Permission]] = {line.key: line for part in TABLE for line in part.lines}

KEYS: Final[tuple[Key, ...]] = tuple(_LINES)
"""Every permission in the order of the table."""


def roles_with(key: Key) -> frozenset[str]:
    """The roles that may do something."""
    return _LINES[key].roles


def allowed(roles: Iterable[str], key: Key) -> bool:
    """Whether somebody with these roles may do something: one of them is enough."""
    return not _LINES[key].roles.isdisjoint(roles)


def implied(roles: Iterable[str]) -> frozenset[str]:
    """Roles that come with others: a department head makes every move that a flow keeps for supervisors."""
    return frozenset({"supervisor"} if "head" in roles else ())


def decides(roles: Iterable[str], kept_for: Collection[str]) -> bool:
    """Whether somebody with these roles may decide a task of a queue they work.

    `kept_for` are the roles that its flow names; without any, everybody who may do tasks decides it.
    """
    held = frozenset(roles)
    return not kept_for or not (held | implied(held)).isdisjoint(kept_for)


def skips(roles: Iterable[str], kept_for: Collection[str]) -> bool:
    """Whether somebody with these roles may decide that a task is not needed.

    One that is kept for others is theirs to skip, or a supervisor's: who may not decide it can not pass it by.
    """
    held = frozenset(roles)
    leads = "supervisor" in held | implied(held)
    return allowed(held, "skip_tasks") and (leads or decides(held, kept_for))


@cache
def works(roles: frozenset[str]) -> bool:
    """Whether somebody with these roles may change anything on a case."""
    return any(allowed(roles, key) for key in WORK)


SERVING: Final = roles_with("do_tasks") - {"admin"}
"""Roles that work a queue. An administrator may, but nobody waits for one."""


def works_queues(roles: Iterable[str]) -> bool:
    """Whether somebody with these roles is one of those whom a queue waits for."""
    return not SERVING.isdisjoint(roles)


def serves(member: Mapping[str, Any], queue: str, department: str) -> bool:
    """Whether a person of the pack works a queue: of their department, or listed for city-wide."""
    if not works_queues(member["roles"]):
        return False
    if not member["department"]:
        return "agent" in member["roles"] and queue in member["queues"]
    return member["department"] == department and (
        not member["queues"] or queue in member["queues"]
    )


def words_of(role: str) -> str:
    """A role as people say it."""
    return str(_WORDS.get(role, role))


def roles_in_words(roles: Collection[str]) -> str:
    """Several roles as people say them, in the order of the table."""
    return ", ".join(words_of(role) for role in ROLES if role in roles)


def about(role: str) -> str:
    """Who has a role, in a sentence."""
    return str(_ABOUT.get(role, ""))


_WORDS: Final[dict[str, Promise]] = {
    "agent": _("Front desk"),
    "crew": _("Crew"),
    "contractor": _("Contractor"),
    "reviewer": _("Reviewer"),
    "supervisor": _("Supervisor"),
    "head": _("Department head"),
    "finance": _("Finance"),
    "auditor": _("Auditor"),
    "set-up": _("Set-up"),
    "admin": _("Administrator"),
}

_ABOUT: Final[dict[str, Promise]] = {
    "agent": _("Answers residents and sends cases where they belong, in the whole city."),
    "crew": _("Does the work in the street, for the queues of a department."),
    "contractor": _("A company that works for the city. Sees no names, addresses or numbers."),
    "reviewer": _("Looks at plans and applications: the tasks of a queue."),
    "supervisor": _("Leads a team: everything the crew may, and what needs a second look."),
    "head": _("Leads a department: may what a supervisor may, in flows too."),
    "finance": _("Bills, refunds and the books; and the tasks of a queue that concern money."),
    "auditor": _("Reads everything and changes nothing."),
    "set-up": _("Changes how the city works, and sees no names, addresses or numbers."),
    "admin": _("Adds people and may do what others may, but decides no task away."),
}
