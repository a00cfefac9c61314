"""The same slot in other hands: simulated with the same house, measured load and measured solar power, each with its own charge.

Within a slot, load and solar power stand at their means. A meter sees surplus and deficit alternate within a half-hour, so simulated
cases come out a little cheaper than a meter would have had it: savings against baselines are told rather too low than too high.

Measured solar power is what the array gave after any curtailment: what it could have given nobody knows, and no case gets it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from app.domain.decision import Command
from app.domain.house import run_slot
from app.domain.ledger import BASELINES, Case, CaseSlot, Energies, SettledSlot
from app.domain.site import Battery, Mode, Site
from app.domain.slot import Slot
from app.optimizer.rules import Rules

SELF_USE = Command(mode=Mode.SELF_USE)

type Stored = Mapping[Case, float]
"""What each case has in its battery, in kWh."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What every case has in common in one slot: its length, its prices, measured load and solar power in kW."""

    hours: float
    import_per_kwh: float
    export_per_kwh: float
    load_kw: float
    solar_kw: float


def given(slot: Slot, energies: Energies, import_per_kwh: float, export_per_kwh: float) -> Given:
    """Return what a slot gives to every case."""
    hours = slot.hours
    return Given(
        hours=hours,
        import_per_kwh=import_per_kwh,
        export_per_kwh=export_per_kwh,
        load_kw=energies.load_kwh / hours,
        solar_kw=energies.solar_kwh / hours,
    )


def baselines(site: Site, rules: Rules, common: Given, stored: Stored) -> tuple[CaseSlot, ...]:
    """Return the slot under each baseline: no battery, self-use only, reactive rules."""
    return tuple(_baseline(case, site, rules, common, stored.get(case, 0.0)) for case in BASELINES)


def start(stored_kwh: float) -> Stored:
    """Return where baselines start: all at the charge that was measured, except that no battery holds nothing."""
    return {case: 0.0 if case is Case.NO_BATTERY else stored_kwh for case in BASELINES}


def after(cases: Sequence[CaseSlot]) -> Stored:
    """Return what each case holds at its slot's end."""
    return {each.case: each.stored_end_kwh for each in cases}


def carried(slot: SettledSlot, battery: Battery) -> Stored:
    """Return what each case holds after a settled slot in the battery of the next one."""
    return {case: moved(kwh, slot, battery) for case, kwh in after(slot.baselines).items()}


def moved(stored_kwh: float, slot: SettledSlot, battery: Battery) -> float:
    """Return what was stored at a slot's end in the battery of the next one: in one of another size the same share of it."""
    held = battery.capacity_kwh if slot.capacity_kwh is None else slot.capacity_kwh
    if held == battery.capacity_kwh:
        return stored_kwh
    return stored_kwh * battery.capacity_kwh / held if held else 0.0


def run(site: Site, case: Case, common: Given, commands: Sequence[tuple[float, Command]], stored_kwh: float) -> CaseSlot:
    """Return a slot in which an inverter follows commands one after another, each for some hours."""
    bought = sold = charged = drawn = 0.0
    stored = stored_kwh
    for hours, command in commands:
        flows = run_slot(site, command, stored_kwh=stored, solar_kw=common.solar_kw, load_kw=common.load_kw, hours=hours)
        bought, sold = bought + hours * float(flows.import_kw), sold + hours * float(flows.export_kw)
        charged, drawn = charged + hours * float(flows.charge_kw), drawn + hours * float(flows.discharge_kw)
        stored = float(flows.stored_kwh)
    return CaseSlot(
        case=case,
        import_kwh=bought,
        export_kwh=sold,
        charge_kwh=charged,
        discharge_kwh=drawn,
        stored_start_kwh=stored_kwh,
        stored_end_kwh=stored,
        cost=bought * common.import_per_kwh - sold * common.export_per_kwh,
        wear=drawn * site.battery.wear_per_kwh,
    )


def without_battery(site: Site) -> Site:
    """Return the same house with an empty place where the battery is."""
    nothing = replace(site.battery, capacity_kwh=0.0, reserve_kwh=0.0, limit_kwh=None, max_charge_kw=0.0, max_discharge_kw=0.0)
    return replace(site, battery=nothing)


def _baseline(case: Case, site: Site, rules: Rules, common: Given, stored_kwh: float) -> CaseSlot:
    if case is Case.NO_BATTERY:
        return run(without_battery(site), case, common, [(common.hours, SELF_USE)], 0.0)
    command = rules.command(common.import_per_kwh, common.export_per_kwh) if case is Case.RULES else SELF_USE
    return run(site, case, common, [(common.hours, command)], stored_kwh)
