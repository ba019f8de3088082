"""Buttons that are links: what channels show whose messages can open pages, but cannot answer by themselves."""

from datetime import datetime
from typing import Final, NamedTuple

from activities.answer_links import AnswerLinks
from activities.notify.answer_labels import label, stands_out
from activities.notify.languages import local
from activities.notify.phrases import phrases
from escalation.model.actions import Notify, Offer


class Button(NamedTuple):
    """An answer that can be given."""

    offer: Offer
    label: str
    link: str
    likely: bool = False
    """It stands out from the others."""


class Buttons(NamedTuple):
    """What a message can be answered with by links."""

    buttons: tuple[Button, ...] = ()
    confirm: str = ""
    """What makes an answer count, for whom the buttons are, and until when; empty where there are none."""


NONE: Final = Buttons()


def linked(message: Notify, links: AnswerLinks | None, now: datetime) -> Buttons:
    """Return the buttons of a message; none where there are no links for it."""
    made = links.links(message, now) if links is not None else []
    if links is None or not made:
        return NONE
    offers = [offer for offer, _ in made]
    locale = message.locale or "en"
    until = local(links.until(message, now), locale, message.time_zone)
    return Buttons(
        tuple(Button(offer, label(offer, locale), link, likely=stands_out(offer, offers)) for offer, link in made),
        phrases(locale).confirm.format(until=until),
    )
