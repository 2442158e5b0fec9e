"""Log lines: parsable, with the request id, without personal data."""

import logging

from onehall.config.logs import LineFormatter, request_id, scrub


def test_one_line_of_pairs() -> None:
    record = logging.LogRecord("onehall.x", logging.INFO, "", 1, "case %s moved", ("12",), None)
    token = request_id.set("abc")
    try:
        line = LineFormatter().format(record)
    finally:
        request_id.reset(token)
    assert 'level=info from=onehall.x request=abc says="case 12 moved"' in line
    assert "\n" not in line


def test_addresses_and_secret_links_never_reach_the_log() -> None:
    secret = "Zx8-aaaaaaaaaaaaaaaaaaaaa"
    assert scrub(f"Not Found: /r/{secret}/ for ana@example.org") == (
        "Not Found: /r/[secret]/ for [email]"
    )
