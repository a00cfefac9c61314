"""The connection to the grid."""

from typing import Literal, Self

from pydantic import Field, model_validator

from app.document.strict import Strict

VOLTS = 230.0


class Fuse(Strict):
    """The main fuse."""

    phases: Literal[1, 3] = 1
    amps: float = Field(gt=0, le=1000)
    volts: float = Field(VOLTS, gt=50, le=500, description="Between a phase and neutral.")

    @property
    def kw(self) -> float:
        """What it bears on all phases together."""
        return self.phases * self.amps * self.volts / 1000


class Grid(Strict):
    """What the connection may carry: a fuse, or a limit in kW; where both are given the smaller counts."""

    fuse: Fuse | None = None
    import_limit_kw: float | None = Field(None, gt=0, le=10_000)
    export_limit_kw: float = Field(5.0, ge=0, le=10_000)

    @model_validator(mode="after")
    def _is_limited(self) -> Self:
        if self.fuse is None and self.import_limit_kw is None:
            raise ValueError("say what the connection may carry: a fuse, or import_limit_kw")
        return self

    @property
    def most_import_kw(self) -> float:
        """The limit that counts."""
        return min(limit for limit in (self.import_limit_kw, None if self.fuse is None else self.fuse.kw) if limit is not None)
