"""The OpenAPI document, complete with every answer that stands before a route, and a page that shows it.

The page is plain HTML of our own: the usual ones load their scripts from other hosts.
"""

from __future__ import annotations

import json
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse

from assistant.web.site.rendering import render_page
from assistant.web.site.site import Site

_PROBLEM = {
    "type": "object", "title": "Problem", "description": "Problem details, RFC 9457.",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"}, "title": {"type": "string"}, "status": {"type": "integer"},
        "detail": {"type": "string"},
    },
}  # fmt: skip
_OPENAI_ERROR = {
    "type": "object", "title": "OpenAIError", "description": "An error in OpenAI's shape.", "required": ["error"],
    "properties": {"error": {
        "type": "object", "required": ["message", "type"],
        "properties": {
            "message": {"type": "string"}, "type": {"type": "string"},
            "code": {"type": ["string", "null"]}, "param": {"type": ["string", "null"]},
        },
    }},
}  # fmt: skip
_REASONS = {
    "400": "the request can't be read, or names another host", "401": "nobody is named, or by a key that isn't known",
    "403": "a key for something else, or a page of an origin that isn't listed", "404": "there is no such thing",
    "413": "more than 256 KB", "422": "the request doesn't fit", "429": "too many in a minute; see Retry-After",
    "503": "not at the moment; see Retry-After",
}  # fmt: skip
_PROBLEM_KIND, _JSON = "application/problem+json", "application/json"


def add_openapi(app: FastAPI, site: Site) -> None:
    """Make the document of `app` complete, and add the page `/api/` that shows it."""
    plain = app.openapi

    def complete() -> dict[str, Any]:
        if app.openapi_schema is None or "Problem" not in app.openapi_schema["components"]["schemas"]:
            app.openapi_schema = _complete(plain())
        return app.openapi_schema

    app.openapi = complete  # type: ignore[method-assign]  # FastAPI's documented way to extend it

    @app.get("/api/", response_class=HTMLResponse, include_in_schema=False)
    def interface(request: Request) -> HTMLResponse:
        document = complete()
        return render_page(site, request, "interface.html", operations=_operations(document), types=_types(document))


def _complete(document: dict[str, Any]) -> dict[str, Any]:
    schemas = document["components"]["schemas"]
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    schemas.update(Problem=_PROBLEM, OpenAIError=_OPENAI_ERROR)
    document["components"]["securitySchemes"] = {
        "key": {"type": "http", "scheme": "bearer", "description": "a key of this server, where it asks for one"}
    }
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            operation["security"] = [{}, {"key": []}]
            for status in _statuses(path, method, operation):
                kind, schema = _error(path)
                content = {kind: {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
                if path.startswith("/v1/"):  # what stands before the routes speaks in problem details
                    content[_PROBLEM_KIND] = {"schema": {"$ref": "#/components/schemas/Problem"}}
                operation["responses"][status] = {"description": _REASONS[status], "content": content}
    return document


def _statuses(path: str, method: str, operation: dict[str, Any]) -> list[str]:
    """Every status but success that a request can be answered with."""
    if path in {"/healthz", "/readyz"}:
        return []
    found = {"400", "401", "403", "429", "503"}
    if "requestBody" in operation:
        found |= {"413", "422"}
    if "parameters" in operation:
        found |= {"422"}
    if "{" in path or operation.get("tags") == ["feedback"]:
        found |= {"404"}
    if method in {"post", "delete"}:
        found |= {"413"}
    return sorted(found)


def _error(path: str) -> tuple[str, str]:
    """Media type and schema of what a route itself refuses with."""
    return (_JSON, "OpenAIError") if path.startswith("/v1/") else (_PROBLEM_KIND, "Problem")


def _operations(document: dict[str, Any]) -> list[dict[str, Any]]:
    """What the page shows of each operation, in the order of the document."""
    shown = []
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            body = operation.get("requestBody", {}).get("content", {}).get(_JSON, {}).get("schema", {})
            shown.append({
                "method": method.upper(), "path": path, "text": operation.get("description", ""),
                "parameters": operation.get("parameters", []), "body": _name(body),
                "responses": [
                    (status, response["description"], [_name(item.get("schema", {})) for item in kinds])
                    for status, response in sorted(operation["responses"].items())
                    for kinds in [response.get("content", {}).values()]
                ],
            })  # fmt: skip
    return shown


def _types(document: dict[str, Any]) -> dict[str, str]:
    """Every type by its name, as JSON Schema."""
    schemas = document["components"]["schemas"]
    return {name: json.dumps(schemas[name], indent=2, ensure_ascii=False) for name in sorted(schemas)}


def _name(schema: dict[str, Any]) -> str:
    return str(schema.get("$ref", "")).rpartition("/")[2]
