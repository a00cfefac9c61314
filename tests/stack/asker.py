"""Who asks what to do: a tick of the flow, which does so right after its readings were taken, or the dashboard, which does at any time."""

from dataclasses import dataclass


@dataclass
class Asker:
    """Told of every batch of readings when it was taken, and asked for every question when it arrives: an answer may take its time."""

    owed: bool = False

    def readings_taken(self) -> None:
        self.owed = True

    def is_tick(self) -> bool:
        """Tell whether the question that arrives now is a tick's; each tick has one."""
        tick, self.owed = self.owed, False
        return tick
