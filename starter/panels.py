"""The headings of the help under which several modules have commands."""

OPEN = "Open an escalation"
LOOK = "Look at escalations"
LOOK_BACK = "Look back"
RULES = "Rules"
RUN = "Run"
