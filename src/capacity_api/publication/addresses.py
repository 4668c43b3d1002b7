"""Which paths are for programs. Every other one is for people: its query is ignored, and its errors can be pages."""

from capacity_api.asgi import Scope

# Where the route of the forms finds the path that a form was posted to.
FORM_PATH = "capacity_api.form_path"
_FOR_PROGRAMS = ("/v1", "/open-referral-uk", "/openapi.json", "/metrics", "/healthz", "/readyz")
_BELOW_THEM = tuple(f"{path}/" for path in _FOR_PROGRAMS)


def is_for_programs(path: str) -> bool:
    """Whether a path, as it was sent, belongs to the API and not to the pages."""
    return path in _FOR_PROGRAMS or path.startswith(_BELOW_THEM)


def sent_path(scope: Scope) -> str:
    """The path as it was sent: what stands in it percent-encoded is not another spelling."""
    raw_path: bytes = scope.get("raw_path") or scope["path"].encode()
    return raw_path.partition(b"?")[0].decode("latin-1")
