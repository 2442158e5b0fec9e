"""Messages to people and other systems: the outbox, the worker, templates, carriers."""
