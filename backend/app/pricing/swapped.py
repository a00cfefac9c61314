"""Prices that look as if buying and selling were mixed up."""

from collections.abc import Sequence

from app.domain.price import Direction, Price


def looks_swapped(prices: Sequence[Price]) -> bool:
    """Tell whether every known kWh sold earns more than any kWh bought costs: a house that could live on that is hardly there."""
    bought, sold = (
        [price.per_kwh for price in prices if price.direction is direction] for direction in (Direction.IMPORT, Direction.EXPORT)
    )
    return bool(bought) and bool(sold) and min(sold) > max(bought)
