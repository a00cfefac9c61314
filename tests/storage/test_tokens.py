import pytest

from app.domain.access import ALL_SITES, Role
from app.domain.errors import ConflictError, InvalidInputError, NotFoundError
from app.domain.site import HOME, SiteId
from app.storage.audit import AuditStore
from app.storage.database import Database
from app.storage.tokens import StoredToken, TokenStore
from tests.records import NOON, at, audit_entry, token


@pytest.fixture
def store(database: Database) -> TokenStore:
    return TokenStore(database)


def test_gives_back_what_was_created(store: TokenStore) -> None:
    for one in (token("reader", Role.VIEWER), token("node-red"), token("Node-RED", Role.ADMIN)):
        store.create(one, audit_entry())

    assert store.active() == [token("Node-RED", Role.ADMIN), token("node-red"), token("reader", Role.VIEWER)]


def test_a_revoked_token_opens_nothing(store: TokenStore) -> None:
    store.create(token(), audit_entry())
    store.revoke("node-red", audit_entry(1))
    store.revoke("node-red", audit_entry(2))

    assert store.active() == []
    assert store.all() == [StoredToken(token=token(), created_at=NOON, revoked_at=at(1))]


def test_a_name_is_never_used_twice(store: TokenStore) -> None:
    store.create(token(), audit_entry())
    store.revoke("node-red", audit_entry(1))

    with pytest.raises(ConflictError, match="choose another name"):
        store.create(token(sha256="0" * 64), audit_entry(2))
    assert store.active() == []


def test_a_hash_is_never_used_twice(store: TokenStore) -> None:
    store.create(token(), audit_entry())

    with pytest.raises(ConflictError):
        store.create(token("other", sha256=token().sha256), audit_entry())


def test_an_unknown_token_cannot_be_revoked(store: TokenStore) -> None:
    with pytest.raises(NotFoundError, match="there is no token node-red"):
        store.revoke("node-red", audit_entry())


def test_a_token_is_of_its_house_or_of_all_and_its_name_of_nobody_else(store: TokenStore) -> None:
    mill, everywhere = token("mill", site=SiteId("mill"), sha256="1" * 64), token("everywhere", site=ALL_SITES, sha256="2" * 64)
    for one in (token("old", site=HOME), mill, everywhere):
        store.create(one, audit_entry())

    assert {each.name: each.site for each in store.active()} == {"old": HOME, "mill": "mill", "everywhere": "*"}
    with pytest.raises(ConflictError):
        store.create(token("mill", site=HOME, sha256="3" * 64), audit_entry())


def test_a_token_and_its_entry_in_the_log_are_one(store: TokenStore) -> None:
    log, made, mill = AuditStore(store.database), audit_entry(action="token.created"), SiteId("mill")
    store.create(token(site=mill), made)
    store.revoke("node-red", audit_entry(1, action="token.revoked"))
    store.revoke("node-red", audit_entry(2, action="token.revoked"))
    assert log.between(mill, NOON, at(9)) == [made, audit_entry(1, action="token.revoked")], "the second changed nothing"

    nobody = audit_entry(3, actor="x" * 200)
    store.create(token("other", sha256="4" * 64), made)
    with pytest.raises(InvalidInputError):
        store.create(token("third", sha256="5" * 64), nobody)
    with pytest.raises(InvalidInputError):
        store.revoke("other", nobody)
    assert [each.name for each in store.active()] == ["other"]
