"""`/v1/webhooks`: which events to send where, and what was sent."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Controller, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter

from capacity_api.api.authorization import requires_token
from capacity_api.api.context import Context
from capacity_api.api.lists import Cursor, Limit
from capacity_api.domain.tokens import Scope
from capacity_api.operations.paging import DEFAULT_LIMIT, Page
from capacity_api.operations.tokens import Identity
from capacity_api.operations.webhooks import deliveries, management, secrets
from capacity_api.operations.webhooks.deliveries import Delivery
from capacity_api.operations.webhooks.management import NewWebhook, WebhookEnabled, WebhookPatch
from capacity_api.operations.webhooks.webhook import Webhook, get_webhook_row

Replay = Annotated[bool, QueryParameter(description="Whether to send the events that it missed now.")]


class ReplaySince(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything after the event with this sequence number; 0 for everything there is."""

    after: int


class WebhookController(Controller):
    path = "/v1/webhooks"
    tags = ("webhooks",)

    @post(operation_id="addWebhook", summary="Add a webhook", **requires_token(Scope.WEBHOOKS_MANAGE))
    async def add(
        self, context: NamedDependency[Context], identity: NamedDependency[Identity], data: JSONBody[NewWebhook]
    ) -> Webhook:
        """Receive events from now on. `secret` is only in this response."""
        async with context.write() as session:
            return await management.add(
                session, context.now(), context.keys, identity.owner, data, context.settings.egress_allow
            )

    @get(operation_id="listWebhooks", summary="List your webhooks", **requires_token(Scope.WEBHOOKS_MANAGE))
    async def list_webhooks(
        self,
        context: NamedDependency[Context],
        identity: NamedDependency[Identity],
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> Page[Webhook]:
        async with context.read() as session:
            return await management.list_webhooks(session, identity.owner, limit, cursor)

    @get(
        "/{webhook_id:uuid}",
        operation_id="readWebhook",
        summary="Read a webhook",
        **requires_token(Scope.WEBHOOKS_MANAGE),
    )
    async def get_webhook(
        self, context: NamedDependency[Context], identity: NamedDependency[Identity], webhook_id: FromPath[UUID]
    ) -> Webhook:
        async with context.read() as session:
            return await management.get_webhook(session, identity.owner, webhook_id)

    @patch(
        "/{webhook_id:uuid}",
        operation_id="changeWebhook",
        summary="Change a webhook",
        **requires_token(Scope.WEBHOOKS_MANAGE),
    )
    async def change(
        self,
        context: NamedDependency[Context],
        identity: NamedDependency[Identity],
        webhook_id: FromPath[UUID],
        data: JSONBody[WebhookPatch],
    ) -> Webhook:
        """A field that is left out stays as it is. This applies to everything that has not been sent yet."""
        async with context.write() as session:
            return await management.change(
                session, context.now(), identity.owner, webhook_id, data, context.settings.egress_allow
            )

    @delete(
        "/{webhook_id:uuid}",
        operation_id="removeWebhook",
        summary="Remove a webhook",
        **requires_token(Scope.WEBHOOKS_MANAGE),
    )
    async def remove(
        self, context: NamedDependency[Context], identity: NamedDependency[Identity], webhook_id: FromPath[UUID]
    ) -> None:
        """With its deliveries. A message that is being sent now may still arrive."""
        async with context.write() as session:
            await management.remove(session, identity.owner, webhook_id)

    @get(
        "/{webhook_id:uuid}/deliveries",
        operation_id="listDeliveries",
        summary="List what was sent",
        **requires_token(Scope.WEBHOOKS_MANAGE),
    )
    async def list_deliveries(
        self,
        context: NamedDependency[Context],
        identity: NamedDependency[Identity],
        webhook_id: FromPath[UUID],
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> Page[Delivery]:
        """What was sent or superseded in the last 30 days, newest event first, each with its attempts."""
        async with context.read() as session:
            webhook = await get_webhook_row(session, identity.owner, webhook_id)
            return await deliveries.list_deliveries(session, webhook, limit, cursor)

    @post(
        "/{webhook_id:uuid}/deliveries/{event_id:uuid}/resend",
        operation_id="resendDelivery",
        summary="Send a delivery again",
        status_code=202,
        **requires_token(Scope.WEBHOOKS_MANAGE),
    )
    async def resend(
        self,
        context: NamedDependency[Context],
        identity: NamedDependency[Identity],
        webhook_id: FromPath[UUID],
        event_id: FromPath[UUID],
    ) -> Delivery:
        """Out of order, with the same `webhook-id`. A superseded event gets 409, unless `"stale"` is `"send"`."""
        async with context.write() as session:
            webhook = await get_webhook_row(session, identity.owner, webhook_id, for_update=True)
            return await deliveries.resend(session, context.now(), webhook, event_id)

    @post(
        "/{webhook_id:uuid}/test",
        operation_id="testWebhook",
        summary="Send a test event",
        status_code=202,
        **requires_token(Scope.WEBHOOKS_MANAGE),
    )
    async def send_test(
        self, context: NamedDependency[Context], identity: NamedDependency[Identity], webhook_id: FromPath[UUID]
    ) -> Delivery:
        """A private `webhook.test`, whatever the webhook subscribes to. Its deliveries show the result."""
        async with context.write() as session:
            webhook = await get_webhook_row(session, identity.owner, webhook_id, for_update=True)
            return await deliveries.send_test(session, context.now(), webhook)

    @post(
        "/{webhook_id:uuid}/enable",
        operation_id="enableWebhook",
        summary="Enable a webhook that was disabled",
        status_code=200,
        **requires_token(Scope.WEBHOOKS_MANAGE),
    )
    async def enable(
        self,
        context: NamedDependency[Context],
        identity: NamedDependency[Identity],
        webhook_id: FromPath[UUID],
        replay: Replay = True,
    ) -> WebhookEnabled:
        """With `replay`, what it missed is sent in order. Without it that is not sent, but can be replayed later.

        Superseded events are left out, unless the webhook has `"stale": "send"`.
        """
        async with context.write() as session:
            return await management.enable(
                session, context.now(), context.keys, identity.owner, webhook_id, replay=replay
            )

    @post(
        "/{webhook_id:uuid}/replay",
        operation_id="replayWebhook",
        summary="Send everything since an event again",
        status_code=202,
        **requires_token(Scope.WEBHOOKS_MANAGE),
    )
    async def replay(
        self,
        context: NamedDependency[Context],
        identity: NamedDependency[Identity],
        webhook_id: FromPath[UUID],
        data: JSONBody[ReplaySince],
    ) -> Webhook:
        """In order, with the same `webhook-id`s and the current filters.

        Superseded events are left out, unless the webhook has `"stale": "send"`.
        """
        async with context.write() as session:
            return await management.replay(session, identity.owner, webhook_id, data.after)

    @post(
        "/{webhook_id:uuid}/rotate-secret",
        operation_id="rotateWebhookSecret",
        summary="Replace the secret",
        status_code=200,
        **requires_token(Scope.WEBHOOKS_MANAGE),
    )
    async def rotate_secret(
        self, context: NamedDependency[Context], identity: NamedDependency[Identity], webhook_id: FromPath[UUID]
    ) -> Webhook:
        """The old secret also signs for 24 hours. `secret` is only in this response."""
        async with context.write() as session:
            return await secrets.rotate(session, context.now(), context.keys, identity.owner, webhook_id)
