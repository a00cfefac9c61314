"""The very code of release 0.1 on a database that this version upgraded, wrote to and took back: it starts, and shows everything.

The release is unpacked out of the project's own history.
"""

import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.domain.forecast import Forecast
from app.domain.site import HOME
from app.storage.database import Database, downgrade, upgrade
from app.storage.decisions import DecisionStore
from app.storage.forecasts import ForecastStore
from app.storage.ledger import LedgerStore
from app.storage.overrides import OverrideStore
from app.storage.plans import PlanStore
from app.storage.prices import PriceStore
from app.storage.readings import ReadingStore
from app.storage.settings import SettingStore
from tests.records import audit_entry, decision, forecast, outcome, override, plan, price, reading_, settled, slot, step
from tests.storage import released
from tests.storage.released import REVISION, told

pytestmark = pytest.mark.slow

COMMIT = "1203390"
ROOT = Path(__file__).parents[2]
LATER = datetime(2026, 3, 2, 12, tzinfo=UTC)
SPAN = (LATER - timedelta(days=1), LATER + timedelta(days=1))
WRITTEN = {"prices": 1, "readings": 1, "forecasts": 1, "plans": 1, "decisions": 1, "overrides": 1, "ledger": 1}
"""How many records this version adds; settings are told without a span."""


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The release's `backend`, unpacked."""
    git = shutil.which("git")
    if (
        git is None
        or subprocess.run([git, "-C", ROOT, "cat-file", "-e", f"{COMMIT}^{{commit}}"], capture_output=True, check=False).returncode
    ):
        pytest.skip("the history does not reach back to the release")
    packed = subprocess.run([git, "-C", ROOT, "archive", COMMIT, "backend"], capture_output=True, check=True).stdout
    folder = tmp_path_factory.mktemp("release")
    with tarfile.open(fileobj=io.BytesIO(packed)) as files:
        files.extractall(folder, filter="data")
    yield folder / "backend"
    shutil.rmtree(folder)


def run(release: Path, url: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a program with the release's code."""
    env = os.environ | {"PYTHONPATH": str(release), "OPTIMIZER_DATABASE__URL": url}
    return subprocess.run([sys.executable, *words], cwd=release, env=env, capture_output=True, text=True, check=False)


def start(release: Path, url: str) -> subprocess.CompletedProcess[str]:
    """Do what the release does to a database when it starts."""
    return run(release, url, "-c", "from app.cli import main; main()", "db", "upgrade")


def read(release: Path, url: str, *span: datetime) -> Any:  # noqa: ANN401  (JSON)
    """Return what the release's own stores give."""
    ended = run(release, url, str(released.FOLDER / "read_all.py"), url, *(each.isoformat() for each in span))
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def write(url: str) -> None:
    """Record a half-hour as this version does."""
    database = Database.open(url)
    half_hour = slot(0, start=LATER)
    PriceStore(database).save(HOME, [price(0.3, slot=half_hour)], LATER)
    ReadingStore(database).save(HOME, [reading_(61.0, at=LATER)])
    expected = forecast((0.5,))
    ForecastStore(database).save(HOME, Forecast(kind=expected.kind, slots=(half_hour,), kw=(0.5,), source="last_weeks", issued_at=LATER))
    steps = (replace(step(), priced=replace(step().priced, slot=half_hour)),)
    PlanStore(database).save(plan(id="plan-later", created_at=LATER, steps=steps))
    DecisionStore(database).save(decision(id="later", plan_id="plan-later", slot=half_hour, decided_at=LATER, valid_until=half_hour.end))
    DecisionStore(database).add_outcome(HOME, "later", outcome(at=LATER))
    OverrideStore(database).put(HOME, override(span=half_hour), audit_entry())
    LedgerStore(database).save(HOME, [settled(slot=half_hour)])
    SettingStore(database).put(HOME, "control", {"reserve_pct": 30.0}, expected_version=2, set_by="admin", set_at=LATER)
    database.close()


def test_the_release_starts_after_the_way_back_and_shows_all_it_ever_showed(release: Path, empty_url: str) -> None:
    released.put(empty_url)
    upgrade(empty_url)
    downgrade(empty_url, REVISION)

    assert start(release, empty_url).returncode == 0
    assert read(release, empty_url) == told("read.json")


def test_the_release_shows_what_this_version_recorded_meanwhile(release: Path, empty_url: str) -> None:
    released.put(empty_url)
    upgrade(empty_url)
    write(empty_url)
    downgrade(empty_url, REVISION)

    found = read(release, empty_url, *SPAN)

    assert {kind: len(found[kind]) for kind in WRITTEN} == WRITTEN
    assert found["decisions"][0]["outcomes"][0]["status"] == "confirmed"
    assert found["plans"][0]["steps"][0]["charge_kw"] == 2.0
    assert found["settings"][-1]["value"] == {"reserve_pct": 30.0}
    assert start(release, empty_url).returncode == 0


def test_the_release_does_not_start_before_the_way_back_and_changes_nothing(release: Path, empty_url: str) -> None:
    released.put(empty_url)
    database = Database.open(empty_url)
    with database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'later'")
    before = released.stored(database.engine)

    ended = start(release, empty_url)

    assert (ended.returncode, "Can't locate revision identified by 'later'" in ended.stdout + ended.stderr) == (1, True)
    assert released.stored(database.engine) == before
    database.close()
