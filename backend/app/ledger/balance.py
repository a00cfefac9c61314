"""What comes in goes out: derives a quantity nobody measured from the others, and finds measurements that contradict each other."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.domain.ledger import Energies
from app.domain.site import Battery, Site
from app.ledger.measure import Measured

TOLERANCE_KW = 0.1
"""Meters' offsets, the inverter's own needs, and sampling once a minute."""
TOLERANCE_SHARE = 0.05
"""Two ordinary meters of 2 % each, and conversion between a DC array and an AC house."""

BY_BALANCE = "from the energy balance"
BY_CHARGE = "from the state of charge"
FIELDS = {
    "solar": ("solar_kwh",),
    "load": ("load_kwh",),
    "grid": ("import_kwh", "export_kwh"),
    "battery": ("charge_kwh", "discharge_kwh"),
}
"""What each quantity is in `Energies`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """The energies of a slot, and how well they are known; without energies, the reason says what is missing."""

    energies: Energies | None
    derived: tuple[str, ...] = ()
    residual_kwh: float | None = None
    anomaly: str | None = None
    reason: str | None = None


def balance(site: Site, measured: Measured) -> Balance:
    """Return a slot's energies: as measured, or where one quantity is missing as the others leave no choice, and said so.

    A house without an array has no solar energy, one without a battery moves none: those are facts, not derivations.
    """
    known, derived = _with_facts(site, measured), list[str]()
    missing = _missing(known)
    if len(missing) > 1 and "battery" in missing:  # else the balance is the better witness: a state of charge has steps of 1 %
        found = _battery_from_charge(site.battery, known)
        if found is not None:
            known, derived = found, [f"battery {BY_CHARGE}"]
            missing.remove("battery")
    if len(missing) > 1:
        return Balance(energies=None, reason=f"not measured: {', '.join(missing)}")
    if missing:
        return _derived(known, missing[0], derived)
    energies = _energies(known)
    residual = _in(energies) - _out(energies)
    return Balance(energies=energies, derived=tuple(derived), residual_kwh=residual, anomaly=_anomaly(energies, residual, known.slot.hours))


def measured_only(energies: Energies, derived: Sequence[str]) -> list[float]:
    """Return the energies that were measured, leaving out what was derived from them."""
    names = {each.partition(" ")[0] for each in derived}
    return [getattr(energies, field) for quantity, fields in FIELDS.items() if quantity not in names for field in fields]


def closed(energies: Energies) -> Energies:
    """Return energies that close exactly, for who fed whom: the house takes what is unexplained, since it is what nobody bills.

    What crossed the meter, or the battery's terminals, both ways without touching the house is no flow of the house.
    """
    load = energies.load_kwh + _in(energies) - _out(energies)
    shut = replace(energies, load_kwh=max(0.0, load))
    if load < 0:
        sinks = energies.export_kwh + energies.charge_kwh
        share = (sinks + load) / sinks
        shut = replace(shut, export_kwh=energies.export_kwh * share, charge_kwh=energies.charge_kwh * share)
    through = max(0.0, shut.import_kwh - shut.load_kwh - shut.charge_kwh)
    shut = replace(shut, import_kwh=shut.import_kwh - through, export_kwh=max(0.0, shut.export_kwh - through))
    round_ = max(0.0, shut.discharge_kwh - shut.load_kwh - shut.export_kwh)
    return replace(shut, discharge_kwh=shut.discharge_kwh - round_, charge_kwh=max(0.0, shut.charge_kwh - round_))


def tolerance_kwh(energies: Energies, hours: float) -> float:
    """Return how far measurements may disagree."""
    return TOLERANCE_KW * hours + TOLERANCE_SHARE * max(_in(energies), _out(energies))


def _with_facts(site: Site, measured: Measured) -> Measured:
    if site.solar.peak_kw == 0 and measured.solar_kwh is None:
        measured = replace(measured, solar_kwh=0.0)
    if site.battery.capacity_kwh == 0 and measured.charge_kwh is None:
        measured = replace(measured, charge_kwh=0.0, discharge_kwh=0.0)
    return measured


def _missing(known: Measured) -> list[str]:
    values = {"solar": known.solar_kwh, "load": known.load_kwh, "grid": known.import_kwh, "battery": known.charge_kwh}
    return [name for name, value in values.items() if value is None]


def _battery_from_charge(battery: Battery, known: Measured) -> Measured | None:
    if known.soc_start_pct is None or known.soc_end_pct is None:
        return None
    change = battery.kwh(known.soc_end_pct) - battery.kwh(known.soc_start_pct)
    charge, discharge = max(0.0, change) / battery.charge_efficiency, max(0.0, -change) * battery.discharge_efficiency
    return replace(known, charge_kwh=charge, discharge_kwh=discharge)


def _derived(known: Measured, missing: str, derived: list[str]) -> Balance:
    rest = _energies(known)
    surplus = _in(rest) - _out(rest)
    way, other = {
        "solar": (None, "solar_kwh"),
        "load": ("load_kwh", None),
        "grid": ("export_kwh", "import_kwh"),
        "battery": ("charge_kwh", "discharge_kwh"),
    }[missing]
    names = (*derived, f"{missing} {BY_BALANCE}")
    name = way if surplus >= 0 else other
    if name is not None:
        return Balance(energies=replace(rest, **{name: abs(surplus)}), derived=names)
    anomaly = _anomaly(rest, surplus, known.slot.hours)
    return Balance(energies=rest, derived=names, residual_kwh=surplus, anomaly=anomaly)


def _energies(known: Measured) -> Energies:
    return Energies(
        solar_kwh=known.solar_kwh or 0.0,
        load_kwh=known.load_kwh or 0.0,
        import_kwh=known.import_kwh or 0.0,
        export_kwh=known.export_kwh or 0.0,
        charge_kwh=known.charge_kwh or 0.0,
        discharge_kwh=known.discharge_kwh or 0.0,
    )


def _in(energies: Energies) -> float:
    return energies.solar_kwh + energies.import_kwh + energies.discharge_kwh


def _out(energies: Energies) -> float:
    return energies.load_kwh + energies.export_kwh + energies.charge_kwh


def _anomaly(energies: Energies, residual_kwh: float, hours: float) -> str | None:
    tolerance = tolerance_kwh(energies, hours)
    if abs(residual_kwh) <= tolerance:
        return None
    came = f"solar {energies.solar_kwh:.2f}, grid {energies.import_kwh:.2f}, battery {energies.discharge_kwh:.2f}"
    went = f"house {energies.load_kwh:.2f}, grid {energies.export_kwh:.2f}, battery {energies.charge_kwh:.2f}"
    return (
        f"{_in(energies):.2f} kWh came in ({came}) and {_out(energies):.2f} kWh went out ({went}): "
        f"{residual_kwh:+.2f} kWh are unexplained, {tolerance:.2f} would be usual"
    )
