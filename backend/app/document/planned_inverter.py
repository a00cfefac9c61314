"""The document's inverter as the planner sees it: what its model can do the way it is told, and its owner lets it do."""

from typing import Any

from app.document.devices import InverterDevice
from app.document.site import SiteDocument
from app.document.ways import HomeAssistantWay
from app.domain.permission import Leave, Permission
from app.domain.setting import dongle_of
from app.domain.site import Inverter, Mode
from app.templates.catalogue import model_named
from app.templates.inverter import inverter
from app.templates.model import WayName
from app.templates.own import own_of


def inverter_of(document: SiteDocument) -> Inverter:
    """Return the inverter with the modes that are left of its model's.

    Raises:
        InvalidInputError: what is special about it does not fit its model, or it may not even be told self-use.
        NotFoundError: there is no such model.
    """
    device, allow = document.inverter, document.inverter.allow
    permission = Permission(
        control=document.control.enabled,
        charge_from_grid=_leave(allow.charge_from_grid),
        sell=_leave(allow.sell),
        be_throttled=_leave(allow.be_throttled),
    )
    return inverter(
        device.model,
        way=_told_by(document),
        own=own_of(own_part(device)),
        permission=permission,
        ac_limit_kw=device.ac_limit_kw,
        coupling=device.coupling,
        modes=tuple(Mode) if allow.modes is None else allow.modes,
    )


def own_part(device: InverterDevice) -> dict[str, Any]:
    """Return what is special about this inverter, as its model takes it."""
    way = device.way
    if not isinstance(way, HomeAssistantWay):
        return {}
    sensors = {quantity.value: None if each is None else each.model_dump(exclude_none=True) for quantity, each in way.sensors.items()}
    return {"settings": dict(way.settings), "sensors": sensors}


def _told_by(document: SiteDocument) -> WayName | None:
    """Return the way by which it is told what to do; None for the first of its model, where nothing is said or it has not that one."""
    ways = model_named(document.inverter.model).named_ways
    by: WayName = "modbus" if dongle_of(document.control.executor) is not None else "home_assistant"
    return by if by in ways and document.inverter.way.by != "pushed" else None


def _leave(said: bool | None) -> Leave:  # noqa: FBT001  (as the document says it)
    return Leave.NOT_SAID if said is None else Leave.YES if said else Leave.NO
