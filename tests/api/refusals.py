"""What every refusal looks like (RFC 9457), wherever it comes from."""

import httpx

FIELDS = {"type", "title", "status", "detail", "code", "request_id"}


def assert_refused(answer: httpx.Response, status: int, code: str, *pointers: str, what: object = None) -> None:
    """A whole problem document with this status and code, and with exactly these pointers where any are named."""
    context = (what, answer.request.method, answer.request.url.raw_path, answer.status_code, answer.text)
    assert answer.headers["content-type"] == "application/problem+json", context
    problem = answer.json()
    assert (answer.status_code, problem["status"], problem["code"]) == (status, status, code), context
    assert set(problem) - {"errors"} == FIELDS, context
    assert problem["type"].endswith(f"#problem-{code}"), context
    assert all(problem[field] for field in FIELDS), context
    assert answer.headers["cache-control"] == "no-store", context
    assert answer.headers["x-request-id"] == problem["request_id"], context
    # No page of another origin may read what is for operators alone.
    assert answer.headers.get_list("access-control-allow-origin") in (["*"], []), context
    assert ("www-authenticate" in answer.headers) == (status == 401), context
    for error in problem.get("errors", []):
        assert set(error) == {"pointer", "detail"}, context
        assert error["detail"], context
    if pointers:
        assert [error["pointer"] for error in problem["errors"]] == list(pointers), context
