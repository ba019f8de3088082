"""The ledger as the command line opens it: the one of the settings, without a server."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from escalation.errors import Unreachable
from starter import session

if TYPE_CHECKING:  # SQLAlchemy: loaded when a ledger is opened
    from activities.ledger import Ledger


@contextmanager
def opened() -> "Iterator[Ledger]":
    """Open the ledger that the settings name.

    Raises:
        Unreachable: there is none, it cannot be read, or no worker of this version has brought its tables up to date.
    """
    from sqlalchemy import make_url
    from sqlalchemy.exc import SQLAlchemyError

    from activities.ledger import Ledger

    written = session.load().places.ledger
    url = make_url(written)
    shown = url.render_as_string(hide_password=True)
    if url.get_backend_name() == "sqlite" and not (url.database and Path(url.database).exists()):
        raise Unreachable(f"there is no ledger at {shown}; a worker makes it, or name another in ESCALATION_LEDGER_URL")
    ledger = Ledger(written)
    try:
        yield ledger
    except SQLAlchemyError as error:
        raise Unreachable(
            f"the ledger at {shown} cannot be used ({type(error).__name__}); start its database, or a worker of this "
            "version once, which brings its tables up to date"
        ) from None
    finally:
        ledger.engine.dispose()
