"""Reads `billing.yaml`: every mistake with its line; and the same document again from where it is kept."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final, cast

from onehall.billing.documents import (
    AT_COUNTER,
    BOOKS,
    LOOK_UPS,
    ONLINE,
    ORDER,
    PARTIALS,
    Convenience,
    Kind,
    Partial,
    Penalty,
    Setup,
)
from onehall.billing.gateways import choosing
from onehall.billing.read_export import read_export
from onehall.billing.read_plans import read_plan
from onehall.kernel import money, yamlfile
from onehall.kernel.yamlfile import Node, Problems

FILE: Final = "billing.yaml"
_GL: Final = r"[A-Za-z0-9][A-Za-z0-9.\-/ ]{0,39}"
_GL_SHAPE: Final = "a code of the general ledger: 100-4100"
_MOST_KINDS: Final = 40


@dataclass(frozen=True, slots=True)
class Shared:
    """What the rest of the pack says: languages, the currency it counts in ("" for none), and its services."""

    languages: Sequence[str]
    currency: str = ""
    services: Collection[str] | None = None


def read(folder: Path, shared: Shared, problems: Problems) -> Setup | None:
    """What the file says; None without one. With problems, what could be read."""
    path = folder / FILE
    if not path.exists():
        return None
    node = yamlfile.load(path, folder, problems)
    return read_node(node, shared) if node.present else None


def kept(text: str, languages: Sequence[str]) -> Setup:
    """The same from a text that was checked when it was kept."""
    return read_node(yamlfile.parse(text, file=FILE, problems=Problems()), Shared(languages))


def read_node(node: Node, shared: Shared) -> Setup:
    """One file."""
    return _Reader(node, shared).setup()


class _Reader:
    """Reads with the currency and the languages at hand."""

    def __init__(self, node: Node, shared: Shared) -> None:
        self.top = node
        self.shared = shared
        self.currency = self._currency()

    def _currency(self) -> str:
        found = self.top.text(
            "currency", required=True, pattern=r"[A-Z]{3}", shape="three letters: USD"
        )
        others = self.shared.currency
        if found and others and found != others:
            said = f"The currency is {found}, elsewhere it is {others}."
            self.top.problem(said, "A city counts in one money.", key="currency")
        return found or others or "USD"

    def setup(self) -> Setup:
        top = self.top
        kinds: dict[str, Kind] = {}
        items = top.listing("kinds")
        if not items:
            top.problem("There is no kind of bill.", 'List at least one under "kinds".')
        for item in items[:_MOST_KINDS]:
            kind = self._kind(item)
            if kind.key in kinds:
                item.problem(f'"{kind.key}" is listed twice.', "Keep one.", key="key")
            kinds[kind.key] = kind
        found = Setup(
            currency=self.currency,
            provider=top.choice("provider", sorted(choosing.known()), default="none"),
            books=self._books(top.mapping("books", required=True)),
            kinds=kinds,
            attempt_minutes=top.whole("attempt_minutes", default=60, minimum=31, maximum=1_440)
            or 60,
            refund_limit=self.amount(top, "refund_limit") or 0,
            drawers=tuple(top.texts("drawers")),
            export=read_export(top.mapping("export")),
        )
        top.finish()
        self._online(found)
        return found

    def _online(self, setup: Setup) -> None:
        for kind in setup.kinds.values():
            if setup.provider == "none" and set(kind.methods) & set(ONLINE):
                said = f'"{kind.key}" is paid by card or bank transfer, and there is no provider.'
                self.top.problem(said, 'Name one under "provider", or leave these methods out.')
                return

    def _books(self, node: Node) -> dict[str, str]:
        found = {
            book: node.text(book, required=True, pattern=_GL, shape=_GL_SHAPE) for book in BOOKS
        }
        node.finish()
        return found

    def _kind(self, node: Node) -> Kind:
        languages = self.shared.languages
        look_up = node.texts("look_up", required=True, options=LOOK_UPS)
        methods = node.texts("methods", required=True, options=(*ONLINE, *AT_COUNTER))
        order = node.texts("order") or list(ORDER)
        if sorted(order) != sorted(ORDER):
            node.problem('"order" names other lines.', f"Name all of {', '.join(ORDER)}.")
            order = list(ORDER)
        kind = Kind(
            key=node.key("key"),
            name=node.localized("name", languages, required=True, complete=True),
            hint=node.localized("hint", languages, complete=True),
            look_up=tuple(look_up),
            partial=cast("Partial", node.choice("partial", PARTIALS, default="none")),
            gl=node.text("gl", required=True, pattern=_GL, shape=_GL_SHAPE),
            due_days=node.whole("due_days", default=30, minimum=0, maximum=365) or 0,
            methods=tuple(methods),
            order=tuple(order),
            prefix=node.text("prefix", pattern=r"[A-Z]{1,4}", shape="one to four capitals: UB"),
            dispute=self._service(node, "dispute"),
            hardship=self._service(node, "hardship"),
            convenience=self._conveniences(node.mapping("convenience"), methods),
            penalties=tuple(self._penalty(item) for item in node.listing("penalties")[:12]),
            plan=read_plan(
                node.mapping("plan"),
                languages=languages,
                gl=(_GL, _GL_SHAPE),
                amount=self.amount,
                percent=self.percent,
            ),
        )
        node.finish()
        days = [p.after_days for p in kind.penalties]
        if days != sorted(set(days)):
            node.problem("The penalties are not in the order of their days.", "Sort them.")
        return kind

    def _service(self, node: Node, name: str) -> str:
        said = node.text(name)
        known = self.shared.services
        if said and known is not None and said not in known:
            node.problem(f'There is no service "{said}".', "Name one of services/.", key=name)
        return said

    def _conveniences(self, node: Node, methods: Sequence[str]) -> dict[str, Convenience]:
        found = {}
        for method, item in node.items():
            if method not in methods:
                node.problem(f'"{method}" is not among the methods.', "Add it there.", key=method)
            found[method] = Convenience(
                flat=self.amount(item, "flat") or 0,
                percent=self.percent(item),
                minimum=self.amount(item, "minimum") or 0,
                maximum=self.amount(item, "maximum"),
            )
            item.finish()
        return found

    def _penalty(self, node: Node) -> Penalty:
        found = Penalty(
            after_days=node.whole("after_days", required=True, minimum=1, maximum=3_650) or 1,
            code=node.key("code"),
            name=node.localized("name", self.shared.languages, required=True, complete=True),
            gl=node.text("gl", required=True, pattern=_GL, shape=_GL_SHAPE),
            flat=self.amount(node, "flat") or 0,
            percent=self.percent(node),
        )
        node.finish()
        if bool(found.flat) == bool(found.percent):
            node.problem("A penalty is an amount or a percentage.", 'Write "flat" or "percent".')
        return found

    def amount(self, node: Node, key: str) -> int | None:
        """An amount in whole units, in quotes: "3.95"; None when it is left out."""
        text = node.text(key)
        if not text:
            return None
        try:
            found = money.parse(text, self.currency)
        except money.MoneyMistake as no:
            node.problem(str(no), 'Write it in quotes, like "3.95".', key=key)
            return None
        if found < 0:
            node.problem(f'"{text}" is less than nothing.', "Write an amount from 0.", key=key)
        return abs(found)

    def percent(self, node: Node) -> Decimal:
        """A percentage in quotes: "2.5"; 0 when it is left out."""
        text = node.text("percent")
        try:
            found = Decimal(text or "0")
        except InvalidOperation:
            found = Decimal(-1)
        if not 0 <= found <= 100:
            advice = 'Write a percentage in quotes, like "2.5".'
            node.problem(f'"{text}" is no percentage.', advice, key="percent")
            return Decimal(0)
        return found
