"""A Model Context Protocol server with tools for asking questions and reading sources.

Answers have the same fields as in the JSON API. The official SDK is installed with the optional extra `mcp`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from assistant import __version__
from assistant.conversation.assistant import Assistant
from assistant.conversation.question import MAX_HISTORY_TURNS, MAX_QUESTION_CHARACTERS
from assistant.errors import QuestionError, ServerStartError
from assistant.factory import make_assistant
from assistant.schema import Turn, answer_as_dict
from assistant.settings import Settings

if TYPE_CHECKING:
    from mcp.server.mcpserver import MCPServer

_INSTRUCTIONS = (
    "Answers questions over an organisation's documents with sentences quoted verbatim, each with its source. "
    "A verdict of unclear or not_covered means that no clear answer was found: don't answer from other knowledge."
)


def serve_mcp(settings: Settings, report: Callable[[str], None]) -> None:
    """Run the MCP server on standard input and output until the client disconnects.

    Raises:
        ServerStartError: the SDK isn't installed.
        ModelError, IndexStateError: see `make_assistant`.
    """
    server = make_mcp_server(make_assistant(settings, report))
    server.run("stdio")


def make_mcp_server(assistant: Assistant) -> MCPServer[Any]:
    """Return a server whose tools `ask` and `read_source` use `assistant`.

    Raises:
        ServerStartError: the SDK isn't installed.
    """
    try:
        from mcp.server.mcpserver import MCPServer
        from mcp.server.mcpserver.exceptions import ToolError
    except ImportError:
        raise ServerStartError("the Model Context Protocol SDK is not installed; run: pip install '.[mcp]'") from None
    server: MCPServer[Any] = MCPServer(
        "gms-assistant", version=__version__, instructions=_INSTRUCTIONS, log_level="WARNING"
    )

    @server.tool(structured_output=True)
    def ask(question: str, earlier_questions: list[str] | None = None) -> dict[str, Any]:
        """Answer a question in English or Swedish with cited sentences. Earlier questions provide context."""
        turns: list[Turn] = []
        for earlier_question in (earlier_questions or [])[-MAX_HISTORY_TURNS:]:
            shortened = earlier_question[:MAX_QUESTION_CHARACTERS]
            turns.append(Turn(shortened, assistant.resolve_question(shortened, turns)))
        try:
            return answer_as_dict(assistant.ask(question, turns))
        except QuestionError as error:
            raise ToolError(str(error)) from None

    @server.tool(structured_output=True)
    def read_source(document_id: str, start: int = 0, most_characters: int = 8000) -> dict[str, Any]:
        """Return text from a document cited in an answer, starting at the character offset `start`."""
        document = assistant.index.documents.get(document_id)
        if document is None:
            raise ToolError("no such document; use the document_id of a citation")
        offset = max(0, start)
        text = document.text[offset : offset + max(1, min(most_characters, 50_000))]
        return {
            "document_id": document_id, "title": document.title, "url": document.url, "language": document.language,
            "start": offset, "end": offset + len(text), "characters": len(document.text), "text": text,
        }  # fmt: skip

    return server
