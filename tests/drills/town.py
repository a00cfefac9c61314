"""A town: one really running service, a house for each fault, and for each house its own neighbours, well or not."""

import json
import ssl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from tests.drills.callers import ask, beside
from tests.drills.certificate import self_signed
from tests.drills.neighbour import Fault, Neighbour
from tests.drills.report import ANSWER_AIM_S, LIVE_AIM_S, Calls, Report
from tests.page.demo import Demo
from tests.served_spot import DAY, ServedSpot
from tests.stack.home_assistant import until

PATIENCE_S = 240.0
NUMBERS = {"battery_soc": (55, "%"), "invbatpower": (0.2, "kW"), "pv_power_now": (1.2, "kW"), "load_power": (0.6, "kW")}
LIVE, PAGE, OVERRIDES = "/live", "/", "/api/v1/overrides"


def home_assistant(path: str) -> tuple[int, bytes]:
    """Answer as a Home Assistant with a Fox ESS."""
    if path.startswith("/api/history/"):
        return 200, b"[]"
    entity = path.rpartition("/")[2]
    state, unit = NUMBERS.get(entity.partition(".")[2], (0, "kW"))
    stamp = datetime.now(UTC).isoformat()
    return 200, json.dumps(
        {"entity_id": entity, "state": str(state), "attributes": {"unit_of_measurement": unit}, "last_updated": stamp}
    ).encode()


def spot_prices(path: str) -> tuple[int, bytes]:
    """Answer as Elpriset just nu."""
    found = DAY.search(path)
    rows = None if found is None else ServedSpot(lambda: datetime.now(UTC)).day(date(*map(int, found.groups()[:3])))
    return (404, b"{}") if rows is None else (200, json.dumps(rows).encode())


def sunshine(_: str) -> tuple[int, bytes]:
    """Answer as Forecast.Solar."""
    noon = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
    hours = {f"{noon + timedelta(hours=n):%Y-%m-%d %H:%M:%S}": 500.0 for day in (0, 24) for n in range(day - 4, day + 5)}
    return 200, json.dumps({"result": {"watt_hours_period": hours}}).encode()


NEIGHBOURS = {"home assistant": home_assistant, "prices": spot_prices, "sunshine": sunshine}


@dataclass(slots=True)
class Town:
    """One house a fault; the neighbours of the kind that is drilled are sick or well all at once, the others always well."""

    folder: Path
    kind: str
    faults: Sequence[Fault]
    sick_at_first: bool = False
    """Whether they are so while the houses are described, too: for whom is asked once in an hour."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """More of the service."""
    doors: dict[Fault, dict[str, Neighbour]] = field(default_factory=dict)
    service: Demo | None = None

    @property
    def url(self) -> str:
        """Where the service answers."""
        assert self.service is not None
        return self.service.url

    @contextmanager
    def settled(self) -> Iterator["Town"]:
        """Describe every house while all are well, and wait until each has a plan; then leave the service stopped."""
        certificate, key = self_signed(self.folder)
        with ExitStack() as open_doors:
            for fault in self.faults:
                tls = _tls(certificate, key) if fault is Fault.SLOW_TLS else None
                made = {kind: Neighbour(answer, tls=tls if kind == self.kind else None) for kind, answer in NEIGHBOURS.items()}
                self.doors[fault] = {kind: open_doors.enter_context(each.serving()) for kind, each in made.items()}
            settings = {
                "OPTIMIZER_DATABASE__URL": f"sqlite:///{self.folder / 'town.db'}",
                "OPTIMIZER_SECRETS__KEY_FILE": str(self.folder / "secrets.key"),
                "SSL_CERT_FILE": str(certificate),
                **self.settings,
            }
            self.service = Demo(self.folder, settings)
            self.become(well=not self.sick_at_first)
            with self.running():
                self._describe()
            try:
                yield self
            finally:
                self.become(well=True)

    @contextmanager
    def running(self) -> Iterator["Town"]:
        """Have the service run until the block ends."""
        assert self.service is not None
        self.service.start()
        try:
            yield self
        finally:
            self.service.stop()

    def become(self, *, well: bool) -> None:
        """Have all neighbours of the drilled kind fall sick, each in its way, or get well."""
        for fault, doors in self.doors.items():
            doors[self.kind].become(Fault.NONE if well else fault)

    def post(self, path: str, fault: Fault, body: object = None) -> httpx.Response:
        """Send something for a house."""
        return httpx.post(f"{self.url}{path}", params={"site": name(fault)}, json=body, timeout=PATIENCE_S, trust_env=False)

    def get(self, path: str, fault: Fault) -> Any:  # noqa: ANN401 - JSON
        """Return what the service says of a house."""
        reply = httpx.get(f"{self.url}{path}", params={"site": name(fault)}, timeout=PATIENCE_S, trust_env=False)
        return reply.json()

    def peak_mb(self) -> float:
        """Return the most memory that the service has held."""
        assert self.service is not None
        assert self.service.process is not None
        status = Path(f"/proc/{self.service.process.pid}/status").read_text(encoding="ascii")
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1024

    def asked_again(self) -> None:
        """Wait until the service asks every sick neighbour anew; of one that takes no connection nobody knows."""
        before = {fault: doors[self.kind].asked for fault, doors in self.doors.items() if fault is not Fault.SLOW_CONNECT}
        for fault, count in before.items():
            until(lambda fault=fault, count=count: self.doors[fault][self.kind].asked > count, PATIENCE_S, f"{fault}: it is asked anew")  # type: ignore[misc]

    def observe(self, report: Report, when: str, *, times: int) -> None:
        """Ask for every house's recommendation, for liveness, page and overrides, all at once; note what callers saw."""
        houses = {str(fault): f"/api/v1/recommendation/now?site={name(fault)}" for fault in self.faults}
        others = {each: each if each != OVERRIDES else f"{each}?site={name(self.faults[0])}" for each in (PAGE, OVERRIDES)}
        recommended, lives, other = beside(
            lambda: ask(self.url, houses, times=times, said=lambda reply: str(reply.json()["plan_source"])),
            lambda: ask(self.url, {LIVE: LIVE}, times=times, said=lambda reply: str(reply.json()["status"]), at_once=1),
            lambda: ask(self.url, others, times=times // 4, said=lambda _: "answered", at_once=1),
        )
        for fault, calls in recommended.items():
            report.calls(f"{when}, {fault}: recommendation", calls, aim_s=ANSWER_AIM_S, right=["optimizer"])
        report.calls(f"{when}, whole town: recommendation", _together(recommended), aim_s=ANSWER_AIM_S, right=["optimizer"])
        report.calls(f"{when}, {LIVE}", lives[LIVE], aim_s=LIVE_AIM_S, right=["alive"])
        for path, calls in other.items():
            report.calls(f"{when}, GET {path}", calls, aim_s=ANSWER_AIM_S, right=["answered"])

    def recovered(self, report: Report, is_well: Callable[[Fault], bool], *, name: str | None = None) -> None:
        """Note how long each house takes until all is well; the neighbours have just got so."""
        began, waiting = time.monotonic(), list(self.faults)
        while waiting and time.monotonic() - began < PATIENCE_S:
            for fault in [each for each in waiting if is_well(each)]:
                waiting.remove(fault)
                report.recovery(name or str(fault), time.monotonic() - began)
            time.sleep(0.2)
        for fault in waiting:
            report.recovery(name or str(fault), None)

    def health(self, fault: Fault) -> dict[str, str]:
        """Return the status of each component of a house."""
        return {each["name"]: each["status"] for each in self.get("/health", fault)["components"]}

    def _describe(self) -> None:
        for fault in self.faults:
            site = f"{self.url}/api/v1/sites/{name(fault)}"
            new = {"If-None-Match": "*"}
            httpx.put(site, json=self._house(fault), headers=new, timeout=PATIENCE_S, trust_env=False).raise_for_status()
            secret = httpx.put(f"{site}/secrets/home_assistant", json={"value": "a-token"}, timeout=PATIENCE_S, trust_env=False)
            secret.raise_for_status()
            self.post("/api/v1/prices/refresh", fault).raise_for_status()
        for fault in self.faults:
            until(lambda fault=fault: self._is_planned(fault), PATIENCE_S, f"{fault}: a plan is made while all are well")  # type: ignore[misc]

    def _is_planned(self, fault: Fault) -> bool:
        return bool(self.get("/api/v1/recommendation/now", fault)["plan_source"] == "optimizer" and self.health(fault)["house"] == "ok")

    def _house(self, fault: Fault) -> dict[str, Any]:
        urls = {kind: each.url for kind, each in self.doors[fault].items()}
        spot = {"source": "elprisetjustnu", "area": "SE3", "base_url": f"{urls['prices']}api/v1/prices/"}
        plane = {"kwp": 4.0, "tilt_deg": 27, "azimuth_deg": 180}
        return {
            "id": name(fault),
            "title": str(fault),
            "place": {"time_zone": "Europe/Stockholm", "currency": "SEK", "country": "SE", "latitude": 59.05, "longitude": 17.31},
            "grid": {"import_limit_kw": 15, "export_limit_kw": 5},
            "tariff": {"agreements": [{"import": spot, "export": spot}]},
            "sources": {
                "home_assistant": {"url": urls["home assistant"]},
                "solar": {"source": "forecast_solar", "base_url": urls["sunshine"]},
            },
            "devices": [
                {"kind": "inverter", "model": "fox_ess", "way": {"by": "home_assistant"}},
                {"kind": "battery"},
                {"kind": "solar", "planes": [plane]},
            ],
        }


def name(fault: Fault) -> str:
    """Return the id of the house that a fault has."""
    return fault.value.replace(" ", "-")


def _together(found: Mapping[str, Calls]) -> Calls:
    whole = Calls()
    for each in found.values():
        whole.asked += each.asked
        whole.took_s += each.took_s
        whole.said += each.said
        whole.failed += each.failed
    return whole


def _tls(certificate: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context
