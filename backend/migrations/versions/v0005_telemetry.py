"""Dongles: samples cut into days, their five-minute means, each device's newest state, commands and their answers."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0005"
down_revision = "0004"

INSTANT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql")
SECOND = sa.BigInteger()
NAME = sa.String(64)
WORD = sa.String(32)
PROSE = sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql")
OPTIONS: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_nopad_bin"}
CLUSTERED = OPTIONS | {"sqlite_with_rowid": False}
DAYS = {"mysql_partition_by": "RANGE (at) (PARTITION p_rest VALUES LESS THAN MAXVALUE)"}
"""The days themselves are cut off by the service, a few ahead."""
MEASURES = ("soc_pct", "battery_kw", "battery_voltage_v", "battery_current_a", "battery_temperature_c", "grid_kw", "solar_kw", "load_kw")


def upgrade() -> None:
    """Create them."""
    op.create_table(
        "telemetry",
        sa.Column("device", NAME, primary_key=True),
        sa.Column("at", SECOND, primary_key=True, autoincrement=False),
        sa.Column("span_s", sa.Integer(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=True),
        *_numbers(*MEASURES, "setpoint_kw"),
        sa.Column("state", WORD, nullable=True),
        sa.Column("received_at", INSTANT, nullable=False),
        if_not_exists=True,
        **CLUSTERED,
        **DAYS,
    )
    op.create_index("ix_telemetry_device_seq", "telemetry", ["device", "seq"], if_not_exists=True)
    op.create_table(
        "telemetry_5min",
        sa.Column("device", NAME, primary_key=True),
        sa.Column("start", SECOND, primary_key=True, autoincrement=False),
        sa.Column("covered_s", sa.Double(), nullable=False),
        *_numbers(*MEASURES),
        if_not_exists=True,
        **CLUSTERED,
    )
    op.create_index("ix_telemetry_5min_start", "telemetry_5min", ["start"], if_not_exists=True)
    op.create_table(
        "telemetry_due",
        sa.Column("start", SECOND, primary_key=True, autoincrement=False),
        sa.Column("device", NAME, primary_key=True),
        if_not_exists=True,
        **CLUSTERED,
    )
    op.create_table(
        "device_states",
        sa.Column("device", NAME, primary_key=True),
        sa.Column("at", SECOND, nullable=True),
        sa.Column("span_s", sa.Integer(), nullable=True),
        sa.Column("seq", sa.BigInteger(), nullable=True),
        *_numbers(*MEASURES, "setpoint_kw"),
        sa.Column("state", WORD, nullable=True),
        sa.Column("received_at", INSTANT, nullable=True),
        sa.Column("online", sa.Boolean(), nullable=True),
        sa.Column("status_at", INSTANT, nullable=True),
        sa.Column("oldest_seq", sa.BigInteger(), nullable=True),
        sa.Column("status", PROSE, nullable=True),
        sa.Column("acked_seq", sa.BigInteger(), nullable=True),
        if_not_exists=True,
        **OPTIONS,
    )
    _commands()


def _commands() -> None:
    op.create_table(
        "device_commands",
        sa.Column("device", NAME, primary_key=True),
        sa.Column("id", NAME, primary_key=True),
        sa.Column("site", NAME, nullable=False),
        sa.Column("issued", INSTANT, nullable=False),
        sa.Column("expires", INSTANT, nullable=False),
        sa.Column("until", INSTANT, nullable=False),
        sa.Column("mode", WORD, nullable=False),
        *_numbers("power_kw", "target_soc_pct"),
        sa.Column("sent_by", NAME, nullable=False),
        sa.Column("decision_id", NAME, nullable=True),
        if_not_exists=True,
        **OPTIONS,
    )
    op.create_index("ix_device_commands_device_issued", "device_commands", ["device", "issued"], if_not_exists=True)
    op.create_table(
        "command_answers",
        sa.Column("device", NAME, primary_key=True),
        sa.Column("command_id", NAME, primary_key=True),
        sa.Column("at", INSTANT, primary_key=True),
        sa.Column("answer", WORD, primary_key=True),
        sa.Column("reason", PROSE, nullable=True),
        sa.Column("mode", WORD, nullable=True),
        *_numbers("battery_kw", "soc_pct"),
        if_not_exists=True,
        **OPTIONS,
    )


def downgrade() -> None:
    """Drop them."""
    for table in ("command_answers", "device_commands", "device_states", "telemetry_due", "telemetry_5min", "telemetry"):
        op.drop_table(table, if_exists=True)


def _numbers(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Double(), nullable=True) for name in names]
