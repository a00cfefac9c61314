"""Who tells prices, sunshine and the house's state, as the settings name them."""

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

import httpx

from app.config.settings import Settings
from app.forecasting.pv_model import clear_kw
from app.services.home_assistant.entities import Entity, HomeAssistant
from app.services.octopus.energy import FlatExport, OctopusEnergy
from app.services.octopus.tariff import OctopusTariff
from app.services.simulated.agile import SimulatedAgile
from app.services.solar.forecast_solar import ForecastSolar
from app.services.solar.home_assistant_solar import HomeAssistantSolar
from app.services.solar.open_meteo import OpenMeteo
from app.services.solar.smhi import Smhi
from app.services.solar.solcast import Solcast
from app.usecases import ports
from app.usecases.sunshine import Sunshine


def price_source(settings: Settings, clients: list[httpx.Client], clock: Callable[[], datetime]) -> ports.PriceSource:
    """Return the tariff that the settings name."""
    tariff = settings.tariff
    if tariff.source == "simulated":
        return SimulatedAgile(clock=clock, money=settings.site.money)
    http = httpx.Client(base_url=tariff.base_url, follow_redirects=True)
    clients.append(http)
    export = (
        OctopusTariff(product=tariff.export_product, region=tariff.region)
        if tariff.export_product
        else FlatExport(per_kwh=tariff.export_per_kwh)
    )
    return OctopusEnergy(
        http=http,
        import_tariff=OctopusTariff(product=tariff.import_product, region=tariff.region),
        export_tariff=export,
        payment_method=tariff.payment_method,
        api_key=tariff.api_key.get_secret_value() if tariff.api_key else None,
    )


SOLAR_URLS = {
    "open_meteo": "https://api.open-meteo.com/v1/",
    "smhi": "https://opendata-download-metfcst.smhi.se/api/",
    "forecast_solar": "https://api.forecast.solar/",
    "solcast": "https://api.solcast.com.au/",
}


def sunshine_of(settings: Settings, forecasts: ports.Forecasts, readings: ports.Readings, clients: list[httpx.Client]) -> Sunshine | None:
    """Return who looks after the solar forecast, None where the house's own history is to do."""
    roof, source = settings.solar.roof, solar_source(settings, clients)
    if roof is None or source is None:
        return None
    return Sunshine(source, roof, forecasts, readings, settings.solar.calibrate)


def solar_source(settings: Settings, clients: list[httpx.Client]) -> ports.SolarSource | None:
    """Return the solar forecast that the settings name, or None for the house's own history."""
    solar, house = settings.solar, settings.home_assistant
    roof, name = solar.roof, solar.source
    url = solar.base_url or (house.url if name == "home_assistant" else SOLAR_URLS.get(name))
    if roof is None or url is None:
        return None
    http = httpx.Client(base_url=url)
    clients.append(http)
    key = solar.api_key.get_secret_value() if solar.api_key else None
    match name:
        case "open_meteo":
            return OpenMeteo(http=http, roof=roof, quarters=solar.quarters, models=solar.models, api_key=key, ensemble=solar.ensemble)
        case "smhi":
            return Smhi(http=http, roof=roof)
        case "forecast_solar":
            return ForecastSolar(http=http, roof=roof, api_key=key)
        case "solcast":
            return Solcast(http=http, rooftops=solar.rooftops, api_key=key or "", shape=lambda at_s: clear_kw(roof, at_s))
        case "home_assistant":
            token = house.token.get_secret_value() if house.token else ""
            zone = ZoneInfo(settings.house.time_zone)
            return HomeAssistantSolar(http=http, token=token, entities=solar.entities, roof=roof, zone=zone)
        case "history":
            return None


def home_assistant(settings: Settings, clients: list[httpx.Client]) -> HomeAssistant | None:
    """Return the Home Assistant that the settings name, or None."""
    given = settings.home_assistant
    if given.url is None or given.token is None:
        return None
    http = httpx.Client(base_url=given.url)
    clients.append(http)
    entities = {
        quantity: Entity(entity_id=text.removeprefix("-"), sign=-1 if text.startswith("-") else 1)
        for quantity, text in given.entities.items()
    }
    return HomeAssistant(http=http, token=given.token.get_secret_value(), entities=entities)
