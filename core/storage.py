"""Uploads on disk: a file is there whole or not at all."""

from typing import Any

from django.core.files.storage import FileSystemStorage


class WholeFileStorage(FileSystemStorage):
    """Takes away what a full disk or a broken connection cut off; names are unique, so nobody else's file is hit."""

    def _save(self, name: str, content: Any) -> str:
        try:
            return str(super()._save(name, content))
        except BaseException:
            self.delete(name)
            raise
