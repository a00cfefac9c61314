"""Homes are built from their documents and follow them, each for itself: a hanging neighbour delays its own house only."""

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app.config.leftover import Leftover
from app.domain.audit import AuditEntry
from app.domain.description import SealedSecret
from app.domain.errors import ConflictError, UnavailableError
from app.domain.site import HOME, SiteId
from app.storage.settings import SettingStore
from app.wiring.service import Service, build
from tests.served_app import HOUSE, NOON, Clock, settings_in

MILL = SiteId("mill")
PATIENCE_S = 60.0


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """A service whose rounds run beside each other, with home and the mill."""
    running = build(settings_in(tmp_path), clock=Clock())
    for site in (HOME, MILL):
        running.use.describe.create(site, {**HOUSE, "id": site}, actor="test", now=NOON)
    yield running
    running.close()


def until(true: Callable[[], object], what: str) -> None:
    end = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < end, what
        threading.Event().wait(0.02)


def change(service: Service, site: SiteId, **parts: object) -> None:
    before = service.use.describe.of(site)
    service.use.describe.change(site, {**before.value, **parts}, expected_version=before.version, actor="test", now=NOON)


@contextmanager
def hanging() -> Iterator[tuple[str, threading.Event]]:
    """A Home Assistant that takes every call and never answers; tell when the first came."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        came, taken = threading.Event(), list[socket.socket]()

        def accept() -> None:
            while True:
                try:
                    taken.append(listener.accept()[0])
                except OSError:
                    return
                came.set()

        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", came
        listener.shutdown(socket.SHUT_RDWR)
        for each in taken:
            each.close()


def reached_at(service: Service, site: SiteId, url: str) -> None:
    """Have a house be looked at through a Home Assistant."""
    service.use.describe.keep_secret(site, "home_assistant", "token", actor="test", now=NOON)
    inverter: dict[str, Any] = {"kind": "inverter", "model": "fox_ess", "way": {"by": "home_assistant"}}
    change(service, site, sources={"home_assistant": {"url": url}}, devices=[inverter, *HOUSE["devices"][1:]])  # type: ignore[index]


def test_a_house_whose_neighbour_hangs_delays_no_other(service: Service) -> None:
    with hanging() as (url, came):
        reached_at(service, HOME, url)
        service.rounds.turn(NOON)
        assert came.wait(PATIENCE_S)
        waits, journal, seen = service.rounds.running[HOME, "history"], service.use.journal, set[str]()
        for n in range(3):
            until(service.rounds.running[MILL, "decision"].done, "the mill's decision is made")
            service.rounds.turn(NOON + n * timedelta(minutes=30))
            until(
                lambda: {each.id for each in journal.remembered_decisions.values() if each.site == MILL} - seen, "the mill is decided for"
            )
            seen.add(journal.remembered_decisions[MILL].id)
            assert waits.done() or service.rounds.running[HOME, "history"] is waits, "a house that waits is not begun a second time"
        assert len(seen) == 3
        until(lambda: HOME in journal.remembered_decisions, "the house itself is decided for, too")
    until(service.rounds.running[HOME, "history"].done, "the hanging call ends")


def test_a_change_here_counts_at_once_and_leaves_the_other_house_alone(service: Service) -> None:
    mill, home = service.homes[MILL], service.homes[HOME]
    change(service, HOME, grid={"import_limit_kw": 9})

    assert service.homes[HOME].site.grid.import_limit_kw == 9
    assert service.homes[MILL] is mill
    assert service.homes[HOME].source is home.source, "what is not touched stays as it is"


def test_what_another_process_changed_is_seen_with_the_next_look(service: Service) -> None:
    other = build(service.settings, clock=Clock())
    other.use.prefer.change(HOME, reserve_pct=44, actor="elsewhere", now=NOON)
    other.use.describe.create(SiteId("barn"), {**HOUSE, "id": "barn"}, actor="elsewhere", now=NOON)
    other.close()
    assert service.use.prefer.of(HOME).reserve_pct == 10

    service.homes.look()

    assert (service.use.prefer.of(HOME).reserve_pct, sorted(service.homes)) == (44, ["barn", "home", "mill"])


def test_a_secret_that_is_missing_is_said_and_costs_the_house_nothing_else(service: Service) -> None:
    inverter: dict[str, Any] = {"kind": "inverter", "model": "fox_ess", "way": {"by": "home_assistant"}}
    devices = [inverter, *HOUSE["devices"][1:]]  # type: ignore[index]
    change(service, HOME, sources={"home_assistant": {"url": "http://127.0.0.1:9"}}, devices=devices)
    service.rounds.turn(NOON)
    service.rounds.finish()

    told = {each.name: each.detail for each in service.use.health.report(HOME, NOON).components}
    assert told["site"] == told["house"] == "the secret home_assistant of home is not set"
    assert "known until" in told["prices"]
    assert "site" not in {each.name for each in service.use.health.report(MILL, NOON).components}
    service.use.describe.keep_secret(HOME, "home_assistant", "token", actor="test", now=NOON)
    assert service.homes.problem(HOME) is None


def test_a_lost_key_file_degrades_the_houses_that_have_secrets(service: Service) -> None:
    reached_at(service, HOME, "http://127.0.0.1:9")
    service.settings.secrets.key_file.unlink()
    again = build(service.settings, clock=Clock())

    assert "key file" in (again.homes.problem(HOME) or "")
    assert again.homes.problem(MILL) is None
    house = again.homes[HOME].house
    assert house is not None
    with pytest.raises(UnavailableError, match="key file"):
        house.read(NOON)
    again.close()


def test_a_call_that_runs_ends_with_the_client_it_began_with(service: Service) -> None:
    with hanging() as (url, came):
        reached_at(service, HOME, url)
        service.rounds.turn(NOON)
        assert came.wait(PATIENCE_S)
        change(service, HOME, sources={})
        assert service.homes[HOME].house is None
    for duty in ("history", "state"):
        until(service.rounds.running[HOME, duty].done, "the call ends")
        assert service.rounds.running[HOME, duty].exception() is None


def test_the_one_switch_ends_all_control(service: Service) -> None:
    service.use.prefer.change(HOME, enabled=False, actor="test", now=NOON)

    assert service.homes[HOME].preferences.writes_nothing
    assert [mode.value for mode in service.homes[HOME].site.inverter.modes] == ["self_use"]
    assert not service.homes[MILL].preferences.writes_nothing


def old_house(**more: str) -> Leftover:
    return Leftover(variables={"OPTIMIZER_TARIFF__SOURCE": "simulated"} | more, env_file=Path("/nonexistent/.env"))


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPTIMIZER_TARIFF__SOURCE", "simulated")
    monkeypatch.setenv("OPTIMIZER_HOME_ASSISTANT__URL", "http://127.0.0.1:9")
    monkeypatch.setenv("OPTIMIZER_HOME_ASSISTANT__TOKEN", "long-lived")


@pytest.mark.usefixtures("environment")
def test_the_old_house_is_taken_over_once_with_what_was_changed_while_it_ran(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    settings = settings_in(tmp_path)
    first = build(settings, clock=Clock())
    live = {"reserve_pct": 35.0, "dry_run": True, "controller": "node_red"}
    SettingStore(first.database).put(HOME, "control", live, expected_version=0, set_by="phone", set_at=NOON)
    first.close()

    with caplog.at_level(logging.WARNING):
        service = build(settings, left=old_house(), clock=Clock())
        build(settings, left=old_house(OPTIMIZER_BATTERY__CAPACITY_KWH="9"), clock=Clock()).close()

    assert sum("is now described by its document" in each.getMessage() for each in caplog.records) == 1
    found = service.use.prefer.of(HOME)
    assert (found.reserve_pct, found.dry_run, service.use.describe.of(HOME).version) == (35, True, 1)
    assert service.use.describe.secret(HOME, "home_assistant") == "long-lived"
    service.close()


@pytest.mark.usefixtures("environment")
def test_of_two_services_that_start_at_once_one_takes_over(tmp_path: Path) -> None:
    services = list[Service]()
    settings = settings_in(tmp_path)
    threads = [threading.Thread(target=lambda: services.append(build(settings, left=old_house(), clock=Clock()))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [each.use.describe.of(HOME).version for each in services] == [1, 1, 1]
    assert {each.use.describe.secret(HOME, "home_assistant") for each in services} == {"long-lived"}
    for each in services:
        each.close()


@pytest.mark.usefixtures("environment")
def test_a_take_over_that_was_cut_short_begins_again(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    first = build(settings, clock=Clock())
    half = SealedSecret(
        name="home_assistant", sealed=first.use.describe.seal.seal(HOME, "home_assistant", "older"), set_by="test", set_at=NOON
    )
    first.use.describe.secrets.put(HOME, half, AuditEntry(at=NOON, actor="test", action="secret.set", subject=half.name))
    first.close()
    service = build(settings, left=old_house(), clock=Clock())
    with pytest.raises(ConflictError):
        service.use.describe.take_over(HOME, {**HOUSE}, {"home_assistant": "other"}, actor="test", now=NOON)

    assert service.use.describe.secret(HOME, "home_assistant") == "long-lived"
    service.close()


def test_where_nothing_was_ever_described_no_house_is_invented(tmp_path: Path) -> None:
    service = build(settings_in(tmp_path), left=replace(old_house(), variables={}), clock=Clock())

    assert list(service.homes) == []
    report = service.use.health.report(HOME, NOON)
    assert (report.can_answer, report.components[-1].detail[:27]) == (False, "no house is described yet: ")
    service.close()
