"""The little of HTTP that the demo provider needs: plain requests and answers, and a server with threads."""

import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final, override
from urllib.parse import parse_qsl, urlsplit

MOST_BYTES: Final = 256 * 1024
MOST_AT_ONCE: Final = 64
PATIENCE: Final = 30.0


@dataclass(frozen=True, slots=True)
class Request:
    """What came in. Names of headers are in lower case."""

    method: str
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]
    body: bytes

    def form(self) -> dict[str, str]:
        """The fields of a form; the last one of a name counts."""
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))


@dataclass(slots=True)
class Answer:
    """What goes out, `late` seconds later; or, `cut`, a connection that ends without a word."""

    status: int
    body: bytes = b""
    kind: str = "text/html; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)
    late: float = 0.0
    cut: bool = False


def as_json(value: object, status: int = 200) -> Answer:
    """An answer for programs."""
    return Answer(status, json.dumps(value).encode(), "application/json")


def to(address: str) -> Answer:
    """Send the browser elsewhere, with a GET."""
    return Answer(303, headers={"Location": address})


class Server(ThreadingHTTPServer):
    """Listens at once; serves from `start` or `serve_forever` on. Port 0 takes a free one."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, host: str, port: int, app: Callable[[Request], Answer]) -> None:
        # What a handler reads has to be there before the first connection.
        self.app = app
        self.places = threading.BoundedSemaphore(MOST_AT_ONCE)
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, port), _Handler)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    def start(self) -> threading.Thread:
        """Serve beside the caller, until `shutdown`."""
        thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        return thread

    @override
    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no news."""


class _Handler(BaseHTTPRequestHandler):
    server_version = "demopay"
    sys_version = ""
    timeout = PATIENCE

    def _serve(self) -> None:
        server = self.server
        assert isinstance(server, Server)  # noqa: S101  # it is the only one that makes handlers
        with server.places:
            asked = self._read()
            answer = server.app(asked) if asked else Answer(413)
            if answer.late:
                time.sleep(answer.late)
            if answer.cut:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
            else:
                self._write(answer)

    do_GET = do_HEAD = do_POST = _serve  # noqa: N815  # names of the standard library

    def _read(self) -> Request | None:
        length = self.headers.get("Content-Length", "0")
        if not length.isdigit() or int(length) > MOST_BYTES:
            return None
        parts = urlsplit(self.path)
        return Request(
            method=self.command,
            path=parts.path,
            query=dict(parse_qsl(parts.query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(int(length)),
        )

    def _write(self, answer: Answer) -> None:
        self.send_response(answer.status, http.client.responses.get(answer.status, ""))
        headers = {
            "Content-Type": answer.kind,
            "Content-Length": str(len(answer.body)),
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            "Connection": "close",
        }
        for name, value in (headers | answer.headers).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Addresses of pages are secrets of their payers: nothing is written down."""
