"""`/v1/webhooks`: who is told, where, and what became of it."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Controller, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter

from capacity_api.api.authorization import token
from capacity_api.api.context import Context
from capacity_api.api.lists import Cursor, Limit
from capacity_api.domain.tokens import Scope
from capacity_api.operations import deliveries, webhooks
from capacity_api.operations.deliveries import Delivery
from capacity_api.operations.paging import USUAL, Page
from capacity_api.operations.tokens import Identity
from capacity_api.operations.webhooks import NewWebhook, Webhook, WebhookEnabled, WebhookPatch

Replay = Annotated[bool, QueryParameter(description="Whether what was missed is sent now.")]


class ReplaySince(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything behind the event with this sequence number; 0 for everything there is."""

    after: int


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
        """What is left out stays. It holds for everything that has not been sent yet."""
        async with context.write() as session:
            return await webhooks.change(
                session, context.now(), identity.owner, webhook_id, data, context.settings.egress_allow
            )

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
        """What was sent or passed over in the last 30 days, newest event first, each with its attempts."""
        async with context.read() as session:
            webhook = await webhooks.held(session, identity.owner, webhook_id)
            return await deliveries.listed(session, webhook, limit, cursor)

    @post(
        "/{webhook_id:uuid}/deliveries/{event_id:uuid}/resend",
        operation_id="resendDelivery",
        summary="Send a delivery again",
        status_code=202,
        **token(Scope.WEBHOOKS_MANAGE),
    )
    async def resend(
        self,
        context: NamedDependency[Context],
        identity: NamedDependency[Identity],
        webhook_id: FromPath[UUID],
        event_id: FromPath[UUID],
    ) -> Delivery:
        """Beside the order, under the same `webhook-id`. One that tells what no longer holds is refused, with 409."""
        async with context.write() as session:
            webhook = await webhooks.held(session, identity.owner, webhook_id, to_change=True)
            return await deliveries.resend(session, context.now(), webhook, event_id)

    @post(
        "/{webhook_id:uuid}/test",
        operation_id="testWebhook",
        summary="Send a test event",
        status_code=202,
        **token(Scope.WEBHOOKS_MANAGE),
    )
    async def test(
        self, context: NamedDependency[Context], identity: NamedDependency[Identity], webhook_id: FromPath[UUID]
    ) -> Delivery:
        """A private `webhook.test`, whatever the webhook subscribes to. What comes of it stands in its deliveries."""
        async with context.write() as session:
            webhook = await webhooks.held(session, identity.owner, webhook_id, to_change=True)
            return await deliveries.test(session, context.now(), webhook)

    @post(
        "/{webhook_id:uuid}/enable",
        operation_id="enableWebhook",
        summary="Enable a webhook that was disabled",
        status_code=200,
        **token(Scope.WEBHOOKS_MANAGE),
    )
    async def enable(
        self,
        context: NamedDependency[Context],
        identity: NamedDependency[Identity],
        webhook_id: FromPath[UUID],
        replay: Replay = True,
    ) -> WebhookEnabled:
        """What it missed is sent, in order and without what no longer holds; or not, and can be replayed later."""
        async with context.write() as session:
            return await webhooks.enable(
                session, context.now(), context.keys, identity.owner, webhook_id, replay=replay
            )

    @post(
        "/{webhook_id:uuid}/replay",
        operation_id="replayWebhook",
        summary="Send everything since an event again",
        status_code=202,
        **token(Scope.WEBHOOKS_MANAGE),
    )
    async def replay(
        self,
        context: NamedDependency[Context],
        identity: NamedDependency[Identity],
        webhook_id: FromPath[UUID],
        data: JSONBody[ReplaySince],
    ) -> Webhook:
        """In order, under the same `webhook-id`s, as the filters are now, and without what no longer holds."""
        async with context.write() as session:
            return await webhooks.replay(session, identity.owner, webhook_id, data.after)

    @post(
        "/{webhook_id:uuid}/rotate-secret",
        operation_id="rotateWebhookSecret",
        summary="Replace the secret",
        status_code=200,
        **token(Scope.WEBHOOKS_MANAGE),
    )
    async def rotate_secret(
        self, context: NamedDependency[Context], identity: NamedDependency[Identity], webhook_id: FromPath[UUID]
    ) -> Webhook:
        """The old one goes on signing beside the new one for 24 hours. `secret` is shown in this answer alone."""
        async with context.write() as session:
            return await webhooks.rotate_secret(session, context.now(), context.keys, identity.owner, webhook_id)
