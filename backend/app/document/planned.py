"""The document as the planner sees it: the site of its devices."""

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from app.document.devices import BatteryDevice, SolarDevice
from app.document.site import SiteDocument, read
from app.document.ways import HomeAssistantWay
from app.domain.errors import InvalidInputError, InvalidSiteError, NotFoundError
from app.domain.money import currency
from app.domain.roof import Plane, Roof
from app.domain.setting import Preferences
from app.domain.site import WEAR_PER_KWH, Battery, GridConnection, Inverter, Mode, Site, SiteId, SolarArray
from app.templates.catalogue import model_named
from app.templates.inverter import inverter
from app.templates.model import WayName


def site_of(document: SiteDocument) -> Site:
    """Return the house as the planner sees it, with the reserve that people wish for.

    Raises:
        InvalidSiteError: the numbers do not make a house.
    """
    place = document.place
    return Site(
        id=SiteId(document.id),
        battery=_battery(document.battery, document.wishes.reserve_pct, usual_wear=currency(place.currency).of(WEAR_PER_KWH)),
        inverter=inverter_of(document),
        grid=GridConnection(import_limit_kw=document.grid.most_import_kw, export_limit_kw=document.grid.export_limit_kw),
        solar=SolarArray() if document.solar is None else _array(document.solar),
        zone=ZoneInfo(place.time_zone),
        currency=place.currency,
    )


def inverter_of(document: SiteDocument) -> Inverter:
    """Return the inverter with what its model can do by its way and its owner lets it do.

    Raises:
        InvalidSiteError: there is no such model, it is not reached that way, or what the house says of it does not fit.
    """
    given = document.inverter
    own = given.way if isinstance(given.way, HomeAssistantWay) else None
    try:
        return inverter(
            given.model,
            way=WAYS.get(given.way.by) if model_named(given.model).named_ways else None,
            own=own,
            permission=given.allow.permission(control=document.control.enabled),
            ac_limit_kw=given.ac_limit_kw,
            coupling=given.coupling,
            modes=tuple(Mode) if given.allow.modes is None else given.allow.modes,
        )
    except (NotFoundError, InvalidInputError) as error:
        raise InvalidSiteError(f"devices.{given.id}: {error}") from error


WAYS: Mapping[str, WayName] = {"home_assistant": "home_assistant", "dongle": "modbus"}
"""By which way of its model a device is reached; one that is only pushed to can be told whatever its model offers first."""


def checked(value: Mapping[str, object]) -> SiteDocument:
    """Return the document that a JSON value is, if it makes a house.

    Raises:
        InvalidSiteError: names every field that is wrong, one line each.
    """
    document = read(value)
    site_of(document)
    return document


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


def _battery(given: BatteryDevice, wished_pct: float | None, *, usual_wear: float) -> Battery:
    """Return the battery; a wished reserve other than its own is kept by us, its own by the inverter itself."""
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
        wear_per_kwh=usual_wear if given.wear_per_kwh is None else given.wear_per_kwh,
        voltage_v=given.voltage_v,
    )


def _array(given: SolarDevice) -> SolarArray:
    return SolarArray(peak_kw=given.peak_kw or sum(plane.kwp for plane in given.planes), curtailable=given.curtailable)
