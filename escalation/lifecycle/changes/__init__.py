"""What each kind of event changes in the state, by concern. ``lifecycle.evolve`` applies it."""
