"""What dongles measure becomes readings of their house: every record once, however late, and nobody else's."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from app.domain.device import DeviceStanding
from app.domain.dongle import DongleStatus
from app.domain.errors import UnavailableError
from app.domain.reading import Quantity, Reading
from app.domain.site import HOME, SiteId
from app.domain.telemetry import Sample
from app.fleet.dongle_house import AT_ONCE, DongleHouses
from app.usecases.ingest import Ingest
from tests.fake_stores import Disk, FakeReadings
from tests.fakes import FakeHome, Inline
from tests.fleet.dongles import FakeDevices, FakeStates, FakeTelemetry, claimed
from tests.telemetry import DONGLE, NOON, at, live, record

OTHER = "bat_other"


@dataclass
class Home:
    """A house with dongles, in memory."""

    disk: Disk = field(default_factory=Disk)

    def __post_init__(self) -> None:
        self.devices, self.states, self.telemetry = FakeDevices(self.disk), FakeStates(self.disk), FakeTelemetry(self.disk)
        self.houses = DongleHouses(self.devices, self.states, self.telemetry)

    def stored(self, *samples: Sample, acked: int | None = None) -> None:
        """Store samples as the intake does, and acknowledge a log."""
        self.telemetry.save(samples, NOON)
        for sample in samples:
            self.states.samples.setdefault(sample.device, live(-3600))
            if sample.seq is None:
                self.states.samples[sample.device] = sample
            if acked is not None:
                self.states.told[sample.device] = acked

    def soc(self, seconds: float = 0, site: SiteId = HOME, *, keep: bool = True) -> list[tuple[str, float | None]]:
        """Return the states of charge given out, by minute and second."""
        found = _soc(self.houses.newest(site, at(seconds)))
        if keep:
            self.houses.kept()
        return found


def _soc(readings: list[Reading]) -> list[tuple[str, float | None]]:
    return [(f"{each.at:%H:%M:%S}", each.value) for each in readings if each.quantity is Quantity.SOC_PCT]


def _told(boot: int, next_seq: int) -> DongleStatus:
    return DongleStatus(device=DONGLE, online=True, heard_at=NOON, said={"v": 1, "boot": boot, "next_seq": next_seq})


NOBODY_ASKED = FakeHome(house=None).homes


@pytest.fixture
def home() -> Home:
    return Home()


def test_a_live_sample_stands_in_while_the_log_is_late(home: Home) -> None:
    home.stored(live(0, soc_pct=50))
    assert home.soc(10) == [("12:00:00", 50)]
    assert home.soc(200) == []


def test_each_record_is_given_once_however_late(home: Home) -> None:
    home.stored(record(0, 10), acked=11)
    home.soc()
    home.stored(record(1, 11, soc_pct=51), record(2, 12, soc_pct=52), acked=12)

    assert home.soc(3600) == [("12:01:00", 51)]  # the second is not acknowledged yet: one before it may be missing
    home.stored(record(3, 13, soc_pct=53), acked=14)
    assert home.soc(7200) == [("12:02:00", 52), ("12:03:00", 53)]
    assert home.soc(7260) == []


def test_a_log_that_begins_before_our_eyes_is_given_whole(home: Home) -> None:
    home.stored(live(0))
    home.soc(1)
    home.stored(record(0, 8123, soc_pct=40), record(1, 8124, soc_pct=41), acked=8125)

    assert home.soc(3600) == [("12:00:00", 40), ("12:01:00", 41)]


def test_a_log_met_in_the_middle_goes_on_from_there_and_the_rest_is_the_past(home: Home) -> None:
    home.stored(record(0, 10, soc_pct=40), record(1, 11, soc_pct=41), live(0, soc_pct=99), acked=12)

    assert home.soc(3600) == []
    assert _soc(home.houses.past(HOME, NOON, at(3600))) == [("12:00:00", 40), ("12:01:00", 41)]


@pytest.mark.parametrize("drained", [3, 12])
def test_the_log_of_a_new_board_under_the_same_id_is_given_whole(home: Home, drained: int) -> None:
    home.states.statuses[DONGLE] = _told(boot=12, next_seq=11)
    home.stored(record(0, 10, soc_pct=40), acked=11)
    home.soc()
    home.states.statuses[DONGLE] = _told(boot=1, next_seq=drained)
    home.stored(*(record(20 + n, n, soc_pct=50) for n in range(drained)), acked=drained)  # perhaps beyond where the old one was

    given = home.soc(7200)

    assert [each for each in given if each[1] == 50] == [(f"12:{20 + n}:00", 50) for n in range(drained)]
    assert home.soc(7260) == []


def test_a_log_of_which_nothing_is_acknowledged_any_more_begins_anew(home: Home) -> None:
    home.stored(record(0, 10), acked=11)
    home.soc()
    home.states.told[DONGLE] = None
    home.soc()
    home.stored(record(20, 0, soc_pct=50), acked=1)

    assert home.soc(7200) == [("12:20:00", 50)]


def test_a_long_outage_comes_in_parts(home: Home) -> None:
    home.stored(record(0, 0), acked=0)
    home.soc()
    home.stored(*(record(minute, minute) for minute in range(AT_ONCE + 5)), acked=AT_ONCE + 5)

    assert [len(home.soc(10**6)) for _ in range(3)] == [AT_ONCE, 5, 0]


def test_unclaimed_shut_out_and_foreign_devices_say_nothing(home: Home) -> None:
    for device in (
        replace(claimed(OTHER), site=None, standing=DeviceStanding.UNCLAIMED),
        replace(claimed("bat_out"), standing=DeviceStanding.REVOKED),
        replace(claimed("bat_next"), site=SiteId("next_door")),
    ):
        home.devices.known[device.id] = device
        home.stored(live(0, device=device.id))

    assert home.soc(1) == []
    assert home.soc(1, SiteId("next_door")) == [("12:00:00", 55)]


def test_what_was_given_and_not_stored_is_given_again(home: Home) -> None:
    home.stored(record(0, 10), acked=11)
    home.soc()
    home.stored(record(1, 11, soc_pct=51), acked=12)

    assert home.soc(3600, keep=False) == [("12:01:00", 51)]
    assert home.soc(3600) == [("12:01:00", 51)]
    assert home.soc(3600) == []


def test_what_one_house_could_not_store_is_not_taken_for_kept_when_another_stores(home: Home) -> None:
    home.stored(record(0, 10), acked=11)
    home.soc()
    home.stored(record(1, 11, soc_pct=51), acked=12)

    assert home.soc(3600, keep=False) == [("12:01:00", 51)]
    assert home.soc(3600, SiteId("next_door")) == []
    assert home.soc(3600) == [("12:01:00", 51)]


def test_a_database_that_is_away_costs_no_record(home: Home) -> None:
    readings = FakeReadings(Disk())
    ingest = Ingest(readings, NOBODY_ASKED, Inline(), home.houses)
    home.stored(record(0, 10), acked=11)
    ingest.look(HOME, at(60))
    home.stored(record(1, 11, soc_pct=51), acked=12)

    readings.disk.away = True
    with pytest.raises(UnavailableError):
        ingest.look(HOME, at(120))
    readings.disk.away = False
    ingest.look(HOME, at(180))

    kept = readings.between(HOME, Quantity.SOC_PCT, NOON, NOON + timedelta(hours=1))
    assert ("12:01:00", 51) in _soc(list(kept))
