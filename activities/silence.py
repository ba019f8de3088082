"""Says in words why nobody answered: name not known, refused, no TLS, a certificate, too late.

Host and port are named, which whoever mends it needs; never a path, a query or a name before the host.
"""

import socket
import ssl
from collections.abc import Iterator
from typing import Final

LONGEST_HOST: Final = 100
_EXPIRED, _OTHER_NAME = 10, {62, 64}
"""Codes of OpenSSL (X509_V_ERR_...): has expired; is of another host name, of another IP address."""


def place(host: str, port: int) -> str:
    """Return where something was asked, as people write it."""
    host = host[:LONGEST_HOST]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def why(error: BaseException, host: str, port: int) -> str:
    """Say why no connection came about, from whatever lies under an error; empty where nothing tells.

    Timeouts are not among it: how long was waited only the caller knows.
    """
    for each in _under(error):
        match each:
            case socket.gaierror():
                return f"the name {host[:LONGEST_HOST]} is not known"
            case ConnectionRefusedError():
                return f"refused at {place(host, port)}"
            case ssl.SSLCertVerificationError():
                return _distrust(each, place(host, port))
            case ssl.SSLError():
                return f"TLS with {place(host, port)} failed; does it speak TLS at all?"
            case _:
                continue
    return ""


def _distrust(error: ssl.SSLCertVerificationError, where: str) -> str:
    code = getattr(error, "verify_code", None)  # missing where no handshake made the error
    if code == _EXPIRED:
        return f"the certificate of {where} has expired"
    if code in _OTHER_NAME:
        return f"the certificate of {where} is of another name"
    return f"the certificate of {where} is not trusted; a connection's `trusted` names the file of its authority"


def _under(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and all that it came of, each once."""
    waiting, seen = [error], set[int]()
    while waiting:
        each = waiting.pop(0)
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        several = each.exceptions if isinstance(each, BaseExceptionGroup) else ()
        waiting += [one for one in (*several, each.__cause__, each.__context__) if one is not None]
