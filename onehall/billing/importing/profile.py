"""What a profile says: which column is what, how dates and amounts are written, what the lines of a statement are."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, cast

from onehall.billing.documents import ORDER
from onehall.kernel import yamlfile
from onehall.kernel.localized import Localized
from onehall.kernel.yamlfile import Node, Problems

FOLDER: Final = Path(__file__).resolve().parent / "profiles"
ENCODINGS: Final = ("utf-8", "latin-1", "cp1252", "utf-16")
DELIMITERS: Final = (",", ";", "\t", "|")
CARRIES: Final = ("replace", "add")
NEGATIVES: Final = ("minus", "trailing", "parentheses")
FACTS: Final = (
    "number", "name", "email", "language", "plate", "state", "access_code", "minimum", "total",
    "issued", "due", "period_from", "period_to",
)  # fmt: skip
"""Columns that a profile may name beside the reference, the account and the lines."""
ACCOUNT: Final = ("number", "name", "postcode", "address", "email")

type Carry = Literal["replace", "add"]


class ProfileError(Exception):
    """The profile can not be used, or not in this city; the text is for the operator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a statement: the column of its amount, and what it is in the books. `gl` "" is the kind's own."""

    code: str
    column: str
    name: Localized
    gl: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Amounts:
    """How amounts are written: the sign before the decimals, what groups thousands, and how less than nothing looks."""

    point: str = "."
    groups: str = ","
    negative: str = "minus"
    cents: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """All rules of one kind of file. Column names are those of the header, spaces around them dropped.

    `balance` is the line of what was owed before: with `carry` "replace" it takes the place of the account's older
    bills, with "add" it is billed only where the account has no bill here, and older bills stay as they are.
    """

    key: str
    name: str
    digest: str
    kind: str
    source: str
    encoding: str
    delimiter: str
    ref: str
    account: Mapping[str, str]
    facts: Mapping[str, str]
    dates: Sequence[str]
    amounts: Amounts
    lines: Sequence[Line]
    balance: Line | None
    carry: Carry

    def columns(self) -> set[str]:
        """Every column the profile names; the header must have all of them."""
        found = {self.ref, *self.account.values(), *self.facts.values()}
        return found | {line.column for line in self.all_lines()}

    def all_lines(self) -> list[Line]:
        """The lines with the one of the balance, as they stand on a bill."""
        return [*([self.balance] if self.balance else []), *self.lines]


def names() -> list[str]:
    """The profiles that come with Onehall."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def load(name: str) -> Profile:
    """A profile by its name, or from a .yaml file of the operator's own. Raises `ProfileError`."""
    path = FOLDER / f"{name}.yaml"
    if name not in names():
        path = Path(name)
        if path.suffix not in {".yaml", ".yml"} or not path.is_file():
            known = ", ".join(names())
            words = (
                f'There is no profile "{name}". Use one of {known}, or the path of a .yaml file.'
            )
            raise ProfileError(words)
    return read(path.read_bytes(), file=path.name)


def read(data: bytes, *, file: str) -> Profile:
    """A profile from its text; `ProfileError` names every mistake with its line."""
    problems = Problems()
    profile = _profile(
        yamlfile.parse(data, file=file, problems=problems), hashlib.sha256(data).hexdigest()
    )
    if found := list(problems):
        raise ProfileError("\n".join(str(problem) for problem in found))
    return profile


def _profile(node: Node, digest: str) -> Profile:
    file = node.mapping("file")
    key = node.key("key")
    account = node.mapping("account")
    facts = node.mapping("columns")
    lines = [_line(item) for item in node.listing("lines", required=True)[:40]]
    balance = node.mapping("balance")
    carry = balance.choice("carry", CARRIES, required=True) if balance.present else "add"
    found = Profile(
        key=key,
        name=node.text("name", required=True),
        digest=digest,
        kind=node.key("kind"),
        source=node.text("source", default=key, max_length=30),
        encoding=file.choice("encoding", ENCODINGS, default="utf-8"),
        delimiter=file.choice("delimiter", DELIMITERS, default=","),
        ref=node.text("ref", required=True),
        account={name: said for name in ACCOUNT if (said := account.text(name))},
        facts={name: said for name in FACTS if (said := facts.text(name))},
        dates=tuple(node.texts("dates") or ["iso"]),
        amounts=_amounts(node.mapping("amounts")),
        lines=tuple(lines),
        balance=_line(balance) if balance.present else None,
        carry=cast("Carry", carry),
    )
    _check(node, found)
    for part in (file, account, facts, node):
        part.finish()
    return found


def _check(node: Node, found: Profile) -> None:
    codes = [line.code for line in found.all_lines()]
    if len(set(codes)) != len(codes):
        node.problem("A code is on two lines.", "Each line has its own.", key="lines")
    if found.account and "number" not in found.account:
        node.problem(
            "The account has no number.", 'Name its column under "account.number".', key="account"
        )
    if found.balance and not found.account:
        node.problem("A balance is of an account.", 'Name the columns of "account".', key="balance")
    if ("plate" in found.facts) != ("state" in found.facts):
        node.problem("A plate is of a state.", "Name both columns, or neither.", key="columns")


def _line(node: Node) -> Line:
    name = dict(_names(node.mapping("name", required=True)))
    found = Line(
        code=node.key("code"),
        column=node.text("column", required=True),
        name=name,
        gl=node.text("gl", max_length=40),
        kind=node.choice("line", ORDER, default="principal"),
    )
    node.finish()
    return found


def _names(node: Node) -> list[tuple[str, str]]:
    return [(language, node.text(language, required=True)) for language in node.keys()]  # noqa: SIM118


def _amounts(node: Node) -> Amounts:
    found = Amounts(
        point=node.choice("point", (".", ","), default="."),
        groups=node.choice("groups", (",", ".", " ", "'"), default=","),
        negative=node.choice("negative", NEGATIVES, default="minus"),
        cents=node.flag("cents"),
    )
    if node.present and found.point == found.groups:
        node.problem("The sign before the decimals groups thousands too.", "Name two signs.")
    node.finish()
    return found
