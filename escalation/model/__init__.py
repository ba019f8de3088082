"""What is said and kept: requests, commands, events, actions and the state they make."""
