"""How long something may take."""
