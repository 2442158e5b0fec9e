"""What a flow must stand before it is published: its conditions make sense, and its scenarios pass."""

from collections.abc import Mapping, Sequence

from onehall.catalog import flows, scenarios, services
from onehall.catalog.findings import Finding
from onehall.catalog.lint import lint_flow
from onehall.catalog.lint_conditions import Asked, lint_conditions
from onehall.catalog.pack.documents import CatalogPack, Doc, Known
from onehall.catalog.pack.read_flows import report
from onehall.kernel.yamlfile import Node


def check(
    found: Mapping[str, Doc], nodes: Mapping[str, Node], offered: Sequence[Doc], known: Known
) -> None:
    """Report the mistakes of flows that only show beside the services that use them."""
    for key, doc in found.items():
        for finding in findings(doc, offered, sorted(known.layers)):
            report(nodes[key], finding)


def findings(doc: Doc, offered: Sequence[Doc], layers: Sequence[str]) -> list[Finding]:
    """Mistakes in conditions; then, if there are none, the scenarios that do not come out."""
    flow = flows.parse(doc)
    asked = asked_by(flow.key, offered)
    return list(lint_conditions(flow, asked, layers)) or scenarios.failures(flow)


def asked_by(flow_key: str, offered: Sequence[Doc]) -> Asked:
    """The questions of the services that use a flow."""
    return {doc["key"]: services.parse(doc).questions for doc in offered if doc["flow"] == flow_key}


def warnings(pack: CatalogPack) -> list[str]:
    """What one should look at in the flows of a checked pack, as sentences."""
    return [
        f"flows/{key}.yaml: {finding.message} {finding.advice}"
        for key, doc in pack.flows.items()
        for finding in lint_flow(flows.parse(doc))
        if finding.warning
    ]
