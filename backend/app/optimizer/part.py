"""The shape every device of the model has."""

from dataclasses import dataclass, field

from pulp import LpAffineExpression, LpVariable

type Terms = list[tuple[LpVariable, float]]
"""A linear expression: variables with their factors."""

total = LpAffineExpression.from_list
"""The sum of terms, ready to be compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one device adds: per slot its draw from the house bus in kW (negative: it feeds), and its cost in yardsticks."""

    load_kw: list[Terms] = field(default_factory=list)
    cost: Terms = field(default_factory=list)
    penalty: Terms = field(default_factory=list)
    """What a limit that gives way costs on top, in yardsticks nobody pays."""


TIE_PER_KWH = 1e-6
"""Yardsticks, a ten-thousandth of a penny: breaks ties the same way every time and never outweighs a price."""
