"""Interfaces for programs: a JSON API under `/api/v1`, an OpenAI-compatible API under `/v1`, and an MCP server."""
