"""The demo company: believable people and deals, made by the same services the pages call."""
