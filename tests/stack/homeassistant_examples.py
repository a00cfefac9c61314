"""The examples of the guide, as files that the tests load into a real Home Assistant."""

from pathlib import Path

FOLDER = Path(__file__).parents[2] / "nodered" / "home_assistant"
AUTOMATIONS, RECORDER, REST = (FOLDER / f"{name}.yaml" for name in ("automations", "recorder", "rest"))
DOCUMENTED_URL = "http://192.168.1.2:8000"
"""What a reader replaces by his own."""

SIMULATED = """\
# What the examples want of a house: a charger, a storm warning, and the two meters of the Energy dashboard.
energy:
input_boolean:
  ev: {name: EV charger plug, initial: true}
  storm: {name: Storm, initial: false}
template:
  - switch:
      - name: EV charger
        unique_id: ev_charger
        state: "{{ is_state('input_boolean.ev', 'on') }}"
        turn_on: {action: input_boolean.turn_on, target: {entity_id: input_boolean.ev}}
        turn_off: {action: input_boolean.turn_off, target: {entity_id: input_boolean.ev}}
  - binary_sensor:
      - {name: Storm warning, unique_id: storm_warning, state: "{{ is_state('input_boolean.storm', 'on') }}"}
  - sensor:
      - name: Grid import
        unique_id: grid_import
        unit_of_measurement: kWh
        device_class: energy
        state_class: total_increasing
        state: "{{ 12.3 }}"
"""


def simulated(folder: Path) -> Path:
    """Write and return the package of what the examples want."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "simulated.yaml"
    file.write_text(SIMULATED)
    return file


def rest(folder: Path, url: str) -> Path:
    """Write and return the REST example with the address of a running service."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / REST.name
    text = REST.read_text()
    assert DOCUMENTED_URL in text
    file.write_text(text.replace(DOCUMENTED_URL, url.rstrip("/")))
    return file
