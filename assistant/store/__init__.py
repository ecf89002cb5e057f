"""The SQL database: recorded answers, feedback and API keys."""
