"""The OpenAPI document, which includes the middleware's error responses, and an HTML page that shows this document.

The page replaces FastAPI's own documentation pages, which load scripts from other hosts.
"""

from __future__ import annotations

import json
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse

from assistant.web.shared.rendering import render_page
from assistant.web.shared.site import Site

_PROBLEM_SCHEMA = {
    "type": "object", "title": "Problem", "description": "Problem details, RFC 9457.",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"}, "title": {"type": "string"}, "status": {"type": "integer"},
        "detail": {"type": "string"},
    },
}  # fmt: skip
_OPENAI_ERROR_SCHEMA = {
    "type": "object", "title": "OpenAIError", "description": "An error in OpenAI's format.", "required": ["error"],
    "properties": {"error": {
        "type": "object", "required": ["message", "type"],
        "properties": {
            "message": {"type": "string"}, "type": {"type": "string"},
            "code": {"type": ["string", "null"]}, "param": {"type": ["string", "null"]},
        },
    }},
}  # fmt: skip
_STATUS_DESCRIPTIONS = {
    "400": "the request is malformed or names an unknown host", "401": "not signed in, or the API key is unknown",
    "403": "the API key doesn't have the required scope, or the origin is not allowed", "404": "not found",
    "413": "the request is larger than 256 KB", "422": "the request is invalid",
    "429": "too many requests in a minute; see Retry-After", "503": "temporarily unavailable; see Retry-After",
}  # fmt: skip
_PROBLEM_TYPE, _JSON_TYPE = "application/problem+json", "application/json"


def add_openapi_page(app: FastAPI, site: Site) -> None:
    """Complete the OpenAPI document of `app`, and register the page `/api/`, which shows the document."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None or "Problem" not in app.openapi_schema["components"]["schemas"]:
            app.openapi_schema = _complete(generate())
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI documents this way of extending the document

    @app.get("/api/", response_class=HTMLResponse, include_in_schema=False)
    def api_page(request: Request) -> HTMLResponse:
        document = openapi()
        return render_page(site, request, "api.html", operations=_operations(document), types=_schemas(document))


def _complete(document: dict[str, Any]) -> dict[str, Any]:
    """Add security schemes and error responses to `document`, which is modified and returned."""
    schemas = document["components"]["schemas"]
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    schemas.update(Problem=_PROBLEM_SCHEMA, OpenAIError=_OPENAI_ERROR_SCHEMA)
    document["components"]["securitySchemes"] = {
        "key": {"type": "http", "scheme": "bearer", "description": "an API key, on servers that require one"}
    }
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            operation["security"] = [{}, {"key": []}]
            for status in _statuses(path, method, operation):
                media_type, schema = _error_format(path)
                content = {media_type: {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
                if path.startswith("/v1/"):  # here too, errors from the middleware are problem details
                    content[_PROBLEM_TYPE] = {"schema": {"$ref": "#/components/schemas/Problem"}}
                operation["responses"][status] = {"description": _STATUS_DESCRIPTIONS[status], "content": content}
    return document


def _statuses(path: str, method: str, operation: dict[str, Any]) -> list[str]:
    """Return every error status that the operation can respond with."""
    if path in {"/healthz", "/readyz"}:
        return []
    statuses = {"400", "401", "403", "429", "503"}
    if "requestBody" in operation:
        statuses |= {"413", "422"}
    if "parameters" in operation:
        statuses |= {"422"}
    if "{" in path or operation.get("tags") == ["feedback"]:
        statuses |= {"404"}
    if method in {"post", "delete"}:
        statuses |= {"413"}
    return sorted(statuses)


def _error_format(path: str) -> tuple[str, str]:
    """Return the media type and the schema name of a route's error responses."""
    return (_JSON_TYPE, "OpenAIError") if path.startswith("/v1/") else (_PROBLEM_TYPE, "Problem")


def _operations(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the data that the page shows for each operation. The operations are in the same order as in `document`."""
    rows = []
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            body = operation.get("requestBody", {}).get("content", {}).get(_JSON_TYPE, {}).get("schema", {})
            rows.append({
                "method": method.upper(), "path": path, "text": operation.get("description", ""),
                "parameters": operation.get("parameters", []), "body": _schema_name(body),
                "responses": [
                    (status, response["description"], [_schema_name(item.get("schema", {})) for item in contents])
                    for status, response in sorted(operation["responses"].items())
                    for contents in [response.get("content", {}).values()]
                ],
            })  # fmt: skip
    return rows


def _schemas(document: dict[str, Any]) -> dict[str, str]:
    """Return every schema as formatted JSON Schema text, by schema name, in alphabetical order."""
    schemas = document["components"]["schemas"]
    return {name: json.dumps(schemas[name], indent=2, ensure_ascii=False) for name in sorted(schemas)}


def _schema_name(schema: dict[str, Any]) -> str:
    return str(schema.get("$ref", "")).rpartition("/")[2]
