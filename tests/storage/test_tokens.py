import pytest

from app.domain.access import Role
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
        store.create(HOME, one, NOON)

    assert store.active(HOME) == [token("Node-RED", Role.ADMIN), token("node-red"), token("reader", Role.VIEWER)]
    assert store.active(SiteId("neighbour")) == []


def test_a_revoked_token_opens_nothing(store: TokenStore) -> None:
    store.create(HOME, token(), NOON)
    store.revoke(HOME, "node-red", at(1))
    store.revoke(HOME, "node-red", at(2))

    assert store.active(HOME) == []
    assert store.all(HOME) == [StoredToken(token=token(), created_at=NOON, revoked_at=at(1))]


def test_a_name_is_never_used_twice(store: TokenStore) -> None:
    store.create(HOME, token(), NOON)
    store.revoke(HOME, "node-red", at(1))

    with pytest.raises(ConflictError, match="choose another name"):
        store.create(HOME, token(sha256="0" * 64), at(2))
    assert store.active(HOME) == []


def test_a_hash_is_never_used_twice(store: TokenStore) -> None:
    store.create(HOME, token(), NOON)

    with pytest.raises(ConflictError):
        store.create(HOME, token("other", sha256=token().sha256), NOON)


def test_an_unknown_token_cannot_be_revoked(store: TokenStore) -> None:
    with pytest.raises(NotFoundError, match="home has no token node-red"):
        store.revoke(HOME, "node-red", NOON)
