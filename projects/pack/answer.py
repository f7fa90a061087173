"""A pack on its way out."""

from base64 import b64encode
from typing import IO

from django.http import FileResponse


def answer(file: IO[bytes], digest: str, name: str) -> FileResponse:
    """The file as an attachment, read from disk as it is sent; its SHA-256 stands in the head (RFC 9530)."""
    made = FileResponse(file, as_attachment=True, filename=f"{name}.zip", content_type="application/zip")
    made["Repr-Digest"] = f"sha-256=:{b64encode(bytes.fromhex(digest)).decode()}:"
    made["X-Content-Type-Options"] = "nosniff"
    return made
