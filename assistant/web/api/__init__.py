"""The interfaces for programs: JSON under `/api/v1`, OpenAI-compatible under `/v1`, MCP."""
