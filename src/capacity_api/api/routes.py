"""Every route of the API, and the dependencies of its handlers."""

from collections.abc import Mapping, Sequence

from litestar import Controller
from litestar.di import Provide
from litestar.types import ControllerRouterHandler, Scope

from capacity_api.api.audit import AuditController
from capacity_api.api.authorization import provide_client, provide_identity
from capacity_api.api.context import Context
from capacity_api.api.coverage import CoverageController
from capacity_api.api.directory import DirectoryController
from capacity_api.api.disputes import DisputeController
from capacity_api.api.evidence import EvidenceController, TranslatedEvidenceController
from capacity_api.api.formats.atom import FeedController
from capacity_api.api.formats.csv import DirectoryTableController
from capacity_api.api.formats.open_referral import OpenReferralController
from capacity_api.api.formats.rpde import ChangesFeedController
from capacity_api.api.formats.statistics import StatisticsTableController
from capacity_api.api.health import HealthController
from capacity_api.api.intake import IntakeController
from capacity_api.api.links import LinkController
from capacity_api.api.mail import MailController
from capacity_api.api.matches import MatchController
from capacity_api.api.metrics import Metrics
from capacity_api.api.owners import OwnerController
from capacity_api.api.pages import PageController
from capacity_api.api.people import PeopleController
from capacity_api.api.redactions import RedactionController
from capacity_api.api.reminders import ReminderController
from capacity_api.api.responders import ResponderController
from capacity_api.api.sign_in import SignInController
from capacity_api.api.statistics import StatisticsController
from capacity_api.api.threshold import ThresholdController
from capacity_api.api.tokens import TokenController
from capacity_api.api.webhooks import WebhookController
from capacity_api.formats.format import Format
from capacity_api.formats.registry import FORMATS
from capacity_api.publication.readiness import Readiness

_CORE: tuple[ControllerRouterHandler, ...] = (
    DirectoryController,
    CoverageController,
    ResponderController,
    RedactionController,
    MatchController,
    StatisticsController,
    DisputeController,
    ReminderController,
    IntakeController,
    ThresholdController,
    WebhookController,
    TokenController,
    PeopleController,
    LinkController,
    SignInController,
    AuditController,
    OwnerController,
    MailController,
    HealthController,
    PageController,
    EvidenceController,
    TranslatedEvidenceController,
)
# The controller of each output format, by its name.
_BY_FORMAT: Mapping[str, type[Controller]] = {
    "csv": DirectoryTableController,
    "atom": FeedController,
    "rpde": ChangesFeedController,
    "open_referral": OpenReferralController,
    "statistics": StatisticsTableController,
}


def routes(formats: Sequence[Format] = FORMATS) -> list[ControllerRouterHandler]:
    """The routes of a service with these output formats."""
    return [*_CORE, *(_BY_FORMAT[output.name] for output in formats)]


def _context(scope: Scope) -> Context:
    context: Context = scope["state"]["context"]
    return context


def _metrics(scope: Scope) -> Metrics:
    metrics: Metrics = scope["state"]["metrics"]
    return metrics


def _readiness(scope: Scope) -> Readiness:
    readiness: Readiness = scope["state"]["readiness"]
    return readiness


DEPENDENCIES = {
    "context": Provide(_context, sync_to_thread=False),
    "metrics": Provide(_metrics, sync_to_thread=False),
    "readiness": Provide(_readiness, sync_to_thread=False),
    "client": Provide(provide_client, sync_to_thread=False),
    "identity": Provide(provide_identity, sync_to_thread=False),
}
