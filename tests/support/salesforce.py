"""A Salesforce organisation in the test's own process: cases, comments, history, contacts, answering as documented.

REST API Developer Guide: errors are a list, external ids are upserted, composite calls are all or none, tokens end
without having said so. Its clock stands until a test moves it.
"""

import copy
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qs, unquote

import httpx

from tests.support.soql import Malformed, Query, Row

HOST = "https://acme.my.salesforce.example"
ROOT = "/services/data/v62.0"
ENGINE, EVA, JANA_THERE = "005000000000001AAA", "005000000000007AAA", "005000000000031AAA"
CONTACT = "003000000000031AAA"
KEY_FIELD = "Escalation_Key__c"
STATUSES = ("New", "Working", "On Hold", "Escalated", "Closed")


class Lost(httpx.ReadError):
    """The answer does not arrive; what was asked for was done."""


class Refused(Exception):
    """An answer with an error of Salesforce's own."""

    def __init__(self, status: int, code: str) -> None:
        self.status, self.code = status, code
        super().__init__(code)


class Organisation:
    """What is there. ``lose`` says of which calls the answer is lost, ``refuse`` what is answered instead."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
        self.cases: dict[str, Row] = {}
        self.comments: list[Row] = []
        self.history: list[Row] = []
        self.users: dict[str, dict[str, Any]] = {
            ENGINE: {"Id": ENGINE, "Name": "Escalations", "UserType": "Standard", "IsActive": True},
            EVA: {"Id": EVA, "Name": "Eva N.", "UserType": "Standard", "IsActive": True},
            JANA_THERE: {"Id": JANA_THERE, "Name": "Jana", "UserType": "CustomerSuccess", "IsActive": True},
        }
        account = {"Name": "Acme", "Tier__c": "vip"}
        self.contacts: list[Row] = [{"Id": CONTACT, "Email": "c-1", "Account": account}]
        self.fields = {KEY_FIELD}
        self.tokens: set[str] = set()
        self.given = 0
        self.batch = 2000
        self.locked = False
        """True: comments are refused."""
        self.lose: Callable[[httpx.Request], bool] = lambda _: False
        self.refuse: Callable[[httpx.Request], httpx.Response | None] = lambda _: None
        self._rest: dict[str, list[Row]] = {}
        self._number = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/services/oauth2/token":
            return self._token(request)
        if request.headers.get("Authorization", "").removeprefix("Bearer ") not in self.tokens:
            return self._answer(401, [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}])
        refused = self.refuse(request)
        if refused is not None:
            return refused
        try:
            answer = self._route(request)
        except Refused as error:
            answer = self._answer(error.status, [{"message": "what was sent, Jana", "errorCode": error.code}])
        if self.lose(request):
            raise Lost("lost")
        return answer

    # --- what people do there -------------------------------------------------------------------------------------

    def later(self, **more: float) -> None:
        self.now += timedelta(**more)

    def opened_by(self, user: str, **fields: Any) -> str:
        return self._insert(fields, user)

    def acts(self, user: str, case: str, comment: str = "", public: bool = False, **fields: Any) -> None:
        self._change(case, fields, user)
        if comment:
            self._comment({"ParentId": case, "CommentBody": comment, "IsPublished": public}, user)

    def notes(self, case: str) -> list[tuple[str, bool]]:
        """Return the comments of a case without what says which update they are."""
        found = [each for each in self.comments if each["ParentId"] == case]
        return [(each["CommentBody"].partition("\n\n[escalation ")[0], each["IsPublished"]) for each in found]

    # --- the API ----------------------------------------------------------------------------------------------------

    def _token(self, request: httpx.Request) -> httpx.Response:
        form = {name: values[-1] for name, values in parse_qs(request.content.decode()).items()}
        if form != {"grant_type": "client_credentials", "client_id": "key", "client_secret": "s3cret"}:
            return self._answer(400, {"error": "invalid_client", "error_description": "invalid client credentials"})
        self.given += 1
        self.tokens.add(f"t{self.given}")
        return self._answer(200, {"access_token": f"t{self.given}", "instance_url": HOST, "token_type": "Bearer"})

    def _route(self, request: httpx.Request) -> httpx.Response:
        path = request.url.raw_path.decode().partition("?")[0]
        if path == f"{ROOT}/":
            return self._answer(200, {"identity": f"https://login.salesforce.com/id/00D000000000001AAA/{ENGINE}"})
        if path == f"{ROOT}/query":
            return self._query(request.url.params["q"])
        if path.startswith(f"{ROOT}/query/"):
            return self._page(self._rest.pop(path))
        body = json.loads(request.content or b"null")
        if path == f"{ROOT}/composite":
            return self._composite(body)
        status, said = self._do(request.method, path, body)
        return httpx.Response(status) if said is None else self._answer(status, said)

    def _do(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        match [method, *path.removeprefix(f"{ROOT}/sobjects/").split("/")]:
            case ["GET", "Case", field, value]:
                found = self._external(field, value)
                if len(found) > 1:
                    return 300, [f"{ROOT}/sobjects/Case/{each['Id']}" for each in found]
                if not found:
                    raise Refused(404, "NOT_FOUND")
                return 200, {"attributes": {"type": "Case"}, "Id": found[0]["Id"]}
            case ["PATCH", "Case", field, value]:
                found = self._external(field, value)
                if found:
                    self._change(found[0]["Id"], body, ENGINE)
                    return 200, {"id": found[0]["Id"], "success": True, "errors": [], "created": False}
                made = self._insert({**body, field: unquote(value)}, ENGINE)
                return 201, {"id": made, "success": True, "errors": [], "created": True}
            case ["PATCH", "Case", case]:
                if case not in self.cases:
                    raise Refused(404, "ENTITY_IS_DELETED")
                self._change(case, body, ENGINE)
                return 204, None
            case ["POST", "CaseComment"]:
                return 201, {"id": self._comment(body, ENGINE), "success": True, "errors": []}
            case _:
                raise AssertionError(f"{method} {path} is no documented call")

    def _composite(self, body: dict[str, Any]) -> httpx.Response:
        assert body["allOrNone"] is True
        before = copy.deepcopy((self.cases, self.comments, self.history))
        answers: list[dict[str, Any]] = []
        failed: Refused | None = None
        for part in body["compositeRequest"]:
            if failed is None:
                try:
                    status, said = self._do(part["method"], part["url"], part["body"])
                    answers.append({"body": said, "httpStatusCode": status, "referenceId": part["referenceId"]})
                    continue
                except Refused as error:
                    failed = error
                    said = [{"errorCode": error.code, "message": "what was sent, Jana"}]
                    answers = [self._halted(each["referenceId"]) for each in answers]
                    answers.append({"body": said, "httpStatusCode": error.status, "referenceId": part["referenceId"]})
                    continue
            answers.append(self._halted(part["referenceId"]))
        if failed is not None:
            self.cases, self.comments, self.history = before
        return self._answer(200, {"compositeResponse": answers})

    def _halted(self, reference: str) -> dict[str, Any]:
        said = [{"errorCode": "PROCESSING_HALTED", "message": "The transaction was rolled back"}]
        return {"body": said, "httpStatusCode": 400, "referenceId": reference}

    def _query(self, soql: str) -> httpx.Response:
        try:
            query = Query(soql)
        except Malformed:
            raise Refused(400, "MALFORMED_QUERY") from None
        if "__c" in soql and not any(field in soql for field in self.fields | {"Tier__c"}):
            raise Refused(400, "INVALID_FIELD")
        tables: dict[str, list[Row]] = {
            "Case": list(self.cases.values()),
            "CaseComment": [{**each, "Parent": self.cases[each["ParentId"]]} for each in self.comments],
            "CaseHistory": [{**each, "Case": self.cases[each["CaseId"]]} for each in self.history],
            "CaseStatus": [{"ApiName": each} for each in STATUSES],
            "Contact": self.contacts,
            "User": list(self.users.values()),
        }
        return self._page(query.run(tables[query.sobject]))

    def _page(self, rows: list[Row]) -> httpx.Response:
        said: dict[str, Any] = {"totalSize": len(rows), "done": True, "records": rows[: self.batch]}
        if len(rows) > self.batch:
            following = f"{ROOT}/query/01g000000000001-{len(rows)}"
            self._rest[following] = rows[self.batch :]
            said |= {"done": False, "nextRecordsUrl": following}
        return self._answer(200, said)

    def _external(self, field: str, value: str) -> list[Row]:
        if field not in self.fields:
            raise Refused(404, "NOT_FOUND")
        return [each for each in self.cases.values() if each.get(field) == unquote(value)]

    def _insert(self, fields: Row, user: str) -> str:
        number = self._id("500")
        self.cases[number] = {
            "Id": number,
            "CaseNumber": f"{self._number:08}",
            "Status": "New",
            "Subject": None,
            "ContactId": None,
            "OwnerId": user,
            KEY_FIELD: None,
            "CreatedDate": self._stamp(),
            **fields,
        }
        self._settle(number)
        return number

    def _change(self, case: str, fields: Row, user: str) -> None:
        key = fields.get(KEY_FIELD)
        if key is not None and any(each[KEY_FIELD] == key for each in self.cases.values() if each["Id"] != case):
            raise Refused(400, "DUPLICATE_VALUE")
        known = self.cases[case]
        for name, new in fields.items():
            before: Any = known.get(name)
            if before == new:
                continue
            known[name] = new
            if name == "Status":
                self._row(case, user, "Status", before, new)
            if name == "OwnerId":
                self._row(case, user, "Owner", self.users[before]["Name"], self.users[new]["Name"])
                self._row(case, user, "Owner", before, new)
        self._settle(case)

    def _settle(self, case: str) -> None:
        self.cases[case]["IsClosed"] = self.cases[case]["Status"] == "Closed"

    def _comment(self, comment: Row, user: str) -> str:
        if self.locked:
            raise Refused(400, "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY")
        if len(comment["CommentBody"].encode()) > 4000:
            raise Refused(400, "STRING_TOO_LONG")
        made = {"Id": self._id("00a"), **comment, **self._created(user)}
        self.comments.append(made)
        return str(made["Id"])

    def _row(self, case: str, user: str, field: str, old: Any, new: Any) -> None:
        row = {"Id": self._id("017"), "CaseId": case, "Field": field, "OldValue": old, "NewValue": new}
        self.history.append(row | self._created(user))

    def _created(self, user: str) -> Row:
        return {"CreatedById": user, "CreatedBy": self.users[user], "CreatedDate": self._stamp()}

    def _id(self, prefix: str) -> str:
        self._number += 1
        return f"{prefix}{self._number:012}AAA"

    def _stamp(self) -> str:
        return self.now.strftime("%Y-%m-%dT%H:%M:%S.000+0000")

    def _answer(self, status: int, said: Any) -> httpx.Response:
        return httpx.Response(status, json=said, headers={"Date": format_datetime(self.now, usegmt=True)})
