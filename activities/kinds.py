"""Every kind of connection: how each is configured and opened. Another system is one more line in each place."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final

from pydantic import Field

from activities import smartsheet
from activities.connector import Config, Connector, Tools
from activities.crm import request_tracker, rest, rest_config, salesforce, zendesk
from activities.crm.hubspot import HubSpot
from activities.crm.hubspot.config import HubSpotConfig
from activities.notify import apprise_channel, pagerduty, signed_webhook, teams, twilio
from activities.notify.email import Email
from activities.notify.email.config import EmailConfig
from activities.notify.slack.channel import Slack
from activities.notify.slack.config import SlackConfig

HELP_DESKS: Final[Mapping[type[Config], Callable[[Any, Tools], Connector]]] = {
    HubSpotConfig: HubSpot,
    request_tracker.RequestTrackerConfig: request_tracker.RequestTracker,
    rest_config.RestHelpDeskConfig: rest.opened,
    salesforce.SalesforceConfig: salesforce.Salesforce,
    zendesk.ZendeskConfig: zendesk.Zendesk,
}
"""How a help desk or CRM is opened, by its configuration."""

CHANNELS: Final[Mapping[type[Config], Callable[[Any, Tools], Connector]]] = {
    apprise_channel.AppriseConfig: apprise_channel.AppriseChannel,
    EmailConfig: Email,
    pagerduty.PagerDutyConfig: pagerduty.PagerDuty,
    signed_webhook.SignedWebhookConfig: signed_webhook.SignedWebhook,
    SlackConfig: Slack,
    teams.TeamsConfig: teams.Teams,
    twilio.TwilioConfig: twilio.Twilio,
}
"""How a channel is opened, by its configuration."""

SHEETS: Final[Mapping[type[Config], Callable[[Any, Tools], Connector]]] = {
    smartsheet.SmartsheetConfig: smartsheet.Smartsheet,
}
"""How an account with sheets is opened, by its configuration."""

AnyConfig = Annotated[
    apprise_channel.AppriseConfig
    | EmailConfig
    | HubSpotConfig
    | pagerduty.PagerDutyConfig
    | request_tracker.RequestTrackerConfig
    | rest_config.RestHelpDeskConfig
    | salesforce.SalesforceConfig
    | signed_webhook.SignedWebhookConfig
    | SlackConfig
    | smartsheet.SmartsheetConfig
    | teams.TeamsConfig
    | twilio.TwilioConfig
    | zendesk.ZendeskConfig,
    Field(discriminator="kind"),
]
