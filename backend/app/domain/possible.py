"""From what is wished to what can be done."""

from dataclasses import dataclass, replace
from math import ceil, floor

from app.domain.decision import Command
from app.domain.errors import InvalidInputError
from app.domain.site import Battery, Inverter, Mode, Site

SAME_PCT = 1e-6
"""Percentages of a capacity in kWh are rounded so far, so that 90 % of 7.2 kWh is 90 %."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Possible:
    """A command that can be carried out, and why it is not the one that was wished; None where it is."""

    command: Command
    why_not: str | None = None


def possible(inverter: Inverter, wish: Command) -> Possible:
    """Return the wish where the inverter can be told it, else self-use with the reason: the safe mode takes the place of every other."""
    reason = inverter.why_not(wish.mode)
    if reason is None:
        return Possible(command=wish)
    return Possible(command=Command(mode=Mode.SELF_USE), why_not=f"{inverter.word(wish.mode)} cannot be had: {reason}")


def bounded(site: Site, wish: Command) -> Possible:
    """Return the wish as far as battery, inverter and reserve go; a forced mode without a target ends there."""
    power, target = _power(site, wish), _target(site.battery, wish)
    why_not = "; ".join(each for each in (power.why_not, target.why_not) if each) or None
    return Possible(command=replace(target.command, power_kw=power.command.power_kw), why_not=why_not)


def carried_out(site: Site, wish: Command) -> Command:
    """Return what becomes of a wish in a house."""
    return possible(site.inverter, bounded(site, wish).command).command


def must_be_possible(site: Site, wish: Command) -> None:
    """Refuse what the house cannot do, rather than do less than was asked for.

    Raises:
        InvalidInputError: says the bound.
    """
    for found in (possible(site.inverter, wish), bounded(site, wish)):
        if found.why_not is not None:
            raise InvalidInputError(found.why_not)


def end_pct(battery: Battery, mode: Mode) -> float | None:
    """Return the charge in whole % at which a forced mode ends by itself; None for every other mode, and where nothing is to be kept."""
    most, least = _bounds(battery)
    return {Mode.FORCE_CHARGE: float(floor(most)), Mode.FORCE_DISCHARGE: float(ceil(least))}.get(mode) or None


def _power(site: Site, wish: Command) -> Possible:
    charge_kw = site.max_charge_kw
    discharge_kw = min(site.max_discharge_kw, site.inverter.ac_limit_kw)  # it reaches house and grid through the inverter alone
    most_kw, does = {Mode.FORCE_CHARGE: (charge_kw, "be charged at"), Mode.FORCE_DISCHARGE: (discharge_kw, "give")}.get(
        wish.mode, (max(charge_kw, discharge_kw), "do")
    )
    if wish.power_kw is None or wish.power_kw <= most_kw:
        return Possible(command=wish)
    why_not = f"{wish.power_kw:g} kW is too much: the battery can {does} {most_kw:g} kW at most"
    return Possible(command=replace(wish, power_kw=most_kw), why_not=why_not)


def _target(battery: Battery, wish: Command) -> Possible:
    asked, (most, least) = wish.target_soc_pct, _bounds(battery)
    if asked is None:
        return Possible(command=replace(wish, target_soc_pct=end_pct(battery, wish.mode)))
    if wish.mode is Mode.FORCE_DISCHARGE and asked < least - SAME_PCT:
        why_not = f"a discharge to {asked:g} % would drain the reserve of {least:g} %"
        return Possible(command=replace(wish, target_soc_pct=float(ceil(least))), why_not=why_not)
    if wish.mode is Mode.FORCE_CHARGE and asked > most + SAME_PCT:
        why_not = f"a charge to {asked:g} % goes above the limit of {most:g} %"
        return Possible(command=replace(wish, target_soc_pct=float(floor(most))), why_not=why_not)
    return Possible(command=wish)


def _bounds(battery: Battery) -> tuple[float, float]:
    """Return limit and reserve in %."""
    return round(battery.pct(battery.top_kwh), 6), round(battery.pct(battery.reserve_kwh), 6)
