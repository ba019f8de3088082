"""How OAuth 2 client credentials are configured, wherever a connection is signed with them."""

from activities.auth import ClientCredentials
from activities.connector import BaseUrl, Secret, Tools
from escalation.values import Incoming


class ClientGrant(Incoming):
    """OAuth 2 client credentials."""

    url: BaseUrl
    id: Secret
    secret: Secret
    scope: str = ""
    in_body: bool = False
    """True: id and secret are form fields, not basic authentication."""

    def opened(self, tools: Tools) -> ClientCredentials:
        """Return what signs."""
        return ClientCredentials(
            tools.client,
            self.url,
            self.id.value,
            self.secret.value,
            system=tools.name,
            scope=self.scope,
            in_body=self.in_body,
        )
