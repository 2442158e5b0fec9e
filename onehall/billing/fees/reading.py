"""Reads `fees/*.yaml`: every mistake with its file and line, the examples of each version worked out and compared."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Final

from onehall.billing.fees import quoting
from onehall.billing.fees.around import Around, read_name
from onehall.billing.fees.documents import (
    BASES,
    INPUT_KINDS,
    Fee,
    FeeRefused,
    Input,
    Rounding,
    Schedule,
    Version,
)
from onehall.billing.fees.read_examples import read_examples
from onehall.billing.fees.read_fees import read_fee, read_rounding
from onehall.kernel import yamlfile
from onehall.kernel.expressions import fields
from onehall.kernel.yamlfile import Node, Problems

FOLDER: Final = "fees"


@dataclass(frozen=True, slots=True)
class Shared:
    """What all schedules of a city have in common: its languages, and its currency where the pack names one."""

    languages: Sequence[str]
    currency: str = ""


def read_folder(folder: Path, shared: Shared, problems: Problems) -> dict[str, Schedule]:
    """The schedules of a pack by key; with problems, those that could be read. Empty without a folder `fees`."""
    found: dict[str, Schedule] = {}
    currency = shared.currency
    for path in sorted((folder / FOLDER).glob("*.yaml")):
        node = yamlfile.load(path, folder, problems)
        if not node.present:
            continue
        schedule = read_schedule(node, Shared(shared.languages, currency))
        currency = currency or schedule.currency
        if schedule.key and schedule.key != path.stem:
            advice = f"Call the file {schedule.key}.yaml, or change the key."
            node.problem(
                f'The key "{schedule.key}" is not the name of the file.', advice, key="key"
            )
        found[schedule.key] = schedule
    return found


def kept(texts: Mapping[str, str], shared: Shared) -> dict[str, Schedule]:
    """The schedules of checked texts by path, without working their examples out again."""
    found = {}
    for path in sorted(p for p in texts if p.startswith(f"{FOLDER}/")):
        node = yamlfile.parse(texts[path], file=path, problems=Problems())
        schedule = read_schedule(node, shared, examples=False)
        found[schedule.key] = schedule
    return found


def read_schedule(node: Node, shared: Shared, *, examples: bool = True) -> Schedule:
    """One file. Each of its examples is worked out; one that comes out otherwise is a mistake at its line."""
    before = len(node.problems)
    key = node.key("key")
    name = read_name(node, shared.languages)
    currency = _currency(node, shared.currency)
    basis = node.choice("basis", BASES, required=True, default="current")
    rounding = read_rounding(node.mapping("rounding", required=True), currency)
    inputs = _inputs(node, shared.languages, currency)
    clear = len(node.problems) == before
    reader = _Versions(inputs, shared.languages, currency, rounding)
    versions = reader.read(node)
    node.finish()
    reader.unused(node)
    schedule = Schedule(
        key=key, name=name, currency=currency, basis=basis, inputs=inputs, versions=tuple(versions)
    )
    for version, part in reader.sound if clear and examples else ():
        read_examples(part, schedule, version)
    return schedule


def _currency(node: Node, others: str) -> str:
    found = node.text("currency", required=True, pattern=r"[A-Z]{3}", shape="three letters: USD")
    if found and others and found != others:
        advice = "A city counts in one money."
        node.problem(f"The currency is {found}, elsewhere it is {others}.", advice, key="currency")
    return found or others or "USD"


def _inputs(node: Node, languages: Sequence[str], currency: str) -> dict[str, Input]:
    found: dict[str, Input] = {}
    for key, item in node.mapping("inputs").items():
        if not key.isidentifier() or key != key.lower():
            node.mapping("inputs").problem(
                f'"{key}" is not the name of an input.',
                "Write small letters, digits and _.",
                key=key,
            )
        found[key] = _input(key, item, languages, currency)
    return found


def _input(key: str, node: Node, languages: Sequence[str], currency: str) -> Input:
    kind = node.choice("kind", INPUT_KINDS, required=True, default="number")
    name = read_name(node, languages)
    unit = node.localized("unit", languages, complete=True) if kind == "number" else {}
    options = node.texts("options", required=True) if kind == "choice" else []
    known = Input(key=key, kind=kind, name=name, unit=unit, options=tuple(options))
    default = _default(node, known, currency)
    node.finish()
    return Input(key=key, kind=kind, name=name, unit=unit, options=tuple(options), default=default)


def _default(node: Node, known: Input, currency: str) -> Decimal | str | bool | None:
    written = node.child("default")
    if written is None:
        return None
    if isinstance(written.value, float):
        written.as_text()
        return None
    try:
        return quoting.read_value(known, written.value, currency)
    except FeeRefused as no:
        written.problem(str(no))
        return None


class _Versions:
    """Reads the versions of one schedule, and knows afterwards which inputs they use."""

    def __init__(
        self,
        inputs: Mapping[str, Input],
        languages: Sequence[str],
        currency: str,
        rounding: Rounding,
    ) -> None:
        self.inputs = inputs
        self.languages = languages
        self.currency = currency
        self.rounding = rounding
        self.used: set[str] = set()
        self.sound: list[tuple[Version, Node]] = []
        """Versions without mistakes, with where they are written: their examples can be worked out."""

    def read(self, node: Node) -> list[Version]:
        """All versions; each must begin after the one before it."""
        found: list[Version] = []
        for part in node.listing("versions", required=True):
            before = len(part.problems)
            version = self.version(part, found[-1] if found else None)
            if len(part.problems) == before:
                self.sound.append((version, part))
            found.append(version)
        return found

    def version(self, node: Node, last: Version | None) -> Version:
        """One version with its fees; the examples stay for later."""
        starts = node.date("from", required=True) or date.min
        until = node.date("until")
        if until is not None and until < starts:
            node.problem(f'"until" is {until}, before the version begins.', "", key="until")
        if last is not None and starts <= (last.until or last.starts):
            advice = "Write the versions in their order; the one before ends where this one begins."
            end = last.until or last.starts
            node.problem(f'"from" is {starts}, not after {end}.', advice, key="from")
        fees = self.fees(node)
        node.finish(also=["examples"])
        return Version(starts=starts, until=until, fees=tuple(fees))

    def fees(self, node: Node) -> list[Fee]:
        """The fees of a version, each able to refer to those above it."""
        items = node.listing("fees", required=True)
        codes = [item.child("code") for item in items]
        around = Around(
            inputs=self.inputs,
            languages=self.languages,
            currency=self.currency,
            rounding=self.rounding,
            later=[str(code.value) for code in codes if code],
        )
        fees = []
        for item in items:
            fee = read_fee(item, around)
            around.above.append(fee.code)
            self.used |= fields(fee.when) if fee.when is not None else set()
            fees.append(fee)
        self.used |= around.used
        return fees

    def unused(self, node: Node) -> None:
        """Reports inputs that no fee asks for."""
        inputs = node.mapping("inputs")
        for key in self.inputs:
            if key not in self.used:
                advice = "Leave it out, or use it."
                inputs.problem(f'No fee uses the input "{key}".', advice, key=key)
