"""What people force over HTTP: within bounds, and over what."""

import pytest

from app.domain.site import HOME
from tests.served_app import NOON, Served

URL = "/api/v1/overrides/2026-06-01T{}:00Z"
UNTIL_TWO = {"mode": "hold", "until": "2026-06-01T14:00:00Z"}


@pytest.mark.parametrize(
    ("wish", "bound"),
    [
        ({"mode": "force_discharge", "power_kw": 1000}, "1000 kW is too much: the battery can give 5 kW at most"),
        ({"mode": "force_charge", "power_kw": 5.1}, "5.1 kW is too much: the battery can be charged at 5 kW at most"),
        ({"mode": "force_discharge", "target_soc_pct": 9}, "a discharge to 9 % would drain the reserve of 10 %"),
    ],
)
def test_more_than_the_house_can_do_is_refused_with_the_bound(fresh: Served, wish: dict[str, object], bound: str) -> None:
    refused = fresh.client.put(URL.format("12:00"), json={**wish, "until": "2026-06-01T14:00:00Z"})
    assert (refused.status_code, refused.json()["code"], refused.json()["detail"]) == (422, "invalid_input", bound)
    assert fresh.client.get("/api/v1/overrides").json()["overrides"] == []


def test_an_override_names_what_it_lies_over_and_gives_it_back(fresh: Served) -> None:
    fresh.client.put(URL.format("13:00"), json=UNTIL_TWO)
    over = {"mode": "force_charge", "power_kw": 2, "target_soc_pct": 80, "until": "2026-06-01T13:30:00Z"}
    made = fresh.client.put(URL.format("12:00"), json=over).json()

    assert [(each["mode_code"], each["start"], each["holds_until"]) for each in made["covers"]] == [("hold", "2026-06-01T13:00:00Z", None)]
    assert made["holds_until"] == "2026-06-01T13:30:00Z"
    assert fresh.client.get("/api/v1/recommendation/now").json()["mode_code"] == "force_charge"
    fresh.clock.forward(hours=1)  # to 13:10
    assert fresh.client.delete(URL.format("12:00")).status_code == 204
    assert [each["holds_until"] for each in fresh.client.get("/api/v1/overrides").json()["overrides"]] == ["2026-06-01T14:00:00Z"]
    assert fresh.client.get("/api/v1/recommendation/now").json()["mode_code"] == "hold"
    log = fresh.service.use.audit.between(HOME, NOON.replace(hour=0), NOON.replace(hour=23))
    told = "force_charge 2 kW to 80 % from 2026-06-01T12:00Z until 2026-06-01T13:30Z"
    assert [(each.action, each.detail) for each in log if "override" in each.action][1:] == [
        ("override.set", f"{told}, over hold from 2026-06-01T13:00Z until 2026-06-01T14:00Z"),
        ("override.removed", told),
    ]
