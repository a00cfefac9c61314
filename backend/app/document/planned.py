"""The document as the planner sees it: the site of its devices."""

from zoneinfo import ZoneInfo

from app.document.control import Wishes
from app.document.devices import BatteryDevice, SolarDevice
from app.document.planned_inverter import inverter_of
from app.document.site import SiteDocument
from app.domain.money import Currency, currency
from app.domain.roof import Plane, Roof
from app.domain.setting import Preferences
from app.domain.site import WEAR_PER_KWH, Battery, GridConnection, Site, SiteId, SolarArray


def site_of(document: SiteDocument) -> Site:
    """Return the house as the planner sees it, with the reserve that people wish for.

    Raises:
        InvalidInputError: the numbers do not make a house, or the inverter does not fit its model.
        NotFoundError: there is no such model.
    """
    place = document.place
    return Site(
        id=SiteId(document.id),
        battery=_battery(document.battery, document.wishes, currency(place.currency)),
        inverter=inverter_of(document),
        grid=GridConnection(
            import_limit_kw=document.grid.most_import_kw,
            export_limit_kw=document.grid.export_limit_kw,
            charge_limit_kw=document.wishes.charge_limit_kw,
        ),
        solar=SolarArray() if document.solar is None else _array(document.solar),
        zone=ZoneInfo(place.time_zone),
        currency=place.currency,
        charges_late=document.wishes.when_equal == "late",
    )


def preferences_of(document: SiteDocument) -> Preferences:
    """Return what people change in passing."""
    wished_pct, control = document.wishes.reserve_pct, document.control
    return Preferences(
        reserve_pct=document.battery.reserve_pct if wished_pct is None else wished_pct,
        dry_run=control.dry_run,
        controller=control.executor,
        enabled=control.enabled,
    )


def roof_of(document: SiteDocument) -> Roof | None:
    """Return the roof as the sun sees it; None where it is not described."""
    solar, place = document.solar, document.place
    if solar is None or not solar.planes or place.latitude is None or place.longitude is None:
        return None
    return Roof(
        latitude=place.latitude,
        longitude=place.longitude,
        planes=tuple(Plane(**plane.model_dump()) for plane in solar.planes),
        loss=solar.loss_pct / 100,
        per_degree=solar.pct_per_degree / 100,
        inverter_kw=solar.inverter_kw,
    )


def _battery(given: BatteryDevice, wishes: Wishes, money: Currency) -> Battery:
    """Return the battery; a wished reserve other than its own is kept by us, its own by the inverter itself."""
    wished_pct = wishes.reserve_pct
    top_kwh, own_kwh = given.capacity_kwh * given.limit_pct / 100, given.capacity_kwh * given.reserve_pct / 100
    reserve_kwh = own_kwh if wished_pct is None else min(top_kwh, given.capacity_kwh * wished_pct / 100)
    return Battery(
        capacity_kwh=given.capacity_kwh,
        reserve_kwh=reserve_kwh,
        floor_kwh=min(own_kwh, reserve_kwh),
        limit_kwh=top_kwh,
        max_charge_kw=given.max_charge_kw,
        max_discharge_kw=given.max_discharge_kw,
        charge_efficiency=given.charge_efficiency,
        discharge_efficiency=given.discharge_efficiency,
        wear_per_kwh=money.of(WEAR_PER_KWH) if given.wear_per_kwh is None else given.wear_per_kwh,
        voltage_v=given.voltage_v,
        reserve_per_kwh_hour=wishes.reserve_per_kwh_hour,
        full_above_kwh=given.capacity_kwh * wishes.full_above_pct / 100,
        full_per_kwh_hour=wishes.full_cost(money),
    )


def _array(given: SolarDevice) -> SolarArray:
    return SolarArray(peak_kw=given.peak_kw or sum(plane.kwp for plane in given.planes), curtailable=given.curtailable)
