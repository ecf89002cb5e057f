"""Who may ask: anybody, whom a reverse proxy names, whom an OpenID Connect provider names, programs with a key."""
