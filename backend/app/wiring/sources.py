"""Whom a house asks, as its document names them: who forecasts the sun, and its Home Assistant."""

from collections.abc import Callable, Mapping
from zoneinfo import ZoneInfo

import httpx

from app.document.planned import roof_of
from app.document.site import SiteDocument
from app.document.ways import HomeAssistantWay
from app.domain.reading import Quantity
from app.domain.roof import Roof
from app.forecasting.pv_model import clear_kw
from app.services.home_assistant.entities import Entity, HomeAssistant
from app.services.solar.forecast_solar import ForecastSolar
from app.services.solar.home_assistant_solar import HomeAssistantSolar
from app.services.solar.open_meteo import OpenMeteo
from app.services.solar.smhi import Smhi
from app.services.solar.solcast import Solcast
from app.templates.catalogue import model_named
from app.templates.own import adapted
from app.templates.way_home_assistant import Sensor
from app.usecases import ports

type Http = Callable[[str], httpx.Client]
"""Gives a client for a base URL."""
type Secret = Callable[[str], str]
"""Gives a secret by its name; raises UnavailableError where there is none."""

SOLAR_URLS = {
    "open_meteo": "https://api.open-meteo.com/v1/",
    "smhi": "https://opendata-download-metfcst.smhi.se/api/",
    "forecast_solar": "https://api.forecast.solar/",
    "solcast": "https://api.solcast.com.au/",
}


def solar_source(document: SiteDocument, http: Http, secret: Secret) -> ports.SolarSource | None:
    """Return the solar forecast that a document names, None for the house's own history.

    Raises:
        UnavailableError: a secret that it needs is not set or does not open.
    """
    roof, house, sun = roof_of(document), document.sources.home_assistant, document.sources.solar
    url = sun.base_url or (house.url if house and sun.source == "home_assistant" else SOLAR_URLS.get(sun.source))
    if roof is None or url is None or sun.source == "history":
        return None
    if sun.source == "home_assistant":
        token = secret(house.token) if house else ""
        zone = ZoneInfo(document.place.time_zone)
        return HomeAssistantSolar(http=http(url), token=token, entities=sun.entities, roof=roof, zone=zone)
    return _weather(document, roof, http(url), secret(sun.api_key) if sun.api_key else None)


def _weather(document: SiteDocument, roof: Roof, http: httpx.Client, key: str | None) -> ports.SolarSource | None:
    sun = document.sources.solar
    match sun.source:
        case "open_meteo":
            return OpenMeteo(http=http, roof=roof, quarters=sun.quarters, models=sun.models, api_key=key, ensemble=sun.ensemble)
        case "smhi":
            return Smhi(http=http, roof=roof)
        case "forecast_solar":
            return ForecastSolar(http=http, roof=roof, api_key=key)
        case "solcast":
            return Solcast(http=http, rooftops=sun.rooftops, api_key=key or "", shape=lambda at_s: clear_kw(roof, at_s))
        case _:
            return None


def home_assistant(document: SiteDocument, http: Http, secret: Secret) -> HomeAssistant | None:
    """Return the Home Assistant that a document names, None where readings are pushed.

    It is asked for the sensors that the house names, or for those of its inverter's model where it names none.

    Raises:
        UnavailableError: its token is not set or does not open.
    """
    given, way = document.sources.home_assistant, document.inverter.way
    if given is None or not isinstance(way, HomeAssistantWay):
        return None
    return HomeAssistant(http=http(given.url), token=secret(given.token), entities=_entities(document.inverter.model, way))


def _entities(model: str, way: HomeAssistantWay) -> dict[Quantity, Entity]:
    of_model = model_named(model).ways.home_assistant
    sensors: Mapping[Quantity, Sensor] = {} if of_model is None else adapted(of_model, way).sensors
    own = {quantity: Sensor(entity=each) if isinstance(each, str) else each for quantity, each in way.sensors.items() if each is not None}
    told = {quantity: sensors.get(quantity, each) for quantity, each in own.items()} if own else sensors
    return {
        quantity: Entity(entity_id=each.entity, sign=each.sign or 1, minus=each.minus) for quantity, each in told.items() if each.entity
    }
