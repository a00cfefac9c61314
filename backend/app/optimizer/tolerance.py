"""How exact a solution has to be."""

TOLERANCE_KW = 1e-5
"""Ten milliwatts: far below what any device can measure, above a solver's own tolerance."""
TOLERANCE_KWH = 1e-6
COST_TOLERANCE = 1e-4
"""Yardsticks by which the solver's objective and the cost of the checked flows may differ."""
