from tests.wording.languages import invented_language

__all__ = ["invented_language"]
