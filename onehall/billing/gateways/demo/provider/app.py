"""The demo provider as a whole: its state, its thread for webhooks, and what answers at which address."""

import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from onehall.billing.gateways import signing
from onehall.billing.gateways.demo.provider import pages
from onehall.billing.gateways.demo.provider.courier import Courier, Letter
from onehall.billing.gateways.demo.provider.engine import Engine, Refused, named
from onehall.billing.gateways.demo.provider.journal import Book
from onehall.billing.gateways.demo.provider.json_face import JsonFace
from onehall.billing.gateways.demo.provider.knob_page import KnobPage
from onehall.billing.gateways.demo.provider.knobs import Knobs
from onehall.billing.gateways.demo.provider.records import Session, Told
from onehall.billing.gateways.demo.provider.stripe_face import StripeFace
from onehall.billing.gateways.demo.provider.web import Answer, Request, Server
from onehall.kernel import clock

SIGNATURES = {"demo": "Demo-Signature", "stripe": "Stripe-Signature"}


class Face(Protocol):
    """An interface for programs."""

    def operation(self, request: Request) -> str:
        """What a request does, as the knobs name it."""
        ...

    def answer(self, request: Request) -> Answer:
        """Do what is asked, or raise `Refused`."""
        ...

    def refusal(self, no: Refused) -> Answer:
        """A no, in the interface's own shape."""
        ...

    def event(self, told: Told) -> dict[str, Any] | None:
        """The content of a webhook; None for what the interface does not tell."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """How a provider is run.

    `webhooks` is the address below which the city takes them, as `{webhooks}/demo` and `{webhooks}/stripe`; "": none
    are sent. `address` is where payers reach the pages; "": at the host that a page returns to, and our own port.
    `file` keeps the state; None: memory only.
    """

    key: str
    secret: str
    webhooks: str = ""
    address: str = ""
    host: str = "127.0.0.1"
    port: int = 0
    file: Path | None = None


class Provider:
    """One running provider. Use as `with`, or `start` and `stop`. OSError when its port or its file is taken."""

    def __init__(self, setup: Setup, *, now: clock.Clock = clock.now) -> None:
        self._setup = setup
        self.knobs = Knobs()

        def seconds() -> int:
            return int(now().timestamp())

        self._seconds: Callable[[], int] = seconds
        # The port first: who cannot have it must not touch the file of whoever has.
        self.server = Server(setup.host, setup.port, self.answer)
        try:
            self._book = Book(setup.file, now=seconds)
        except OSError:
            self.server.server_close()
            raise
        self.courier = Courier(self._letter, self.knobs)
        self.engine = Engine(self._book, self.knobs, now=seconds, tell=self.courier.take)
        self._faces: dict[str, Face] = {
            "api": JsonFace(self.engine, self._page_of),
            "v1": StripeFace(self.engine, self._page_of),
        }
        self._pay = pages.PayPage(self.engine)
        self._knobs = KnobPage(self.engine, self.courier)

    def __enter__(self) -> "Provider":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Serve and deliver beside the caller."""
        self.courier.start(each=self._tick)
        self.server.start()

    def stop(self) -> None:
        """End; the state stays in its file."""
        self.server.shutdown()
        self.server.server_close()
        self.courier.stop()
        with self.engine.lock:
            self._book.close()

    @property
    def address(self) -> str:
        """Where programs on this machine reach it."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self._setup.host, self._setup.host)  # noqa: S104
        return (
            f"http://[{host}]:{self.server.port}"
            if ":" in host
            else f"http://{host}:{self.server.port}"
        )

    def answer(self, request: Request) -> Answer:
        """What is answered to a request."""
        first = request.path.split("/")[1]
        with self.engine.lock:
            if first in self._faces:
                return self._for_programs(request, first)
            return self._for_people(request, first)

    def _for_people(self, request: Request, first: str) -> Answer:
        if request.path in {"/", "/knobs", "/knobs.json"}:
            return self._knobs.answer(request)
        if first == "payouts":
            return self._knobs.file(request)
        found = pages.static(request)
        if found is not None:
            return found
        if self.knobs.down:
            return pages.missing(request, status=503, about="down")
        if first == "pay" and request.path.count("/") == 2:
            return self._pay.answer(request, request.path.rpartition("/")[2])
        return pages.missing(request)

    def _for_programs(self, request: Request, first: str) -> Answer:
        face = self._faces[first]
        try:
            if self.knobs.down:
                raise Refused("down", "Out of order.", status=503)  # noqa: TRY301
            given = request.headers.get("authorization", "").removeprefix("Bearer ")
            if not hmac.compare_digest(given.encode(), self._setup.key.encode()):
                raise Refused("bad_key", "The key is not known here.", status=401)  # noqa: TRY301
            answer = face.answer(request)
        except Refused as no:
            return face.refusal(no)
        if self.knobs.strikes(face.operation(request)):
            answer.late, answer.cut = self.knobs.late_seconds, self.knobs.cut
        return answer

    def _page_of(self, session: Session) -> str:
        """The address of a session's page, for the payer's browser."""
        if self._setup.address:
            return f"{self._setup.address.rstrip('/')}/pay/{session.ref}"
        host = urlsplit(session.return_url).hostname or "localhost"
        host = f"[{host}]" if ":" in host else host
        return f"http://{host}:{self.server.port}/pay/{session.ref}"

    def _letter(self, told: Told, forged: bool) -> Letter | None:  # noqa: FBT001  # the courier's shape
        """A webhook, signed now. A forged one claims to be new, and is signed with another secret."""
        if not self._setup.webhooks:
            return None
        face = self._faces["v1" if told.face == "stripe" else "api"]
        with self.engine.lock:
            content = face.event(told)
            at = self._seconds()
        if content is None:
            return None
        if forged:
            content["id"] = named("evt")
        body = json.dumps(content).encode()
        secret = f"{self._setup.secret} forged" if forged else self._setup.secret
        headers = {
            "Content-Type": "application/json",
            SIGNATURES[told.face]: signing.sign(secret, body, at=at),
        }
        return Letter(f"{self._setup.webhooks.rstrip('/')}/{told.face}", headers, body)

    def _tick(self) -> None:
        with self.engine.lock:
            self.engine.tick()
