from __future__ import annotations

from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.types import Message

from assistant.web.middleware.chat_page_rewriting import rewrite_chat_page, without_accept_encoding
from tests.servers import run_coroutine

PAGE = (
    '<html lang="en"><head><script src="a.js"></script></head>'
    "<body><gradio-app>chat</gradio-app><script>run()</script></body></html>"
)
FRAME = ("<style></style><script>frame()</script>", "<h1>å</h1>", "<footer></footer>")


def rewrite(body: Sequence[bytes], status: int = 200) -> tuple[Headers, str, list[Message]]:
    """Rewrite a response whose body is sent in parts. Return the new headers, the new body and all messages sent."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def respond() -> None:
        rewriting = rewrite_chat_page(send, "n0", "sv", "the policy", lambda: FRAME)
        await rewriting({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"1")]})
        for number, part in enumerate(body, start=1):
            await rewriting({"type": "http.response.body", "body": part, "more_body": number < len(body)})

    run_coroutine(respond())
    return Headers(raw=sent[0]["headers"]), sent[1]["body"].decode(), sent


def test_the_language_nonces_and_frame_are_inserted() -> None:
    headers, page, sent = rewrite([PAGE[:50].encode(), PAGE[50:].encode()])
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert page.startswith(
        "<html lang=\"sv\"><head><script nonce=\"n0\">for (const [key, value] of [['language', 'sv']"
    )
    assert '<script nonce="n0" src="a.js"></script>' in page
    assert '<script nonce="n0">run()</script>' in page
    assert "<h1>å</h1><gradio-app>chat</gradio-app><footer></footer>" in page
    assert headers["content-length"] == str(len(page.encode()))
    assert headers["cache-control"] == "no-store"
    assert headers["content-security-policy"] == "the policy"


def test_scripts_of_the_frame_get_no_nonce() -> None:
    _, page, _ = rewrite([PAGE.encode()])
    assert "<script>frame()</script></head>" in page


def test_other_responses_keep_their_body() -> None:
    headers, page, _ = rewrite([b"<script>", b"</script>"], status=303)
    assert page == "<script></script>"
    assert headers["content-security-policy"] == "the policy"


def test_server_extensions_are_passed_on_at_once() -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    hint = {"type": "http.response.early_hint", "links": []}
    run_coroutine(rewrite_chat_page(send, "n0", "sv", "the policy", lambda: FRAME)(hint))  # type: ignore[arg-type]
    assert sent == [hint]


def test_only_accept_encoding_is_removed_from_the_request() -> None:
    scope = {"type": "http", "path": "/chat/", "headers": [(b"accept-encoding", b"gzip"), (b"accept", b"*/*")]}
    assert without_accept_encoding(scope) == {"type": "http", "path": "/chat/", "headers": [(b"accept", b"*/*")]}
    assert len(scope["headers"]) == 2
