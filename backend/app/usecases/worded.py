"""Worded: a decision in the words of whoever carries it out."""

from dataclasses import replace

from app.control.decide import Situation, Verdict, discharge_kw, write_up
from app.domain.decision import Decision
from app.usecases import ports


def worded(words: ports.Words, situation: Situation, verdict: Verdict) -> Decision:
    """Return a verdict as a decision, with the words and amperes that its executor understands."""
    decision, site = write_up(situation, verdict), situation.site
    wording = words.of(site, decision.command, discharge_kw=discharge_kw(site, verdict), voltage_v=situation.voltage_v)
    return replace(decision, wording=wording)
