"""Who fed whom: splits a slot's energies into flows from → to that close exactly."""

from app.domain.ledger import Energies, Flows
from app.ledger.balance import closed


def flows(energies: Energies) -> Flows:
    """Return who fed whom in kWh.

    The sun feeds the house first, then the battery, then the grid; the battery feeds the house first; the grid gives the rest.
    That order bends only where the meters leave no choice: what was exported did not come from the grid, nor what was charged from
    the battery. Sums equal the energies that close (see `balance.closed`).
    """
    given = closed(energies)
    solar, load, charge = given.solar_kwh, given.load_kwh, given.charge_kwh
    bought, sold, drawn = given.import_kwh, given.export_kwh, given.discharge_kwh
    solar_to_home = _least(solar, load, load + sold - drawn, load + charge - bought)
    home = load - solar_to_home
    solar_to_battery = _least(solar - solar_to_home, charge, home + charge - bought)
    store = charge - solar_to_battery
    battery_to_home = _least(drawn, home, home + store - bought)
    return Flows(
        solar_to_home_kwh=solar_to_home,
        solar_to_battery_kwh=solar_to_battery,
        solar_to_grid_kwh=_least(solar - solar_to_home - solar_to_battery),
        grid_to_home_kwh=_least(home - battery_to_home),
        grid_to_battery_kwh=_least(store),
        battery_to_home_kwh=battery_to_home,
        battery_to_grid_kwh=_least(drawn - battery_to_home),
    )


def _least(*kwh: float) -> float:
    """Return the least of some energies, 0 where rounding made it negative."""
    return max(0.0, min(kwh))
