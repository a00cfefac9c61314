"""/sites/{site}/secrets: what a house's document names and nobody may read: set or not set, changed, forgotten."""

from http import HTTPStatus

from fastapi import APIRouter

from app.api.deps import Use
from app.api.security import Viewer
from app.api.site_models import ByAdmin, SecretIn, SecretName, SecretOut, SecretsOut, SiteName
from app.document.site import read

router = APIRouter(prefix="/sites/{site}/secrets", tags=["sites"])


@router.get("")
def secrets(use: Use, site: SiteName, _caller: Viewer) -> SecretsOut:
    """Return the secrets that the document names and those that are kept, set or not; never what they are."""
    named, kept = read(use.describe.of(site).value).secret_names, use.describe.secret_names(site)
    return SecretsOut(secrets=[SecretOut(name=name, is_set=name in kept, is_named=name in named) for name in sorted({*named, *kept})])


@router.put("/{name}")
def keep(use: Use, site: SiteName, by: ByAdmin, name: SecretName, secret: SecretIn) -> SecretOut:
    """Encrypt and keep a secret in place of the one before."""
    use.describe.keep_secret(site, name, secret.value.get_secret_value(), actor=by.actor, now=by.now)
    return SecretOut(name=name, is_set=True, is_named=name in read(use.describe.of(site).value).secret_names)


@router.delete("/{name}", status_code=HTTPStatus.NO_CONTENT)
def forget(use: Use, site: SiteName, by: ByAdmin, name: SecretName) -> None:
    """Forget a secret."""
    use.describe.forget_secret(site, name, actor=by.actor, now=by.now)
