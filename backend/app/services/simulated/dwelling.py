"""A simulated house that obeys: load and sun decided by the date, a battery that follows the modes."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from threading import Lock

from app.domain.decision import Command
from app.domain.errors import InvalidInputError
from app.domain.house import SlotFlows, run_slot
from app.domain.reading import Quantity, Reading, reading
from app.domain.site import Mode, Site
from app.domain.slot import slot_at, slots_between
from app.services.simulated.habits import STEP_MINUTES, load_kw, solar_kw

SELF_USE = Command(mode=Mode.SELF_USE)
FULLEST_PCT, EMPTIEST_PCT = 100.0, 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    """Where the house stands: energy stored at an instant, the order in force and until when."""

    at: datetime
    stored_kwh: float
    command: Command = SELF_USE
    until: datetime | None = None


class SimulatedHouse:
    """A house in memory. It moves on whenever it is asked something, in steps of at most five minutes."""

    name = "simulated"

    def __init__(self, site: Site, *, now: datetime, soc_pct: float = 50.0) -> None:
        if not EMPTIEST_PCT <= soc_pct <= FULLEST_PCT:
            raise InvalidInputError(f"a state of charge of {soc_pct} % cannot be")
        self._site = site
        self._state = _State(at=now.astimezone(UTC), stored_kwh=site.battery.capacity_kwh * soc_pct / 100)
        self._lock = Lock()

    def obey(self, command: Command, now: datetime, *, until: datetime | None = None) -> None:
        """Follow a command from now on; back to self-use by itself at `until` if no other comes."""
        with self._lock:
            self._state = replace(self._moved(now), command=command, until=until)

    def command(self, now: datetime) -> Command:
        """Return the command in force."""
        with self._lock:
            self._state = self._moved(now)
            return _in_force(self._state, now)

    def read(self, now: datetime) -> list[Reading]:
        """Return every quantity as it is now; an instant before the last one asked about shows the last."""
        with self._lock:
            self._state = self._moved(now)
            state = self._state
        flows = self._flows(state)
        values = {
            Quantity.SOC_PCT: self._site.battery.pct(state.stored_kwh),
            Quantity.SOLAR_KW: self._solar_kw(state.at) - float(flows.curtailed_kw),
            Quantity.LOAD_KW: self._load_kw(state.at),
            Quantity.GRID_KW: float(flows.import_kw) - float(flows.export_kw),
            Quantity.BATTERY_KW: float(flows.charge_kw) - float(flows.discharge_kw),
            Quantity.BATTERY_VOLTAGE_V: self._site.battery.voltage_v,
        }
        return [self._reading(quantity, state.at, value) for quantity, value in values.items()]

    def history(self, quantity: Quantity, start: datetime, end: datetime) -> list[Reading]:
        """Return load or solar power every five minutes of [start, end), not beyond the last instant seen; nothing else is kept."""
        powers = {Quantity.LOAD_KW: self._load_kw, Quantity.SOLAR_KW: self._solar_kw}
        if quantity not in powers:
            return []
        with self._lock:
            seen = self._state.at + timedelta(microseconds=1)
        samples = (slot.start for slot in slots_between(start, min(end, seen), minutes=STEP_MINUTES))
        return [self._reading(quantity, at, powers[quantity](at)) for at in samples if at >= start]

    def _moved(self, now: datetime) -> _State:
        """Return the state at an instant, having lived through every step until then."""
        state = self._state
        while state.at < now:
            ends = [slot_at(state.at, minutes=STEP_MINUTES).end, now.astimezone(UTC)]
            if state.until is not None and state.until > state.at:
                ends.append(state.until.astimezone(UTC))
            state = self._stepped(state, min(ends))
        return state

    def _stepped(self, state: _State, end: datetime) -> _State:
        flows = self._run(state, (end - state.at).total_seconds() / 3600)
        return replace(state, at=end, stored_kwh=float(flows.stored_kwh))

    def _flows(self, state: _State) -> SlotFlows:
        """Return the flows of the next second, which is what meters show."""
        return self._run(state, 1 / 3600)

    def _run(self, state: _State, hours: float) -> SlotFlows:
        return run_slot(
            self._site,
            _in_force(state, state.at),
            stored_kwh=state.stored_kwh,
            solar_kw=self._solar_kw(state.at),
            load_kw=self._load_kw(state.at),
            hours=hours,
        )

    def _load_kw(self, at: datetime) -> float:
        return load_kw(at, self._site.zone)

    def _solar_kw(self, at: datetime) -> float:
        return solar_kw(at, self._site.solar.peak_kw)

    def _reading(self, quantity: Quantity, at: datetime, value: float) -> Reading:
        return reading(device=self.name, quantity=quantity, at=at, value=value, source=self.name)


def _in_force(state: _State, at: datetime) -> Command:
    return SELF_USE if state.until is not None and at >= state.until else state.command
