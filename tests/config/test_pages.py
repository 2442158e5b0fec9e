"""What every answer carries, and the health pages."""

import pytest
from django.test import Client


def test_healthz_needs_no_database_and_no_sign_in(client: Client) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok")
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert answer["X-Request-Id"]


def test_the_proxys_request_id_is_kept_only_when_harmless(client: Client) -> None:
    given = client.get("/healthz", headers={"x-request-id": "abcdef123456"})
    assert given["X-Request-Id"] == "abcdef123456"
    forged = client.get("/healthz", headers={"x-request-id": "a b=c"})
    assert "b=c" not in forged["X-Request-Id"]


@pytest.mark.django_db
def test_readyz_looks_at_database_migrations_and_outbox(client: Client) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {
        "ready": True, "database": "ok", "migrations": "ok", "outbox": "ok",
    }  # fmt: skip
