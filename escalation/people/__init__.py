"""Who and when: people, teams, roles, and the rotations that say who is on call."""
