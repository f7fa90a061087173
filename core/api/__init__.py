"""What every answer below /api/ shares: problem details, language, one-time keys, throttling, the schema."""
