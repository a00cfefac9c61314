"""From a slot of an earlier plan to the mode that does it: what is left to decide by when nothing fresh is known."""

from app.control.explain import NEGLIGIBLE_KW
from app.domain.decision import Command
from app.domain.house import available_kw, room_kw
from app.domain.plan import Plan
from app.domain.possible import possible
from app.domain.site import Mode, Site


def mapped(site: Site, plan: Plan) -> Command:
    """Return what the plan's first slot is carried out by: the mode that is wanted, or self-use where the inverter is not told it."""
    return possible(site.inverter, wanted(site, plan)).command


def wanted(site: Site, plan: Plan) -> Command:
    """Return the mode whose own control loop does what the plan's first slot wants, so that self-use stays self-use.

    A forced setpoint fights the real load; it is used only to buy for the battery or to sell from it.
    """
    step = plan.steps[0]
    surplus, deficit = max(0.0, step.solar_kw - step.load_kw), max(0.0, step.load_kw - step.solar_kw)
    if step.charge_kw > surplus + NEGLIGIBLE_KW:
        return Command(mode=Mode.FORCE_CHARGE, power_kw=round(step.charge_kw, 2), target_soc_pct=_run_target_pct(site, plan))
    if step.discharge_kw > deficit + NEGLIGIBLE_KW:
        return Command(mode=Mode.FORCE_DISCHARGE, power_kw=round(step.discharge_kw, 2), target_soc_pct=_run_target_pct(site, plan))
    hours, store = step.priced.slot.hours, site.battery
    could_store = min(surplus, float(room_kw(site, plan.start_kwh, hours, up_to_kwh=store.top_kwh)))
    if could_store > NEGLIGIBLE_KW and step.charge_kw < could_store / 2 and step.export_kw > NEGLIGIBLE_KW:
        return Command(mode=Mode.FEED_IN_FIRST)
    could_serve = min(deficit, float(available_kw(site, plan.start_kwh, hours, down_to_kwh=store.reserve_kwh)))
    if could_serve > NEGLIGIBLE_KW and step.discharge_kw < could_serve / 2:
        return Command(mode=Mode.HOLD)
    return Command(mode=Mode.SELF_USE)


def _run_target_pct(site: Site, plan: Plan) -> float:
    """Return the state of charge in % at the end of the run of slots that go on in the first one's direction."""
    charging, stored = plan.steps[0].charge_kw > 0, plan.steps[0].stored_kwh
    for step in plan.steps[1:]:
        if (step.charge_kw if charging else step.discharge_kw) <= NEGLIGIBLE_KW:
            break
        stored = step.stored_kwh
    return round(site.battery.pct(stored), 1)
