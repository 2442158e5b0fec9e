"""What is written as a line of COPY comes out of the table as it was."""

import json

import pytest
from django.db import connection, transaction

from onehall.kernel import copylines

TEXTS = (
    "",
    "plain",
    "\\N",
    "\\.",
    "back\\slash \\t",
    "tab\tline\nreturn\r\nend",
    "“ñ” 🌳 \u2028 \x7f \x01",
    " spaces ",
    '{"a": 1}',
)


@pytest.mark.django_db
def test_texts_and_json_come_back_as_they_were() -> None:
    lines = [
        f"{number}\t{copylines.text(text)}\t{copylines.json(json.dumps([text]))}"
        for number, text in enumerate(TEXTS)
    ]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE held (n int, t text, j jsonb) ON COMMIT DROP")
        with cursor.copy("COPY held FROM STDIN") as copy:
            copy.write("".join(f"{line}\n" for line in lines))
        cursor.execute("SELECT t, j::text FROM held ORDER BY n")
        found = [(text, json.loads(written)[0]) for text, written in cursor.fetchall()]
    assert found == [(text, text) for text in TEXTS]


@pytest.mark.django_db
def test_nothing_and_the_rest_come_back_too() -> None:
    line = "\t".join(
        map(
            str,
            (
                copylines.known(None),
                copylines.known(0),
                copylines.FLAG[True],
                copylines.FLAG[False],
                copylines.hexed("00ff5c0a"),
            ),
        )
    )
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE held (a int, b int, c bool, d bool, e bytea)")
        with cursor.copy("COPY held FROM STDIN") as copy:
            copy.write(line)
        cursor.execute("TABLE held")
        a, b, c, d, e = cursor.fetchone()
        cursor.execute("DROP TABLE held")
    assert (a, b, c, d, bytes(e)) == (None, 0, True, False, b"\x00\xff\x5c\x0a")
