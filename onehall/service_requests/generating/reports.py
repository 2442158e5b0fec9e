"""What made-up residents sent: the reports of a case, who sent them, and the mails that some of them got."""

from base64 import urlsafe_b64encode
from collections.abc import Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Final

from onehall.casework.linking import json_text
from onehall.kernel.chain import moment
from onehall.messaging.actions import KEEP_DONE, SEND_MESSAGE
from onehall.service_requests.generating.parts import Bases, Life, Part, line
from onehall.service_requests.generating.sentences import FIRST_NAMES, LAST_NAMES, sayings
from onehall.service_requests.importing.rows import RequestRow

_RATINGS: Final = (1, 2, 3, 3, 4, 4, 4, 5, 5, 5, 5)
_OTHER_LANGUAGE: Final = 0.12
"""Share of the reports that are not in the city's first language, where it has others."""
_SENT_AFTER: Final = timedelta(seconds=4)


class Reports:
    """Writes the reports of one history."""

    def __init__(
        self, languages: tuple[str, ...], shares: Mapping[str, float], bases: Bases, until: datetime
    ) -> None:
        self._languages, self._shares, self._bases = languages, shares, bases
        # The outbox keeps what is done for some time only.
        self._kept_since, self._until = until - KEEP_DONE, until

    def first(self, part: Part, life: Life, index: int, rng: Random) -> None:
        """The report that opened the case; `index` is its number in the history."""
        row, random = life.row, rng.random
        request = self._request(life, index, row.number, row.opened_at, life.channel, rng)
        answers = life.offered.answers
        request.answers = answers[int(random() * len(answers))]
        if row.closed_at and random() < self._shares["rated"]:
            request.rating = _RATINGS[int(random() * len(_RATINGS))]
        if life.said:
            request.accepted, request.verdict_at = life.said
            request.disputes = int(not life.said[0])
        part.requests.append(request)
        if random() < self._shares["named"]:
            mail = self._person(part, request, index, rng)
            if random() < self._shares["told"]:
                self._mails(part, life, request, mail, index)

    def further(
        self, part: Part, life: Life, index: int, number: str, at: datetime, rng: Random
    ) -> None:
        """The report of somebody else about the same thing."""
        request = self._request(life, index, number, at, "follow", rng)
        part.requests.append(request)
        if rng.random() < self._shares["named"]:
            self._person(part, request, index, rng)

    def _request(
        self, life: Life, index: int, number: str, at: datetime, channel: str, rng: Random
    ) -> RequestRow:
        random, languages = rng.random, self._languages
        language = languages[0]
        if len(languages) > 1 and random() < _OTHER_LANGUAGE:
            language = languages[1 + int(random() * (len(languages) - 1))]
        told = life.offered.told[language]
        return RequestRow(
            id=self._bases.request + index,
            city_id=life.row.city_id,
            case_id=life.row.id,
            number=number,
            created_at=at,
            channel=channel,
            words=told[int(random() * len(told))],
            language=language,
            token=urlsafe_b64encode(rng.getrandbits(128).to_bytes(16)).decode("ascii")[:22],
        )

    def _person(self, part: Part, request: RequestRow, index: int, rng: Random) -> str:
        """A name and an address that belong to nobody; the address."""
        given = FIRST_NAMES[int(rng.random() * len(FIRST_NAMES))]
        family = LAST_NAMES[int(rng.random() * len(LAST_NAMES))]
        mail = f"{given.lower()}{int(rng.random() * 90_000)}@resident.example"
        request.person_id = self._bases.person + index
        part.people.append(
            f"{request.person_id}\t{request.city_id}\t{given} {family}\t{mail}\t\t"
            f"{request.language}\t{moment(request.created_at)}"
        )
        return mail

    def _mails(self, part: Part, life: Life, request: RequestRow, mail: str, index: int) -> None:
        """The mail about the report, and the one about its end."""
        row, said = life.row, sayings(request.language)
        key = self._bases.message + 2 * index
        self._mail(part, life, request, mail, key, 1, row.opened_at, said.received)
        if row.closed_at and (seq := life.closing_seq()):
            self._mail(part, life, request, mail, key + 1, seq, row.closed_at, said.ended)

    def _mail(
        self,
        part: Part,
        life: Life,
        request: RequestRow,
        mail: str,
        key: int,
        seq: int,
        at: datetime,
        texts: tuple[str, str],
    ) -> None:
        row = life.row
        named = {"number": row.number, "service": life.offered.names[request.language]}
        subject, body = (text.format(**named) for text in texts)
        about, name = f"{row.id}:{seq}", f"case:{row.id}:{seq}:{request.id}"
        sent = min(at + _SENT_AFTER, self._until)
        facts = key, row.city_id, name, row.number, request.id, about, "email", mail
        part.messages.append(line(*facts, request.language, subject, body, "sent", at, sent))
        if at >= self._kept_since:
            news = json_text({"case": row.id, "seq": seq})
            part.outbox.append(line(row.city_id, "case.news", about, news, at, at, sent))
            delivery = json_text({"message": key})
            part.outbox.append(line(row.city_id, SEND_MESSAGE, name, delivery, at, at, sent))
