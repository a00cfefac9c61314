"""The whole check of a document before it is kept: its fields, that its numbers make a house, and that its inverter fits its model."""

from collections.abc import Mapping

from app.document.executor import Json, profile_of
from app.document.planned import roof_of, site_of
from app.document.site import SiteDocument, read
from app.domain.errors import InvalidDocumentError, InvalidInputError, NotFoundError
from app.templates.catalogue import model_named
from app.templates.executor import executor_profile


def checked(value: Mapping[str, object]) -> SiteDocument:
    """Return the document that a JSON value is, if a house can be planned from it and its inverter driven.

    Raises:
        InvalidDocumentError: names every field that is wrong, or what does not go together.
    """
    document = read(value)
    place = ("devices", next(nth for nth, device in enumerate(document.devices) if device is document.inverter))
    try:
        model_named(document.inverter.model)
        profile_of(document.inverter, home_assistant_profile)
        site_of(document)
        roof_of(document)
    except NotFoundError as error:
        raise InvalidDocumentError([((*place, "model"), str(error))]) from error
    except InvalidInputError as error:
        raise InvalidDocumentError([((), str(error))]) from error
    return document


def home_assistant_profile(model: str, own: Mapping[str, object]) -> Json | None:
    """Return a model as the flow takes it; None for one that is not driven through Home Assistant.

    Raises:
        InvalidInputError: the house's own part does not fit the model.
        NotFoundError: there is no such model.
    """
    return executor_profile(model, own=own) if "home_assistant" in model_named(model).named_ways else None
