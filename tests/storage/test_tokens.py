import pytest

from app.domain.access import ALL_SITES, Role
from app.domain.errors import ConflictError, NotFoundError
from app.domain.site import HOME, SiteId
from app.storage.database import Database
from app.storage.tokens import StoredToken, TokenStore
from tests.records import NOON, at, token


@pytest.fixture
def store(database: Database) -> TokenStore:
    return TokenStore(database)


def test_gives_back_what_was_created(store: TokenStore) -> None:
    for one in (token("reader", Role.VIEWER), token("node-red"), token("Node-RED", Role.ADMIN)):
        store.create(one, NOON)

    assert store.active() == [token("Node-RED", Role.ADMIN), token("node-red"), token("reader", Role.VIEWER)]


def test_a_revoked_token_opens_nothing(store: TokenStore) -> None:
    store.create(token(), NOON)
    store.revoke("node-red", at(1))
    store.revoke("node-red", at(2))

    assert store.active() == []
    assert store.all() == [StoredToken(token=token(), created_at=NOON, revoked_at=at(1))]


def test_a_name_is_never_used_twice(store: TokenStore) -> None:
    store.create(token(), NOON)
    store.revoke("node-red", at(1))

    with pytest.raises(ConflictError, match="choose another name"):
        store.create(token(sha256="0" * 64), at(2))
    assert store.active() == []


def test_a_hash_is_never_used_twice(store: TokenStore) -> None:
    store.create(token(), NOON)

    with pytest.raises(ConflictError):
        store.create(token("other", sha256=token().sha256), NOON)


def test_an_unknown_token_cannot_be_revoked(store: TokenStore) -> None:
    with pytest.raises(NotFoundError, match="there is no token node-red"):
        store.revoke("node-red", NOON)


def test_a_token_is_of_its_house_or_of_all_and_its_name_of_nobody_else(store: TokenStore) -> None:
    mill, everywhere = token("mill", site=SiteId("mill"), sha256="1" * 64), token("everywhere", site=ALL_SITES, sha256="2" * 64)
    for one in (token("old", site=HOME), mill, everywhere):
        store.create(one, NOON)

    assert {each.name: each.site for each in store.active()} == {"old": HOME, "mill": "mill", "everywhere": "*"}
    with pytest.raises(ConflictError):
        store.create(token("mill", site=HOME, sha256="3" * 64), NOON)
