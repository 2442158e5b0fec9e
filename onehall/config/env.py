"""Every setting that comes from outside, in one typed table."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qsl, unquote, urlsplit


class EnvError(Exception):
    """An environment variable holds something that cannot be used; the text is for the operator."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Variable:
    """One documented environment variable; `default` is written the way the variable would be."""

    name: str
    default: str
    help: str


def _v(name: str, default: str, help_text: str) -> Variable:
    return Variable(name=name, default=default, help=help_text)


class Env:
    """Reads the variables of `TABLE` from a mapping; any other name is a programming error."""

    TABLE: ClassVar[tuple[Variable, ...]] = (
        _v(
            "DATABASE_URL", "", "PostgreSQL to use: postgresql://user:pass@host:port/name?host=/dir"
        ),
        _v("ONEHALL_MODE", "production", "production, demo, development or test"),
        _v("ONEHALL_DATA", "var", "Folder for files, secrets, tiles and the embedded server"),
        _v(
            "ONEHALL_SECRET_KEY", "", "Signing key; made on first start and kept in the data folder"
        ),
        _v(
            "ONEHALL_SECRET_KEY_FALLBACKS",
            "",
            "Older signing keys that are still accepted, by comma",
        ),
        _v(
            "ONEHALL_HOSTS", "localhost,127.0.0.1,[::1]", "Host names the pages answer to, by comma"
        ),
        _v("ONEHALL_ORIGINS", "", "Extra trusted origins for forms (https://host), by comma"),
        _v("ONEHALL_HTTPS", "", "yes or no: secure cookies and HSTS; yes in production"),
        _v(
            "ONEHALL_TRUST_PROXY",
            "no",
            "yes when a TLS proxy in front sets X-Forwarded-Proto and X-Forwarded-For",
        ),
        _v("ONEHALL_PROXIES", "1", "How many trusted proxies stand in front, one behind another"),
        _v("ONEHALL_BIND", "127.0.0.1:8000", "Address and port of the pages"),
        _v("ONEHALL_WEB_WORKERS", "2", "Web processes; as many as cores is a good start"),
        _v("ONEHALL_WEB_THREADS", "6", "Threads in each web process"),
        _v("ONEHALL_TILE_WORKERS", "0", "Web processes of their own for tiles; 0: the pages' own"),
        _v("ONEHALL_TILE_BIND", "127.0.0.1:8011", "Address and port of the tiles' own processes"),
        _v("ONEHALL_STAFF_WORKERS", "0", "Web processes of their own for staff; 0: the pages' own"),
        _v("ONEHALL_STAFF_BIND", "127.0.0.1:8012", "Address and port of the staff's own processes"),
        _v("ONEHALL_POOL", "", "Set by the supervisor: whose web process it is, tiles or staff"),
        _v(
            "ONEHALL_DB_POOL",
            "0",
            "Most database connections of one process; 0: each thread keeps its own",
        ),
        _v(
            "ONEHALL_WAITING_MOST",
            "2000",
            "Reports that may wait on disk while the database is away",
        ),
        _v("ONEHALL_STATIC", "", "Folder for collected static files; DATA/static when empty"),
        _v(
            "ONEHALL_LIVE_SOCKET",
            "",
            "Socket of the live stream process; DATA/run/live.sock if empty",
        ),
        _v("ONEHALL_MAIL_HOST", "", "SMTP server; when empty, mail is written to DATA/mail"),
        _v("ONEHALL_MAIL_PORT", "587", "Port of the SMTP server"),
        _v("ONEHALL_MAIL_USER", "", "User name at the SMTP server"),
        _v("ONEHALL_MAIL_PASSWORD", "", "Password at the SMTP server"),
        _v("ONEHALL_MAIL_TLS", "starttls", "starttls, tls or none"),
        _v(
            "ONEHALL_LIMIT_CONNECTIONS",
            "yes",
            "Limit what one connection may send; no where something in front does it",
        ),
        _v(
            "ONEHALL_ADDRESS",
            "",
            "Where residents find the pages, such as https://311.example.gov; for links in mails",
        ),
        _v("ONEHALL_MAIL_FROM", "Onehall <no-reply@localhost>", "Sender of every mail"),
        _v("ONEHALL_PAY_DEMO_ADDRESS", "", "Where programs reach the demo payment provider"),
        _v("ONEHALL_PAY_DEMO_PAGES", "", "Where payers reach it; when empty, at the host they use"),
        _v("ONEHALL_PAY_DEMO_KEY", "", "Key to it; made and kept in the data folder when empty"),
        _v("ONEHALL_PAY_DEMO_SECRET", "", "Signs its webhooks; made and kept when empty"),
        _v("ONEHALL_STRIPE_KEY", "", "Secret key at Stripe; of several cities: slug=key, by comma"),
        _v(
            "ONEHALL_STRIPE_SECRET", "", "Signing secret of the webhook at Stripe, written likewise"
        ),
        _v("ONEHALL_STRIPE_ADDRESS", "", "A server that stands for Stripe, for tests"),
        _v("ONEHALL_MAP_FONT", "", "TrueType font for maps and PDFs, for scripts beyond Latin"),
        _v("ONEHALL_LOG_LEVEL", "INFO", "DEBUG, INFO, WARNING or ERROR"),
        _v(
            "ONEHALL_PG_BIN",
            "",
            "Folder with the PostgreSQL programs to use for the embedded server",
        ),
        _v("ONEHALL_PG_USER", "", "Account the embedded server runs as when started by root"),
    )

    def __init__(self, values: Mapping[str, str] | None = None) -> None:
        self._values = os.environ if values is None else values
        self._table = {v.name: v for v in self.TABLE}

    @classmethod
    def names(cls) -> list[str]:
        """The names of all variables, in the order of the table."""
        return [v.name for v in cls.TABLE]

    def text(self, name: str) -> str:
        """The value as written, or the default; spaces around it are dropped."""
        return self._values.get(name, "").strip() or self._table[name].default

    def items(self, name: str) -> list[str]:
        """A list that is written with commas."""
        return [part.strip() for part in self.text(name).split(",") if part.strip()]

    def number(self, name: str) -> int:
        """A whole number."""
        try:
            return int(self.text(name))
        except ValueError:
            message = f"{name} must be a whole number, not {self.text(name)!r}."
            raise EnvError(message) from None

    def positive(self, name: str) -> int:
        """A whole number that is at least one."""
        found = self.number(name)
        if found < 1:
            message = f"{name} must be at least 1, not {found}."
            raise EnvError(message)
        return found

    def flag(self, name: str, *, otherwise: bool = False) -> bool:
        """A yes or no; `otherwise` is used when nothing is set."""
        value = self.text(name).lower()
        if not value:
            return otherwise
        if value in {"yes", "true", "1", "on"}:
            return True
        if value in {"no", "false", "0", "off"}:
            return False
        message = f"{name} must be yes or no, not {value!r}."
        raise EnvError(message)

    def choice(self, name: str, allowed: tuple[str, ...]) -> str:
        """One of the `allowed` words."""
        value = self.text(name)
        if value not in allowed:
            message = f"{name} must be one of {', '.join(allowed)}, not {value!r}."
            raise EnvError(message)
        return value

    def folder(self, name: str) -> Path:
        """An absolute path; a relative one starts at the working directory."""
        return Path(self.text(name)).expanduser().absolute()


def pay_demo_secrets(env: Env) -> tuple[str, str]:
    """The key to the demo payment provider and the secret of its webhooks: as set, else kept in the data folder."""
    folder = env.folder("ONEHALL_DATA") / "secrets"
    key = env.text("ONEHALL_PAY_DEMO_KEY") or stored_secret(folder, "pay-demo-key")
    return key, env.text("ONEHALL_PAY_DEMO_SECRET") or stored_secret(folder, "pay-demo-secret")


def stored_secret(folder: Path, name: str) -> str:
    """The secret kept in `folder/name`; made on first use, readable by its owner only."""
    path = folder / name
    try:
        return path.read_text("ascii").strip()
    except FileNotFoundError:
        folder.mkdir(parents=True, exist_ok=True)
    # A whole file is linked into place, so that two processes starting at once agree on one secret.
    draft = folder / f".{name}.{os.getpid()}"
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(50) + "\n")
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path.read_text("ascii").strip()


def database_from_url(url: str) -> dict[str, Any]:
    """Django's settings for one PostgreSQL address; a query `host` wins, the rest become options."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgresql", "postgres"}:
        message = "DATABASE_URL must start with postgresql://"
        raise EnvError(message)
    options: dict[str, Any] = dict(parse_qsl(parts.query))
    name = unquote(parts.path.lstrip("/"))
    if not name:
        message = "DATABASE_URL must name a database: postgresql://user@host/name"
        raise EnvError(message)
    return {
        "ENGINE": "onehall.kernel.database",
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", None) or unquote(parts.hostname or ""),
        "PORT": str(options.pop("port", None) or parts.port or ""),
        "OPTIONS": options,
    }
