"""The planner's view of a device: which one it is and of what kind, and what a plan has it do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NewType

AssetId = NewType("AssetId", str)

BATTERY = AssetId("battery")
"""A house's main battery."""
SOLAR = AssetId("solar")
"""Its array."""


class AssetKind(StrEnum):
    """What sort of device an asset is."""

    BATTERY = "battery"
    SOLAR = "solar"
    CAR = "car"
    RUN = "run"
    """A load that wants to run for a while, and can wait."""
    HEAT = "heat"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """A device that the plan can move."""

    id: AssetId
    kind: AssetKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """What a plan has one asset do in one slot: mean powers in kW, neither negative; its cost in currency."""

    asset: AssetId
    kind: AssetKind
    draws_kw: float = 0.0
    """From the house bus."""
    gives_kw: float = 0.0
    """To the house bus. Of a plan only one of the two is above 0; of an expectation over many paths both may be."""
    cost: float = 0.0
    """Beyond what the grid bills: wear, comfort."""
    state: Mapping[str, float] = field(default_factory=dict)
    """How it stands at the slot's end, by names that end in their unit."""

    @property
    def power_kw(self) -> float:
        """What it draws less what it gives."""
        return self.draws_kw - self.gives_kw
