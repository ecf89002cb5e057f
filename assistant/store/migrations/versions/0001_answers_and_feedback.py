"""Adds the tables for answers and feedback."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables for answers and feedback."""
    op.create_table(
        "answers",
        sa.Column("answer_id", sa.String(32), nullable=False),
        sa.Column("asked_at", sa.DateTime(), nullable=False),
        sa.Column("channel", sa.String(20), nullable=False),
        sa.Column("language", sa.String(10), nullable=False),
        sa.Column("verdict", sa.String(20), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("generation", sa.String(16), nullable=False),
        sa.Column("total_ms", sa.Float(), nullable=False),
        sa.Column("question", sa.Text()),
        sa.Column("resolved_question", sa.Text()),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("citations", sa.JSON(), nullable=False),
        sa.Column("nearest", sa.JSON()),
        sa.PrimaryKeyConstraint("answer_id", name="pk_answers"),
    )
    op.create_index("ix_answers_asked_at", "answers", ["asked_at"])
    op.create_index("ix_answers_verdict", "answers", ["verdict"])
    op.create_table(
        "feedback",
        sa.Column("feedback_id", sa.Integer(), nullable=False),
        sa.Column("answer_id", sa.String(32), nullable=False),
        sa.Column("given_at", sa.DateTime(), nullable=False),
        sa.Column("rating", sa.String(10), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("closed_at", sa.DateTime()),
        sa.PrimaryKeyConstraint("feedback_id", name="pk_feedback"),
        sa.ForeignKeyConstraint(
            ["answer_id"], ["answers.answer_id"], name="fk_feedback_answer_id_answers", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_feedback_answer_id", "feedback", ["answer_id"])
    op.create_index("ix_feedback_given_at", "feedback", ["given_at"])


def downgrade() -> None:
    """Drop the tables for answers and feedback."""
    op.drop_table("feedback")
    op.drop_table("answers")
