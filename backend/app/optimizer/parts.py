"""The list of parts: every device that hangs on a house's bus beside its load."""

from collections.abc import Sequence

from app.domain.asset import Asset
from app.domain.errors import InvalidInputError
from app.optimizer.battery import MainBattery
from app.optimizer.part import Flexible
from app.optimizer.problem import Problem
from app.optimizer.solar import Array


def devices(problem: Problem) -> Sequence[Flexible]:
    """Return the array, the main battery, and whatever else the house has.

    Raises:
        InvalidInputError: an asset has no part.
    """
    return (Array(), MainBattery(), *map(flexible, problem.assets))


def flexible(asset: Asset) -> Flexible:
    """Return an asset as the planner needs it: one line for each kind that does not know its part by itself.

    Raises:
        InvalidInputError: it has none.
    """
    match asset:
        case Flexible():
            return asset
        case _:
            raise InvalidInputError(f"the plan has no part for {asset.id}, a {asset.kind}")
