"""The tables. Every key starts with the site; what is asked for by time has an index on (site, time).

Texts compare byte by byte without padding, so that `bat_a`, `bat_A` and `bat_a ` are three devices on either database.
"""

from datetime import datetime
from typing import Annotated, Any, ClassVar

from sqlalchemy.orm import DeclarativeBase, mapped_column

from app.domain.access import Role
from app.domain.decision import OutcomeStatus, ReasonCode
from app.domain.device import DeviceStanding
from app.domain.dongle import Answer
from app.domain.forecast import ForecastKind
from app.domain.ledger import Intent, SlotStatus
from app.domain.order import Evidence
from app.domain.plan import PlanSource, PlanStatus
from app.domain.price import Direction, PriceClass, Provenance
from app.domain.reading import Quality, Quantity
from app.domain.site import Mode
from app.domain.telemetry import DongleState
from app.storage.columns import Json, LongText, Money, Name, Number, Second, UtcDateTime, enum

OPTIONS = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_nopad_bin"}
CLUSTERED = OPTIONS | {"sqlite_with_rowid": False}
"""Many small rows, kept in the order of their key: MariaDB does so anyway, SQLite keeps a second copy of the key otherwise."""
ENUMS = (
    *(Answer, DeviceStanding, Direction, DongleState, Evidence, ForecastKind, Intent, Mode, OutcomeStatus, PlanSource, PlanStatus),
    *(PriceClass, Provenance, Quality, Quantity, ReasonCode, Role, SlotStatus),
)
DIGEST_LENGTH = 128
SHA256_LENGTH = 64
CURRENCY_LENGTH = 8

type Named = Annotated[str, mapped_column(Name())]
type Digest = Annotated[str, mapped_column(Name(DIGEST_LENGTH))]
type Prose = Annotated[str, mapped_column(LongText())]
type PerKwh = Annotated[float, mapped_column(Money())]
type Structure = Annotated[Any, mapped_column(Json())]
type Key = Annotated[str, mapped_column(Name(), primary_key=True)]
type KeyInstant = Annotated[datetime, mapped_column(UtcDateTime(), primary_key=True)]
type KeySecond = Annotated[datetime, mapped_column(Second(), primary_key=True)]


class Base(DeclarativeBase):
    """What all tables share. A float is a DOUBLE, an instant is UTC."""

    __table_args__: Any = OPTIONS
    type_annotation_map: ClassVar[Any] = {datetime: UtcDateTime(), float: Number(), **{kind: enum(kind) for kind in ENUMS}}
