"""One module for each version of the ledger's tables, chained by ``down_revision``."""
