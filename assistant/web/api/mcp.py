"""Tools for other programs over the Model Context Protocol: to ask, and to read a source.

What comes back is the Answer of every other channel. The official SDK is an optional extra (`mcp`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from assistant import __version__
from assistant.conversation.assistant import Assistant
from assistant.conversation.question import MAX_HISTORY_TURNS, MAX_QUESTION_CHARACTERS
from assistant.errors import QuestionError, ServerError
from assistant.factory import make_assistant
from assistant.schema import Turn, answer_as_dict
from assistant.settings import Settings

if TYPE_CHECKING:
    from mcp.server.mcpserver import MCPServer

_INSTRUCTIONS = (
    "Answers questions over an organisation's own texts with sentences of these texts, word for word, each with "
    "its source. A verdict of unclear or not_covered means that the texts don't say: don't answer from elsewhere."
)


def serve_mcp(settings: Settings, report: Callable[[str], None]) -> None:
    """Serve on standard input and output until the client goes away.

    Raises:
        ServerError: the SDK isn't installed.
        ModelError, IndexStateError: see `make_assistant`.
    """
    server = make_mcp_server(make_assistant(settings, report))
    server.run("stdio")


def make_mcp_server(assistant: Assistant) -> MCPServer[Any]:
    """A server with the tools `ask` and `read_source` over `assistant`.

    Raises:
        ServerError: the SDK isn't installed.
    """
    try:
        from mcp.server.mcpserver import MCPServer
        from mcp.server.mcpserver.exceptions import ToolError
    except ImportError:
        raise ServerError("the Model Context Protocol SDK is not installed; run: pip install '.[mcp]'") from None
    server: MCPServer[Any] = MCPServer(
        "gms-assistant", version=__version__, instructions=_INSTRUCTIONS, log_level="WARNING"
    )

    @server.tool(structured_output=True)
    def ask(question: str, earlier_questions: list[str] | None = None) -> dict[str, Any]:
        """Answer a question, in English or Swedish, with cited sentences; earlier questions give context."""
        turns: list[Turn] = []
        for earlier in (earlier_questions or [])[-MAX_HISTORY_TURNS:]:
            earlier = earlier[:MAX_QUESTION_CHARACTERS]
            turns.append(Turn(earlier, assistant.resolve_question(earlier, turns)))
        try:
            return answer_as_dict(assistant.ask(question, turns))
        except QuestionError as error:
            raise ToolError(str(error)) from None

    @server.tool(structured_output=True)
    def read_source(document_id: str, start: int = 0, most_characters: int = 8000) -> dict[str, Any]:
        """The text of a document that an answer cites, from a character on."""
        document = assistant.index.documents.get(document_id)
        if document is None:
            raise ToolError("no such document; take document_id from a citation of an answer")
        begin = max(0, start)
        text = document.text[begin : begin + max(1, min(most_characters, 50_000))]
        return {
            "document_id": document_id, "title": document.title, "url": document.url, "language": document.language,
            "start": begin, "end": begin + len(text), "characters": len(document.text), "text": text,
        }  # fmt: skip

    return server
