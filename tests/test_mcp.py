"""The Model Context Protocol, spoken by the official client: in memory, and with the command as a process."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, StdioServerParameters

from assistant.conversation.assistant import Assistant
from assistant.web.api.mcp import make_mcp_server
from tests.conftest import CACHE, ROOT, TEXT

QUESTION = "When was the Alpha Institute founded in Lund?"


def apart(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run in a thread of its own: the browser's driver keeps a loop running in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()


def call(server: Any, tool: str, **arguments: Any) -> Any:
    async def run() -> Any:
        async with Client(server) as client:
            return await client.call_tool(tool, arguments)

    return apart(run())


def test_the_tools_are_listed_with_what_they_take(small_assistant: Assistant) -> None:
    async def run() -> Any:
        async with Client(make_mcp_server(small_assistant)) as client:
            return (await client.list_tools()).tools

    tools = {tool.name: tool for tool in apart(run())}
    assert tools.keys() == {"ask", "read_source"}
    assert tools["ask"].input_schema["required"] == ["question"]


def test_an_answer_is_the_same_object_with_its_citations(small_assistant: Assistant) -> None:
    found = call(make_mcp_server(small_assistant), "ask", question=QUESTION).structured_content
    inside = small_assistant.ask(QUESTION)
    assert (found["verdict"], found["answer"]) == ("answered", inside.answer)
    assert [item["quote"] for item in found["citations"]] == [item.quote for item in inside.citations]


def test_a_follow_up_leans_on_the_questions_before_it(small_assistant: Assistant) -> None:
    earlier = ["What does the Alpha Institute develop?"]
    found = call(make_mcp_server(small_assistant), "ask", question="When was it founded?", earlier_questions=earlier)
    assert found.structured_content["resolved_question"] == "When was Alpha Institute founded?"


def test_a_refusal_has_no_source(small_assistant: Assistant) -> None:
    found = call(make_mcp_server(small_assistant), "ask", question="zebra xylophone").structured_content
    assert (found["verdict"], found["citations"]) == ("not_covered", [])


def test_a_source_is_read_from_where_a_quote_stands(small_assistant: Assistant) -> None:
    citation = small_assistant.ask(QUESTION).citations[0]
    found = call(
        make_mcp_server(small_assistant), "read_source", document_id=citation.document_id, start=citation.start,
        most_characters=len(citation.quote),
    ).structured_content  # fmt: skip
    assert (found["text"], found["characters"]) == (citation.quote, len(TEXT))


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "unknown"])
def test_a_document_that_is_not_there_is_an_error(small_assistant: Assistant, name: str) -> None:
    found = call(make_mcp_server(small_assistant), "read_source", document_id=name)
    assert found.is_error
    assert "no such document" in found.content[0].text


def test_a_question_that_can_not_be_taken_is_an_error(small_assistant: Assistant) -> None:
    assert call(make_mcp_server(small_assistant), "ask", question="?!").is_error


@pytest.mark.real
def test_the_command_speaks_over_standard_input_and_output(tmp_path: Path) -> None:
    from assistant.cli.main import main

    places = ["--corpus", str(ROOT / "corpus"), "--index", str(tmp_path / "index")]
    environment = {**os.environ, "ASSISTANT_CACHE": str(CACHE)}
    assert main(["index", *places]) == 0
    process = StdioServerParameters(
        command=sys.executable, args=["-m", "assistant", "mcp", *places], env=environment, cwd=str(ROOT)
    )
    found = call(process, "ask", question="What is NBIS?").structured_content
    assert found["citations"][0]["quote"].endswith("such as the National Bioinformatics Infrastructure (NBIS).")
