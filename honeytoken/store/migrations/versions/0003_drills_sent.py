"""Which drills really left, and which alarms are raised."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("drills", sa.Column("via", sa.Text(), nullable=True))
    op.add_column("drills", sa.Column("message_id", sa.Text(), nullable=True))
    op.add_column("drills", sa.Column("sent_at", sa.BigInteger(), nullable=True))
    op.add_column("drills", sa.Column("failure", sa.Text(), nullable=True))
    # A drill is looked for by where it arrives.
    op.drop_index("drills_awaited", table_name="drills")
    op.create_index("drills_at", "drills", ["at"])
    op.create_table(
        "alarms",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("raised_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "subject"),
    )
