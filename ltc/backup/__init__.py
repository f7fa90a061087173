"""Backup and restore: database, uploads and anchors in one archive that proves itself (docs/adr/0015)."""
