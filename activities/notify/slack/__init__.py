"""Slack: messages with buttons, one thread for each escalation and receiver, and what a pressed button says.

``channel`` posts and changes messages, ``interaction`` reads what Slack posts back. Between them goes a ``reference``:
the signed value of each button.
"""
