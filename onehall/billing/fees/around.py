"""What a fee that is read may refer to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, cast

from onehall.billing.fees.documents import NUMERIC, PARTS, Input, Parts, Rounding
from onehall.kernel.spelling import nearest
from onehall.kernel.yamlfile import Node

ZERO: Final = Decimal(0)


@dataclass(kw_only=True)
class Around:
    """What a fee may refer to: inputs and the fees above it; `used` gathers the inputs that are read."""

    inputs: Mapping[str, Input]
    languages: Sequence[str]
    currency: str
    rounding: Rounding
    later: Sequence[str]
    """The codes of all fees of the version."""
    above: list[str] = field(default_factory=list)
    used: set[str] = field(default_factory=set)

    def source(self, node: Node, name: str, kinds: Sequence[str], *, fees: bool) -> str:
        """A checked reference to an input of one of the kinds, or to a fee above."""
        known = self.inputs.get(name)
        if known is not None:
            self.used.add(name)
            if known.kind not in kinds:
                advice = f"Use one of the kind {' or '.join(kinds)}."
                node.problem(f'"{name}" is of the kind {known.kind}.', advice)
        elif fees and name in self.above:
            pass
        elif fees and name in self.later:
            advice = "A fee can only be taken of those above it: move it up."
            node.problem(f'"{name}" is not worked out yet.', advice)
        elif name:
            options = [k for k, i in self.inputs.items() if i.kind in kinds]
            guess = nearest(name, [*options, *(self.above if fees else [])])
            advice = f'Did you mean "{guess}"?' if guess else "Name an input or a fee above."
            node.problem(f'There is no "{name}" to take it of.', advice)
        return name

    def one(
        self, node: Node, kinds: Sequence[str] = NUMERIC, *, key: str = "of", fees: bool = False
    ) -> str:
        """The field that names one source."""
        child = node.child(key, required=True)
        return self.source(child, child.as_text(), kinds, fees=fees) if child else ""


def read_parts(node: Node) -> Parts:
    """Whether a part of a unit counts as it is, whole, or not at all: never assumed."""
    return cast(Parts, node.choice("parts", PARTS, required=True, default="exact"))
