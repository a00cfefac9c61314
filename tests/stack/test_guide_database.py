"""The SQL of the deployment guide, run as it stands on a server of one's own: the service gets on with it, and gets no more."""

import re
from collections.abc import Iterator
from pathlib import Path

import pymysql
import pytest

from app.storage.database import downgrade, upgrade
from tests.stack import mariadb
from tests.stack.mariadb import HOST, MariaDb
from tests.stack.parts import require

pytestmark = pytest.mark.stack

GUIDE = Path(__file__).parents[2] / "DEPLOYMENT_GUIDE.md"
USER = "guide"
"""The test's server has an `optimizer` already."""
WORD = "PASSWORD"
"""As it stands in the guide."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MariaDb]:
    require(mariadb.is_installed(), "mariadb-server")
    running = MariaDb(tmp_path_factory.mktemp("mariadb"))
    running.start()
    try:
        running.execute(*_statements())
        yield running
    finally:
        running.stop()


def test_the_schema_goes_up_and_down_with_these_grants(server: MariaDb) -> None:
    url = f"mysql+pymysql://{USER}:{WORD}@{HOST}:{server.port}/battery_optimizer"

    upgrade(url)
    downgrade(url, "base")
    upgrade(url)


def test_the_database_may_be_emptied_for_a_restore_and_no_other_be_touched(server: MariaDb) -> None:
    with pymysql.connect(host=HOST, port=server.port, user=USER, password=WORD) as connection, connection.cursor() as cursor:
        cursor.execute("DROP DATABASE battery_optimizer")
        cursor.execute("CREATE DATABASE battery_optimizer")
        with pytest.raises(pymysql.err.OperationalError, match="Access denied"):
            cursor.execute("CREATE DATABASE batteryXoptimizer")


def _statements() -> list[str]:
    block = re.search(r"```sql\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    assert block is not None
    return [line.strip().replace("'optimizer'@", f"'{USER}'@") for line in block[1].splitlines() if line.strip()]
