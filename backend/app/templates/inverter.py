"""A site's inverter: what its model can do by its way, its owner lets it do and its house names, in the vendor's words."""

from app.domain.permission import Permission, offered
from app.domain.site import Coupling, Inverter, Mode, Withheld
from app.templates.abilities import capability
from app.templates.catalogue import model_named
from app.templates.model import WayName
from app.templates.own import Own
from app.templates.vocabulary import words

NOT_NAMED = "it is not among the modes that the settings name"


def inverter(
    model: str,
    *,
    way: WayName | None = None,
    own: Own | None = None,
    permission: Permission,
    ac_limit_kw: float,
    coupling: Coupling,
    modes: tuple[Mode, ...] = tuple(Mode),
) -> Inverter:
    """Return the inverter that planner and chooser see; `modes` are those the house names.

    Raises:
        InvalidSiteError: the house does not name self-use.
        InvalidInputError: the house's own part does not fit the model.
        NotFoundError: there is no such model, or it is not reached that way.
    """
    offer = offered(capability(model_named(model), way, own), permission)
    unnamed = tuple(Withheld(mode=mode, reason=NOT_NAMED) for mode in offer.modes if mode not in modes)
    return Inverter(
        ac_limit_kw=ac_limit_kw,
        coupling=coupling,
        modes=tuple(mode for mode in modes if mode in offer.modes),
        withheld=(*offer.withheld, *unnamed),
        own_power=offer.own_power,
        words=words(model),
    )
