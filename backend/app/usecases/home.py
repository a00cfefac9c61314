"""A home: everything that the use cases need of one house, as its document says. It is made anew when that changes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from app.domain.setting import Preferences
from app.domain.site import HOME, Site, SiteId
from app.domain.wish import SocWish
from app.optimizer.rules import Rules
from app.usecases import ports
from app.usecases.sunshine import Sunshine

NO_HOUSE = "no house is described yet: `battery-optimizer site new`, or PUT /api/v1/sites/home"


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """One house with whom it asks and what it obeys."""

    site: Site
    """With the reserve that holds."""
    preferences: Preferences
    source: ports.PriceSource
    rules: Rules
    """What the fallback and the third baseline do."""
    soc_wishes: tuple[SocWish, ...] = ()
    """What the battery should hold, and when."""
    annual_kwh: float = 3500.0
    """Scales the standard profile until the house has a week of history."""
    switching_cost: float
    """What another mode must save to replace the one decided earlier in the same slot, in currency."""
    house: ports.House | None = None
    """None where readings are only pushed."""
    sunshine: Sunshine | None = None
    """None where the house's own history is to do."""
    actuator: ports.Actuator | None = None
    """Who carries decisions out inside this service: a simulated house."""
    simulated_house: bool = False
    simulated_prices: bool = False
    version: int = 0
    """Of the document it was made from."""

    @property
    def is_simulated(self) -> bool:
        """Whether prices or house are made up; pages say so."""
        return self.simulated_house or self.simulated_prices


type Homes = Mapping[SiteId, Home]


@dataclass(frozen=True, slots=True)
class Sites(Mapping[SiteId, Site]):
    """The homes as the planner sees them."""

    homes: Homes

    def __getitem__(self, site: SiteId) -> Site:
        """Return a site with the reserve that holds."""
        return self.homes[site].site

    def __iter__(self) -> Iterator[SiteId]:
        return iter(self.homes)

    def __len__(self) -> int:
        return len(self.homes)


def nothing_here(homes: Homes, site: SiteId) -> str:
    """Return why there is no such home, in a sentence."""
    return NO_HOUSE if not homes and site == HOME else f"no site named {site!r}"
