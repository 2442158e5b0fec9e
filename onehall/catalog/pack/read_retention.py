"""Reads how long a service keeps what residents told, and holds it to the time in which they may object."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from onehall.catalog.pack.documents import Doc, Known
from onehall.kernel.yamlfile import Node
from onehall.places import retention


def read_retention(service: Node, known: Known, flow: Doc | None) -> Doc:
    """What the service says otherwise than its city; {} for nothing."""
    node = service.mapping("retention")
    said: Doc = dict(retention.read(node, of_service=True))
    window = _window(flow) if flow is not None else timedelta()
    for kind, term in retention.terms(known.retention, said).items():
        if term.span > window:
            continue
        whose = "" if kind in said else ", as the city says,"
        message = f"{kind} would be erased after {term.text}{whose} while residents may still say"
        message += f" that it is not fixed: {window.days} days long."
        advice = f"Write a longer time for {kind} under `retention`, or a shorter one in the flow."
        if kind in said:
            node.problem(message, advice, key=kind)
        else:
            service.problem(message, advice, key="flow")
    return said


def _window(flow: Mapping[str, Any]) -> timedelta:
    """How long after the end residents may object; nothing where the flow sets no end to it."""
    spans = [m["within"] for m in flow["moves"] if m["purpose"] == "dispute" and "within" in m]
    return max((timedelta(**span) for span in spans), default=timedelta())
