"""Vendors' own descriptions of their interfaces, which what is sent to them is held against."""

import os
from functools import cache
from pathlib import Path

import httpx
import pytest
from openapi_core import Config, OpenAPI
from openapi_core.datatypes import RequestParameters
from werkzeug.datastructures import Headers, ImmutableMultiDict

ROOT = Path(__file__).parents[2]


def contract(name: str) -> Path:
    """Return where a description is: in ``contracts`` of ESCALATION_SHARED, or of ``shared`` beside the project."""
    named = os.environ.get("ESCALATION_SHARED")
    places = [Path(named)] if named else [ROOT.parent / "shared", Path("/work/shared")]
    found = next((path for each in places if (path := each / "contracts" / name).exists()), None)
    if found is None:
        pytest.skip(f"{name} is not here: set ESCALATION_SHARED to the folder that has contracts/{name}")
    return found


def assert_keeps(request: httpx.Request, name: str) -> None:
    """Fail where a request is not as its vendor describes it."""
    _described(contract(name)).validate_request(_Asked(request))


@cache
def _described(path: Path) -> OpenAPI:
    # The vendors' own descriptions are not valid to the letter.
    return OpenAPI.from_file_path(str(path), config=Config(spec_validator_cls=None))


class _Asked:
    """A request as the validator reads one."""

    def __init__(self, request: httpx.Request) -> None:
        self.host_url = f"{request.url.scheme}://{request.url.netloc.decode()}"
        self.path = request.url.path
        self.method = request.method.lower()
        self.body = request.content or None
        self.content_type = request.headers.get("Content-Type", "")
        self.parameters = RequestParameters(
            query=ImmutableMultiDict(request.url.params.multi_items()), header=Headers(dict(request.headers))
        )
