"""The Hub's protocol: what is answered to the requests of its client."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import yaml

from tests.hub.repository import Commit, File, Repository, front_matter, is_large
from tests.hub.xet import xet_hashes

if TYPE_CHECKING:
    from tests.hub.server import Asked, HubServer


@dataclass(frozen=True)
class User:
    name: str
    role: str
    orgs: tuple[str, ...]

    def owns(self, namespace: str) -> bool:
        return namespace in (self.name, *self.orgs)


@dataclass
class Answer:
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    is_file: bool = False


class Refused(Exception):  # noqa: N818 - an answer
    def __init__(self, status: int, message: str, code: str = "") -> None:
        headers = {"X-Error-Message": message} | ({"X-Error-Code": code} if code else {})
        body = json.dumps({"error": message}).encode()
        self.answer = Answer(status, body, headers | {"Content-Type": "application/json"})


def plain(data: Any, status: int = 200) -> Answer:
    return Answer(status, json.dumps(data).encode(), {"Content-Type": "application/json"})


class Api:
    """`R` in a route is a repository, which is looked up and guarded; groups go to the method in their order."""

    def __init__(self, hub: HubServer) -> None:
        self.hub = hub
        self.routes: list[tuple[str, str, Callable[..., Answer]]] = [
            ("GET", r"/api/agent-harnesses", lambda asked: plain({"standardEnvVars": [], "harnesses": {}})),
            ("GET", r"/api/whoami-v2", self.whoami),
            ("POST", r"/api/validate-yaml", self.validate_yaml),
            ("POST", r"/api/repos/create", self.create),
            ("GET", r"/api/models/R", self.info),
            ("GET", r"/api/models/R/revision/(.+)", self.info),
            ("GET", r"/api/models/R/refs", self.refs),
            ("GET", r"/api/models/R/tree/([^/]+)", self.tree),
            ("POST", r"/api/models/R/paths-info/(.+)", self.paths_info),
            ("POST", r"/api/models/R/preupload/(.+)", self.preupload),
            ("POST", r"/api/models/R/commit/(.+)", self.commit),
            ("POST", r"/api/models/R/tag/(.+)", self.tag),
            ("GET", r"/api/models/R/xet-(read|write)-token/(.+)", self.xet_token),
            ("POST", r"/R\.git/info/lfs/objects/batch", self.lfs_batch),
            ("POST", r"/R\.git/info/lfs/verify", self.lfs_verify),
            ("POST", r"/R\.git/info/lfs/complete/([0-9a-f]+)", self.lfs_complete),
            ("(?:GET|HEAD)", r"/R/resolve/([^/]+)/(.+)", self.resolve),
            ("(?:GET|HEAD)", r"/api/resolve-cache/R/([^/]+)/(.+)", self.resolve_cached),
        ]

    def answer(self, asked: Asked) -> Answer:
        path = asked.path.split("?")[0]
        kind = "spaces/" if path.startswith(("/api/spaces/", "/spaces/")) else ""  # as a Space's name begins here
        if kind:
            path = path.replace("/api/spaces/", "/api/models/", 1).replace("/spaces/", "/", 1)
        try:
            for method, pattern, act in self.routes:
                found = re.fullmatch(pattern.replace("R", r"([\w.-]+/[\w.-]+?)", 1), path)
                if found and re.fullmatch(method, asked.method):
                    groups = list(found.groups())
                    if "R" in pattern:
                        groups[0] = self.repository(asked, kind + groups[0])
                    return act(asked, *groups)
            raise Refused(404, f"no such endpoint: {asked.method} {path}")
        except Refused as refused:
            return refused.answer

    def user(self, asked: Asked) -> User | None:
        token = asked.headers.get("authorization", "").removeprefix("Bearer ")
        if not token:
            return None
        if token not in self.hub.users:
            raise Refused(401, "Invalid credentials in Authorization header")
        return self.hub.users[token]

    def repository(self, asked: Asked, repo_id: str) -> Repository:
        """The repository, as far as the one who asks may know of it."""
        user, found = self.user(asked), self.hub.repos.get(repo_id)
        if found is None or (found.private and not (user and user.owns(found.owner))):
            raise Refused(404 if user else 401, "Repository not found", "RepoNotFound")
        if found.disabled:
            raise Refused(403, "Access to this resource is disabled.")
        return found

    def writable(self, asked: Asked, namespace: str) -> User:
        user = self.user(asked)
        if user is None:
            raise Refused(401, "Invalid username or password.")
        if user.role != "write" or not user.owns(namespace):
            raise Refused(403, f"you don't have the rights to write to {namespace}")
        return user

    def readable(self, asked: Asked, repo: Repository) -> None:
        """Its files, which a gated repository keeps to itself."""
        user = self.user(asked)
        if repo.gated and not (user and (user.owns(repo.owner) or user.name in repo.granted)):
            raise Refused(403 if user else 401, f"Access to model {repo.repo_id} is restricted", "GatedRepo")

    def revision(self, repo: Repository, name: str) -> Commit:
        found = repo.find(name)
        if found is None:
            raise Refused(404, f"Invalid rev id: {name}", "RevisionNotFound")
        return found

    def whoami(self, asked: Asked) -> Answer:
        user = self.user(asked)
        if user is None:
            raise Refused(401, "Invalid username or password.")
        token = {"role": user.role, "displayName": "test"}
        orgs = [{"name": name} for name in user.orgs]
        auth = {"type": "access_token", "accessToken": token}
        return plain({"type": "user", "name": user.name, "fullname": user.name, "orgs": orgs, "auth": auth})

    def validate_yaml(self, asked: Asked) -> Answer:
        try:
            front_matter(json.loads(asked.body)["content"])
        except yaml.YAMLError as error:
            return plain({"errors": [{"message": f"bad YAML: {error}"}], "warnings": []}, 400)
        return plain({"errors": [], "warnings": []})

    def create(self, asked: Asked) -> Answer:
        wanted = json.loads(asked.body)
        user = self.user(asked)
        namespace = wanted.get("organization") or (user.name if user else "")
        self.writable(asked, namespace)
        kind = "spaces/" if wanted.get("type") == "space" else ""
        if kind and wanted.get("sdk") != "static":
            raise Refused(400, "a Space has an sdk")
        repo_id = f"{kind}{namespace}/{wanted['name']}"
        url = {"url": f"{self.hub.url}/{repo_id}"}
        if repo_id in self.hub.repos:
            return plain(url, 409)
        private = wanted.get("visibility") == "private" or bool(wanted.get("private"))
        self.hub.repos[repo_id] = Repository(repo_id, private=private)
        return plain(url)

    def info(self, asked: Asked, repo: Repository, revision: str = "main") -> Answer:
        return plain(repo.info(self.revision(repo, revision)))

    def refs(self, asked: Asked, repo: Repository) -> Answer:
        def listed(kind: str, refs: dict[str, str]) -> list[dict[str, str]]:
            return [{"name": name, "ref": f"refs/{kind}/{name}", "targetCommit": oid} for name, oid in refs.items()]

        return plain({"branches": listed("heads", repo.branches), "converts": [], "tags": listed("tags", repo.tags)})

    def tree(self, asked: Asked, repo: Repository, revision: str) -> Answer:
        return plain([_entry(name, file) for name, file in self.revision(repo, revision).files.items()])

    def paths_info(self, asked: Asked, repo: Repository, revision: str) -> Answer:
        wanted = parse_qs(asked.body.decode()).get("paths", [])
        files = self.revision(repo, revision).files
        return plain([_entry(name, files[name]) for name in wanted if name in files])

    def preupload(self, asked: Asked, repo: Repository, revision: str) -> Answer:
        self.writable(asked, repo.owner)
        files, now = [], self.revision(repo, revision).files
        for wanted in json.loads(asked.body)["files"]:
            name = wanted["path"]
            large = is_large(name, base64.b64decode(wanted["sample"]), wanted["size"])
            known = {"oid": now[name].etag} if name in now else {}
            files.append({"path": name, "uploadMode": "lfs" if large else "regular", "shouldIgnore": False} | known)
        return plain({"files": files})

    def commit(self, asked: Asked, repo: Repository, branch: str) -> Answer:
        self.writable(asked, repo.owner)
        changed, removed, header = {}, [], {}  # type: dict[str, File], list[str], dict[str, Any]
        for line in map(json.loads, asked.body.decode().splitlines()):
            value = line["value"]
            match line["key"]:
                case "header":
                    header = value
                case "file":
                    changed[value["path"]] = File(base64.b64decode(value["content"]), large=False)
                case "lfsFile":
                    changed[value["path"]] = self.large_file(value["oid"], value["size"])
                case "deletedFile":
                    removed.append(value["path"])
        parent = header.get("parentCommit")
        if parent and not repo.branches[branch].startswith(parent):
            raise Refused(412, "A commit has happened since. Please refresh and try again.")
        made = repo.commit(branch, changed, tuple(removed), header["summary"])
        url = f"{self.hub.url}/{repo.repo_id}/commit/{made.oid}"
        return plain({"success": True, "commitOid": made.oid, "commitUrl": url})

    def large_file(self, oid: str, size: int) -> File:
        if self.hub.xet is not None and oid in xet_hashes(self.hub.xet):
            return File(b"", large=True, known=(oid, size))
        return File(self.stored(oid), large=True)

    def stored(self, oid: str) -> bytes:
        if oid not in self.hub.blobs:
            raise Refused(400, f"the storage has no {oid}")
        return self.hub.blobs[oid]

    def tag(self, asked: Asked, repo: Repository, revision: str) -> Answer:
        self.writable(asked, repo.owner)
        name = json.loads(asked.body)["tag"]
        if name in repo.tags:
            raise Refused(409, f"Tag {name} already exists")
        repo.tags[name] = self.revision(repo, revision).oid
        return plain({})

    def xet_token(self, asked: Asked, repo: Repository, kind: str, revision: str) -> Answer:
        if self.hub.xet is None:
            raise Refused(404, "this Hub has no xet storage")
        if kind == "write":
            self.writable(asked, repo.owner)
        url, until = f"local://{self.hub.xet}", 4_000_000_000
        answer = plain({"casUrl": url, "accessToken": "x", "exp": until})
        answer.headers |= {"X-Xet-Cas-Url": url, "X-Xet-Access-Token": "x", "X-Xet-Token-Expiration": str(until)}
        return answer

    def lfs_batch(self, asked: Asked, repo: Repository) -> Answer:
        self.writable(asked, repo.owner)
        objects, transfer = [], "basic"
        base = f"{self.hub.url}/{repo.repo_id}.git/info/lfs"
        for wanted in json.loads(asked.body)["objects"]:
            oid, size, part = wanted["oid"], wanted["size"], self.hub.part_size
            entry: dict[str, Any] = {"oid": oid, "size": size}
            if oid not in self.hub.blobs:
                put = f"{self.hub.storage_url}/upload/{oid}"
                upload: dict[str, Any] = {"href": put}
                if part and size > part:
                    transfer, count = "multipart", -(-size // part)
                    urls = {str(number): f"{put}/{number}" for number in range(1, count + 1)}
                    upload = {"href": f"{base}/complete/{oid}", "header": {"chunk_size": str(part)} | urls}
                entry["actions"] = {"upload": upload, "verify": {"href": f"{base}/verify"}}
            objects.append(entry)
        return plain({"transfer": transfer, "objects": objects})

    def lfs_verify(self, asked: Asked, repo: Repository) -> Answer:
        wanted = json.loads(asked.body)
        if len(self.stored(wanted["oid"])) != wanted["size"]:
            raise Refused(400, "the upload has another size")
        return plain({})

    def lfs_complete(self, asked: Asked, repo: Repository, oid: str) -> Answer:
        parts = [self.hub.blobs.pop(f"{oid}/{part['partNumber']}") for part in json.loads(asked.body)["parts"]]
        self.hub.blobs[oid] = b"".join(parts)
        return plain({})

    def resolve(self, asked: Asked, repo: Repository, revision: str, name: str) -> Answer:
        self.readable(asked, repo)
        commit = self.revision(repo, revision)
        headers = {"X-Repo-Commit": commit.oid}
        file = commit.files.get(name)
        if file is None:
            refused = Refused(404, "Entry not found", "EntryNotFound")
            refused.answer.headers |= headers
            raise refused
        if not file.large:
            if self.hub.resolve_cache:
                return Answer(
                    307, b"", headers | {"Location": f"/api/resolve-cache/{repo.repo_id}/{commit.oid}/{name}"}
                )
            return Answer(200, file.content, headers | {"ETag": f'"{file.etag}"'}, is_file=True)
        linked = {"X-Linked-Etag": f'"{file.sha256}"', "X-Linked-Size": str(file.size)}
        if self.hub.xet is None:
            self.hub.blobs.setdefault(file.sha256, file.content)
        else:
            linked["X-Xet-Hash"] = xet_hashes(self.hub.xet)[file.sha256]
            linked["Link"] = f'<{self.hub.url}/api/models/{repo.repo_id}/xet-read-token/{commit.oid}>; rel="xet-auth"'
        return Answer(
            302, b"", headers | linked | {"Location": f"{self.hub.storage_url}/blob/{file.sha256}?Signature=sig"}
        )

    def resolve_cached(self, asked: Asked, repo: Repository, commit: str, name: str) -> Answer:
        file = self.revision(repo, commit).files[name]
        return Answer(200, file.content, {"X-Repo-Commit": commit, "ETag": f'"{file.etag}"'}, is_file=True)


def answer_storage(hub: HubServer, asked: Asked) -> Answer:
    """The storage takes what was announced and gives what is there; it knows nobody."""
    path = asked.path.split("?")[0]
    if asked.method == "PUT" and path.startswith("/upload/"):
        key = path.removeprefix("/upload/")
        if "/" not in key and hashlib.sha256(asked.body).hexdigest() != key:
            return Answer(400, b"the content has another sha256")
        hub.blobs[key] = asked.body
        return Answer(200, b"", {"ETag": '"part"'})
    content = hub.blobs.get(path.removeprefix("/blob/"))
    return Answer(404, b"no such object") if content is None else Answer(200, content, is_file=True)


def _entry(name: str, file: File) -> dict[str, Any]:
    entry = {"type": "file", "path": name, "size": file.size, "oid": file.blob_id}
    return entry | ({"lfs": file.lfs()} if file.large else {})
