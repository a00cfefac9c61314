"""What it is worth to plan only what an inverter can do: `python -m tests.bench.bench_models`, about a minute.

Seven days of real prices after seven days of history, for a Growatt through Home Assistant. Once it is decided among what its model offers,
once among all five modes at any power, of which it makes what it can: self-use of what it lacks, its own power of every other.
"""

from dataclasses import dataclass, field, replace

from rich.console import Console

from app.domain.decision import Command
from app.domain.permission import Permission
from app.domain.possible import possible
from app.domain.site import Coupling, Mode, Site
from app.ledger.baselines import without_battery
from app.replay.backtest import Policy, Replay, Terms, run, self_use
from app.templates.inverter import inverter
from tests.builders import house
from tests.tapes import fortnight

FIRST, LAST = 7 * 48, 14 * 48
START_KWH = 1.0


@dataclass(frozen=True, kw_only=True)
class Found:
    """Costs in pounds, wear included, and what was chosen."""

    no_battery: float
    self_use: float
    blind: float
    real: float
    wished: tuple[Mode, ...]
    """What was chosen among all five modes."""
    chosen: tuple[Mode, ...]
    """What was chosen among the model's own."""

    @property
    def lost_pct(self) -> float:
        """How much of the saving is lost by choosing what cannot be done."""
        return 100 * (self.blind - self.real) / (self.no_battery - self.real)


@dataclass
class Blind:
    """Chooses among all modes, and has the inverter make of it what it can."""

    replay: Replay
    site: Site
    wished: list[Mode] = field(default_factory=list)

    def command(self, n: int, stored_kwh: float) -> Command:
        wish = self.replay.command(n, stored_kwh)
        self.wished.append(wish.mode)
        done = possible(self.site.inverter, wish).command
        return Command(mode=done.mode) if done.mode in self.site.inverter.own_power else done


def measure(first: int = FIRST, last: int = LAST) -> Found:
    """Return both costs, beside those without a battery and of self-use alone."""
    tape, every = fortnight(14), house()
    own = inverter("growatt", permission=Permission(), ac_limit_kw=every.inverter.ac_limit_kw, coupling=Coupling.DC)
    growatt = replace(every, inverter=own)
    blind = Blind(Replay(tape=tape, terms=Terms(site=every)), growatt)

    def carried_out(policy: Policy, site: Site = growatt) -> tuple[float, tuple[Mode, ...]]:
        start_kwh = min(START_KWH, site.battery.capacity_kwh)
        rows = list(run(tape, site, policy, first=first, last=last, start_kwh=start_kwh))
        return sum(row.cost + row.wear for row in rows), tuple(row.command.mode for row in rows)

    real, chosen = carried_out(Replay(tape=tape, terms=Terms(site=growatt)).command)
    return Found(
        no_battery=carried_out(self_use, without_battery(growatt))[0],
        self_use=carried_out(self_use)[0],
        blind=carried_out(blind.command)[0],
        real=real,
        wished=tuple(blind.wished),
        chosen=chosen,
    )


def main() -> None:
    """Print the figures."""
    found, out = measure(), Console(width=140)
    cannot = sum(mode in (Mode.HOLD, Mode.FEED_IN_FIRST) for mode in found.wished)
    out.print(f"{LAST - FIRST} slots; no battery {found.no_battery:.2f}, self-use alone {found.self_use:.2f} GBP")
    out.print(f"chosen among all five modes: {found.blind:.2f} GBP; {cannot} choices the Growatt cannot carry out")
    out.print(f"chosen among its own three:  {found.real:.2f} GBP; the first loses {found.lost_pct:.1f} % of this saving")


if __name__ == "__main__":
    main()
