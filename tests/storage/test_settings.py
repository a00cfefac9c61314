import pytest

from app.domain.errors import ConflictError, InvalidInputError
from app.domain.setting import NEVER_SET, Setting
from app.domain.site import HOME, SiteId
from app.storage.database import Database
from app.storage.settings import SettingStore
from tests.records import at


@pytest.fixture
def store(database: Database) -> SettingStore:
    return SettingStore(database)


def put(store: SettingStore, value: dict[str, object], *, on: int, name: str = "battery", site: SiteId = HOME) -> Setting:
    return store.put(site, name, value, expected_version=on, set_by="admin", set_at=at(on))


def test_what_nobody_set_is_not_there(store: SettingStore) -> None:
    assert store.get(HOME, "battery") is None
    assert store.all(HOME) == {}
    assert store.history(HOME, "battery") == []


def test_gives_back_what_was_saved(store: SettingStore) -> None:
    value: dict[str, object] = {
        "capacity_kwh": 0.1 + 0.2,
        "name": "Källare 🔋",
        "limit_kwh": None,
        "modes": ["hold"],
        "nested": {"on": True},
    }

    saved = put(store, value, on=NEVER_SET)

    assert saved.version == 1
    assert saved.value == value
    assert store.get(HOME, "battery") == saved


def test_every_version_is_kept(store: SettingStore) -> None:
    versions = [put(store, {"capacity_kwh": n}, on=n) for n in range(3)]

    assert store.get(HOME, "battery") == versions[-1]
    assert store.history(HOME, "battery") == versions


@pytest.mark.parametrize("seen", [0, 2])
def test_a_change_of_what_the_caller_has_not_seen_is_a_conflict(store: SettingStore, seen: int) -> None:
    first = put(store, {"capacity_kwh": 10}, on=NEVER_SET)

    with pytest.raises(ConflictError, match=f"no longer at version {seen}"):
        put(store, {"capacity_kwh": 5}, on=seen)

    assert store.history(HOME, "battery") == [first]


def test_all_are_the_newest_of_each_name_of_the_site(store: SettingStore) -> None:
    put(store, {"a": 1}, on=0)
    battery = put(store, {"a": 2}, on=1)
    electricity = put(store, {"b": 1}, on=0, name="electricity")
    put(store, {"c": 1}, on=0, site=SiteId("neighbour"))

    assert store.all(HOME) == {"battery": battery, "electricity": electricity}


@pytest.mark.parametrize("value", [float("nan"), {1, 2}])
def test_refuses_what_is_no_json(store: SettingStore, value: object) -> None:
    with pytest.raises(InvalidInputError, match="cannot be kept as JSON"):
        put(store, {"capacity_kwh": value}, on=NEVER_SET)
