"""The store: tables, repositories, unit of work, encryption at rest, audit chain, migrations."""
