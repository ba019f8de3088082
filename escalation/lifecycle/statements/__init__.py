"""What stakeholders and customers are told, by whom, how often, and whether they read it."""
