"""A real Request Tracker 5: its database is set up once for the tests of a run, its server listens on a free port."""

import fcntl
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from starter.embedded import free_ports

SERVER = Path("/usr/share/request-tracker5/libexec/rt-server")
QUEUE = "Escalations"
ENGINE, EVA, MAX, WEAK, ROOT = "escalations", "eva", "max", "weak", "root"
"""The engine's own user with no more rights than docs name, two of the staff, one with rights missing, and RT's own."""
CUSTOMER = "c-17"
"""Login name of a customer; her address is ``jana@example.org``."""
_WITHIN = 60
"""Seconds that the server may take to answer; it needs about seven."""

_SITE = """
Set($rtname, "rt.local"); Set($Organization, "local"); Set($DatabaseType, "SQLite");
Set($DatabaseName, "{folder}/rt.sqlite"); Set($WebPath, ""); Set($WebDomain, "127.0.0.1"); Set($WebPort, {port});
Set($WebBaseURL, "http://127.0.0.1:{port}"); Set($MailCommand, "mbox"); Set($LogToSTDERR, "error");
Set($LogToSyslog, undef); Set($LogToFile, undef); Set($BcryptCost, 4); 1;
"""
# Beside what RT always has: people, a queue, the rights that docs/connectors/request-tracker.md names, a token.
_DATA = """
our @Users = (
  (map {{ {{ Name => $_, Password => "$_-password", Privileged => 1, EmailAddress => "$_\\@rt.local" }} }}
    qw({engine} {eva} {max} {weak})),
  {{ Name => '{customer}', EmailAddress => 'jana@example.org', RealName => 'Jana', Organization => 'Lumina' }},
  {{ Name => "o'hara", EmailAddress => 'o.hara@example.org' }},
);
our @Queues = ({{ Name => '{queue}', Lifecycle => 'default' }}, {{ Name => 'Hidden' }});
sub rights {{ my ($user, @rights) = @_; map {{ {{ UserId => $user, Queue => '{queue}', Right => $_ }} }} @rights }}
our @ACL = (
  rights('{engine}', qw(SeeQueue ShowTicket ShowTicketComments CreateTicket ReplyToTicket CommentOnTicket ModifyTicket
    ReassignTicket)),
  (map {{ rights($_, qw(SeeQueue ShowTicket ShowTicketComments ReplyToTicket CommentOnTicket ModifyTicket OwnTicket
    TakeTicket DeleteTicket)) }} '{eva}', '{max}'),
  rights('{weak}', qw(SeeQueue ShowTicket CreateTicket CommentOnTicket)),
);
our @Final = (sub {{
  my $user = RT::User->new(RT->SystemUser); $user->Load('{engine}');
  my ($ok, $said, $token) = RT::AuthToken->new(RT->SystemUser)->Create(Owner => $user->Id, Description => 'engine');
  open my $file, '>', '{folder}/token' or die; print $file $token; close $file;
}});
1;
"""


def password_of(user: str) -> str:
    """Return the password of one of the users."""
    return "password" if user == ROOT else f"{user}-password"


@dataclass(frozen=True)
class Tracker:
    """A running RT."""

    url: str
    token: str
    """Of the engine's user."""
    client: httpx.Client

    def ask(self, user: str, method: str, path: str, json: Any = None, **query: str) -> Any:
        """Do something as one of the users would, and return what RT answers."""
        answer = self.client.request(
            method,
            f"{self.url}/REST/2.0{path}",
            json=json,
            params=query or None,
            auth=(user, password_of(user)),
        )
        assert answer.is_success, f"{method} {path} as {user}: {answer.status_code} {answer.text}"
        return answer.json()

    def tickets(self, key: str) -> list[str]:
        """Return the numbers of the tickets that carry this external id."""
        found = self.ask(ROOT, "GET", "/tickets", query=f"RefersTo = 'escalation:{key}'")
        return sorted(item["id"] for item in found["items"])

    def ticket(self, number: str) -> Mapping[str, Any]:
        """Return a ticket as RT shows it."""
        shown: Mapping[str, Any] = self.ask(ROOT, "GET", f"/ticket/{number}")
        return shown

    def notes(self, number: str) -> list[tuple[str, str]]:
        """Return type and text of every message on a ticket, oldest first."""
        fields = "Type,Creator"
        history = self.ask(ROOT, "GET", f"/ticket/{number}/history", fields=fields, per_page="100", orderby="id")
        said = [item for item in history["items"] if item["Type"] in ("Create", "Comment", "Correspond")]
        return [(item["Type"], self._text(item["id"])) for item in said]

    def _text(self, transaction: str) -> str:
        shown = self.ask(ROOT, "GET", f"/transaction/{transaction}/attachments", fields="Content")
        return str(shown["items"][0]["Content"]) if shown["items"] else ""


@contextmanager
def running_tracker(shared: Path) -> Iterator[Tracker]:
    """Start a server on a database of its own, and stop it at the end; skip where RT is not installed.

    ``shared`` is a folder of all processes of a test run: the first sets the database up, the others copy it.
    """
    setup = shutil.which("rt-setup-database-5")
    if setup is None or not SERVER.exists():
        pytest.skip("Request Tracker 5 is not installed (tools/counterparts.sh installs it)")
    folder = Path(tempfile.mkdtemp(prefix="rt"))
    try:
        [port] = free_ports(1)
        (folder / "empty").mkdir()
        (folder / "site.pm").write_text(_SITE.replace("{folder}", str(folder)).replace("{port}", str(port)))
        environment = {
            **os.environ,
            "RT_SITE_CONFIG": str(folder / "site.pm"),
            "RT_SITE_CONFIG_DIR": str(folder / "empty"),
            "TMPDIR": str(folder),
        }
        with (shared / "rt.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (shared / "rt.token").exists():
                _set_up(setup, folder, environment)
                shutil.copy(folder / "rt.sqlite", shared / "rt.sqlite")
                shutil.copy(folder / "token", shared / "rt.token")
        shutil.copy(shared / "rt.sqlite", folder / "rt.sqlite")
        yield from _serving(folder, port, (shared / "rt.token").read_text(), environment)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _set_up(setup: str, folder: Path, environment: Mapping[str, str]) -> None:
    data = _DATA.format(
        folder=folder,
        engine=ENGINE,
        eva=EVA,
        max=MAX,
        weak=WEAK,
        customer=CUSTOMER,
        queue=QUEUE,
    )
    (folder / "data.pl").write_text(data)
    for step in (["init"], ["insert", "--datafile", str(folder / "data.pl")]):
        command = [setup, "--skip-create", "--action", *step]
        done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{' '.join(command)}: {done.stdout[-500:]} {done.stderr[-500:]}"


def _serving(folder: Path, port: int, token: str, environment: Mapping[str, str]) -> Iterator[Tracker]:
    url = f"http://127.0.0.1:{port}"
    with (folder / "server.log").open("wb") as log:
        command = [str(SERVER), "--host", "127.0.0.1", "--port", str(port)]
        # It answers each connection in a process of its own; a session of their own lets all be ended together.
        server = subprocess.Popen(
            command,
            env=environment,
            cwd=folder,
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            limit = time.monotonic() + _WITHIN
            while not _answers(url):
                assert server.poll() is None, f"RT ended at once: {(folder / 'server.log').read_text()[-500:]}"
                assert time.monotonic() < limit, f"RT did not answer within {_WITHIN} s"
                time.sleep(0.25)
            with httpx.Client(timeout=30) as client:
                yield Tracker(url, token, client)
        finally:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait(timeout=10)


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/REST/2.0/rt", timeout=10).status_code == httpx.codes.UNAUTHORIZED
    except httpx.TransportError:
        return False
