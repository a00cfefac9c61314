"""A house to begin with: the least that makes one, with a word on each line."""

NEW = """\
# Everything that describes one house. `battery-optimizer site schema` knows every field; what is left out has its usual value.
# Change what differs, then: battery-optimizer site apply FILE
id: {name}
title: ""
place:
  time_zone: Europe/London
  currency: GBP                       # every price and cost here is in it
  # latitude: 51.51                   # for forecasts of the sun
  # longitude: -0.13
grid:
  fuse: {{phases: 1, amps: 100}}        # or import_limit_kw: 15
  export_limit_kw: 3.68
tariff:
  agreements:
    - import: {{source: octopus, product: AGILE-24-10-01, region: C}}    # `prices region POSTCODE` finds the letter
      export: {{source: fixed, per_kwh: 0.15}}
# sources:
#   home_assistant:
#     url: http://192.168.1.3:8123
#     token: home_assistant           # a name; the token itself: battery-optimizer site secret set home_assistant --site {name}
#   solar: {{source: open_meteo}}
devices:
  - kind: inverter
    model: plain                      # a make and family
    ac_limit_kw: 5
    # way: {{by: home_assistant}}       # needs sources.home_assistant; without one, readings are pushed
  - kind: battery
    capacity_kwh: 10
    reserve_pct: 10                   # the charge at which the inverter itself stops giving
    max_charge_kw: 5
    max_discharge_kw: 5
  # - kind: solar
  #   planes:
  #     - {{kwp: 4, tilt_deg: 35, azimuth_deg: 180}}    # 0 is north, 90 east
# wishes:
#   reserve_pct: 20                   # kept in the battery
#   soc: [{{least_pct: 80, until: "07:00"}}]    # charged by a time of the day
control:
  dry_run: true                       # decide and show, write nothing; take it away after the first week
"""


def new_house(name: str) -> str:
    """Return a document to edit, as YAML with comments."""
    return NEW.format(name=name)
