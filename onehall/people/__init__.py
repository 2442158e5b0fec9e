"""Residents' contacts, staff, departments, queues and roles: who is who, and who may what."""
