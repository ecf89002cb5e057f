"""An ASGI app that describes each request in its response, so that middleware can be tested on its own."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from assistant.web.shared.identity import request_identity


async def echo_app(scope: Scope, receive: Receive, send: Send) -> None:
    """Respond with a JSON object that contains the request's path, client, scheme, headers, body and identity."""
    request = Request(scope, receive)
    identity = request_identity(scope)
    report = {
        "path": scope["path"],
        "root_path": scope.get("root_path", ""),
        "client": (scope.get("client") or [None])[0],
        "scheme": scope["scheme"],
        "headers": dict(request.headers),
        "body": (await request.body()).decode(),
        "name": identity.user_name,
        "owner": identity.is_document_owner,
        "signed_in": identity.is_signed_in,
        "key": identity.api_key.name if identity.api_key else None,
    }
    await JSONResponse(report)(scope, receive, send)
