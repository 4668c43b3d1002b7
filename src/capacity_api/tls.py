"""TLS of what this service opens itself: webhooks and mail."""

import ssl

import certifi


def client_context() -> ssl.SSLContext:
    """A context that checks the certificate and the name. It trusts certifi's authorities, whatever the environment
    says.
    """
    return ssl.create_default_context(cafile=certifi.where())
