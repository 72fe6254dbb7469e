"""The tables of the bench, and the triggers that keep its trace."""

import sqlalchemy as sa
from alembic import op

from webapp.store.migrations.triggers import keep

revision = "0001"
down_revision = None

KEPT = {
    # A row goes only when this is true of it.
    "audit": "FALSE",
    "reviews": "NOT EXISTS (SELECT 1 FROM cells WHERE cells.id = OLD.cell_id)",
    "records": "EXISTS (SELECT 1 FROM slides WHERE slides.id = OLD.slide_id"
    " AND slides.deleted_at IS NOT NULL)",
}


def upgrade() -> None:
    """Make the tables, then the triggers."""
    _tables()
    for table, may_go in KEPT.items():
        keep(op, table, may_go)


def downgrade() -> None:
    """Refuse: before these there was nothing to go back to.

    Raises:
        NotImplementedError: always.
    """
    raise NotImplementedError("there is no version before the first")


def _tables() -> None:
    op.create_table(
        "models",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("variant", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_models")),
        sa.UniqueConstraint(
            "sha256",
            "name",
            "version",
            "variant",
            name=op.f("uq_models_sha256_name_version_variant"),
        ),
    )
    op.create_table(
        "options",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_options")),
    )
    op.create_table(
        "pictures",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_pictures")),
    )
    op.create_index(op.f("ix_pictures_kept_at"), "pictures", ["kept_at"])
    op.create_table(
        "slides",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=36), nullable=False),
        sa.Column("label", sa.String(length=200), nullable=False),
        sa.Column("folded", sa.String(length=600), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("target", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("opened_by", sa.String(length=100), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slides")),
        sa.UniqueConstraint("uid", name=op.f("uq_slides_uid")),
    )
    op.create_index(op.f("ix_slides_opened_at_id"), "slides", ["opened_at", "id"])
    op.create_index(op.f("ix_slides_status_id"), "slides", ["status", "id"])
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=100), nullable=False),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("slide_id", sa.Integer(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=True),
        sa.Column("edition", sa.Integer(), nullable=True),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["slide_id"], ["slides.id"], name=op.f("fk_audit_slide_id_slides")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_index(op.f("ix_audit_slide_id_id"), "audit", ["slide_id", "id"])
    op.create_table(
        "fields",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slide_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("taken_by", sa.String(length=100), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("picture_sha256", sa.String(length=64), nullable=True),
        sa.Column("detect_id", sa.Integer(), nullable=False),
        sa.Column("classify_id", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("um_per_px", sa.Double(), nullable=True),
        sa.Column("um_per_px_low", sa.Double(), nullable=True),
        sa.Column("um_per_px_high", sa.Double(), nullable=True),
        sa.Column("scale_source", sa.String(length=32), nullable=True),
        sa.Column("usable", sa.Boolean(), nullable=False),
        sa.Column("white_balance", sa.JSON(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("framed", sa.JSON(), nullable=False),
        sa.Column("ms", sa.JSON(), nullable=False),
        sa.Column("others", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["classify_id"], ["models.id"], name=op.f("fk_fields_classify_id_models")
        ),
        sa.ForeignKeyConstraint(
            ["detect_id"], ["models.id"], name=op.f("fk_fields_detect_id_models")
        ),
        sa.ForeignKeyConstraint(
            ["slide_id"], ["slides.id"], name=op.f("fk_fields_slide_id_slides")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fields")),
        sa.UniqueConstraint("slide_id", "number", name=op.f("uq_fields_slide_id_number")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_fields_picture_sha256"), "fields", ["picture_sha256"])
    op.create_table(
        "records",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slide_id", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("signed_by", sa.String(length=100), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["slide_id"], ["slides.id"], name=op.f("fk_records_slide_id_slides")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_records")),
        sa.UniqueConstraint("slide_id", "revision", name=op.f("uq_records_slide_id_revision")),
    )
    op.create_index(op.f("ix_records_signed_by"), "records", ["signed_by"])
    op.create_table(
        "tallies",
        sa.Column("slide_id", sa.Integer(), nullable=False),
        sa.Column("model", sa.String(length=64), nullable=False),
        sa.Column("named", sa.String(length=64), nullable=False),
        sa.Column("is_seen", sa.Boolean(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["slide_id"], ["slides.id"], name=op.f("fk_tallies_slide_id_slides")
        ),
        sa.PrimaryKeyConstraint("slide_id", "model", "named", "is_seen", name=op.f("pk_tallies")),
    )
    op.create_index(op.f("ix_tallies_named_slide_id"), "tallies", ["named", "slide_id"])
    op.create_table(
        "cells",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slide_id", sa.Integer(), nullable=False),
        sa.Column("field_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("counts", sa.Boolean(), nullable=False),
        sa.Column("x0", sa.Double(), nullable=False),
        sa.Column("y0", sa.Double(), nullable=False),
        sa.Column("x1", sa.Double(), nullable=False),
        sa.Column("y1", sa.Double(), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("touches_edge", sa.Boolean(), nullable=False),
        sa.Column("diameter_um", sa.Double(), nullable=True),
        sa.Column("label", sa.String(length=64), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=True),
        sa.Column("certainty", sa.Float(), nullable=False),
        sa.Column("answer", sa.JSON(), nullable=False),
        sa.Column("named", sa.String(length=64), nullable=False),
        sa.Column("given", sa.String(length=64), nullable=True),
        sa.Column("is_seen", sa.Boolean(), nullable=False),
        sa.Column("seen_by", sa.String(length=100), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("review_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["field_id"], ["fields.id"], name=op.f("fk_cells_field_id_fields"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["slide_id"], ["slides.id"], name=op.f("fk_cells_slide_id_slides")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cells")),
        sa.UniqueConstraint("field_id", "number", name=op.f("uq_cells_field_id_number")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_cells_slide_id_counts_certainty_id"),
        "cells",
        ["slide_id", "counts", "certainty", "id"],
    )
    op.create_index(
        op.f("ix_cells_slide_id_counts_field_id_id"),
        "cells",
        ["slide_id", "counts", "field_id", "id"],
    )
    op.create_index(
        op.f("ix_cells_slide_id_counts_is_seen_certainty_id"),
        "cells",
        ["slide_id", "counts", "is_seen", "certainty", "id"],
    )
    op.create_index(
        op.f("ix_cells_slide_id_counts_named_certainty_id"),
        "cells",
        ["slide_id", "counts", "named", "certainty", "id"],
    )
    op.create_table(
        "reviews",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slide_id", sa.Integer(), nullable=False),
        sa.Column("cell_id", sa.Integer(), nullable=False),
        sa.Column("audit_id", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("by", sa.String(length=100), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("given", sa.String(length=64), nullable=True),
        sa.Column("is_confirmed", sa.Boolean(), nullable=False),
        sa.Column("before_id", sa.Integer(), nullable=True),
        sa.Column("undone_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["audit_id"], ["audit.id"], name=op.f("fk_reviews_audit_id_audit")),
        sa.ForeignKeyConstraint(
            ["cell_id"], ["cells.id"], name=op.f("fk_reviews_cell_id_cells"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["slide_id"], ["slides.id"], name=op.f("fk_reviews_slide_id_slides")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reviews")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_reviews_audit_id"), "reviews", ["audit_id"])
    op.create_index(op.f("ix_reviews_cell_id"), "reviews", ["cell_id"])
    op.create_index(
        op.f("ix_reviews_slide_id_by_revision_audit_id"),
        "reviews",
        ["slide_id", "by", "revision", "audit_id"],
    )
    op.create_index(op.f("ix_reviews_slide_id_undone_id"), "reviews", ["slide_id", "undone_id"])
