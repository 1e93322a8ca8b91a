"""Contents under keys of their own, alerts to be sent, signs of life, tracking of parcels."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    # Every contact paid for it with a page of its own, and nobody asked by it alone.
    op.drop_index("ix_contacts_contact_point_id", "contacts")
    # Content that stands in the store already stays sealed by the master until it is next written.
    op.add_column("contacts", sa.Column("sealed_key", sa.LargeBinary(), nullable=True))
    op.add_column("placements", sa.Column("dispatched_at", sa.BigInteger(), nullable=True))
    op.add_column("placements", sa.Column("delivered_at", sa.BigInteger(), nullable=True))
    op.add_column("drills", sa.Column("medium", sa.Text(), nullable=True))
    op.add_column("drills", sa.Column("deadline", sa.BigInteger(), nullable=True))
    op.add_column("drills", sa.Column("heard_at", sa.BigInteger(), nullable=True))
    op.add_column("drills", sa.Column("sealed", sa.LargeBinary(), nullable=True))
    op.create_index(
        "drills_awaited",
        "drills",
        ["deadline"],
        sqlite_where=sa.text("sealed IS NOT NULL"),
        postgresql_where=sa.text("sealed IS NOT NULL"),
    )
    op.create_table(
        "alerts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("sink", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("notices", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("claimed_until", sa.BigInteger(), nullable=True),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("alerts_made", "alerts", ["sink", "made_at"])
    op.create_index(
        "alerts_waiting",
        "alerts",
        ["sink", "due_at"],
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("sink", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("alert_id", sa.Text(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.id"]),
    )
    op.create_index("outbox_subject", "outbox", ["sink", "subject", "id"])
    op.create_index(
        "outbox_waiting",
        "outbox",
        ["sink", "due_at"],
        sqlite_where=sa.text("alert_id IS NULL"),
        postgresql_where=sa.text("alert_id IS NULL"),
    )
    op.create_index(
        "outbox_alert",
        "outbox",
        ["alert_id"],
        sqlite_where=sa.text("alert_id IS NOT NULL"),
        postgresql_where=sa.text("alert_id IS NOT NULL"),
    )
    op.create_table(
        "heartbeats",
        sa.Column("gateway", sa.Text(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("heard_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("gateway", "device"),
    )
    op.create_table(
        "mailboxes",
        sa.Column("gateway", sa.Text(), nullable=False),
        sa.Column("uid_validity", sa.BigInteger(), nullable=False),
        sa.Column("last_uid", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("gateway"),
    )
