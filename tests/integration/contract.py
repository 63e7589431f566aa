"""Answers against the contract at /openapi.json: as much of JSON Schema as the contract uses."""
import re

TYPES = {"object": dict, "array": list, "string": str, "integer": int, "number": (int, float), "null": type(None)}


class Contract:
    def __init__(self, document):
        self._document = document

    def check(self, answer):
        """Fails when a response of requests is not one that the contract has for its path."""
        path = answer.request.path_url.split("?")[0]
        found = [row for template, row in self._document["paths"].items()
                 if re.fullmatch(re.sub(r"{\w+}", "[^/]+", template), path)]
        if not found:
            return
        described = self._resolve(found[0]["get"]["responses"][str(answer.status_code)])
        for name in answer.headers.keys() & {"ETag", "Soglia-Position", "Link"}:
            assert answer.status_code != 200 or name in described["headers"] or "json" in path, (path, name)
        for media, content in described.get("content", {}).items():
            assert answer.headers["Content-Type"] == media, path
            if "json" in media:
                self._match(answer.json(), content["schema"], path)

    def _resolve(self, node):
        while "$ref" in node:
            reference, node = node["$ref"], self._document
            for part in reference.removeprefix("#/").split("/"):
                node = node[part]
        return node

    def _match(self, value, schema, where):
        schema = self._resolve(schema)
        types = schema.get("type", [])
        types = types if isinstance(types, list) else [types]
        assert any(isinstance(value, TYPES[one]) for one in types), f"{where}: {value!r} is not {types}"
        assert value in schema.get("enum", [value]), where
        if isinstance(value, dict) and "properties" in schema:
            missing = set(schema.get("required", ())) - value.keys()
            unknown = value.keys() - schema["properties"].keys()
            assert not missing and not unknown, f"{where}: missing {missing}, unknown {unknown}"
            for name, member in value.items():
                self._match(member, schema["properties"][name], f"{where}.{name}")
        if isinstance(value, list):
            for at, item in enumerate(value):
                self._match(item, schema["items"], f"{where}[{at}]")
