"""Durable escalations: the pure domain, and (in ``escalation.client``) the client that other services use."""
