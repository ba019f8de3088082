"""``make demo``: three escalations at once on the embedded stack, with scripted people and clocks of seconds."""
