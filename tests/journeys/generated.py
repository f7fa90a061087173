"""A client that openapi-python-client writes from the schema, and a person's program that works with it."""

import inspect
import subprocess
import sys
import urllib.request
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from accounts.models import User
from accounts.services import make_token

PACKAGE = "ltc_generated_client"


def generate(folder: Path, url: str, token: str) -> str:
    """Write the package into `folder` from the schema that the server at `url` shows; what the generator said."""
    schema, config = folder / "schema.json", folder / "config.yml"
    headers = {
        "Authorization": f"Bearer {token}",
        "Accept": "application/vnd.oai.openapi+json",
        "Accept-Language": "en",
    }
    with urllib.request.urlopen(urllib.request.Request(f"{url}/api/schema/", headers=headers)) as answer:
        schema.write_bytes(answer.read())
    config.write_text("post_hooks: []\n")  # nobody reads it: it need not be formatted

    command = [sys.executable, "-m", "openapi_python_client", "generate", "--meta", "none", "--path", str(schema)]
    command += ["--output-path", str(folder / PACKAGE), "--config", str(config), "--fail-on-warning"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    return done.stdout + done.stderr


class Program:
    """The client with the token of one person."""

    def __init__(self, url: str, user: User) -> None:
        token = make_token(user, label="generated client", scope="write")[1]
        made = import_module(f"{PACKAGE}.client").AuthenticatedClient
        self.client = made(url, token, raise_on_unexpected_status=True).with_headers({"Accept-Language": "en"})
        self.id = user.pk

    def do(self, operation: str, /, *keys: int | str, status: tuple[int, ...] = (200, 201, 204), **given: Any) -> Any:
        """Call an operation by its id: parameters as they are, the rest as the body that it declares."""
        call = _module(operation).sync_detailed
        declared = inspect.signature(call).parameters
        named = {name: given.pop(name) for name in list(given) if name in declared}
        body = declared["body"].annotation if "body" in declared else None
        if body is not None:
            named["body"] = getattr(body, "__args__", (body,))[0](**given)
            given = {}
        assert not given, f"{operation} takes no {list(given)}"
        answer = call(*keys, client=self.client, **named)
        assert answer.status_code in status, (operation, answer.status_code, answer.content.decode()[:1500])
        return answer.parsed

    def change(self, kind: str, key: int, /, **fields: Any) -> Any:
        """Change a record as it stands now."""
        seen = self.do(f"{kind}_read", key)
        return self.do(f"{kind}_change", key, if_match=f'"{seen.version}"', **fields)

    def one(self, kind: str, /, **filters: Any) -> Any:
        """The only record of a list."""
        (found,) = self.do(f"{kind}_list", **filters).results
        return found

    def action(self, kind: str, key: int, verb: str) -> Any:
        """A verb as it is offered to the person now, with what it asks for."""
        return next(one for one in self.do(f"{kind}_actions", key) if one.verb == verb)


def _module(operation: str) -> ModuleType:
    folder = Path(import_module(PACKAGE).__path__[0]) / "api"
    (file,) = folder.glob(f"*/{operation}.py")
    return import_module(f"{PACKAGE}.api.{file.parent.name}.{operation}")


def option(form: Any, field: str, code: str = "", lines: str = "") -> int:
    """The key of the value with this code among those a form offers for a field; without a code, of the first."""
    asks = next(one.asks for one in form.lines if one.name == lines) if lines else form.asks
    offered = next(one.options for one in asks if one.name == field)
    return next(int(one.value) for one in offered if code in ("", one.code))
