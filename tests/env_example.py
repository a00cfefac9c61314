"""Writes `.env.example` out of the settings themselves: `python -m tests.env_example`."""

import json
from pathlib import Path

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from app.config.settings import Settings

EXAMPLE = Path(__file__).parents[1] / ".env.example"
HEAD = """\
# Copy to .env beside it, and set what differs. Every line shows the default; what is empty is not set. A token that is empty
# keeps the service from starting where it would be open without it: set it, or take its line out.
# A variable of the environment wins over this file. `battery-optimizer doctor` checks all of it.
# A house does not stand here: it is described by its document, see DEPLOYMENT_GUIDE.md. What an earlier release had here of one
# (OPTIMIZER_BATTERY__*, __INVERTER__*, __GRID__*, __SOLAR__*, __HOUSE__*, __TARIFF__*, __HOME_ASSISTANT__*, __RULES__*, and the
# flow's BATTERY_*) becomes that document at the first start, and is not read again.

# --- For docker compose only: the database, and where the page is published.
# Letters and digits only, for it becomes part of a URL: what `openssl rand -hex 24` prints.
MARIADB_PASSWORD=
# A server you have already; then start with `docker compose up -d --no-deps optimizer`.
# MARIADB_HOST=mariadb:3306
# OPTIMIZER_PUBLISH=127.0.0.1:8000

# --- For docker compose --profile full only: Mosquitto and Node-RED beside it.
# Set OPTIMIZER_MQTT__PASSWORD and OPTIMIZER_API__CONTROLLER_TOKEN below too; make each with `openssl rand -hex 24`.
# MQTT_HOMEASSISTANT_PASSWORD=
# MQTT_NODERED_PASSWORD=
# MQTT_PUBLISH=127.0.0.1:1883
# MQTT_TLS_PUBLISH=127.0.0.1:8883
# The door for dongles, which `battery-optimizer ca create` opens.
# MQTT_DONGLES_PUBLISH=127.0.0.1:8884
# Beyond loopback the editor needs a password; its hash stands in single quotes, for it has dollar signs.
# NODE_RED_PUBLISH=127.0.0.1:1880
# NODE_RED_PASSWORD_HASH=''
# Home Assistant and a long-lived token of an administrator, for the flow; what else it needs the optimizer tells it.
# HA_URL=http://192.168.1.3:8123
# HA_TOKEN=
# TZ=Europe/London
"""


def rendered() -> str:
    """Return the text: one paragraph per group, its description above each setting."""
    parts = [HEAD]
    for name, group in Settings.model_fields.items():
        kind = group.annotation
        assert kind is not None
        parts.append(f"\n# --- {str(kind.__doc__).splitlines()[0]}\n")
        parts += [_setting(f"OPTIMIZER_{name}__{field}".upper(), info) for field, info in kind.model_fields.items()]
    return "".join(parts)


def _setting(variable: str, info: FieldInfo) -> str:
    said = f"# {info.description}\n" if info.description else ""
    mark = "" if variable == "OPTIMIZER_API__ADMIN_TOKEN" else "# "  # docker compose wants this one
    return f"{said}{mark}{variable}={_text(info.get_default(call_default_factory=True))}\n"


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case SecretStr():
            return value.get_secret_value()
        case tuple() | dict():
            return json.dumps(value)
        case bool():
            return str(value).lower()
        case _:
            return str(value)


if __name__ == "__main__":
    EXAMPLE.write_text(rendered())
