"""Alembic's environment: runs on the connection that `storage.migrate` opened, so that no file needs the URL and its password."""

from alembic import context

from storage.tables import metadata


def include_name(name: str | None, kind: str, _: object) -> bool:
    """Only this project's tables, whatever else is in the database."""
    return kind != "table" or name in metadata.tables


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    include_name=include_name,
    transactional_ddl=True,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
