"""The house the tests of this folder simulate."""

from app.domain.site import Battery, Coupling, GridConnection, Inverter, Site, SolarArray

SITE = Site(
    battery=Battery(capacity_kwh=10, reserve_kwh=1, max_charge_kw=5, max_discharge_kw=5, wear_per_kwh=0.02),
    inverter=Inverter(ac_limit_kw=5, coupling=Coupling.DC),
    grid=GridConnection(import_limit_kw=15, export_limit_kw=5),
    solar=SolarArray(peak_kw=4),
)
