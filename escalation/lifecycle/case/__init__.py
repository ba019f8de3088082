"""What is known of the case, and whom it is about."""
