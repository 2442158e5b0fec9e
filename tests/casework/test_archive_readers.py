"""Whoever reads the timeline from the table would miss archived histories: each of them says why that is right."""

import re

from tests.architecture.test_house import sources

TABLE = re.compile(r"TimelineEntry\.objects|\(TimelineEntry,|casework_timelineentry")

READS_THE_ARCHIVE_TOO = {
    "casework/archived.py",
    "casework/progress.py",
    "casework/queries.py",
    "casework/for_you.py",
    "casework/selection.py",
    "casework/verify.py",
    "console/columns.py",
    "console/paper/orders.py",
    "insights/rehearsal/stored.py",
    "service_requests/changing.py",
    "service_requests/queries.py",
}
WITHIN_AN_ACT = {
    # `steps.locked` has brought the history back.
    "casework/after.py",
    "casework/changing.py",
    "casework/erasing.py",
    "casework/splitting.py",
    "casework/steps.py",
    "casework/undoing.py",
    "service_requests/batches.py",
}
OF_OPEN_CASES = {
    "casework/migrating.py",
    "casework/redistricting.py",
}
OF_WHAT_HAPPENED_JUST_NOW = {
    # News go out within days, and nothing is archived sooner than 90 days after the last entry.
    "casework/telling.py",
    "service_requests/news.py",
}
THE_TABLE_ITSELF = {
    "casework/bulk.py",
    "casework/timeline_parts.py",
    "cli/demo_history/pictures.py",
}


def test_every_reader_is_known() -> None:
    readers = {path for path, text in sources() if TABLE.search(text)}
    known = (
        READS_THE_ARCHIVE_TOO
        | WITHIN_AN_ACT
        | OF_OPEN_CASES
        | OF_WHAT_HAPPENED_JUST_NOW
        | THE_TABLE_ITSELF
    )
    assert readers - known == set(), "Read archived histories too: `casework.archived`."
    assert known - readers == set()
