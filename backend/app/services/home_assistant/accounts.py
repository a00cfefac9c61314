"""What the device says of money saved and of forecasts: added up now and then, for both read weeks of the ledger."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from app.domain.errors import UnavailableError
from app.domain.ledger import BASELINES
from app.domain.site import SiteId
from app.forecasting.score import Score
from app.ledger.period import Period
from app.looks.forecast_quality import ForecastQuality
from app.looks.savings import Account
from app.services.home_assistant.discovery import SHOWN_KINDS, Json, forecast_error_key, saved_key, since_key

SHOWN_PERIODS = (Period.DAY, Period.MONTH)
EVERY = timedelta(minutes=5)
KEPT_FOR = timedelta(hours=1)
"""While the ledger cannot be read; then it is unknown, rather than yesterday's told as today's."""
SCORED_DAYS = 7
TOMORROW_H = 6.0
"""The horizon shown, 6 to 24 hours ahead: what a night's charging rests on."""


@dataclass(slots=True, kw_only=True)
class Accounts:
    """Adds up and remembers for a while."""

    account: Account
    quality: ForecastQuality
    kept: dict[str, object] = field(default_factory=dict)
    kept_at: datetime | None = None

    def states(self, site: SiteId, now: datetime) -> Json:
        """Return the values of the entities; while the ledger cannot be read what was known, at first nothing."""
        if self.kept_at is None or not timedelta(0) <= now - self.kept_at < EVERY:
            try:
                self.kept, self.kept_at = self._saved(site, now) | self._errors(site, now), now
            except UnavailableError:
                if self.kept_at is None or now - self.kept_at > KEPT_FOR:
                    return dict.fromkeys(keys())
        return self.kept

    def _saved(self, site: SiteId, now: datetime) -> dict[str, object]:
        found: dict[str, object] = {}
        for period in SHOWN_PERIODS:
            whole = self.account.statement(site, period, None, now).whole
            found[since_key(period)] = whole.span.start.isoformat()
            is_known = whole.count.settled_hours + whole.count.estimated_hours > 0
            found |= {saved_key(period, case): round(whole.saved(case), 2) if is_known else None for case in BASELINES}
        return found

    def _errors(self, site: SiteId, now: datetime) -> dict[str, object]:
        scores = self.quality.scores(site, now, days=SCORED_DAYS)
        return {forecast_error_key(kind): _error_kw([each for each in scores if each.kind is kind]) for kind in SHOWN_KINDS}


def keys() -> list[str]:
    """Return every key that the states have."""
    saved = [saved_key(period, case) for period in SHOWN_PERIODS for case in BASELINES]
    return [*saved, *(since_key(period) for period in SHOWN_PERIODS), *(forecast_error_key(kind) for kind in SHOWN_KINDS)]


def _error_kw(scores: list[Score]) -> float | None:
    """Return the mean error of the source that spoke most often."""
    asked = [each for each in scores if each.from_hours == TOMORROW_H]
    return round(max(asked, key=lambda each: each.count).mae_kw, 3) if asked else None
