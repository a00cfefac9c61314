"""How far a report proves that an order is carried out."""

from datetime import datetime

from app.domain.decision import Decision, Outcome, OutcomeStatus
from app.domain.order import Evidence, Order
from app.domain.site import Mode

CLAIMED = {OutcomeStatus.CONFIRMED: Evidence.READ_BACK}
"""What a report claims that does not say so itself: whoever reports anything has at least been told."""
MOVING_KW = 0.2
"""Below this a battery's power is no sign of anything: an inverter's own appetite, and sun and load as good as even."""


def proved(decision: Decision, outcome: Outcome) -> Evidence:
    """Return the highest level that a report proves, given what was reported before it.

    A read-back counts of the device that was told, after it was told: one stamped earlier proves nothing. A power counts where the order
    alone moves it, and only from energy can be said that it was delivered.
    """
    claimed = outcome.evidence or CLAIMED.get(outcome.status, Evidence.TOLD)
    if claimed.level < Evidence.READ_BACK.level:
        return claimed
    if outcome.status is not OutcomeStatus.CONFIRMED or not _is_after_telling(decision, outcome):
        return Evidence.TOLD
    order = next((order for order in decision.orders if order.asset == outcome.asset), None)
    if order is None or outcome.mode_read_back is None or _says_another(order, outcome.mode_read_back):
        return Evidence.ACCEPTED
    return Evidence.SEEN if moves(order, outcome.battery_kw) else Evidence.READ_BACK


def moves(order: Order, battery_kw: float | None) -> bool:
    """Tell whether a battery's power, charging positive, can only come from the order: in every other mode it follows sun and load."""
    sign = SIGNS.get(order.verb)
    return sign is not None and battery_kw is not None and sign * battery_kw > MOVING_KW


SIGNS = {Mode.FORCE_CHARGE.value: 1, Mode.FORCE_DISCHARGE.value: -1}


def _is_after_telling(decision: Decision, outcome: Outcome) -> bool:
    told = [each for each in decision.outcomes if each.asset == outcome.asset and each.status is OutcomeStatus.COMMANDED]
    return _whole_s(decision.decided_at) <= outcome.at and (not told or any(_tells(each, outcome) for each in told))


def _tells(told: Outcome, outcome: Outcome) -> bool:
    return told.reported_by == outcome.reported_by and _whole_s(told.at) <= outcome.at


def _whole_s(instant: datetime) -> datetime:
    """Return the instant to the second: so exactly do devices stamp what they say."""
    return instant.replace(microsecond=0)


def _says_another(order: Order, read_back: str) -> bool:
    """Tell whether what was read back is another of the words we know; a vendor's own word was compared by who wrote it."""
    return read_back != order.verb and read_back in WORDS


WORDS = frozenset(mode.value for mode in Mode)


def highest(levels: list[Evidence | None]) -> Evidence | None:
    """Return the one that proves most, or None of none."""
    known = [each for each in levels if each is not None]
    return max(known, key=lambda each: each.level, default=None)
