"""The catalogue's part of a city pack: groups, services, flows and reply templates, in and out."""

from collections.abc import Iterable
from pathlib import Path

from onehall.catalog.pack import publishing
from onehall.catalog.pack.documents import CatalogPack, Doc, Known
from onehall.catalog.pack.publishing import warnings
from onehall.catalog.pack.read_flows import read_flows
from onehall.catalog.pack.read_replies import read_replies
from onehall.catalog.pack.read_services import read_groups, read_services
from onehall.catalog.pack.read_sheets import read_sheets
from onehall.catalog.pack.rows import apply, plan, stored
from onehall.catalog.pack.write import file_docs, ordered, write
from onehall.kernel.yamlfile import PackProblem, Problems

__all__ = [
    "CatalogPack", "Doc", "Known", "apply", "file_docs", "ordered", "plan", "read", "stored",
    "warnings", "write",
]  # fmt: skip


def read(folder: Path, known: Known) -> tuple[CatalogPack, list[PackProblem]]:
    """The catalogue of a pack, and everything that is wrong with it."""
    problems = Problems()
    flows, nodes = read_flows(folder, known, problems)
    groups = read_groups(folder, known, problems)
    services = read_services(folder, known, problems, groups=groups, flows=flows)
    offered = [doc["key"] for doc in services]
    prepared = read_replies(folder, known, problems, services=offered, flows=flows)
    sheets = read_sheets(folder, known, problems)
    if not problems:
        publishing.check(flows, nodes, services, known)
    _some("service", "services", services, problems)
    _some("flow", "flows", flows, problems)
    found = CatalogPack(
        groups=tuple(groups.values()),
        services=tuple(services),
        flows=flows,
        replies=tuple(prepared),
        sheets=sheets,
    )
    return found, problems


def _some(what: str, folder: str, found: Iterable[object], problems: Problems) -> None:
    if not problems and not any(True for _ in found):
        problems.add(folder, 1, f"The pack has no {what}.", f"Add at least one file to {folder}/.")
