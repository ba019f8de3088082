"""What the world should be told or asked because of each kind of event, by concern. ``lifecycle.react`` collects it."""
