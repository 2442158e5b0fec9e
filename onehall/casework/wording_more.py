"""Words of the entries about what lies beside a case: files, parts, related cases, time and materials."""

from collections.abc import Callable
from typing import Final

from django.utils.translation import gettext as _

from onehall.casework.models import TimelineEntry

MORE: Final[dict[str, Callable[[TimelineEntry, str, str], tuple[str, str]]]] = {
    "file_added": lambda e, _l, _d: (_("File added"), str(e.data.get("title", ""))),
    "file_shared": lambda e, _l, _d: (_("A document from the city"), str(e.data.get("title", ""))),
    "file_hidden": lambda e, _l, _d: (_("File no longer shared"), str(e.data.get("title", ""))),
    "file_removed": lambda e, _l, _d: (_("File removed"), str(e.data.get("title", ""))),
}
"""What each of these kinds says: title and detail, for a language and the city's first one."""
