"""The timeline of an imported case, with the data of its entries written as JSON straight away.

A few values make up most of what is said, and entries are the larger part of what an import writes: so
each value is quoted once, and the pieces are put together in the order of their keys.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Final

from onehall.casework.bulk import EntryRow
from onehall.casework.linking import JsonText, json_text, quoted
from onehall.casework.rules import MAX_WORDS
from onehall.kernel.chain import canonical
from onehall.service_requests.importing.profile import CHANNELS, Profile
from onehall.service_requests.importing.targets import Target
from onehall.service_requests.importing.templates import cut

MAX_FACT: Final = 300

_RECEIVED: Final = {name: JsonText(json_text({"channel": name})) for name in CHANNELS}
# A column holds the same few hundred values again and again.
_quoted: Final = lru_cache(maxsize=5_000)(quoted)


@lru_cache(maxsize=5_000)
def _listed(*repairs: str) -> str:
    return json_text(list(dict.fromkeys(repairs)))


class Telling:
    """Tells what the file knows of a case. `now` is the time of the import."""

    def __init__(self, profile: Profile, now: datetime) -> None:
        self._now = now
        self._answer = profile.answer
        self._public = profile.answer_public
        self._keep = [(name, quoted(name)) for name in sorted(set(profile.keep))]
        self._service = profile.service.column
        self._status = profile.status.column
        self._department = profile.department.column

    def received(self, at: datetime, channel: str) -> EntryRow:
        """The report came in."""
        return EntryRow(at=at, kind="received", data=_RECEIVED[channel])

    def steps(
        self,
        values: Mapping[str, str],
        repairs: list[str],
        target: Target,
        state: str,
        at: datetime,
    ) -> list[EntryRow]:
        """The move to where the row stands, and the answer with it or after it."""
        answer = cut(values[self._answer], MAX_WORDS, "words_cut", repairs)
        words = f'"words":{quoted(answer)}}}' if answer else ""
        told: list[EntryRow] = []
        if target.endings[state].state != target.start:
            moved = target.moved[state]
            if words and self._public:
                # "words" comes after every other key of a move.
                moved, words = JsonText(f"{moved[:-1]},{words}"), ""
            told.append(EntryRow(at=at, kind="moved", data=moved))
        if words:
            kind = "replied" if self._public else "noted"
            told.append(EntryRow(at=at, kind=kind, data=JsonText(f"{{{words}")))
        return told

    def imported(
        self,
        values: Mapping[str, str],
        repairs: list[str],
        queue_id: int,
        outside: tuple[float, float] | None,
    ) -> EntryRow:
        """What else the file says, and what was put right."""
        # Source and id stand on the report, the reason for the queue on the case.
        facts = []
        kept = [
            f"{key}:{_quoted(values[name][:MAX_FACT])}" for name, key in self._keep if values[name]
        ]
        if kept:
            facts.append(f'"columns":{{{",".join(kept)}}}')
        if text := values[self._department]:
            facts.append(f'"department":{_quoted(text[:MAX_FACT])}')
        if outside:
            point = canonical({"lon": outside[0], "lat": outside[1]}).decode()
            facts.append(f'"outside":{point}')
        facts.append(f'"queue":{queue_id}')
        if repairs:
            facts.append(f'"repairs":{_listed(*repairs)}')
        if text := values[self._service]:
            facts.append(f'"service":{_quoted(text[:MAX_FACT])}')
        if text := values[self._status]:
            facts.append(f'"status":{_quoted(text[:MAX_FACT])}')
        return EntryRow(at=self._now, kind="imported", data=JsonText(f"{{{','.join(facts)}}}"))
