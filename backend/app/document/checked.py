"""The whole check of a document before it is kept: its fields, and that its numbers make a house."""

from collections.abc import Mapping

from app.document.planned import roof_of, site_of
from app.document.site import SiteDocument, read
from app.domain.errors import InvalidDocumentError, InvalidInputError


def checked(value: Mapping[str, object]) -> SiteDocument:
    """Return the document that a JSON value is, if a house can be planned from it.

    Raises:
        InvalidDocumentError: names every field that is wrong, or which numbers do not go together.
    """
    document = read(value)
    try:
        site_of(document)
        roof_of(document)
    except InvalidInputError as error:
        raise InvalidDocumentError([((), str(error))]) from error
    return document
