"""Blocks as a page of HTML, near enough to how Slack shows them: to look at."""

from html import escape, unescape
from typing import Any

Block = dict[str, Any]

_STYLE = """
body { font: 15px/1.46 Lato, "Helvetica Neue", Arial, sans-serif; color: #1d1c1d; margin: 0; padding: 16px }
.message { display: flex; gap: 8px; margin: 0 0 18px; max-width: 640px }
.reply { margin-left: 26px; border-left: 2px solid #ddd; padding-left: 12px }
.face { flex: none; width: 36px; height: 36px; border-radius: 6px; background: #4a154b; color: #fff; font-weight: 700;
  display: grid; place-items: center }
.block { margin: 2px 0 8px; overflow-wrap: anywhere }
.who b { margin-right: 4px } .app { background: #e8e8e8; font-size: 10px; padding: 1px 3px; border-radius: 2px }
.header { font-size: 18px; font-weight: 900 }
.text { white-space: pre-wrap } ul { margin: 2px 0; padding-left: 26px }
pre { background: #f8f8f8; border: 1px solid #ddd; border-radius: 4px; padding: 8px; margin: 4px 0; font-size: 12px;
  white-space: pre-wrap }
.context { color: #616061; font-size: 13px }
button { font: 700 13px Lato, Arial, sans-serif; height: 28px; padding: 0 10px; margin: 0 6px 6px 0; background: #fff;
  border: 1px solid #bbb; border-radius: 4px }
button.primary { background: #007a5a; border-color: #007a5a; color: #fff }
button.danger { background: #e01e5a; border-color: #e01e5a; color: #fff }
.modal { border: 1px solid #bbb; border-radius: 8px; max-width: 480px; padding: 16px; margin-bottom: 18px }
.modal h1 { font-size: 20px; margin: 0 0 10px } textarea { width: 100%; box-sizing: border-box; height: 70px }
label { font-weight: 700; display: block } .foot { text-align: right }
"""


def page(*parts: str) -> str:
    """Return a page of messages and windows."""
    return f"<!doctype html><meta charset=utf-8><style>{_STYLE}</style>{''.join(parts)}"


def message(blocks: list[Block], *, reply: bool = False) -> str:
    """Return a posted message."""
    who = '<div class="who"><b>Escalations</b><span class="app">APP</span></div>'
    inside = "".join(map(_block, blocks))
    kind = "message reply" if reply else "message"
    return f'<div class="{kind}"><div class="face">E</div><div>{who}{inside}</div></div>'


def modal(view: dict[str, Any]) -> str:
    """Return an opened window."""
    buttons = "".join(f"<button>{_plain(view[name])}</button>" for name in ("close", "submit") if name in view)
    inside = "".join(map(_block, view["blocks"]))
    return f'<div class="modal"><h1>{_plain(view["title"])}</h1>{inside}<div class="foot">{buttons}</div></div>'


def _plain(text: Block) -> str:
    assert text["type"] == "plain_text"
    return escape(unescape(text["text"]))


def _block(block: Block) -> str:
    match block["type"]:
        case "header" | "section":
            inside = _plain(block["text"])
        case "rich_text":
            inside = "".join(map(_rich, block["elements"]))
        case "context":
            inside = " ".join(map(_plain, block["elements"]))
        case "actions":
            inside = "".join(
                f'<button class="{each.get("style", "")}">{_plain(each["text"])}</button>' for each in block["elements"]
            )
        case "input":
            inside = f"<label>{_plain(block['label'])}</label><textarea></textarea>"
        case other:
            raise AssertionError(f"no such block is made here: {other}")
    return f'<div class="block {block["type"]}">{inside}</div>'


def _rich(element: Block) -> str:
    match element["type"]:
        case "rich_text_section":
            return f'<div class="text">{_texts(element)}</div>'
        case "rich_text_list":
            return f"<ul>{''.join(f'<li>{_texts(each)}</li>' for each in element['elements'])}</ul>"
        case "rich_text_preformatted":
            return f"<pre>{_texts(element)}</pre>"
        case other:
            raise AssertionError(f"no such element is made here: {other}")


def _texts(element: Block) -> str:
    assert {each["type"] for each in element["elements"]} == {"text"}
    return "".join(
        f"<b>{escape(each['text'])}</b>" if each.get("style") else escape(each["text"]) for each in element["elements"]
    )
