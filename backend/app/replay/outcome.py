"""What a policy cost over a replay, and how much of the possible saving that is."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.domain.site import Site
from app.optimizer.foresight import Known
from app.replay.backtest import Row, imbalance_kwh


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A policy's totals: money in the site's currency, energies in kWh."""

    name: str
    cash: float
    wear: float
    import_kwh: float
    export_kwh: float
    discharge_kwh: float
    stored_end_kwh: float
    worst_imbalance_kwh: float

    @property
    def cost(self) -> float:
        """Cash and wear."""
        return self.cash + self.wear


def outcome(name: str, site: Site, rows: Sequence[Row]) -> Outcome:
    """Return the totals of a replay."""
    return Outcome(
        name=name,
        cash=sum(row.cost for row in rows),
        wear=sum(row.wear for row in rows),
        import_kwh=sum(row.import_kwh for row in rows),
        export_kwh=sum(row.export_kwh for row in rows),
        discharge_kwh=sum(row.discharge_kwh for row in rows),
        stored_end_kwh=rows[-1].stored_end_kwh,
        worst_imbalance_kwh=max(imbalance_kwh(site, row) for row in rows),
    )


def share(cost: float, *, nothing: float, perfect: float) -> float | None:
    """Return how much of the possible saving a cost is, None where nothing can be saved."""
    possible = nothing - perfect
    return (nothing - cost) / possible if possible > 0 else None


def known(rows: Sequence[Row]) -> list[Known]:
    """Return what perfect foresight would have known of the slots of a replay."""
    return [_known(row, (rows[1].start - rows[0].start).total_seconds() / 3600 if len(rows) > 1 else 0.5) for row in rows]


def _known(row: Row, hours: float) -> Known:
    return Known(
        hours=hours,
        import_per_kwh=row.import_per_kwh,
        export_per_kwh=row.export_per_kwh,
        load_kw=row.load_kwh / hours,
        solar_kw=row.solar_kwh / hours,
    )
