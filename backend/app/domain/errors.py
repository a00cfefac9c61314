"""Every error this program raises on purpose.

OptimizerError
├── InvalidInputError      what was given makes no sense; nothing was stored
│   └── InvalidSiteError   a battery, inverter or connection that cannot exist
├── InfeasibleError        no plan could be proved; the next rung of the ladder takes over
├── NotFoundError          no such record
├── ConflictError          somebody else changed it first
└── UnavailableError       a neighbour did not answer; trying again may help
    └── UnauthorizedError  a neighbour refused our credentials; trying again will not help
"""


class OptimizerError(Exception):
    """Anything this program raises on purpose."""


class InvalidInputError(OptimizerError):
    """The input makes no sense; nothing was stored."""


class InvalidSiteError(InvalidInputError):
    """A battery, inverter, connection or array that cannot exist."""


class InfeasibleError(OptimizerError):
    """No plan could be proved good enough."""


class NotFoundError(OptimizerError):
    """There is no such record."""


class ConflictError(OptimizerError):
    """The record was changed by somebody else in the meantime."""


class UnavailableError(OptimizerError):
    """A service we need did not answer usefully; trying again may help."""


class UnauthorizedError(UnavailableError):
    """A service refused our credentials; trying again will not help."""
