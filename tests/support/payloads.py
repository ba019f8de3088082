"""What outside systems send, by their documentation; each may be changed."""

from typing import Any

PAGE, JANA, OTTO = "1001", "24001", "24002"
"""A Facebook page, and two people who write to it."""
ACCOUNT, MIA = "3001", "3002"
"""An account of X, and somebody who writes to it."""


def meta(*changes: dict[str, Any], messaging: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    entry = {"id": PAGE, "time": 1763800000, "changes": [*changes], "messaging": [*messaging]}
    return {"object": "page", "entry": [entry]}


def comment(id_: str = "77_5", author: str = JANA, **changes: Any) -> dict[str, Any]:
    value = {
        "item": "comment",
        "verb": "add",
        "from": {"id": author, "name": "Jana Nováková"},
        "post_id": f"{PAGE}_77",
        "comment_id": id_,
        "parent_id": f"{PAGE}_77",
        "message": "I was charged twice, please call me",
        "created_time": 1763800000,
        "post": {"permalink_url": "https://www.facebook.com/lumina/posts/77", "is_published": True},
    }
    return {"field": "feed", "value": value | changes}


def mention(**changes: Any) -> dict[str, Any]:
    value = {
        "item": "post",
        "verb": "add",
        "sender_id": OTTO,
        "sender_name": "Otto",
        "post_id": "24002_9",
        "message": "@Lumina where is my parcel?",
        "created_time": 1763800060,
    }
    return {"field": "mention", "value": value | changes}


def private(mid: str = "m_1", sender: str = JANA, **message: Any) -> dict[str, Any]:
    return {
        "sender": {"id": sender},
        "recipient": {"id": PAGE},
        "timestamp": 1763800000123,
        "message": {"mid": mid, "text": "hello?"} | message,
    }


def x(**events: Any) -> dict[str, Any]:
    return {"for_user_id": ACCOUNT, "user_has_blocked": "false"} | events


def post(id_: str = "55", author: str = MIA, **changes: Any) -> dict[str, Any]:
    plain = {
        "created_at": "Sat Nov 22 08:26:40 +0000 2025",
        "id": int(id_),
        "id_str": id_,
        "text": "@lumina nothing works",
        "user": {"id": int(author), "id_str": author, "name": "Mia", "screen_name": "mia"},
        "in_reply_to_status_id_str": None,
        "entities": {"user_mentions": [{"id_str": ACCOUNT}]},
    }
    return plain | changes


def direct(id_: str = "9", sender: str = MIA, text: str = "please answer") -> dict[str, Any]:
    return {
        "type": "message_create",
        "id": id_,
        "created_timestamp": "1763800000123",
        "message_create": {
            "target": {"recipient_id": ACCOUNT},
            "sender_id": sender,
            "message_data": {"text": text, "entities": {}},
        },
    }


def zoom(topic: str, event: str = "recording.completed", **changes: Any) -> dict[str, Any]:
    files = [
        {
            "id": "f1",
            "file_type": "MP4",
            "recording_start": "2026-11-22T09:00:00Z",
            "recording_end": "2026-11-22T09:02:30Z",
            "play_url": "https://zoom.example/rec/play/f1",
            "download_url": "https://zoom.example/rec/download/f1",
        },
        {
            "id": "f2",
            "file_type": "TRANSCRIPT",
            "recording_start": "2026-11-22T09:00:00Z",
            "recording_end": "2026-11-22T09:02:30Z",
            "play_url": "https://zoom.example/rec/play/f2",
        },
    ]
    meeting = {
        "uuid": "WEz4RT2lSyKx2MD9Z+lYfA==",
        "id": 87565330005,
        "topic": topic,
        "host_email": "Ann@example.org",
        "duration": 3,
        "share_url": "https://zoom.example/rec/share/abc",
        "recording_files": files,
    }
    return {"event": event, "event_ts": 1763800000123, "payload": {"account_id": "a", "object": meeting | changes}}


def call_recording(**changes: Any) -> dict[str, Any]:
    """Microsoft Graph's callRecording."""
    plain = {
        "@odata.type": "#microsoft.graph.callRecording",
        "id": "rec-1",
        "meetingId": "meet-1",
        "callId": "call-1",
        "createdDateTime": "2026-11-22T09:00:00Z",
        "endDateTime": "2026-11-22T09:01:00Z",
        "recordingContentUrl": "https://graph.microsoft.com/v1.0/users/u/onlineMeetings/m/recordings/rec-1/content",
        "meetingOrganizer": {"user": {"id": "aad-ann", "displayName": "Ann"}},
    }
    return plain | changes
