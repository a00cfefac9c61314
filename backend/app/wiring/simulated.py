"""A house inside this service, which obeys."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from app.domain.decision import Decision, Outcome, OutcomeStatus
from app.domain.reading import Quantity
from app.domain.site import Site
from app.services.simulated.dwelling import SimulatedHouse

READ_BACK = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class SimulatedActuator:
    """Moves the simulated house."""

    house: SimulatedHouse

    def carry_out(self, decision: Decision, now: datetime) -> Outcome:
        """Command the house and read back what it then does."""
        self.house.obey(decision.command, now, until=decision.valid_until)
        mode = self.house.command(now).mode
        status = OutcomeStatus.CONFIRMED if mode is decision.command.mode else OutcomeStatus.FAILED
        return Outcome(status=status, at=now + READ_BACK, reported_by="simulated house", mode_read_back=mode)


def rebuilt(before: SimulatedHouse | None, site: Site, now: datetime) -> SimulatedHouse:
    """Return a simulated house of these devices, charged as the one before was."""
    if before is None:
        return SimulatedHouse(site, now=now)
    charge = next(each.value for each in before.read(now) if each.quantity is Quantity.SOC_PCT)
    return SimulatedHouse(site, now=now, soc_pct=50.0 if charge is None else charge)


def physical(site: Site) -> Site:
    """Return a house as it stands, whatever people wish: its inverter stops at its own reserve."""
    return replace(site, battery=replace(site.battery, reserve_kwh=site.battery.bottom_kwh, floor_kwh=None))
