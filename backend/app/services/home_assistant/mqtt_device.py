"""The optimizer's device in Home Assistant: what it shows, and what its controls ask for."""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.control.next_change import next_change
from app.domain.decision import Command, Decision, Override, ReasonCode
from app.domain.errors import InvalidInputError, NotFoundError, UnavailableError
from app.domain.possible import carried_out
from app.domain.price import PricedSlot
from app.domain.site import Mode, Site, SiteId
from app.domain.slot import Slot
from app.looks.health import Health, Status
from app.services.home_assistant.accounts import Accounts
from app.services.home_assistant.discovery import NO_OVERRIDE, OVERRIDE_HOURS, Json, Topics, discovery
from app.services.home_assistant.states import Shown, plan_attributes, states
from app.usecases.execute import Execute
from app.usecases.outlook import Outlook
from app.usecases.preferences import Prefer
from app.usecases.recommend import Recommend

ACTOR = "home assistant"


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeAssistantDevice:
    """Translates between a site's use cases and the topics of its device."""

    site: SiteId
    sites: Mapping[SiteId, Site]
    topics: Topics
    version: str
    recommend: Recommend
    outlook: Outlook
    execute: Execute
    prefer: Prefer
    health: Health
    accounts: Accounts

    def announcement(self) -> tuple[str, Json]:
        """Return the discovery document and its topic."""
        return self.topics.discovery, discovery(self.sites[self.site], self.topics, version=self.version)

    def shown(self, now: datetime) -> Iterator[tuple[str, Json]]:
        """Yield each topic with what it should show now."""
        site = self.sites[self.site]
        decision = self._standing(now)
        plan = self.recommend.journal.last_plan(self.site, now)
        shown = Shown(
            site=site,
            decision=decision,
            plan=plan,
            following=self._following(site, now),
            next_change=next_change(site, decision, plan, now),
            preferences=self.prefer.of(self.site),
            has_problem=self.health.report(self.site, now).status is not Status.OK,
        )
        yield self.topics.state, {**states(shown), **self.accounts.states(self.site, now)}
        if plan is not None:
            yield self.topics.plan, plan_attributes(plan, site)

    def obey(self, key: str, wish: str, now: datetime) -> None:
        """Do what a control of the device asks for, and decide anew.

        Raises:
            InvalidInputError: it asks for nothing this device can do.
        """
        controls: dict[str, Callable[[str, datetime], object]] = {
            "reserve_soc": lambda text, at: self.prefer.change(self.site, reserve_pct=_pct(text), dry_run=None, actor=ACTOR, now=at),
            "dry_run": lambda text, at: self.prefer.change(self.site, reserve_pct=None, dry_run=_on(text), actor=ACTOR, now=at),
            "override": self._override,
        }
        if key not in controls:
            raise InvalidInputError(f"the device has no control {key!r}")
        controls[key](wish, now)
        self.recommend.now(self.site, now)

    def _standing(self, now: datetime) -> Decision:
        """Return what was decided last as long as it holds: looking must not plan again with every tick of the meters."""
        last = self.recommend.journal.last_decision(self.site, now)
        if last is None or not last.slot.contains(now) or now >= last.valid_until or self._forced(now) != _forced(last):
            return self.recommend.now(self.site, now)
        return last

    def _forced(self, now: datetime) -> Command | None:
        try:
            override = self.execute.holding(self.site, now)
        except UnavailableError:
            return None
        return None if override is None else carried_out(self.sites[self.site], override.command)

    def _override(self, wish: str, now: datetime) -> None:
        if wish == NO_OVERRIDE:
            self._release(now)
            return
        if wish not in self.sites[self.site].inverter.modes:
            raise InvalidInputError(f"{wish!r} is no mode of this inverter")
        start = now.replace(microsecond=0)
        span = Slot(start, start + timedelta(hours=OVERRIDE_HOURS))
        self.execute.force(self.site, Override(span=span, command=Command(mode=Mode(wish)), set_by=ACTOR, set_at=now))

    def _release(self, now: datetime) -> None:
        """End every override that holds now: one below the last would come back otherwise."""
        for each in self.execute.forced(self.site, Slot(now, now + timedelta(seconds=1))):
            with contextlib.suppress(NotFoundError):
                self.execute.release(self.site, each.span.start, actor=ACTOR, now=now)

    def _following(self, site: Site, now: datetime) -> PricedSlot | None:
        """Return the tariff's next slot, None while prices cannot be read."""
        try:
            priced = self.outlook.conditions(site, now).priced
        except UnavailableError:
            return None
        return priced[1] if len(priced) > 1 else None


def _forced(decision: Decision) -> Command | None:
    return decision.command if decision.reason_code is ReasonCode.OVERRIDE else None


def _pct(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise InvalidInputError(f"{text!r} is no percentage") from error


def _on(text: str) -> bool:
    if text not in {"ON", "OFF"}:
        raise InvalidInputError(f"a switch is ON or OFF, not {text!r}")
    return text == "ON"
