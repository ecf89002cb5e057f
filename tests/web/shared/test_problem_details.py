from __future__ import annotations

import json

from assistant.web.shared.problem_details import problem_details, problem_response


def test_problem_has_the_members_of_rfc_9457() -> None:
    assert problem_details(404, "Not found", "no such passage") == {
        "type": "about:blank",
        "title": "Not found",
        "status": 404,
        "detail": "no such passage",
    }


def test_problem_response_has_status_media_type_and_headers() -> None:
    response = problem_response(429, "Too many requests", "wait", {"Retry-After": "30"})
    assert response.status_code == 429
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["retry-after"] == "30"
    assert json.loads(bytes(response.body)) == problem_details(429, "Too many requests", "wait")
