"""Loading a playbook: as it is in use, to be pinned by what is opened; or whole and unbroken, to be moved to."""

from datetime import timedelta

from temporalio.exceptions import ApplicationError, is_cancelled_exception

from escalation.errors import RequestRefused
from escalation.playbook.schema import LoadedPlaybook
from workflows.local import LOCAL_FAILURE, Local

LOAD = "playbooks.load"
"""The playbook as it is in use: the last good version where the file is broken."""
LOAD_SOUND = "playbooks.load_sound"
"""The playbook as its file says now; a broken one is refused."""


async def load_playbook(name: str, local: Local) -> LoadedPlaybook:
    """Return the playbook as it is now, to be pinned.

    Raises:
        RequestRefused: there is no such playbook, or it never could be used.
    """
    return await load(LOAD, name, f"pin playbook {name}", local)


async def load(activity: str, name: str, summary: str, local: Local) -> LoadedPlaybook:
    """Return a playbook.

    Raises:
        RequestRefused: it cannot be used; says why.
    """
    try:
        return await local.call(
            activity,
            name,
            LoadedPlaybook,
            summary,
            one_try=timedelta(seconds=10),
            give_up=timedelta(seconds=30),
        )
    except LOCAL_FAILURE as error:
        if activity != LOAD and is_cancelled_exception(error):
            raise
        cause = error if isinstance(error, ApplicationError) else error.__cause__
        why = cause.message if isinstance(cause, ApplicationError) else str(cause or error)
        raise RequestRefused([("playbook", why)]) from error
