"""Work items of every kind, until each is done."""
