"""`/v1/webhooks`: who is told, where, and what became of it."""

from uuid import UUID

from litestar import Controller, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from capacity_api.api.authorization import token
from capacity_api.api.context import Context
from capacity_api.api.lists import Cursor, Limit
from capacity_api.domain.tokens import Scope
from capacity_api.operations import webhooks
from capacity_api.operations.paging import USUAL, Page
from capacity_api.operations.tokens import Identity
from capacity_api.operations.webhooks import Delivery, NewWebhook, Webhook, WebhookPatch


class WebhookController(Controller):
    path = "/v1/webhooks"
    tags = ("webhooks",)

    @post(operation_id="addWebhook", summary="Add a webhook", **token(Scope.WEBHOOKS_MANAGE))
    async def add(
        self, context: NamedDependency[Context], identity: NamedDependency[Identity], data: JSONBody[NewWebhook]
    ) -> Webhook:
        """Be told of what happens from now on. `secret` is shown in this answer alone."""
        async with context.write() as session:
            return await webhooks.add(
                session, context.now(), context.keys, identity.owner, data, context.settings.egress_allow
            )

    @get(operation_id="listWebhooks", summary="List your webhooks", **token(Scope.WEBHOOKS_MANAGE))
    async def listed(
        self,
        context: NamedDependency[Context],
        identity: NamedDependency[Identity],
        limit: Limit = USUAL,
        cursor: Cursor = None,
    ) -> Page[Webhook]:
        async with context.read() as session:
            return await webhooks.listed(session, identity.owner, limit, cursor)

    @get("/{webhook_id:uuid}", operation_id="readWebhook", summary="Read a webhook", **token(Scope.WEBHOOKS_MANAGE))
    async def one(
        self, context: NamedDependency[Context], identity: NamedDependency[Identity], webhook_id: FromPath[UUID]
    ) -> Webhook:
        async with context.read() as session:
            return await webhooks.one(session, identity.owner, webhook_id)

    @patch(
        "/{webhook_id:uuid}", operation_id="changeWebhook", summary="Change a webhook", **token(Scope.WEBHOOKS_MANAGE)
    )
    async def change(
        self,
        context: NamedDependency[Context],
        identity: NamedDependency[Identity],
        webhook_id: FromPath[UUID],
        data: JSONBody[WebhookPatch],
    ) -> Webhook:
        """What is left out stays. It holds for what happens from now on."""
        async with context.write() as session:
            return await webhooks.change(session, identity.owner, webhook_id, data, context.settings.egress_allow)

    @delete(
        "/{webhook_id:uuid}", operation_id="removeWebhook", summary="Remove a webhook", **token(Scope.WEBHOOKS_MANAGE)
    )
    async def remove(
        self, context: NamedDependency[Context], identity: NamedDependency[Identity], webhook_id: FromPath[UUID]
    ) -> None:
        """With its deliveries. What is being sent at this moment may still arrive."""
        async with context.write() as session:
            await webhooks.remove(session, identity.owner, webhook_id)

    @get(
        "/{webhook_id:uuid}/deliveries",
        operation_id="listDeliveries",
        summary="List what was sent",
        **token(Scope.WEBHOOKS_MANAGE),
    )
    async def deliveries(
        self,
        context: NamedDependency[Context],
        identity: NamedDependency[Identity],
        webhook_id: FromPath[UUID],
        limit: Limit = USUAL,
        cursor: Cursor = None,
    ) -> Page[Delivery]:
        """What was and will be sent, newest first, each with its attempts."""
        async with context.read() as session:
            return await webhooks.deliveries(session, identity.owner, webhook_id, limit, cursor)
