"""A model hub on this machine, as far as uploading and fetching a folder needs one."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit


class Hub:
    """Repositories, each a list of commits with their files.

    Attributes
    ----------
    repositories : dict of str to list of (str, dict of str to bytes)
        Commits by the name of the repository, the newest last.
    tags : dict of str to str
        Commits by the name of their tag.
    asked : list of str
        Requests.
    """

    def __init__(self) -> None:
        self.repositories: dict[str, list[tuple[str, dict[str, bytes]]]] = {}
        self.tags: dict[str, str] = {}
        self.asked: list[str] = []
        self.url = ""

    def commit(self, name: str, files: dict[str, bytes]) -> str:
        """Put files into a repository; return the commit."""
        commits = self.repositories.setdefault(name, [])
        lines = [f"{path} {hashlib.sha1(data).hexdigest()}" for path, data in sorted(files.items())]
        oid = hashlib.sha1("\n".join([str(len(commits)), *lines]).encode()).hexdigest()
        commits.append((oid, dict(files)))
        return oid

    def found(self, name: str, revision: str) -> tuple[str, dict[str, bytes]] | None:
        """Return commit and files of a revision."""
        commits = self.repositories.get(name, [])
        if revision == "main":
            return commits[-1] if commits else None
        revision = self.tags.get(revision, revision)
        return next((some for some in commits if some[0] == revision), None)


class Handler(BaseHTTPRequestHandler):
    """Answers as a hub does."""

    hub: Hub
    protocol_version = "HTTP/1.1"

    def _say(self, code: int, body: Any = None, **headers: str) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(code)
        for key, value in headers.items():
            self.send_header(key.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def _parts(self) -> tuple[str, list[str]]:
        path = unquote(urlsplit(self.path).path)
        self.hub.asked.append(f"{self.command} {path}")
        return path, path.strip("/").split("/")

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path, parts = self._parts()
        if match := re.fullmatch(
            r"/api/models/([^/]+/[^/]+)/(?:revision|tree)/([^/]+)(?:/.*)?", path
        ):
            found = self.hub.found(match[1], match[2])
            if found is None:
                return self._say(404, {"error": "no such repository"}, X_Error_Code="RepoNotFound")
            if "/tree/" in path:
                return self._say(200, [
                    {"type": "file", "path": name, "size": len(data), "oid": "0" * 40}
                    for name, data in found[1].items()
                ])  # fmt: skip
            siblings = [{"rfilename": name, "size": len(data)} for name, data in found[1].items()]
            return self._say(200, {"id": match[1], "sha": found[0], "siblings": siblings})
        if len(parts) >= 5 and parts[2] == "resolve":
            found = self.hub.found("/".join(parts[:2]), parts[3])
            data = (found[1] if found else {}).get("/".join(parts[4:]))
            if found is None or data is None:
                return self._say(404, {"error": "no such file"}, X_Error_Code="EntryNotFound")
            etag = f'"{hashlib.sha1(data).hexdigest()}"'
            return self._say(200, data, ETag=etag, X_Repo_Commit=found[0])
        return self._say(404, {"error": "not found"})

    def do_POST(self) -> None:
        path, _ = self._parts()
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if path == "/api/repos/create":
            told = json.loads(body)
            name = f"{told['organization']}/{told['name']}"
            if name not in self.hub.repositories:
                self.hub.commit(name, {".gitattributes": b"*.safetensors filter=lfs\n"})
            return self._say(200, {"url": f"{self.hub.url}/{name}", "id": name})
        if path == "/api/validate-yaml":
            return self._say(200, {"errors": [], "warnings": []})
        if path.endswith("/preupload/main"):
            files = json.loads(body)["files"]
            return self._say(200, {"files": [
                {"path": file["path"], "uploadMode": "regular", "shouldIgnore": False}
                for file in files
            ]})  # fmt: skip
        if match := re.fullmatch(r"/api/models/([^/]+/[^/]+)/commit/main", path):
            found = self.hub.found(match[1], "main")
            files = dict(found[1]) if found else {}
            for line in map(json.loads, body.decode().splitlines()):
                if line["key"] == "file":
                    files[line["value"]["path"]] = base64.b64decode(line["value"]["content"])
                elif line["key"] == "deletedFile":
                    files.pop(line["value"]["path"])
            oid = self.hub.commit(match[1], files)
            url = f"{self.hub.url}/{match[1]}/commit/{oid}"
            return self._say(200, {"success": True, "commitOid": oid, "commitUrl": url})
        return self._say(404, {"error": "not found"})

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def serving() -> Iterator[Hub]:
    """Serve a hub on this machine while the block lasts."""
    hub = Hub()
    handler = type("HubHandler", (Handler,), {"hub": hub})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
