"""The durable shell: carries what the domain decides, and decides nothing itself."""
