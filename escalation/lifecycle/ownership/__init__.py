"""Who has which part in it: RACI, roles, AIs, who speaks to the customer."""
