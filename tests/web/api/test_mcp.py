"""Tests of the Model Context Protocol interface with the official client, in memory and with a server process."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, StdioServerParameters

from assistant.conversation.assistant import Assistant
from assistant.errors import ServerStartError
from assistant.web.api.mcp import make_mcp_server
from tests.conftest import CACHE, ROOT, TEXT
from tests.servers import run_coroutine
from tests.web.api.conftest import QUESTION


def call_tool(server: Any, tool: str, **arguments: Any) -> Any:
    async def call() -> Any:
        async with Client(server) as client:
            return await client.call_tool(tool, arguments)

    return run_coroutine(call())


def test_tools_are_listed_with_their_parameters(small_assistant: Assistant) -> None:
    async def list_tools() -> Any:
        async with Client(make_mcp_server(small_assistant)) as client:
            return (await client.list_tools()).tools

    tools = {tool.name: tool for tool in run_coroutine(list_tools())}
    assert tools.keys() == {"ask", "read_source"}
    assert tools["ask"].input_schema["required"] == ["question"]
    assert tools["read_source"].input_schema["properties"].keys() == {"document_id", "start", "most_characters"}


def test_answer_equals_the_in_process_answer(small_assistant: Assistant) -> None:
    result = call_tool(make_mcp_server(small_assistant), "ask", question=QUESTION).structured_content
    answer = small_assistant.ask(QUESTION)
    assert (result["verdict"], result["answer"]) == ("answered", answer.answer)
    assert [item["quote"] for item in result["citations"]] == [item.quote for item in answer.citations]


def test_follow_up_is_resolved_from_earlier_questions(small_assistant: Assistant) -> None:
    earlier = ["What does the Alpha Institute develop?"]
    server = make_mcp_server(small_assistant)
    result = call_tool(server, "ask", question="When was it founded?", earlier_questions=earlier)
    assert result.structured_content["resolved_question"] == "When was Alpha Institute founded?"


def test_refusal_has_no_citations(small_assistant: Assistant) -> None:
    result = call_tool(make_mcp_server(small_assistant), "ask", question="zebra xylophone").structured_content
    assert (result["verdict"], result["citations"]) == ("not_covered", [])


def test_source_is_read_from_an_offset(small_assistant: Assistant) -> None:
    citation = small_assistant.ask(QUESTION).citations[0]
    result = call_tool(
        make_mcp_server(small_assistant), "read_source", document_id=citation.document_id, start=citation.start,
        most_characters=len(citation.quote),
    ).structured_content  # fmt: skip
    assert (result["text"], result["characters"]) == (citation.quote, len(TEXT))


@pytest.mark.parametrize("document_id", ["../../etc/passwd", "", "unknown"])
def test_unknown_document_is_an_error(small_assistant: Assistant, document_id: str) -> None:
    result = call_tool(make_mcp_server(small_assistant), "read_source", document_id=document_id)
    assert result.is_error
    assert "no such document" in result.content[0].text


def test_invalid_question_is_an_error(small_assistant: Assistant) -> None:
    assert call_tool(make_mcp_server(small_assistant), "ask", question="?!").is_error


def test_missing_sdk_is_a_server_error(small_assistant: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mcp.server.mcpserver", None)
    with pytest.raises(ServerStartError, match="pip install"):
        make_mcp_server(small_assistant)


@pytest.mark.real
def test_command_serves_over_standard_input_and_output(tmp_path: Path) -> None:
    from assistant.cli.main import main

    options = ["--corpus", str(ROOT / "corpus"), "--index", str(tmp_path / "index")]
    environment = {**os.environ, "ASSISTANT_CACHE": str(CACHE)}
    assert main(["index", *options]) == 0
    process = StdioServerParameters(
        command=sys.executable, args=["-m", "assistant", "mcp", *options], env=environment, cwd=str(ROOT)
    )
    result = call_tool(process, "ask", question="What is NBIS?").structured_content
    assert result["citations"][0]["quote"].endswith("such as the National Bioinformatics Infrastructure (NBIS).")
