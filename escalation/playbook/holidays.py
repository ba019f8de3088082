"""The public holidays of a playbook's calendars, written out when it is loaded and pinned with it."""

from escalation.holidays import with_dates
from escalation.playbook.schema import Playbook


def with_holidays(playbook: Playbook, year: int) -> Playbook:
    """Return the playbook with the public holidays of its calendars written out, around a year."""
    if not any(calendar.holidays for calendar in playbook.calendars.values()):
        return playbook
    named = {name: with_dates(calendar, year) for name, calendar in playbook.calendars.items()}
    return playbook.changed({"calendars": named})
