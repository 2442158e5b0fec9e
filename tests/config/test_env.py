"""The environment table and what is read from it."""

import stat
from pathlib import Path

import pytest

from onehall.config.env import Env, EnvError, database_from_url, stored_secret


def test_every_variable_is_ours_and_explained() -> None:
    assert all(v.name == "DATABASE_URL" or v.name.startswith("ONEHALL_") for v in Env.TABLE)
    assert all(v.help for v in Env.TABLE)
    assert len(set(Env.names())) == len(Env.names())


def test_values_are_typed() -> None:
    env = Env({"ONEHALL_HOSTS": "a.example, b.example", "ONEHALL_HTTPS": "yes"})
    assert env.items("ONEHALL_HOSTS") == ["a.example", "b.example"]
    assert env.flag("ONEHALL_HTTPS") is True
    assert env.number("ONEHALL_WEB_WORKERS") == 2


def test_a_wrong_value_is_named_in_a_sentence() -> None:
    with pytest.raises(EnvError, match="ONEHALL_WEB_WORKERS must be a whole number, not 'many'"):
        Env({"ONEHALL_WEB_WORKERS": "many"}).number("ONEHALL_WEB_WORKERS")


def test_a_number_that_must_be_at_least_one() -> None:
    assert Env({}).positive("ONEHALL_PROXIES") == 1
    for wrong in ("0", "-1"):
        with pytest.raises(EnvError, match="ONEHALL_PROXIES must be at least 1"):
            Env({"ONEHALL_PROXIES": wrong}).positive("ONEHALL_PROXIES")


def test_unknown_names_are_programming_errors() -> None:
    with pytest.raises(KeyError):
        Env({}).text("ONEHALL_NOTHING")


@pytest.mark.parametrize(
    ("url", "host", "port", "name", "options"),
    [
        (
            "postgresql://u:p%40@db:6000/city?sslmode=require",
            "db",
            "6000",
            "city",
            {"sslmode": "require"},
        ),
        ("postgresql://u@/city?host=%2Frun%2Fpg", "/run/pg", "", "city", {}),
        ("postgresql://u@/city?host=/run/pg&port=5433", "/run/pg", "5433", "city", {}),
    ],
)
def test_database_urls(url: str, host: str, port: str, name: str, options: dict[str, str]) -> None:
    found = database_from_url(url)
    assert (found["HOST"], found["PORT"], found["NAME"], found["OPTIONS"]) == (
        host, port, name, options,
    )  # fmt: skip


@pytest.mark.parametrize("url", ["mysql://u@h/x", "postgresql://u@h/"])
def test_unusable_database_urls(url: str) -> None:
    with pytest.raises(EnvError):
        database_from_url(url)


def test_a_secret_is_made_once_and_private(tmp_path: Path) -> None:
    first = stored_secret(tmp_path, "key")
    assert len(first) > 50
    assert stored_secret(tmp_path, "key") == first
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
