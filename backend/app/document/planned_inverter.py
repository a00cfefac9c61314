"""The document's inverter as the planner sees it: what its model can do the way it is told, and its owner lets it do."""

from typing import Any

from app.document.devices import InverterDevice
from app.document.site import SiteDocument
from app.document.ways import HomeAssistantWay
from app.domain.errors import InvalidInputError, InvalidSiteError, NotFoundError
from app.domain.setting import dongle_of
from app.domain.site import Inverter, Mode
from app.templates.catalogue import model_named
from app.templates.inverter import inverter
from app.templates.model import WayName


def inverter_of(document: SiteDocument) -> Inverter:
    """Return the inverter with the modes that are left of its model's.

    Raises:
        InvalidSiteError: there is no such model, what is special about it does not fit, or it may not even be told self-use.
    """
    device, allow = document.inverter, document.inverter.allow
    try:
        return inverter(
            device.model,
            way=_told_by(document),
            own=device.way if isinstance(device.way, HomeAssistantWay) else None,
            permission=allow.permission(control=document.control.enabled),
            ac_limit_kw=device.ac_limit_kw,
            coupling=device.coupling,
            modes=tuple(Mode) if allow.modes is None else allow.modes,
        )
    except (NotFoundError, InvalidInputError) as error:
        raise InvalidSiteError(f"devices.{device.id}: {error}") from error


def own_part(device: InverterDevice) -> dict[str, Any]:
    """Return what is special about this inverter as JSON, as its model takes it."""
    way = device.way
    return way.model_dump(mode="json", exclude={"by", "serial"}, exclude_unset=True) if isinstance(way, HomeAssistantWay) else {}


def _told_by(document: SiteDocument) -> WayName | None:
    """Return the way by which it is told what to do; None for the first of its model, where nothing is said or it has not that one."""
    ways = model_named(document.inverter.model).named_ways
    by: WayName = "modbus" if dongle_of(document.control.executor) is not None else "home_assistant"
    return by if by in ways and document.inverter.way.by != "pushed" else None
