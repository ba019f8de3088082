"""The world: one class for each remote system, holding its client, behind a port."""
