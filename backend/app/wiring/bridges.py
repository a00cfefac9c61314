"""Who shows each house to Home Assistant over MQTT, where the settings name a broker."""

from importlib.metadata import version

from app.api.deps import UseCases
from app.config.settings import Settings
from app.domain.site import SiteId
from app.services.home_assistant.accounts import Accounts
from app.services.home_assistant.discovery import Topics
from app.services.home_assistant.mqtt_device import HomeAssistantDevice
from app.services.mqtt import Broker, MqttBridge
from app.services.mqtt_bridges import MqttBridges


def bridges(settings: Settings, use: UseCases) -> MqttBridges | None:
    """Return the connections of every house, watched by health, None without a broker."""
    host = settings.mqtt.host
    if host is None:
        return None
    found = MqttBridges(sites=lambda: tuple(use.homes), make=lambda site: _bridge(settings, host, use, site))
    use.health.others.append(found.components)
    return found


def _bridge(settings: Settings, host: str, use: UseCases, site: SiteId) -> MqttBridge:
    given = settings.mqtt
    device = HomeAssistantDevice(
        site=site,
        sites=use.sites,
        topics=Topics(prefix=given.prefix, site=site),
        version=version("battery-optimizer"),
        recommend=use.recommend,
        outlook=use.outlook,
        execute=use.execute,
        prefer=use.prefer,
        health=use.health,
        accounts=Accounts(account=use.account, quality=use.forecast_quality),
    )
    broker = Broker(
        host=host,
        port=given.port,
        username=given.username,
        password=given.password.get_secret_value() if given.password else None,
        ca_file=given.ca_file,
        client_id=device.topics.node,
    )
    return MqttBridge(broker=broker, device=device, clock=use.clock)
