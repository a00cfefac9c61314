"""Home Assistant's own solar forecast entities over REST.

The energy dashboard's forecast is spoken on its websocket only; what the forecast integrations show over REST, best first:
`detailedForecast` (Solcast: mean kW per period with p10 and p90, at the period's start), `wh_period` (Open-Meteo and Forecast.Solar
add-ons: Wh per period, at its start), or just the state: a whole local day's energy, which the clear sky then spreads over that day.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise
from operator import attrgetter
from zoneinfo import ZoneInfo

import httpx
import numpy as np
from pydantic import AwareDatetime, BaseModel, Field

from app.domain.errors import UnauthorizedError, UnavailableError
from app.domain.forecast import Forecast
from app.domain.roof import Roof
from app.domain.slot import Slot, local_day
from app.forecasting.pv_model import clear_kw
from app.forecasting.steps import CELL_S, Steps, as_given, onto
from app.forecasting.sun import Numbers
from app.services.home_assistant.rest import HomeAssistantApi
from app.services.home_assistant.units import PER_UNIT, number

LONGEST = timedelta(hours=1)
DARK_SHARE = 0.03
"""Where even a clear sky gives less of the peak, a gap is a night."""


class _Period(BaseModel):
    period_start: AwareDatetime
    pv_estimate: float = Field(ge=0)
    pv_estimate10: float | None = Field(None, ge=0)
    pv_estimate90: float | None = Field(None, ge=0)


class _Attributes(BaseModel):
    unit_of_measurement: str | None = None
    detailedForecast: list[_Period] | None = None  # noqa: N815  Solcast's own word
    wh_period: Mapping[AwareDatetime, float] | None = None


class _State(BaseModel):
    state: str
    attributes: _Attributes


@dataclass(frozen=True, slots=True)
class _Piece:
    start: datetime
    end: datetime
    kw: float
    low_kw: float | None = None
    high_kw: float | None = None


@dataclass(slots=True, kw_only=True)
class HomeAssistantSolar:
    """Forecast entities behind an `httpx.Client` that has Home Assistant's base URL."""

    http: httpx.Client
    token: str = field(repr=False)
    entities: tuple[str, ...]
    """Today's, tomorrow's, and so on."""
    roof: Roof
    zone: ZoneInfo
    name: str = "home assistant"
    every: timedelta = timedelta(minutes=30)
    complaint: str | None = None
    """Which entities gave nothing last time, though others did."""

    def forecast(self, slots: Sequence[Slot], now: datetime) -> Forecast:
        """Return the expected power of the slots that are covered, oldest first.

        An entity that gives nothing is done without: a later day's is missing, and for one before it the day after stands in.

        Raises:
            UnauthorizedError: the token was refused.
            UnavailableError: no useful answer.
        """
        ordered = self._with_nights(self._said(now))
        kw = self._onto(slots, ordered, [piece.kw for piece in ordered])
        low = [piece.low_kw for piece in ordered if piece.low_kw is not None]
        high = [piece.high_kw for piece in ordered if piece.high_kw is not None]
        spread = len(low) == len(high) == len(ordered)
        return as_given(
            slots,
            kw,
            low_kw=self._onto(slots, ordered, low) if spread else None,
            high_kw=self._onto(slots, ordered, high) if spread else None,
            source=self.name,
            now=now,
        )

    def _said(self, now: datetime) -> list[_Piece]:
        """Return what the entities that answer usefully say, oldest first; note what the others do not."""
        api = HomeAssistantApi(http=self.http, token=self.token)
        days, missing = dict[int, list[_Piece]](), dict[int, str]()
        for n, entity in enumerate(self.entities):
            try:
                days[n] = self._pieces(api, entity, now, n)
            except UnauthorizedError:
                raise
            except UnavailableError as error:
                missing[n] = str(error)
        if not days:
            raise UnavailableError("; ".join(missing.values()))
        pieces = {piece.start: piece for day in days.values() for piece in day}
        for n in missing:
            if following := [day for day in days if day > n]:
                pieces |= self._stand_in(days[min(following)], now, n, min(following), pieces.values())
        self.complaint = "; ".join(missing.values()) or None
        return [pieces[start] for start in sorted(pieces)]

    def _stand_in(self, day: list[_Piece], now: datetime, n: int, of: int, known: Collection[_Piece]) -> dict[datetime, _Piece]:
        """Return a day's pieces moved to the local day `n` days ahead, where nothing is known."""
        earlier = self._day(now, of).start - self._day(now, n).start
        moved = (replace(piece, start=piece.start - earlier, end=piece.end - earlier) for piece in day)
        return {each.start: each for each in moved if not any(each.start < one.end and one.start < each.end for one in known)}

    def _day(self, now: datetime, days_ahead: int) -> Slot:
        return local_day(now.astimezone(self.zone).date() + timedelta(days=days_ahead), self.zone)

    def _pieces(self, api: HomeAssistantApi, entity: str, now: datetime, days_ahead: int) -> list[_Piece]:
        shown = api.state_as(_State, entity)
        given = shown.attributes
        if given.detailedForecast:
            rows = sorted(given.detailedForecast, key=lambda row: row.period_start)
            ends = _ends([row.period_start for row in rows])
            return [
                _Piece(row.period_start, end, row.pv_estimate, row.pv_estimate10, row.pv_estimate90)
                for row, end in zip(rows, ends, strict=True)
            ]
        if given.wh_period:
            starts = sorted(given.wh_period)
            return [
                _Piece(start, end, given.wh_period[start] / 1000 / ((end - start).total_seconds() / 3600))
                for start, end in zip(starts, _ends(starts), strict=True)
            ]
        energy, per_kwh = number(shown.state), PER_UNIT["kwh"].get(given.unit_of_measurement or "")
        if energy is None or per_kwh is None:
            raise UnavailableError(f"{self.name}: {entity} shows {shown.state!r} and no forecast in its attributes")
        day = self._day(now, days_ahead)
        return [_Piece(day.start, day.end, energy / per_kwh / day.hours)]

    def _with_nights(self, pieces: list[_Piece]) -> list[_Piece]:
        """Return the pieces with nothing in the gaps without sun, since some integrations leave nights out; other gaps stay."""
        first, last = (local_day(at.astimezone(self.zone).date(), self.zone) for at in (pieces[0].start, pieces[-1].start))
        borders = [(None, first.start), *((piece.start, piece.end) for piece in pieces), (last.end, None)]
        gaps = [(end, start) for (_, end), (start, _) in pairwise(borders) if end is not None and start is not None]
        nights = [_Piece(start, end, 0.0, 0.0, 0.0) for start, end in gaps if self._is_dark(start, end)]
        return sorted([*pieces, *nights], key=attrgetter("start"))

    def _is_dark(self, start: datetime, end: datetime) -> bool:
        at_s = np.arange(start.timestamp(), end.timestamp(), CELL_S) + CELL_S / 2
        return bool(len(at_s)) and float(clear_kw(self.roof, at_s).max()) < DARK_SHARE * self.roof.peak_kw

    def _onto(self, slots: Sequence[Slot], pieces: Sequence[_Piece], kw: Sequence[float]) -> Numbers:
        starts, ends = (np.array([each.timestamp() for each in side]) for side in zip(*((p.start, p.end) for p in pieces), strict=True))
        return onto(slots, Steps(starts_s=starts, ends_s=ends, kw=np.array(kw)), lambda at_s: clear_kw(self.roof, at_s))


def _ends(starts: Sequence[datetime]) -> list[datetime]:
    """Return where each period ends: at the next one, or after as long as the shortest; nights are left out by some."""
    step = min((later - earlier for earlier, later in pairwise(starts)), default=LONGEST)
    step = min(step, LONGEST)
    return [start + step for start in starts]
