"""What a command says after it changed a contact: whose word the page takes it for."""

from capacity_api.domain.contact import ContactSource


def whose_word(source: ContactSource | None) -> str:
    """Whom the page names as the source, and which options put that right."""
    if source is None:
        return (
            "the page shows this as the responder's own contact; --source-name and --source-url say where you found it"
        )
    return (
        f"the page says that this is from {source.name}, on {source.checked_on}; --source-checked-on, or --no-source "
        "if the responder itself told you, puts that right"
    )
