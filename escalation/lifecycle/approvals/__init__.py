"""How approvals are given: quorum, seats, choices, actions, what is looked at afterwards."""
