"""The optimizer as one device of Home Assistant: its topics and its MQTT discovery document. Pure data, no connection."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from app.domain.errors import InvalidSiteError
from app.domain.forecast import ForecastKind
from app.domain.ledger import BASELINES, Case
from app.domain.plan import PlanSource
from app.domain.site import HOME, Mode, Site, SiteId
from app.ledger.period import Period

type Json = Mapping[str, object]

PRODUCT = "Battery optimizer"
EXPIRES_S = 900
"""A price that was not said again for so long shows as unavailable, which is three times how often the bridge repeats it."""
SHOWN_KINDS = (ForecastKind.LOAD, ForecastKind.SOLAR)
NO_OVERRIDE = "Automatic"
OVERRIDE_HOURS = 2
TOPIC_PART = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Topics:
    """Where a site's values are published and its wishes heard. The prefix tells apart two optimizers on one broker."""

    prefix: str
    site: SiteId

    def __post_init__(self) -> None:
        if not all(TOPIC_PART.fullmatch(part) for part in (self.prefix, self.site)):
            raise InvalidSiteError(f"{self.prefix}/{self.site} is no MQTT topic: letters, digits, _ and - only")

    @property
    def node(self) -> str:
        """What the device and its entities are called in Home Assistant."""
        return self.prefix if self.site == HOME else f"{self.prefix}_{self.site}"

    @property
    def discovery(self) -> str:
        """Home Assistant's document of the whole device."""
        return f"homeassistant/device/{self.node}/config"

    @property
    def availability(self) -> str:
        """`online`, or `offline` as last will."""
        return f"{self.prefix}/{self.site}/availability"

    @property
    def state(self) -> str:
        """All states as one JSON document."""
        return f"{self.prefix}/{self.site}/state"

    @property
    def plan(self) -> str:
        """The plan's slots, as attributes."""
        return f"{self.prefix}/{self.site}/plan"

    def command(self, key: str) -> str:
        """Where a wish for an entity arrives; `+` for all of them."""
        return f"{self.prefix}/{self.site}/{key}/set"


def discovery(site: Site, topics: Topics, *, version: str) -> Json:
    """Return the document that makes the device: names, units and classes by Home Assistant's conventions."""
    components = _sensors(site) | _accounts(site) | _controls(site, topics)
    for key, component in components.items():
        component |= {
            "unique_id": f"{topics.node}_{key}",
            "object_id": f"{topics.node}_{key}",  # up to 2025.9; later ones go by the next line
            "default_entity_id": f"{component['platform']}.{topics.node}_{key}",
            "value_template": f"{{{{ value_json.{key} }}}}",
        }
    components["plan"] |= {"json_attributes_topic": topics.plan}
    for key, attributes in (("reason", "why"), ("explanation", "explained")):
        components[key] |= {
            "json_attributes_topic": topics.state,
            "json_attributes_template": f"{{{{ value_json.{attributes} | tojson }}}}",
        }
    name = PRODUCT if site.id == HOME else f"{PRODUCT} {site.id}"
    return {
        "device": {"identifiers": [topics.node], "name": name, "manufacturer": PRODUCT, "model": "Home battery", "sw_version": version},
        "origin": {"name": PRODUCT, "sw_version": version},
        "availability": [{"topic": topics.availability}],
        "state_topic": topics.state,
        "qos": 1,
        "components": components,
    }


def _sensors(site: Site) -> dict[str, dict[str, object]]:
    """Return what is only shown. A charge is no `battery` class: Home Assistant would take it for the device's own."""
    price = {"unit_of_measurement": f"{site.currency}/kWh", "state_class": "measurement", "suggested_display_precision": 4}
    charge = {"unit_of_measurement": "%", "suggested_display_precision": 0}
    sensors: dict[str, dict[str, object]] = {
        "mode": {"name": "Mode", "device_class": "enum", "options": [mode.value for mode in Mode], "icon": "mdi:home-battery"},
        "mode_label": {"name": "Inverter mode", "icon": "mdi:tune"},
        "reason": {"name": "Reason", "icon": "mdi:comment-question-outline"},
        "explanation": {"name": "Explanation", "entity_category": "diagnostic", "icon": "mdi:scale-balance"},
        "plan_source": {
            "name": "Plan source",
            "device_class": "enum",
            "options": [source.value for source in PlanSource],
            "entity_category": "diagnostic",
            "icon": "mdi:stairs",
        },
        "target_soc": {"name": "Target charge", "icon": "mdi:battery-arrow-up", **charge},
        "expected_soc": {"name": "Expected charge", "icon": "mdi:battery-clock", "state_class": "measurement", **charge},
        "price_now": {"name": "Price now", "icon": "mdi:cash", "expire_after": EXPIRES_S, **price},
        "price_next": {"name": "Price next", "icon": "mdi:cash-clock", "expire_after": EXPIRES_S, **price},
        "stored_value": {"name": "Value of a stored kWh", "icon": "mdi:battery-heart", **price},
        "next_change": {"name": "Next change", "device_class": "timestamp"},
        "plan": {"name": "Plan", "device_class": "timestamp", "entity_category": "diagnostic", "icon": "mdi:chart-timeline"},
        "plan_cost": {"name": "Plan cost", "device_class": "monetary", "unit_of_measurement": site.currency},
    }
    problem: dict[str, object] = {
        "platform": "binary_sensor",
        "name": "Problem",
        "device_class": "problem",
        "entity_category": "diagnostic",
    }
    return {key: {"platform": "sensor", **sensor} for key, sensor in sensors.items()} | {"problem": problem}


def saved_key(period: Period, case: Case) -> str:
    """Return the key of what a period saved against a baseline."""
    return f"saved_{period}_{case}"


def since_key(period: Period) -> str:
    """Return the key of when a period's savings were last zero."""
    return f"saved_{period}_since"


def forecast_error_key(kind: ForecastKind) -> str:
    """Return the key of how wrong a forecast was."""
    return f"{kind}_forecast_error"


def _accounts(site: Site) -> dict[str, dict[str, object]]:
    money = {"platform": "sensor", "device_class": "monetary", "state_class": "total", "unit_of_measurement": site.currency}
    saved: dict[str, dict[str, object]] = {
        saved_key(period, case): {
            **money,
            "name": f"Saved {words} against {case.replace('_', ' ')}",
            "suggested_display_precision": 2,
            "icon": "mdi:piggy-bank",
            "last_reset_value_template": f"{{{{ value_json.{since_key(period)} }}}}",
        }
        for period, words in ((Period.DAY, "today"), (Period.MONTH, "this month"))
        for case in BASELINES
    }
    power = {"platform": "sensor", "device_class": "power", "state_class": "measurement", "unit_of_measurement": "kW"}
    look = {"entity_category": "diagnostic", "suggested_display_precision": 2, "icon": "mdi:target"}
    return saved | {forecast_error_key(kind): {**power, **look, "name": f"{kind.capitalize()} forecast error"} for kind in SHOWN_KINDS}


def _controls(site: Site, topics: Topics) -> dict[str, dict[str, object]]:
    bounds = {"min": 0, "max": 100, "step": 1, "mode": "slider", "unit_of_measurement": "%"}
    controls: dict[str, dict[str, object]] = {
        "reserve_soc": {"platform": "number", "name": "Reserve", "entity_category": "config", "icon": "mdi:battery-lock", **bounds},
        "override": {
            "platform": "select",
            "name": f"Override for {OVERRIDE_HOURS} h",
            "options": [NO_OVERRIDE, *(mode.value for mode in site.inverter.modes)],
            "icon": "mdi:hand-back-right",
        },
        "dry_run": {"platform": "switch", "name": "Dry run", "entity_category": "config", "icon": "mdi:eye-outline"},
    }
    return {key: {"command_topic": topics.command(key), **control} for key, control in controls.items()}
