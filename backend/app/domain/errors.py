"""Every error this program raises on purpose.

OptimizerError
├── InvalidInputError      what was given makes no sense; nothing was stored
│   ├── InvalidSiteError   a battery, inverter or connection that cannot exist
│   │   └── InvalidDocumentError  a document of a house that is no good, with every complaint
│   ├── RejectedError      something a device said that is not taken, with its cause
│   └── InvalidTemplateError  a device template that contradicts itself or the schema
├── InfeasibleError        no plan could be proved; the next rung of the ladder takes over
├── NotFoundError          no such record
├── ConflictError          somebody else changed it first
│   ├── OutdatedError      the caller has seen another version than the one that holds
│   └── NotInControlError  something else carries this site's decisions out
├── DeniedError            a credential that does not open this
│   └── TooManyTriesError  too many wrong ones; more are turned away for a while
└── UnavailableError       a neighbour did not answer; trying again may help
    ├── UnauthorizedError  a neighbour refused our credentials; trying again will not help
    └── ForeignMoneyError  a tariff tells what the house does not count in; trying again will not help
"""

from collections.abc import Sequence
from datetime import timedelta


class OptimizerError(Exception):
    """Anything this program raises on purpose."""


class InvalidInputError(OptimizerError):
    """The input makes no sense; nothing was stored."""


class InvalidSiteError(InvalidInputError):
    """A battery, inverter, connection or array that cannot exist."""


type Place = tuple[int | str, ...]
"""Where in a document, from its root on."""


class InvalidDocumentError(InvalidSiteError):
    """A document of a house that is no good: each place with what is wrong there, one a line."""

    def __init__(self, complaints: Sequence[tuple[Place, str]]) -> None:
        super().__init__("\n".join(f"{'.'.join(map(str, where)) or 'document'}: {what}" for where, what in complaints))
        self.complaints = tuple(complaints)


class RejectedError(InvalidInputError):
    """Something a device said is not taken; the cause is for counting."""

    def __init__(self, cause: str, detail: str) -> None:
        super().__init__(detail)
        self.cause = cause


class InvalidTemplateError(InvalidInputError):
    """A device template that contradicts itself or the schema; the sentence names file and key."""


class InfeasibleError(OptimizerError):
    """No plan could be proved good enough."""


class NotFoundError(OptimizerError):
    """There is no such record."""


class ConflictError(OptimizerError):
    """The record was changed by somebody else in the meantime."""


class DeniedError(OptimizerError):
    """A code, certificate or signature that does not open this."""


class TooManyTriesError(DeniedError):
    """Too many wrong credentials; no more wrong ones are looked into for a while. A good one opens all the same."""

    def __init__(self, message: str, wait: timedelta) -> None:
        super().__init__(message)
        self.wait = wait


class OutdatedError(ConflictError):
    """The caller has seen another version of the record than the one that holds."""


class NotInControlError(ConflictError):
    """Something else carries this site's decisions out; two at a time would fight."""


class UnavailableError(OptimizerError):
    """A service we need did not answer usefully; trying again may help."""


class UnauthorizedError(UnavailableError):
    """A service refused our credentials; trying again will not help."""


class ForeignMoneyError(UnavailableError):
    """A tariff tells its prices in another currency than the house counts in, or no prices at all; trying again will not help."""
