"""What a process that only listens makes of what dongles answer."""

from datetime import timedelta

from app.domain.decision import Command, OutcomeStatus
from app.domain.dongle import Answer, CommandAnswer, DeviceCommand
from app.domain.setting import NODE_RED
from app.domain.site import HOME, Mode
from app.wiring.dongles import keeper_of_answers
from tests.served_app import served
from tests.telemetry import DONGLE


def test_a_listener_knows_whom_the_service_made_controller() -> None:
    with served() as running:
        use, now = running.service.use, running.clock()
        use.provision.devices.note(DONGLE, now)
        use.provision.claim(HOME, DONGLE, title="", by="phone", now=now)
        running.client.post("/api/v1/prices/refresh")
        decided = running.client.get("/api/v1/recommendation/now").json()["decision_id"]
        until, calm = now + timedelta(minutes=10), Command(mode=Mode.SELF_USE)
        told = DeviceCommand(
            id="d-1",
            device=DONGLE,
            site=HOME,
            issued=now,
            expires=until,
            until=until,
            command=calm,
            sent_by="optimizer",
            decision_id=decided,
        )
        use.fleet.commands.save(told, None)
        listener = keeper_of_answers(running.service.settings, running.service.database)

        for controller, answer in ((NODE_RED, Answer.FAILED), (f"dongle:{DONGLE}", Answer.CONFIRMED), (NODE_RED, Answer.OVERRIDDEN)):
            running.client.put("/api/v1/settings/control", json={"controller": controller})
            listener.answered(CommandAnswer(device=DONGLE, command_id=told.id, at=now, answer=answer), now)

        assert [each.status for each in use.decisions.get(HOME, decided).outcomes] == [OutcomeStatus.CONFIRMED]
