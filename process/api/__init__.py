"""The HTTP API of records, built from the same outlets as the pages: no rule is written twice."""
