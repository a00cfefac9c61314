import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from typer.testing import Result

from app.domain.access import ALL_SITES
from app.domain.site import HOME
from app.storage.audit import AuditStore
from app.storage.database import Database

type Run = Callable[..., Result]


def test_a_token_is_shown_once_listed_and_revoked(run: Run) -> None:
    made = run("token", "create", "node-red", "--role", "controller")
    assert made.exit_code == 0, made.output
    token = made.stdout.strip()
    assert re.fullmatch(r"[0-9a-f]{48}", token)
    listed = run("token", "list").output
    assert "node-red" in listed
    assert "controller" in listed
    assert token not in listed
    assert token.encode() not in Path("battery_optimizer.db").read_bytes(), "only its hash is kept"
    assert "revoked" in run("token", "revoke", "node-red").output
    again = run("token", "create", "node-red")
    assert "choose another name" in str(again.exception)


def test_who_made_and_revoked_a_token_is_in_the_log_of_its_house_or_the_services(run: Run) -> None:
    run("token", "create", "phone", "--role", "viewer")
    run("token", "create", "everywhere", "--role", "admin", "--all-sites")
    run("token", "revoke", "phone")
    run("token", "revoke", "phone")

    database, now = Database.open("sqlite:///battery_optimizer.db"), datetime.now(UTC)
    log = {site: AuditStore(database).between(site, now - timedelta(hours=1), now + timedelta(hours=1)) for site in (HOME, ALL_SITES)}
    database.close()
    told = {site: [(each.action, each.subject, each.detail) for each in found if "token" in each.action] for site, found in log.items()}
    assert told == {
        HOME: [("token.created", "phone", "viewer of home"), ("token.revoked", "phone", "")],
        ALL_SITES: [("token.created", "everywhere", "admin of every house")],
    }
