"""The whole service in memory: a simulated house and prices, a SQLite file, a clock of the test's own, asked over HTTP."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp

from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.cli.show import demo_house
from app.config.service import CertificatesSettings
from app.config.settings import Settings, load
from app.domain.site import HOME
from app.main import create_app
from app.storage.database import upgrade
from app.trust.credentials import Authority
from app.wiring.service import Service, build
from tests.fakes import Inline

NOON = datetime(2026, 6, 1, 12, 10, tzinfo=UTC)
TOKENS = {role: f"{role}-token-of-forty-eight-characters-for-tests-only" for role in ("viewer", "controller", "admin")}
NOWHERE = Path("/nonexistent/.env")
HOUSE = demo_house(None)


@dataclass
class Clock:
    """Time as the test says."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **passed: float) -> None:
        self.now += timedelta(**passed)


@dataclass
class Served:
    """A running service and a client of it."""

    service: Service
    app: FastAPI
    client: TestClient
    clock: Clock
    headers: dict[str, str] = field(default_factory=dict)


@contextmanager
def served(
    *,
    tokens: bool = False,
    simulate_house: bool = True,
    host: str = "127.0.0.1",
    time_limit_s: float = 5.0,
    authority: bool = False,
    profile: str = "fox_ess",
) -> Iterator[Served]:
    """Serve until the block ends; with tokens, everybody needs one."""
    with TemporaryDirectory() as folder:
        settings = settings_in(Path(folder), tokens=tokens, host=host, time_limit_s=time_limit_s)
        if authority:
            settings = with_authority(settings, Path(folder) / "ca")
        clock = Clock()
        house = with_inverter(profile)
        service = build(settings, demo=house if simulate_house else None, clock=clock, workers=Inline())
        if not simulate_house:
            service.use.describe.create(HOME, house, actor="test", now=clock())
        app = create_app(service, make_rounds=False)
        with TestClient(app, base_url="http://127.0.0.1:8000", raise_server_exceptions=False) as client:
            yield Served(service=service, app=app, client=client, clock=clock)


def with_inverter(model: str) -> dict[str, object]:
    """Return the document of a house with an inverter of that model."""
    return {**HOUSE, "devices": [{"kind": "inverter", "model": model}, {"kind": "battery"}, {"kind": "solar", "peak_kw": 4}]}


def with_authority(settings: Settings, folder: Path, now: datetime = NOON) -> Settings:
    """Return the settings with a certificate authority of their own."""
    Authority.create(folder, now)
    certificates = CertificatesSettings(folder=folder, broker_host="broker.example")
    return settings.model_copy(update={"certificates": certificates})


def settings_in(folder: Path, *, tokens: bool = False, host: str = "127.0.0.1", time_limit_s: float = 5.0) -> Settings:
    """Return settings of a database of its own."""
    path = folder / "home.db"
    shutil.copy(_template(), path)
    return load(
        env_file=NOWHERE,
        database={"url": f"sqlite:///{path}"},
        api={"host": host} | ({f"{role}_token": token for role, token in TOKENS.items()} if tokens else {}),
        secrets={"key_file": folder / "secrets.key"},
        planner={"time_limit_s": time_limit_s},
    )


@cache
def _template() -> Path:
    path = Path(mkdtemp(prefix="optimizer-")) / "template.db"
    upgrade(f"sqlite:///{path}")
    return path


def bearer(role: str) -> dict[str, str]:
    """Return the header of a role's token."""
    return {"Authorization": f"Bearer {TOKENS[role]}"}
