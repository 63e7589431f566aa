"""Answers against the contract that the server gives at /openapi.json, read from the sources."""
import json
import re
from functools import lru_cache
from pathlib import Path

from jsonschema import Draft202012Validator
from jsonschema.validators import validator_for

DOCUMENT = Path(__file__).resolve().parents[2] / "query/openapi.json"


class Contract:
    def __init__(self, document):
        self.document = document
        assert validator_for(document, default=Draft202012Validator) is Draft202012Validator

    def operation(self, method, path):
        """The row of a request, None where the contract has no such path."""
        for template, row in self.document["paths"].items():
            if re.fullmatch(re.sub(r"{\w+}", "[^/]+", template), path):
                return row.get("get" if method == "HEAD" else method.lower(), {"responses": {}})
        return None

    def check(self, answer):
        """Fails when a response of requests is not one that the contract has for its request."""
        method, path = answer.request.method, answer.request.path_url.split("?")[0]
        operation = self.operation(method, path)
        if operation is None or method == "OPTIONS" or answer.status_code in (405, 431, 501):
            return
        where = f"{method} {path}: {answer.status_code}"
        described = operation["responses"].get(str(answer.status_code))
        assert described is not None, f"{where} is not in the contract: {answer.text}"
        described = self.resolve(described)
        own = answer.headers.keys() & {"ETag", "Soglia-Position", "Link", "Location", "WWW-Authenticate"}
        unknown = own - described.get("headers", {}).keys()
        assert not unknown or answer.status_code >= 300 or path == "/openapi.json", f"{where}: headers {unknown}"
        if method != "HEAD":
            self.check_body(answer, described.get("content", {}), where)

    def check_body(self, answer, content, where):
        if not content:
            assert answer.content == b"", where
            return
        media = answer.headers["Content-Type"]
        assert media in content, f"{where}: {media}"
        if "json" in media:
            for error in self.validator(media, json.dumps(content[media]["schema"])).iter_errors(answer.json()):
                raise AssertionError(f"{where}: {error.json_path}: {error.message}")

    @lru_cache(maxsize=None)
    def validator(self, _media, schema):
        return Draft202012Validator({**json.loads(schema), "components": self.document["components"]})

    def resolve(self, node):
        while "$ref" in node:
            reference, node = node["$ref"], self.document
            for part in reference.removeprefix("#/").split("/"):
                node = node[part]
        return node


@lru_cache(maxsize=None)
def contract():
    return Contract(json.loads(DOCUMENT.read_text(encoding="utf-8")))
