"""Device templates as data: what is refused, and by which name."""

from pathlib import Path

import pytest

from app.domain.errors import InvalidTemplateError
from app.templates.catalogue import FOLDER
from app.templates.template import Template, load, load_all

FOX = (FOLDER / "foxess-h1.yaml").read_text(encoding="utf-8")


def changed(tmp_path: Path, old: str, new: str) -> Template:
    assert old in FOX
    path = tmp_path / "foxess-h1.yaml"
    path.write_text(FOX.replace(old, new, 1), encoding="utf-8")
    return load(path)


def test_every_template_of_the_project_is_good() -> None:
    by_modbus = {path.stem for path in FOLDER.glob("*.yaml") if "\n  modbus:\n" in path.read_text(encoding="utf-8")}

    assert {template.id for template in load_all()} == by_modbus


def test_a_model_that_is_not_reached_by_modbus_is_no_template() -> None:
    with pytest.raises(InvalidTemplateError, match=r"tesla\.yaml: ways: it is not reached by modbus"):
        load(FOLDER / "tesla.yaml")


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("at: 11036", "at: 99999", "reads.battery.soc.at: Input should be less than or equal to 65535"),
        ("at: 11036", "at: eleven", "reads.battery.soc.at: Input should be a valid integer"),
        ("as: u16, mark: S}\n      battery.power", "as: u17, mark: S}\n      battery.power", "reads.battery.soc.as"),
        ("scale: -1,", "scale: 0,", "scale: 0 says nothing"),
        ("mark: S}\n    bus", "mark: S, colour: red}\n    bus", "connect.colour: Extra inputs are not permitted"),
        ("battery.soc: {at: 11036", "battery.power: {at: 11036", "battery.power is said twice"),
        ("at: 11023", "at: 11021", "reads.load.power.at: 11021 is grid.power already"),
        ("load.power:", "load.magic:", "magic is no quantity"),
        ("sum: [pv.1.power, pv.2.power]", "sum: [pv.1.power, pv.3.power]", "derive.pv.power: pv.3.power is not read"),
        ("  self_use:", "  dream:", "modes.dream"),
        ("{write: work_mode, value: 0, check: true}", "{write: work_mood, value: 0}", "modes.self_use.1: write: work_mood is no control"),
        ("{write: enable, value: 0, check: true}", "{write: enable}", "modes.self_use.0: Value error, value: either value or values"),
        ("value: 0, check: true}\n      force", "value: 0, refresh: true}\n      force", "work_mode would wear out its flash"),
        ("value: 60}", "value: 30}", "the timer must last two refreshes of 20 s"),
        ("as: s16, function: 16,", "as: s32, function: 6,", "function: 6 writes one word"),
        ("wear: L, ", "", "controls.timeout: Value error, wear: say how sure"),
        ("{control: timeout,", "{control: time_out,", "timer: time_out is no control"),
        ("id: foxess-h1\n", "id: foxess-h7\n", "foxess-h7 is not the file's name"),
        ("modes:", "modes: [", "expected"),
    ],
)
def test_a_bad_template_is_refused_by_file_and_key(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    with pytest.raises(InvalidTemplateError) as refusal:
        changed(tmp_path, old, new)

    assert "foxess-h1.yaml" in str(refusal.value)
    assert complaint in str(refusal.value)


def test_a_guessed_function_code_leaves_a_profile_read_only(tmp_path: Path) -> None:
    guessed = changed(tmp_path, "function: 16,", "function: 16, function_mark: C,")

    assert not guessed.verified
    assert any(doubt.startswith("function code of ") for doubt in guessed.doubts)


@pytest.mark.parametrize("name", ["growatt-min", "growatt-sph"])
def test_growatts_vpp_is_read_only_while_no_source_says_its_function_code(name: str) -> None:
    doubts = load(FOLDER / f"{name}.yaml").doubts

    assert doubts == ("function code of enable, authority, ac_charge, minutes, power: to be confirmed",)


def test_a_half_written_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "foxess-h1.yaml"
    path.write_bytes(FOX.encode()[:700])

    with pytest.raises(InvalidTemplateError, match=r"foxess-h1\.yaml"):
        load(path)


def test_something_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "foxess-h1.yaml"
    path.write_bytes(bytes(range(256)))

    with pytest.raises(InvalidTemplateError, match=r"foxess-h1\.yaml"):
        load(path)


@pytest.mark.parametrize(
    ("old", "new", "doubt"),
    [
        (
            "function: 16, write_class: ram, wear: L, mark: S",
            "function: 16, write_class: ram, wear: L, mark: L",
            "power (44002): one source only",
        ),
        (
            "function: 16, write_class: ram, wear: L",
            "function: 16, write_class: ram, wear: C",
            "power (44002): unknown whether it wears flash",
        ),
        ("at: 11008, as: s16, scale: -1, mark: S", "at: 11008, as: s16, scale: -1, mark: C", "battery.power: to be confirmed"),
        ("unit: 247, mark: S", "unit: 247, mark: C", "9600 baud, unit 247: to be confirmed"),
        ("41000, mark: S}", "41000, mark: L}", "dead-man timer: one source only"),
    ],
)
def test_what_is_not_doubly_sourced_stays_read_only(tmp_path: Path, old: str, new: str, doubt: str) -> None:
    template = changed(tmp_path, old, new)

    assert template.doubts == (doubt,)
    assert not template.verified


def test_without_a_dead_man_timer_nothing_is_written(tmp_path: Path) -> None:
    template = changed(tmp_path, FOX[FOX.index("timer: {") :], "")

    assert template.doubts == ("has no dead-man timer",)


def test_a_forced_mode_that_arms_no_timer_keeps_all_read_only(tmp_path: Path) -> None:
    hold = FOX[FOX.index("  hold:") :]
    template = changed(tmp_path, hold, hold.replace("        - {write: timeout, value: 60}\n", "", 1))

    assert template.doubts == ("hold arms no dead-man timer",)
