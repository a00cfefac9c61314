"""The same use cases in a shell."""

import os
import re
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from typer.testing import Result

from app.cli.show import demo_house
from app.domain.errors import InvalidInputError
from app.domain.reading import Quantity, reading
from app.domain.site import HOME, SiteId
from app.storage.database import Database
from app.storage.readings import ReadingStore
from app.wiring.service import running
from tests.served_octopus import FORTNIGHT, ServedOctopus, load, serving
from tests.stack.home_assistant import free_port
from tests.stack.service import program

type Run = Callable[..., Result]
WAIT_S = 20.0


def charged(soc_pct: float = 50) -> None:
    """Report a state of charge of now into the shell's database."""
    now = datetime.now(UTC)
    database = Database.open("sqlite:///battery_optimizer.db")
    ReadingStore(database).save(HOME, [reading(device="bat", quantity=Quantity.SOC_PCT, at=now, value=soc_pct, source="test")])
    database.close()


def test_prices_refresh_tells_what_came(run: Run) -> None:
    told = run("prices", "refresh")
    assert told.exit_code == 0, told.output
    assert re.search(r"\d{3} prices new or changed; the source gave .* UTC; 0 slots still missing", told.output)
    assert "0 prices new" in run("prices", "refresh").output


def test_recommend_says_what_and_why(run: Run) -> None:
    run("prices", "refresh")
    charged()
    told = run("recommend")
    assert told.exit_code == 0, told.output
    assert "by optimizer" in told.output
    assert "a stored kWh is worth" in told.output


def test_a_shadow_run_with_nothing_to_compare_says_so(run: Run) -> None:
    told = run("shadow")
    assert told.exit_code == 0, told.output
    assert "nothing to compare in the last 4 weeks" in told.output
    assert "week from" not in told.output


def test_recommend_without_prices_is_self_use_with_its_cause(run: Run) -> None:
    told = run("recommend")
    assert told.exit_code == 0, told.output
    assert "Self Use" in told.output
    assert "because no published price" in told.output


def test_plan_is_a_table_and_a_plot(run: Run) -> None:
    run("prices", "refresh")
    charged()
    told = run("plan")
    assert told.exit_code == 0, told.output
    assert "battery kW" in told.output
    assert "charge %" in told.output
    assert len(told.output.splitlines()) > 96


def test_plan_without_a_plan_points_to_the_doctor(run: Run) -> None:
    told = run("plan")
    assert told.exit_code != 0
    assert "doctor" in str(told.exception)


def test_db_upgrade_and_prune(run: Run) -> None:
    assert "fits this version" in run("db", "upgrade").output
    assert Path("battery_optimizer.db").exists()
    told = run("db", "prune")
    assert told.exit_code == 0, told.output
    assert "0 readings" in told.output


def test_db_downgrade_goes_back_and_upgrade_forth(run: Run) -> None:
    run("db", "upgrade")
    assert "at 0006" in run("db", "downgrade", "0006").stdout
    assert "fits this version" in run("db", "upgrade").stdout


def test_doctor_is_content_with_a_sound_house(run: Run, octopus: dict[str, str]) -> None:
    told = run("doctor", **octopus)
    assert told.exit_code == 0, told.output
    assert "listens on 127.0.0.1 only" in told.output
    assert "schema up to date" in told.output


def test_a_real_house_on_made_up_prices_is_told_so(run: Run) -> None:
    run("db", "upgrade")
    charged()
    doctor = run("doctor")
    assert doctor.exit_code == 1
    assert "a real house is planned on made-up prices" in " ".join(doctor.output.split())
    assert "name the real source of its prices in the document's tariff" in " ".join(doctor.output.split())
    assert "made-up prices" in run("recommend").output


def test_a_house_on_real_prices_is_not(run: Run, octopus: dict[str, str]) -> None:
    run("db", "upgrade")
    charged()
    assert "made-up prices" not in run("recommend", **octopus).output


def test_a_house_refuses_prices_in_another_currency(run: Run, octopus: dict[str, str]) -> None:
    run("db", "upgrade")
    charged()
    swedish = octopus | {"OPTIMIZER_HOUSE__CURRENCY": "SEK"}
    refused = run("prices", "refresh", **swedish)
    assert refused.exit_code == 1
    assert "tells its prices in GBP, this house counts in SEK" in str(refused.exception)
    doctor = run("doctor", **swedish)
    assert doctor.exit_code == 1
    assert "set place.currency to what the bill is in" in " ".join(doctor.output.split())
    assert "current price is not known" in " ".join(run("recommend", **swedish).output.split())


@pytest.mark.parametrize(
    ("broken", "state", "remedy"),
    [
        ({"OPTIMIZER_API__PORT": "x"}, "OPTIMIZER_API__PORT", ".env.example explains each"),
        ({"OPTIMIZER_API__HOST": "0.0.0.0"}, "without a token", "token create"),  # noqa: S104
        (
            {"OPTIMIZER_DATABASE__URL": "mysql+pymysql://u:p@127.0.0.1:1/db"},
            "database:",
            "check OPTIMIZER_DATABASE__URL",
        ),
        (
            {"OPTIMIZER_HOME_ASSISTANT__URL": "http://127.0.0.1:1", "OPTIMIZER_HOME_ASSISTANT__TOKEN": "t"},
            "home assistant:",
            "check sources.home_assistant in the document",
        ),
    ],
)
def test_doctor_names_what_is_broken_and_the_remedy(run: Run, broken: dict[str, str], state: str, remedy: str) -> None:
    told = run("doctor", **broken)
    assert told.exit_code == 1, told.output
    assert state in told.output
    assert remedy in " ".join(told.output.split())


def test_doctor_knows_of_stored_tokens(run: Run, octopus: dict[str, str]) -> None:
    run("token", "create", "admin", "--role", "admin", **octopus)
    told = run("doctor", **octopus, OPTIMIZER_API__HOST="0.0.0.0")  # noqa: S104
    assert told.exit_code == 0, told.output


def test_doctor_tells_a_retired_product(run: Run) -> None:
    with serving(ServedOctopus(load(FORTNIGHT))) as octopus:
        given = {"OPTIMIZER_TARIFF__SOURCE": "octopus", "OPTIMIZER_TARIFF__BASE_URL": octopus.url}
        assert run("doctor", **given).exit_code == 0
        elsewhere = {"OPTIMIZER_DATABASE__URL": "sqlite:///another.db", "OPTIMIZER_TARIFF__IMPORT_PRODUCT": "GONE-20-01-01"}
        told = run("doctor", **given, **elsewhere)
        assert told.exit_code == 1
        assert "check the tariff in the document" in " ".join(told.output.split())


def test_the_house_of_the_environment_is_taken_over_once_and_named_as_no_longer_read(run: Run, octopus: dict[str, str]) -> None:
    given = octopus | {"OPTIMIZER_BATTERY__CAPACITY_KWH": "7"}
    first = " ".join(run("doctor", **given).output.split())
    assert "version 1 by take-over" in first
    assert "OPTIMIZER_BATTERY__CAPACITY_KWH, OPTIMIZER_TARIFF__BASE_URL, OPTIMIZER_TARIFF__SOURCE: the document holds" in first
    again = run("doctor", OPTIMIZER_BATTERY__CAPACITY_KWH="9", OPTIMIZER_TARIFF__REGION="nonsense")
    assert again.exit_code == 0, again.output
    assert "7 kWh, 5/5 kW" in again.output


def test_without_any_house_it_says_how_to_describe_one(run: Run) -> None:
    nothing = {"OPTIMIZER_TARIFF__SOURCE": ""}
    told = run("doctor", **nothing)
    assert told.exit_code == 1
    assert "no house is described yet: `battery-optimizer site new`" in " ".join(told.output.split())
    assert "no house is described yet" in str(run("recommend", **nothing).exception)
    with running() as service:
        assert service.use.describe.sites() == ()


def test_with_several_houses_a_command_is_told_which(run: Run) -> None:
    run("db", "upgrade")
    run("recommend")
    with running() as service:
        for name in ("mill", "barn"):
            service.use.describe.create(SiteId(name), {**demo_house(None), "id": name}, actor="test", now=datetime.now(UTC))
    assert "Self Use" in run("recommend", "--site", "mill").output
    assert "no site named 'shed'" in str(run("plan", "--site", "shed").exception)
    assert "say --site SITE or --all-sites" in str(run("token", "create", "phone").exception)
    assert run("token", "create", "phone", "--site", "mill").exit_code == 0
    assert run("token", "create", "all", "--all-sites").exit_code == 0
    listed = {row.split()[1]: row.split()[5] for row in run("token", "list").output.splitlines() if "viewer" in row}
    assert listed == {"phone": "mill", "all": "all"}
    doctor = " ".join(run("doctor").output.split())
    assert all(f"{name}: battery" in doctor for name in ("home", "mill", "barn"))
    assert "barn: battery" not in run("doctor", "--site", "mill").output


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Callable[..., "subprocess.Popen[str]"]]:
    """Start the program as a process of its own."""
    started = []
    clean = {name: value for name, value in os.environ.items() if not name.startswith("OPTIMIZER_")}

    def start(*words: str, **more: str) -> "subprocess.Popen[str]":
        given = clean | {"OPTIMIZER_TARIFF__SOURCE": "simulated"} | more
        started.append(
            subprocess.Popen([program(), *words], cwd=tmp_path, env=given, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        )
        return started[-1]

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "more", "said"),
    [
        (["recommend"], {"OPTIMIZER_TARIFF__REGION": "Z"}, "OPTIMIZER_TARIFF__REGION: "),
        (["serve"], {"OPTIMIZER_API__HOST": "0.0.0.0"}, "set OPTIMIZER_API__ADMIN_TOKEN"),  # noqa: S104
        (["demo", "--octopus", "ZZ"], {}, "region: "),
        (["demo", "--port", "99999"], {}, "OPTIMIZER_API__PORT: "),
        (["token", "revoke", "nobody"], {}, "nobody"),
    ],
)
def test_an_error_is_one_readable_message(
    shell: Callable[..., "subprocess.Popen[str]"], words: list[str], more: dict[str, str], said: str
) -> None:
    process = shell(*words, **more)
    _, complaint = process.communicate(timeout=WAIT_S)
    assert process.returncode == 1
    assert said in complaint
    assert "Traceback" not in complaint


@pytest.mark.slow
@pytest.mark.parametrize("command", ["demo", "serve"])
def test_starts_answers_and_ends_on_sigterm(shell: Callable[..., "subprocess.Popen[str]"], command: str) -> None:
    port = free_port()
    words = ["demo", "--port", str(port)] if command == "demo" else ["serve"]
    process = shell(*words, OPTIMIZER_API__PORT=str(port))
    told = answer(process, f"http://127.0.0.1:{port}/api/v1/recommendation/now")
    assert told["plan_source"] == ("optimizer" if command == "demo" else told["plan_source"])
    process.send_signal(signal.SIGTERM)
    _, complaint = process.communicate(timeout=WAIT_S)
    assert process.returncode in {0, -signal.SIGTERM}
    assert "Traceback" not in complaint


def answer(process: "subprocess.Popen[str]", url: str) -> dict[str, object]:
    """Return what it says once it is up."""
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end and process.poll() is None:
        try:
            told: dict[str, object] = httpx.get(url, trust_env=False, timeout=5).json()
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return told
    process.kill()
    raise AssertionError(process.communicate())


@pytest.mark.parametrize("asked", [["db", "upgrade"], ["recommend"], ["serve"]])
def test_a_database_of_a_newer_version_is_a_sentence(run: Run, asked: list[str]) -> None:
    run("db", "upgrade")
    with closing(sqlite3.connect("battery_optimizer.db")) as file, file:
        file.execute("UPDATE alembic_version SET version_num = '9999'")
    told = run(*asked)
    assert isinstance(told.exception, InvalidInputError)
    assert "a newer version upgraded it" in str(told.exception)
