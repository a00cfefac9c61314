"""The optimizer as one device of Home Assistant: its MQTT discovery document and its states. Pure data, no connection."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.domain.decision import Decision
from app.domain.plan import Plan
from app.domain.price import PricedSlot
from app.domain.setting import Preferences
from app.domain.site import Mode, Site

type Json = Mapping[str, object]

PRODUCT = "Battery optimizer"
LONGEST_STATE = 255
"""Home Assistant refuses longer states; the whole sentence stands in the attributes."""
PRICE_EXPIRES_S = 3600
PLAN_SLOTS = 96
"""Two days of half-hours keep the attributes under the 16 kB that Home Assistant accepts."""
NO_OVERRIDE = "Automatic"
OVERRIDE_HOURS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Topics:
    """Where a site's values are published and its wishes heard."""

    prefix: str
    node: str

    @property
    def discovery(self) -> str:
        """Home Assistant's document of the whole device."""
        return f"homeassistant/device/{self.node}/config"

    @property
    def availability(self) -> str:
        """`online`, or `offline` as last will."""
        return f"{self.prefix}/{self.node}/availability"

    @property
    def state(self) -> str:
        """All states as one JSON document."""
        return f"{self.prefix}/{self.node}/state"

    @property
    def plan(self) -> str:
        """The plan's slots, as attributes."""
        return f"{self.prefix}/{self.node}/plan"

    def command(self, key: str) -> str:
        """Where a wish for an entity arrives; `+` for all of them."""
        return f"{self.prefix}/{self.node}/{key}/set"


def discovery(site: Site, topics: Topics, *, version: str) -> Json:
    """Return the document that makes the device: names, units and classes by Home Assistant's conventions."""
    price = {"unit_of_measurement": f"{site.currency}/kWh", "state_class": "measurement", "suggested_display_precision": 4}
    components: dict[str, dict[str, object]] = {
        "mode": {
            "platform": "sensor",
            "name": "Mode",
            "device_class": "enum",
            "options": [mode.value for mode in Mode],
            "icon": "mdi:home-battery",
        },
        "mode_label": {"platform": "sensor", "name": "Inverter mode", "icon": "mdi:tune"},
        "reason": {"platform": "sensor", "name": "Reason", "icon": "mdi:comment-question-outline"},
        "plan_source": {"platform": "sensor", "name": "Plan source", "entity_category": "diagnostic"},
        "target_soc": {"platform": "sensor", "name": "Target charge", "unit_of_measurement": "%", "device_class": "battery"},
        "expected_soc": {"platform": "sensor", "name": "Expected charge", "unit_of_measurement": "%", "device_class": "battery"},
        "price_now": {"platform": "sensor", "name": "Price now", "expire_after": PRICE_EXPIRES_S, **price},
        "price_next": {"platform": "sensor", "name": "Price next", "expire_after": PRICE_EXPIRES_S, **price},
        "stored_value": {"platform": "sensor", "name": "Value of a stored kWh", **price},
        "next_change": {"platform": "sensor", "name": "Next change", "device_class": "timestamp"},
        "plan_cost": {"platform": "sensor", "name": "Plan cost", "device_class": "monetary", "unit_of_measurement": site.currency},
        "problem": {"platform": "binary_sensor", "name": "Problem", "device_class": "problem", "entity_category": "diagnostic"},
        "reserve_soc": _reserve(topics),
        "override": _override(topics),
        "dry_run": _dry_run(topics),
    }
    for key, component in components.items():
        component |= {
            "unique_id": f"{topics.node}_{key}",
            "object_id": f"{topics.node}_{key}",
            "value_template": f"{{{{ value_json.{key} }}}}",
        }
    components["plan_cost"] |= {"json_attributes_topic": topics.plan}
    components["reason"] |= {"json_attributes_topic": topics.state, "json_attributes_template": "{{ value_json.explanation | tojson }}"}
    return {
        "device": {"identifiers": [topics.node], "name": PRODUCT, "manufacturer": PRODUCT, "model": site.id, "sw_version": version},
        "origin": {"name": PRODUCT, "sw_version": version},
        "availability": [{"topic": topics.availability}],
        "state_topic": topics.state,
        "qos": 1,
        "components": components,
    }


def states(decision: Decision, plan: Plan | None, priced: Sequence[PricedSlot], preferences: Preferences, *, has_problem: bool) -> Json:
    """Return the value of every entity; None shows as unknown."""
    following = priced[1] if len(priced) > 1 else None
    return {
        "mode": decision.command.mode,
        "mode_label": decision.label,
        "reason": decision.reason[:LONGEST_STATE],
        "explanation": {
            "reason": decision.reason,
            "reason_code": decision.reason_code,
            "cause": decision.cause,
            "decision_id": decision.id,
            "valid_until": decision.valid_until.isoformat(),
            "alternatives": {each.command.mode.value: each.extra_cost for each in decision.alternatives},
        },
        "plan_source": decision.plan_source,
        "target_soc": decision.command.target_soc_pct,
        "expected_soc": decision.expected_soc_pct,
        "price_now": decision.price.import_per_kwh,
        "price_next": None if following is None else following.import_per_kwh,
        "stored_value": decision.stored_kwh_value,
        "next_change": decision.slot.end.isoformat(),
        "plan_cost": None if plan is None else round(plan.cost, 3),
        "problem": "ON" if has_problem else "OFF",
        "reserve_soc": preferences.reserve_pct,
        "override": decision.command.mode if decision.reason_code == "override" else NO_OVERRIDE,
        "dry_run": "ON" if preferences.dry_run else "OFF",
    }


def plan_attributes(plan: Plan, site: Site) -> Json:
    """Return the plan as columns, which is half the size of rows."""
    steps = plan.steps[:PLAN_SLOTS]
    return {
        "plan_id": plan.id,
        "start": [f"{step.priced.slot.start:%Y-%m-%dT%H:%MZ}" for step in steps],
        "soc_pct": [round(site.battery.pct(step.stored_kwh), 1) for step in steps],
        "battery_kw": [round(step.charge_kw - step.discharge_kw, 2) for step in steps],
        "grid_kw": [round(step.import_kw - step.export_kw, 2) for step in steps],
        "import_per_kwh": [round(step.priced.import_per_kwh, 4) for step in steps],
    }


def _reserve(topics: Topics) -> dict[str, object]:
    bounds = {"min": 0, "max": 100, "step": 1, "mode": "slider", "unit_of_measurement": "%"}
    return {"platform": "number", "name": "Reserve", "entity_category": "config", "command_topic": topics.command("reserve_soc"), **bounds}


def _override(topics: Topics) -> dict[str, object]:
    options = [NO_OVERRIDE, *(mode.value for mode in Mode)]
    return {
        "platform": "select",
        "name": f"Override for {OVERRIDE_HOURS} h",
        "options": options,
        "command_topic": topics.command("override"),
    }


def _dry_run(topics: Topics) -> dict[str, object]:
    return {"platform": "switch", "name": "Dry run", "entity_category": "config", "command_topic": topics.command("dry_run")}
