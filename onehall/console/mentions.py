"""Notes with the colleagues they name as links, to write to them."""

import re
from collections.abc import Iterable, Mapping

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString

from onehall.casework.wording import Line
from onehall.people.models import User

type Named = Mapping[int, tuple[str, str]]
"""Name and address of people of the staff, by id."""


def people_of(lines: Iterable[Line]) -> Named:
    """Everybody whom these lines name; one query, and none where nobody is named."""
    named = {int(pk) for line in lines for pk in line.data.get("mentions", ())}
    if not named:
        return {}
    rows = User.objects.filter(pk__in=named, is_active=True).order_by("pk")
    return {pk: (name, email) for pk, name, email in rows.values_list("pk", "name", "email")}


def linked(line: Line, people: Named) -> SafeString | str:
    """The words of a line, each name after an @ as a link; plain words where nobody is named."""
    here = {people[pk] for pk in line.data.get("mentions", ()) if pk in people}
    if not here:
        return line.words
    links = {name.casefold(): email for name, email in here}
    names = "|".join(re.escape(name) for name in sorted((n for n, _ in here), key=len)[::-1])
    parts = re.split(rf"(?<!\w)(@(?:{names}))(?!\w)", line.words, flags=re.IGNORECASE)
    made = [
        format_html('<a href="mailto:{}"><bdi>{}</bdi></a>', links[part[1:].casefold()], part)
        if index % 2
        else escape(part)
        for index, part in enumerate(parts)
    ]
    return SafeString("".join(made))
