"""Reads the routing of a service: rules in order, a default at the end, and none that can never apply."""

from onehall.catalog.pack.documents import Doc, Known
from onehall.catalog.pack.read_questions import check_when, schema_of
from onehall.catalog.routing import CHANNELS, TIME_FIELDS, never_reached
from onehall.kernel import expressions
from onehall.kernel.expressions import FieldType
from onehall.kernel.yamlfile import Node


def routing_schema(questions: list[Doc], known: Known) -> dict[str, FieldType]:
    """Every field that the routing of a service with these questions may read."""
    schema: dict[str, FieldType] = dict(schema_of(questions))
    schema |= {
        f"area.{layer}": expressions.choice(sorted(codes)) if codes else expressions.TEXT
        for layer, codes in known.areas.items()
    }
    schema |= {"channel": expressions.choice(CHANNELS), "place.exists": expressions.FLAG}
    owners = sorted(known.owners)
    schema["asset.owner"] = expressions.choice(owners) if owners else expressions.TEXT
    return {**schema, **TIME_FIELDS}


def read_routing(service: Node, known: Known, questions: list[Doc]) -> list[Doc]:
    """Rules in order; the last one, and only it, matches everything."""
    schema = routing_schema(questions, known)
    items = service.listing("routing", required=True)
    before = len(service.problems)
    rules = [_rule(item, known, schema) for item in items]
    for number, (item, rule) in enumerate(zip(items, rules, strict=True), 1):
        _check_default(item, rule, is_last=number == len(items))
    if len(service.problems) == before:
        for number, earlier in never_reached(rules):
            _say_never(items[number], number, earlier)
    return rules


def _rule(node: Node, known: Known, schema: dict[str, FieldType]) -> Doc:
    rule: Doc = {
        "queue": node.choice("queue", known.queues, required=True),
        "because": node.localized("because", known.languages),
    }
    if person := node.text("person").lower():
        rule["person"] = person
        if known.people and person not in known.people:
            node.problem(
                f'Nobody of the staff has the address "{person}".',
                "Name somebody of departments.yaml, or take the line away.",
                key="person",
            )
    if body := node.choice("body", known.bodies):
        rule["body"] = body
    if when := node.child("when"):
        rule["when"] = check_when(when, schema)
    node.finish()
    return rule


def _check_default(node: Node, rule: Doc, *, is_last: bool) -> None:
    if "when" not in rule and not is_last:
        node.problem(
            "This routing rule matches everything, so the ones below never apply.",
            'Move it to the end, or give it a "when".',
        )
    if "when" in rule and is_last:
        node.problem(
            "The last routing rule does not match everything.",
            'End with a rule without "when", so that every report has a queue.',
        )


def _say_never(node: Node, number: int, earlier: int) -> None:
    if number == earlier:
        node.problem(
            "The condition of this routing rule can never hold.",
            "It asks for two different values of one field. Take one away.",
            key="when",
        )
        return
    node.problem(
        f"This routing rule never applies: rule {earlier + 1} takes everything it would.",
        "Move it above that one, or narrow the other.",
        key="when",
    )


def read_which_side(node: Node, known: Known, rules: list[Doc]) -> Doc:
    """Where a place close to the limit of two areas is asked about: the layer, and how close."""
    layer = node.choice("layer", sorted(known.layers), required=True)
    metres = node.whole("metres", minimum=1, maximum=200, default=15)
    node.finish()
    asks = any("when" in r and f"area.{layer}" in expressions.fields(r["when"]) for r in rules)
    if layer and not asks:
        node.problem(
            f'No routing rule asks for "area.{layer}", so the side would change nothing.',
            "Add a rule that does, or take which_side away.",
            key="layer",
        )
    return {"layer": layer, "metres": metres}
