"""Where the service keeps its records, where it listens, and whom it reaches."""

from ipaddress import IPv4Network, IPv6Network
from pathlib import Path

from pydantic import Field, SecretStr, field_validator

from app.config.group import Group
from app.domain.errors import InvalidInputError
from app.storage.engine import parse_url

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
MOST_DAYS = 36_500
"""A hundred years."""
LEAST_TOKEN_LENGTH = 24
"""A token is compared by its hash; only length keeps it from being guessed."""


class DatabaseSettings(Group):
    """Where records are kept."""

    url: SecretStr = Field(
        SecretStr("sqlite:///battery_optimizer.db"),
        description="SQLAlchemy URL: sqlite:///file.db or mysql+pymysql://user:password@host:3306/battery_optimizer",
    )
    keep_readings_days: int = Field(
        400, ge=8, le=MOST_DAYS, description="Raw readings older than this are pruned, daily by the service and by `db prune`."
    )
    keep_forecasts_days: int = Field(90, ge=2, le=MOST_DAYS, description="Forecasts older than this are pruned, scores of them stay.")
    keep_plans_days: int = Field(
        14, ge=2, le=MOST_DAYS, description="Plans older than this are pruned, about 5 MB a day; decisions and prices stay."
    )

    @field_validator("url")
    @classmethod
    def _readable(cls, value: SecretStr) -> SecretStr:
        try:
            parse_url(value.get_secret_value())
        except InvalidInputError as error:
            raise ValueError(str(error)) from error
        except ValueError:
            raise ValueError("its port is no number; a password with @ : / in it must be percent-encoded") from None
        return value


class ApiSettings(Group):
    """Where the service listens and who may ask."""

    host: str = Field("127.0.0.1", description="Address to listen on. Beyond loopback at least one token must be set.")
    port: int = Field(8000, ge=1, le=65535)
    viewer_token: SecretStr | None = Field(None, description="May read.")
    controller_token: SecretStr | None = Field(None, description="May read, push readings, report outcomes and set overrides.")
    admin_token: SecretStr | None = Field(None, description="May do everything.")
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = Field(
        (), description='Addresses whose X-Forwarded headers are believed, e.g. ["192.168.1.5/32"]; nobody\'s if not given.'
    )

    @field_validator("viewer_token", "controller_token", "admin_token", mode="before")
    @classmethod
    def _long_enough(cls, value: object) -> object:
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        if text is None or text == "":
            return None
        if isinstance(text, str) and not text.strip():
            raise ValueError("it is blank; make one with `openssl rand -hex 24`")
        if isinstance(text, str) and len(text) < LEAST_TOKEN_LENGTH:
            raise ValueError(f"a token needs at least {LEAST_TOKEN_LENGTH} characters; make one with `openssl rand -hex 24`")
        return value

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the service."""
        return self.host in LOOPBACK


class SecretsSettings(Group):
    """What the service itself encrypts with."""

    key_file: Path = Field(
        Path("battery_optimizer.key"),
        description="Encrypts the secrets of houses; made when the first one is kept. Keep a copy: without it they are lost.",
    )


class MqttSettings(Group):
    """The broker through which Home Assistant sees the optimizer as a device; without a host there is none."""

    host: str | None = Field(None, description="e.g. 192.168.1.3 or mosquitto")
    port: int = Field(1883, ge=1, le=65535, description="8883 with TLS.")
    username: str | None = None
    password: SecretStr | None = None
    ca_file: str | None = Field(None, description="The broker's CA certificate; turns TLS on.")
    prefix: str = Field("battery_optimizer", pattern="^[A-Za-z0-9_-]+$", description="First part of every topic.")


class CertificatesSettings(Group):
    """The house's own authority, for dongles; without a folder nothing is signed."""

    folder: Path | None = Field(None, description="Made by `battery-optimizer ca create`; ca.key in it is the one secret, keep a copy.")
    device_days: int = Field(
        730,
        ge=1,
        le=3650,
        description="How long a dongle's certificate is good; its firmware is flashed anew before. A lost one is revoked.",
    )
    broker_host: str | None = Field(None, description="Under which name or address dongles find the broker, e.g. 192.168.1.2.")
    broker_port: int = Field(8884, ge=1, le=65535, description="The listener that wants certificates.")
    broker_log: Path | None = Field(None, description="Mosquitto's log file at log_type debug: whom it refuses comes into the audit log.")


class DirectDongle(Group):
    """A dongle that is reached by itself, over ESPHome's native API."""

    device: str = Field(description="Its id, e.g. bat_60bh37202bfa.")
    host: str
    port: int = Field(6053, ge=1, le=65535)
    key: SecretStr | None = Field(None, description="The encryption key of its `api:`.")
    site: str = Field("home", pattern="^[a-z0-9][a-z0-9_-]{0,39}$", description="Whose it is.")


class DongleSettings(Group):
    """Dongles that are listened to, at the broker of `mqtt` or each by itself."""

    listen: bool = Field(default=True, description="Listen to claimed dongles at the broker of OPTIMIZER_MQTT__HOST.")
    client_id: str = Field(
        "battery-optimizer-ingest",
        pattern="^[A-Za-z0-9_-]{1,64}$",
        description="Names the session in which the broker keeps what comes while we are away; each service needs its own.",
    )
    direct: tuple[DirectDongle, ...] = Field(
        (), description='Without a broker, e.g. [{"device": "bat_60bh37202bfa", "host": "192.168.1.7", "key": "..."}]; so it is claimed.'
    )
    keep_raw_days: int = Field(7, ge=2, le=MOST_DAYS, description="Samples older than this are forgotten; their five-minute means stay.")
    keep_means_days: int = Field(730, ge=8, le=MOST_DAYS, description="Five-minute means older than this are forgotten.")


class PlannerSettings(Group):
    """The optimizer."""

    time_limit_s: float = Field(2.0, gt=0, le=60, description="Wall clock for one plan; what is proved by then is used.")
