"""What the use cases need from the outside world, one file per neighbour. `wiring` alone picks who provides it."""

from app.fleet.ports import Log as Audit
from app.usecases.ports.actuator import Actuator
from app.usecases.ports.decisions import Decisions
from app.usecases.ports.descriptions import Descriptions, Seal, Secrets
from app.usecases.ports.forecasts import Forecasts
from app.usecases.ports.house import House
from app.usecases.ports.ledger import Ledger
from app.usecases.ports.overrides import Overrides
from app.usecases.ports.plans import Plans
from app.usecases.ports.prices import Prices, PriceSource
from app.usecases.ports.readings import Readings
from app.usecases.ports.settings import Settings
from app.usecases.ports.solar import SolarSource
from app.usecases.ports.words import Words

__all__ = [
    "Actuator",
    "Audit",
    "Decisions",
    "Descriptions",
    "Forecasts",
    "House",
    "Ledger",
    "Overrides",
    "Plans",
    "PriceSource",
    "Prices",
    "Readings",
    "Seal",
    "Secrets",
    "Settings",
    "SolarSource",
    "Words",
]
