"""Finding cases by words: where they are, what they are about, what residents wrote, and who they are.

Two statements, whatever is typed: a function of the database gathers keys, for which it reads past
row-level security within one city, and the cases are then read under it. Each source gives its newest `LOOKED_AT` hits out of an index of its
own and stops there; only these few hundred are ranked.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final

from django.db import connection, models

from onehall.casework.models import Case
from onehall.casework.queries import CaseLine, as_lines
from onehall.casework.selection import Span
from onehall.catalog.queries import catalogue
from onehall.people.actor import Actor
from onehall.places import rules
from onehall.places.models import City
from onehall.service_requests.models import ServiceRequest

MOST_WORDS: Final = 6
"""How many words of a search count."""
NAMED: Final = 2_000
"""Up to so many cases that fit a text are named in the question of a list."""
LOOKED_AT: Final = 300
"""How many of the newest hits of each source are looked at."""
FEWEST_DIGITS: Final = 4
"""With fewer, the end of a phone number says too little."""

_WORD: Final = re.compile(r"\w+(?:['’.-]\w+)*")
_VECTOR: Final = "to_tsvector('simple'::regconfig, %(expressions)s)"
_QUERY: Final = "to_tsquery('simple'::regconfig, %(expressions)s)"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A typed text, ready to be asked for. `words` are alternatives of each word that was typed."""

    city: City
    text: str
    words: tuple[tuple[str, ...], ...]
    services: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, city: City, text: str) -> "Wanted":
        """Read a text: "st" is Street too; a word may be the beginning of one in the place."""
        typed = _WORD.findall(text)[:MOST_WORDS]
        spelt = tuple(tuple(rules.spellings(word)) for word in typed)
        return cls(city, text, spelt, tuple(_named(city, forms) for forms in spelt))

    @property
    def query(self) -> str:
        """All words for the full-text index, each as the beginning of a word."""
        return " & ".join(self.queries)

    @property
    def queries(self) -> list[str]:
        """One such query for each word. Only what was typed may be a beginning: "bl" is Boulevard, and not Blue."""
        return [
            "("
            + " | ".join(f"'{quoted(f)}'{'' if other else ':*'}" for other, f in enumerate(forms))
            + ")"
            for forms in self.words
        ]


def quoted(word: str) -> str:
    """A word inside the quotes of a full-text query."""
    return word.replace("\\", " ").replace("'", "''")


def _named(city: City, forms: Sequence[str]) -> tuple[int, ...]:
    """Services in whose name, in any language, a word begins so."""
    typed, *others = map(re.escape, forms)
    whole = "".join(rf"|{other}\b" for other in others)
    begins = re.compile(rf"\b(?:{typed}{whole})", re.IGNORECASE)
    found = []
    for service in catalogue(city).every:
        names = service.name.values() if isinstance(service.name, dict) else (service.name,)
        if any(begins.search(name) for name in names):
            found.append(service.id)
    return tuple(found)


def _has(column: str, query: str) -> models.Func:
    """Whether a column's words fit a full-text query, as the index has them."""
    vector = models.Func(models.F(column), template=_VECTOR, output_field=models.TextField())
    wanted = models.Func(models.Value(query), template=_QUERY, output_field=models.TextField())
    return models.Func(
        vector,
        wanted,
        template="(%(expressions)s)",
        arg_joiner=" @@ ",
        output_field=models.BooleanField(),
    )


def _about(wanted: Wanted) -> models.Q:
    """Every word stands in the place or in the service's name: "graffiti 4th"."""
    found = models.Q()
    for query, services in zip(wanted.queries, wanted.services, strict=True):
        here = models.Q(_has("place_words", query)) & ~models.Q(place_words="")
        found &= here | models.Q(service_id__in=services) if services else here
    return found


def _told(wanted: Wanted) -> models.Q:
    return models.Q(_has("words", wanted.query)) & ~models.Q(words="")


FOUND_SQL: Final = """
SELECT onehall_found(%(city)s, %(place)s, %(services)s::bigint[], %(rest)s, %(told)s, %(name)s, %(email)s,
                     %(phone)s, %(former)s, %(since)s, %(until)s, %(queues)s::bigint[], %(most)s)
"""
"""Keys of the newest cases of each source. What is None is not asked for."""


def _keys(wanted: Wanted, *, most: int, **more: Any) -> list[int]:
    """The keys of what fits by place, service and residents' words, and by what else is given."""
    if not wanted.words:
        return []
    asked: dict[str, Any] = dict.fromkeys(
        ("services", "rest", "name", "email", "phone", "former", "since", "until", "queues")
    )
    asked |= {"city": wanted.city.id, "most": most, "place": wanted.query, "told": wanted.query}
    with connection.cursor() as cursor:
        cursor.execute(FOUND_SQL, asked | _by_service(wanted) | more)
        return sorted({row[0] for row in cursor.fetchall()})


def _by_service(wanted: Wanted) -> dict[str, Any]:
    """Some words name the service, and the others stand in the place: as many as name one together."""
    named = [n for n, services in enumerate(wanted.services) if services]
    for count in range(len(named), 0, -1):
        together = [
            (set.intersection(*(set(wanted.services[n]) for n in chosen)), chosen)
            for chosen in combinations(named, count)
        ]
        services, chosen = max(together, key=lambda one: len(one[0]))
        if services:
            rest = [query for n, query in enumerate(wanted.queries) if n not in chosen]
            return {"services": sorted(services), "rest": " & ".join(rest) or None}
    return {}


def worded(city: City, text: str) -> models.Q:
    """The condition that a case is about a text: its place, its service, or what residents wrote.

    Few hits are named one by one; where there are many, every row of the list is asked, which finds
    its page soon.
    """
    wanted = Wanted.of(city, text)
    keys = _keys(wanted, most=NAMED + 1)
    if len(keys) <= NAMED:
        return models.Q(pk__in=keys)
    told = ServiceRequest.objects.filter(_told(wanted), case_id=models.OuterRef("pk"))
    return _about(wanted) | models.Q(models.Exists(told))


def worded_in_public(city: City, text: str) -> models.Q:
    """The condition that a case is about a text by its place or service alone: nothing that people wrote."""
    wanted = Wanted.of(city, text)
    keys = _keys(wanted, most=NAMED + 1, told=None)
    return models.Q(pk__in=keys) if len(keys) <= NAMED else _about(wanted)


def search(
    actor: Actor, city: City, text: str, *, opened: Span | None = None, limit: int = 50
) -> list[CaseLine]:
    """Cases that fit a text: open ones first, those that have its words in a row before others, then new ones.

    By people only for those who may see contacts. `opened` is when they came in.
    """
    wanted, when = Wanted.of(city, text), opened or Span()
    queues = actor.visible_queue_ids
    keys = _keys(
        wanted,
        most=LOOKED_AT,
        since=when.start,
        until=when.end,
        queues=None if queues is None else sorted(queues),
        former=text.strip() if any(c.isdigit() for c in text) else None,
        **(_people(wanted) if actor.may("see_contacts") else {}),
    )
    if not keys:
        return []
    rows = Case.objects.visible_to(actor).filter(when.over("opened_at"), pk__in=keys)
    lines = as_lines(rows.order_by("-opened_at", "-id")[:LOOKED_AT])
    follows = re.compile(
        r"\S*\W+".join(rf"\b(?:{_any_of(f)})" for f in wanted.words), re.IGNORECASE
    )
    lines.sort(key=lambda c: (not c.is_open, not follows.search(c.place_words)))
    return lines[:limit]


def _any_of(forms: Sequence[str]) -> str:
    return "|".join(map(re.escape, forms))


def _people(wanted: Wanted) -> dict[str, str]:
    """By name; an e-mail address is matched whole, a phone number by its last digits."""
    text = wanted.text.strip()
    if "@" in text:
        return {"email": text.lower()}
    found = {"name": wanted.query}
    digits = "".join(c for c in text if c.isdigit())
    if len(digits) >= FEWEST_DIGITS and not any(c.isalpha() for c in text):
        found["phone"] = digits
    return found
