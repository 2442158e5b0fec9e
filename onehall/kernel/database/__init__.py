"""PostgreSQL as Django knows it, with a health check that does not cost every request a question."""
