"""Records in a few words, for every test. What a test does not say is an ordinary winter noon; `n` counts half-hours from there."""

# ruff: noqa: ANN401  `**changes` are the noun's own fields, which the noun checks

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from app.domain.access import KnownToken, Role
from app.domain.audit import AuditEntry
from app.domain.decision import (
    Alternative,
    Command,
    Decision,
    Explanation,
    Limit,
    Outcome,
    OutcomeStatus,
    Override,
    PriceNow,
    ReasonCode,
    Wording,
    battery_order,
)
from app.domain.forecast import Forecast, ForecastKind
from app.domain.ledger import BASELINES, CaseSlot, Energies, Flows, Intent, SettledSlot, SlotStatus
from app.domain.plan import Plan, PlanSource, PlanStatus, PlanStep, Violation, battery_trace, solar_trace
from app.domain.price import Direction, Price, PriceClass, PricedSlot, Provenance
from app.domain.reading import Quality, Quantity, Reading
from app.domain.site import HOME, Mode
from app.domain.slot import Slot

NOON = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
HALF_HOUR = timedelta(minutes=30)


def at(n: float = 0, *, start: datetime = NOON) -> datetime:
    """Return the start of the n-th half-hour."""
    return start + n * HALF_HOUR


def slot(n: int = 0, *, start: datetime = NOON) -> Slot:
    """Return the n-th half-hour."""
    return Slot(at(n, start=start), at(n + 1, start=start))


def price(per_kwh: float = 0.2, n: int = 0, **changes: Any) -> Price:
    """Return a published import price."""
    usual = Price(slot=slot(n), direction=Direction.IMPORT, per_kwh=per_kwh, source="octopus")
    return replace(usual, **changes)


def prices(per_kwh: Sequence[float], **changes: Any) -> list[Price]:
    """Return a price for each half-hour from noon on."""
    return [price(each, n, **changes) for n, each in enumerate(per_kwh)]


def reading_(value: float | None = 50.0, n: float = 0, **changes: Any) -> Reading:
    """Return a state of charge; None is a missing one."""
    quality = Quality.MISSING if value is None else Quality.GOOD
    usual = Reading(device="bat_h3", quantity=Quantity.SOC_PCT, at=at(n), value=value, quality=quality, source="home_assistant")
    return replace(usual, **changes)


def forecast(kw: Sequence[float] = (0.4, 0.6, 0.5), **changes: Any) -> Forecast:
    """Return a load forecast of a value for each half-hour from noon on."""
    slots = tuple(slot(n) for n in range(len(kw)))
    usual = Forecast(kind=ForecastKind.LOAD, slots=slots, kw=tuple(kw), source="last_weeks", issued_at=NOON)
    return replace(usual, **changes)


def step(n: int = 0, **changes: Any) -> PlanStep:
    """Return a step that charges from the grid."""
    usual = PlanStep(
        priced=PricedSlot(
            slot=slot(n), import_per_kwh=0.1, export_per_kwh=0.05, provenance=Provenance.PUBLISHED, price_class=PriceClass.CHEAP
        ),
        load_kw=0.5,
        solar_kw=0.2,
        import_kw=2.3,
        export_kw=0.0,
        cost=0.115,
        traces=(
            solar_trace(solar_kw=0.2, curtailed_kw=0.0),
            battery_trace(charge_kw=2.0, discharge_kw=0.0, stored_kwh=5.95, stored_kwh_value=0.18, cost=0.0),
        ),
    )
    return changed(usual, **changes)


OF_HOUSE = ("curtailed_kw", "charge_kw", "discharge_kw", "stored_kwh", "stored_kwh_value")


def changed(usual: PlanStep, **changes: Any) -> PlanStep:
    """Return a step that differs, also in what its battery and its array do."""
    told = {name: changes.pop(name, getattr(usual, name)) for name in OF_HOUSE}
    step = replace(usual, **changes)
    solar, store, *others = step.traces
    solar = replace(solar, gives_kw=step.solar_kw - told["curtailed_kw"], state={"curtailed_kw": told["curtailed_kw"]})
    state = {name: told[name] for name in ("stored_kwh", "stored_kwh_value")}
    store = replace(store, draws_kw=told["charge_kw"], gives_kw=told["discharge_kw"], state=state)
    return replace(step, traces=(solar, store, *others))


def plan(count: int = 2, /, **changes: Any) -> Plan:
    """Return an optimal plan of some steps."""
    usual = Plan(
        id="plan-1",
        site=HOME,
        created_at=NOON,
        source=PlanSource.OPTIMIZER,
        status=PlanStatus.OPTIMAL,
        fingerprint="f1",
        start_kwh=5.0,
        end_value_per_kwh=0.12,
        steps=tuple(step(n) for n in range(count)),
        cost=0.23,
    )
    return replace(usual, **changes)


def violation(**changes: Any) -> Violation:
    """Return a reserve that could not be kept for half an hour."""
    return replace(Violation(limit="reserve", at=NOON, amount=0.3, unit="kWh", until=at(1)), **changes)


CHARGE = Command(mode=Mode.FORCE_CHARGE, power_kw=2.0, target_soc_pct=95.0)


def alternative(**changes: Any) -> Alternative:
    """Return a mode that was not chosen."""
    return replace(Alternative(command=Command(mode=Mode.SELF_USE), extra_cost=0.31, why_not="it would buy at 28p tonight"), **changes)


def decision(n: int = 0, *, command: Command = CHARGE, **changes: Any) -> Decision:
    """Return the decision to charge in the n-th half-hour, made at its start."""
    usual = Decision(
        id=f"decision-{n}",
        site=HOME,
        plan_id="plan-1",
        slot=slot(n),
        decided_at=at(n),
        valid_until=at(n + 1),
        orders=(battery_order(command, lease_until=changes.get("valid_until", at(n + 1))),),
        wording=Wording(label="Force Charge", discharge_current_a=0.0),
        reason_code=ReasonCode.CHEAP_CHARGE,
        reason="Charge at 10.0p: it saves 18.0p tonight",
        plan_source=PlanSource.OPTIMIZER,
        status=PlanStatus.OPTIMAL,
        expected_soc_pct=59.5,
        stored_kwh_value=0.18,
        price=PriceNow(import_per_kwh=0.1, export_per_kwh=0.05, price_class=PriceClass.CHEAP, provenance=Provenance.PUBLISHED),
        currency="GBP",
        alternatives=(alternative(),),
        explanation=Explanation(
            binding_limit=Limit.CHARGE_POWER,
            charge_below_per_kwh=0.171,
            export_above_per_kwh=0.209,
            words="Charging pays below 17.1p, exporting above 20.9p",
            changed=None,
        ),
        fingerprint="f1",
    )
    return replace(usual, **changes)


def outcome(status: OutcomeStatus = OutcomeStatus.CONFIRMED, n: float = 0.1, **changes: Any) -> Outcome:
    """Return what Node-RED read back."""
    return replace(Outcome(status=status, at=at(n), reported_by="node-red"), **changes)


def override(n: int = 0, /, *, slots: int = 2, **changes: Any) -> Override:
    """Return an hour of holding the charge."""
    span = Slot(at(n), at(n + slots))
    return replace(Override(span=span, command=Command(mode=Mode.HOLD), set_by="app", set_at=NOON), **changes)


def audit_entry(n: float = 0, **changes: Any) -> AuditEntry:
    """Return a changed setting."""
    return replace(AuditEntry(at=at(n), actor="admin", action="change", subject="settings/battery"), **changes)


def token(name: str = "node-red", role: Role = Role.CONTROLLER, **changes: Any) -> KnownToken:
    """Return a token that is known by a hash of its name."""
    return replace(KnownToken(name=name, role=role, sha256=name.encode().hex().ljust(64, "0")), **changes)


def case_slot(**changes: Any) -> CaseSlot:
    """Return a simulated half-hour that buys 0.4 kWh at 20p."""
    usual = CaseSlot(
        case=BASELINES[0],
        import_kwh=0.4,
        export_kwh=0.0,
        charge_kwh=0.0,
        discharge_kwh=0.0,
        stored_start_kwh=5.0,
        stored_end_kwh=5.0,
        cost=0.08,
        wear=0.0,
    )
    return replace(usual, **changes)


def settled(n: int = 0, **changes: Any) -> SettledSlot:
    """Return the n-th half-hour, in which the battery fed half of what the house drew."""
    usual = SettledSlot(
        slot=slot(n),
        version=1,
        settled_at=at(n + 2),
        status=SlotStatus.SETTLED,
        reason=None,
        import_per_kwh=0.2,
        export_per_kwh=0.1,
        energies=Energies(solar_kwh=0.0, load_kwh=0.4, import_kwh=0.2, export_kwh=0.0, charge_kwh=0.0, discharge_kwh=0.2),
        residual_kwh=0.0,
        flows=Flows(
            solar_to_home_kwh=0.0,
            solar_to_battery_kwh=0.0,
            solar_to_grid_kwh=0.0,
            grid_to_home_kwh=0.2,
            grid_to_battery_kwh=0.0,
            battery_to_home_kwh=0.2,
            battery_to_grid_kwh=0.0,
        ),
        intent=Intent.LOAD_SUPPORT,
        cost=0.04,
        wear=0.004,
        capacity_kwh=10.0,
        stored_start_kwh=5.0,
        stored_end_kwh=5.0 - 0.2 / 0.95,
        baselines=tuple(case_slot(case=case) for case in BASELINES),
    )
    return replace(usual, **changes)
