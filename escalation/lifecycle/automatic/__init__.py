"""What is done by itself."""
