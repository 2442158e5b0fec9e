"""Idempotency keys: the same request again gets the first answer again, and another request is refused."""

import json
from collections.abc import Callable
from hashlib import sha256
from typing import Final

from onehall.billing.gateways.demo.provider.engine import Engine, Refused
from onehall.billing.gateways.demo.provider.records import Face, Kept
from onehall.billing.gateways.demo.provider.web import Answer, Request, as_json

LONGEST: Final = 255


def once(
    engine: Engine, face: Face, request: Request, do: Callable[[], object], *, conflict: int
) -> Answer:
    """What `do` gives, or what it gave to this request before. A conflict is refused with that status.

    A no that counts, like a declined charge, is kept too where `do` gives it as an answer.
    """
    key = request.headers.get("idempotency-key", "")
    if not key:
        given = do()
        return given if isinstance(given, Answer) else as_json(given)
    if len(key) > LONGEST:
        raise Refused("idempotency_error", f"A key has at most {LONGEST} characters.")
    asked = sha256(request.path.encode() + b"\n" + request.body).hexdigest()
    kept = engine.book.get(Kept, f"{face}:{key}")
    if kept is None:
        given = do()
        said = given if isinstance(given, Answer) else as_json(given)
        row = Kept(ref=f"{face}:{key}", digest=asked, status=said.status, body=said.body.decode())
        kept = engine.book.put(row)
    elif kept.digest != asked:
        words = "This idempotency key was used before with another request."
        raise Refused("idempotency_error", words, status=conflict)
    return as_json(json.loads(kept.body), kept.status)
