"""What should happen: the playbook schema, its loader, its conditions and its keywords."""
