"""`/v1/webhooks`: which events to send where, and what was sent."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Controller, Response, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, JSONBody, QueryParameter

from capacity_api.api.authorization import requires_token
from capacity_api.api.context import Context
from capacity_api.api.headers import created
from capacity_api.api.lists import Cursor, Limit, OwnerKey
from capacity_api.domain.events import EventType
from capacity_api.domain.tokens import Scope
from capacity_api.operations.paging import DEFAULT_LIMIT, Page
from capacity_api.operations.tokens import Identity
from capacity_api.operations.webhooks import deliveries, management, secrets
from capacity_api.operations.webhooks.deliveries import Delivery
from capacity_api.operations.webhooks.delivery_rows import DeliveryStatus
from capacity_api.operations.webhooks.management import EnabledWebhook, WebhookPatch, WebhookRequest
from capacity_api.operations.webhooks.webhook import Webhook, WebhookStatus, WebhookWithSecret, get_webhook_row

Statuses = Annotated[
    list[DeliveryStatus] | None, QueryParameter(description="The status of a delivery. Repeat it to allow several.")
]
EventTypes = Annotated[
    list[EventType] | None,
    QueryParameter(name="type", description="The type of an event. Repeat it to allow several."),
]
Status = Annotated[WebhookStatus | None, QueryParameter(description="Only webhooks with this status.")]
Replay = Annotated[bool, QueryParameter(description="Whether to send the events that it missed now.")]


class ReplayRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The number of the last event that is not sent again; 0 for the first event there is and all after it."""

    after: Annotated[int, msgspec.Meta(extra_json_schema={"minimum": 0})]


class WebhookTestRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The type of event to send an example of."""

    type: EventType = EventType.WEBHOOK_TEST


_PLAIN_TEST = WebhookTestRequest()


class WebhookController(Controller):
    path = "/v1/webhooks"
    tags = ("webhooks",)

    @post(
        operation_id="addWebhook",
        summary="Add a webhook",
        responses={200: ResponseSpec(WebhookWithSecret, description="You have this webhook already")},
        **requires_token(Scope.WEBHOOKS_MANAGE),
    )
    async def add(
        self, context: NamedDependency[Context], identity: NamedDependency[Identity], data: JSONBody[WebhookRequest]
    ) -> Response[WebhookWithSecret]:
        """Receive events from now on. `secret` is only in this response. `v1a` has `public_key` and no secret.

        If you have a webhook with the same `url`, `event_types`, `responders`, `areas`, `signature` and `stale`, the
        answer is 200 with that one as it stands, without its secret. An owner has at most 20 webhooks.
        """
        async with context.write(identity) as session:
            webhook, is_new = await management.add(
                session, context.now(), context.keys, identity.owner, data, context.settings.egress_allow
            )
        return created(webhook, f"/v1/webhooks/{webhook.id}") if is_new else Response(webhook, status_code=200)

    @get(operation_id="listWebhooks", summary="List your webhooks", **requires_token(Scope.WEBHOOKS_MANAGE))
    async def list_webhooks(
        self,
        context: NamedDependency[Context],
        identity: NamedDependency[Identity],
        owner: OwnerKey = None,
        status: Status = None,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> Page[Webhook]:
        """An administrator sees the webhooks of every owner, without their secrets."""
        async with context.read(identity) as session:
            return await management.list_webhooks(
                session, identity.owner, limit, cursor, owner_key=owner, status=status
            )

    @get(
        "/{webhook_id:uuid}",
        operation_id="readWebhook",
        summary="Read a webhook",
        **requires_token(Scope.WEBHOOKS_MANAGE),
    )
    async def get_webhook(
        self, context: NamedDependency[Context], identity: NamedDependency[Identity], webhook_id: FromPath[UUID]
    ) -> Webhook:
        async with context.read(identity) as session:
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
        """A field that is left out stays as it is. This applies to everything that has not been sent yet.

        `status` "disabled" stops the webhook, which keeps its place; "active" is the same as `…/enable`. An
        administrator may change the `status` of every webhook, and nothing else of those of other owners. What an
        administrator disabled, only an administrator enables.
        """
        async with context.write(identity) as session:
            return await management.change(
                session, context.now(), context.keys, identity.owner, webhook_id, data, context.settings.egress_allow
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
        async with context.write(identity) as session:
            await management.remove(session, context.now(), identity.owner, webhook_id)

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
        status: Statuses = None,
        event_types: EventTypes = None,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> Page[Delivery]:
        """What was sent or superseded in the last 30 days (or as the service is set up), newest event first.

        Each comes with its attempts.
        """
        async with context.read(identity) as session:
            webhook = await get_webhook_row(session, identity.owner, webhook_id)
            return await deliveries.list_deliveries(
                session, webhook, limit, cursor, statuses=status, event_types=event_types
            )

    @post(
        "/{webhook_id:uuid}/deliveries/{delivery_id:uuid}/resend",
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
        delivery_id: FromPath[UUID],
    ) -> Delivery:
        """Out of order, with the same `webhook-id`. A superseded event gets 409, unless `"stale"` is `"send"`."""
        async with context.write(identity) as session:
            webhook = await get_webhook_row(session, identity.owner, webhook_id, for_update=True)
            return await deliveries.resend(session, context.now(), identity.owner, webhook, delivery_id)

    @post(
        "/{webhook_id:uuid}/test",
        operation_id="testWebhook",
        summary="Send a test event",
        status_code=202,
        **requires_token(Scope.WEBHOOKS_MANAGE),
    )
    async def send_test(
        self,
        context: NamedDependency[Context],
        identity: NamedDependency[Identity],
        webhook_id: FromPath[UUID],
        data: JSONBody[WebhookTestRequest] = _PLAIN_TEST,
    ) -> Delivery:
        """An example of any event type, by default `webhook.test`, whatever the webhook subscribes to.

        Its `test` is true, its `sequence` null and its responder `example`. The deliveries of the webhook show the
        result.
        """
        async with context.write(identity) as session:
            webhook = await get_webhook_row(session, identity.owner, webhook_id, for_update=True)
            return await deliveries.send_test(session, context.now(), identity.owner, webhook, data.type)

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
    ) -> EnabledWebhook:
        """With `replay`, what it missed is sent in order. Without it that is not sent, but can be replayed later.

        Superseded events are left out, unless the webhook has `"stale": "send"`.
        """
        async with context.write(identity) as session:
            return await management.enable(
                session, context.now(), context.keys, identity.owner, webhook_id, replay=replay
            )

    @post(
        "/{webhook_id:uuid}/replay",
        operation_id="replayWebhook",
        summary="Send the events since a number again",
        status_code=202,
        **requires_token(Scope.WEBHOOKS_MANAGE),
    )
    async def replay(
        self,
        context: NamedDependency[Context],
        identity: NamedDependency[Identity],
        webhook_id: FromPath[UUID],
        data: JSONBody[ReplayRequest],
    ) -> Webhook:
        """In order, with the same `webhook-id`s and the current filters.

        Superseded events are left out, unless the webhook has `"stale": "send"`.
        """
        async with context.write(identity) as session:
            return await management.replay(session, context.now(), identity.owner, webhook_id, data.after)

    @post(
        "/{webhook_id:uuid}/rotate-secret",
        operation_id="rotateWebhookSecret",
        summary="Replace the secret",
        status_code=200,
        **requires_token(Scope.WEBHOOKS_MANAGE),
    )
    async def rotate_secret(
        self, context: NamedDependency[Context], identity: NamedDependency[Identity], webhook_id: FromPath[UUID]
    ) -> WebhookWithSecret:
        """The old secret also signs for 24 hours. `secret` is only in this response; `v1a` has none.

        An administrator does this for no other owner.
        """
        async with context.write(identity) as session:
            return await secrets.rotate(session, context.now(), context.keys, identity.owner, webhook_id)
