"""Schema ids: the embedded registry in Confluent's format, and external ones by their REST API."""
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import fastavro
import pytest
import requests

from support.avro import file_schema, frame

FAILED = 1
QUOTE = {"instrument": "stock:AAPL", "value": 191.5, "event_time": 1, "source": "test", "unit": None, "details": {}}
STRANGE_QUOTE = {"type": "record", "name": "Quote", "namespace": "soglia", "fields": [
    {"name": "instrument", "type": "string"}, {"name": "value", "type": "string"}]}


def text_of(result):
    return (result.stdout + result.stderr).decode()


def schema_records(kafka, prefix):
    return [(json.loads(one.key), one.value and json.loads(one.value)) for one in kafka.read(prefix + "_schemas")]


def put(kafka, prefix, key, value):
    """Writes a record of the registry as another program would."""
    compact = {"separators": (",", ":")}
    kafka.produce(prefix + "_schemas", [(json.dumps(key, **compact), value and json.dumps(value, **compact))])


def put_version(kafka, prefix, subject, version, number, schema, **more):
    subject = prefix + subject
    put(kafka, prefix, {"keytype": "SCHEMA", "subject": subject, "version": version, "magic": 1},
        {"subject": subject, "version": version, "id": number, "schema": json.dumps(schema), **more})


def make_log(kafka, prefix):
    kafka.create_topic(prefix + "_schemas", partitions=1, cleanup_policy="compact", max_message_bytes=16 << 20)


def line_of(result, topic):
    return next(line for line in result.stdout.decode().splitlines() if line.split()[0] == topic)


def test_records_are_confluents(soglia, kafka, prefix):
    soglia.run("topics", "apply")
    raw = {one.key: one.value for one in kafka.read(prefix + "_schemas")}
    key = b'{"keytype":"SCHEMA","subject":"%squotes-value","version":1,"magic":1}' % prefix.encode()
    value = json.loads(raw[key])
    assert list(value) == ["subject", "version", "id", "schema", "deleted"]
    assert value["subject"] == f"{prefix}quotes-value" and value["version"] == 1 and value["deleted"] is False
    fastavro.parse_schema(json.loads(value["schema"]))
    assert json.loads(value["schema"])["name"] == "Quote"


def test_the_same_schema_has_the_same_id(soglia, kafka, prefix):
    soglia.run("topics", "apply")
    ids = {value["subject"][len(prefix):]: value["id"] for _, value in schema_records(kafka, prefix)}
    assert ids["users-value"] == ids["soglia-notifications-users-changelog-value"]
    assert sorted(set(ids.values())) == list(range(1, len(set(ids.values())) + 1))


def test_ids_and_versions_of_others_are_kept(soglia, kafka, prefix):
    """Another program has registered something else, in another order of attributes, and deleted some of it."""
    make_log(kafka, prefix)
    own = {"fields": [{"type": "long", "name": "n"}], "name": "Other", "type": "record"}
    put(kafka, prefix, {"keytype": "CONFIG", "subject": None, "magic": 0}, {"compatibilityLevel": "FULL"})
    put_version(kafka, prefix, "other-value", 1, 41, own)
    put(kafka, prefix, {"keytype": "NOOP", "magic": 0}, None)
    put_version(kafka, prefix, "json-value", 1, 42, {"type": "object"}, schemaType="JSON")
    put_version(kafka, prefix, "quotes-value", 3, 43, STRANGE_QUOTE, deleted=True)
    soglia.run("topics", "apply")
    found = {(key["subject"][len(prefix):], key["version"]): value
             for key, value in schema_records(kafka, prefix) if key["keytype"] == "SCHEMA"}
    assert found["other-value", 1]["id"] == 41
    assert found["quotes-value", 4]["id"] > 43
    soglia.run("topics", "check")


def test_what_is_no_registry_record_is_passed_over(soglia, kafka, prefix):
    make_log(kafka, prefix)
    kafka.produce(prefix + "_schemas", [(b"\xff\xfe", b"?"), (b"{}", b"{}"), (b'{"keytype":"SCHEMA"}', b"{"),
                                        (b'{"keytype":"SCHEMA","subject":"s","version":1}', b'{"id":-1}')])
    soglia.settings["log.level"] = "warn"
    assert "no record of a registry" in text_of(soglia.run("topics", "apply"))
    soglia.run("topics", "check")


@pytest.mark.parametrize("how", ["DELETE_SUBJECT", "tombstone", "deleted"])
def test_a_deleted_schema_is_registered_again(soglia, kafka, prefix, how):
    soglia.run("topics", "apply")
    subject = f"{prefix}quotes-value"
    key, value = next(one for one in schema_records(kafka, prefix) if one[0]["subject"] == subject)
    if how == "DELETE_SUBJECT":
        put(kafka, prefix, {"keytype": how, "subject": subject, "magic": 0}, {"subject": subject, "version": 1})
    else:
        put(kafka, prefix, key, {**value, "deleted": True} if how == "deleted" else None)
    line = line_of(soglia.run("topics", "check", code=FAILED), f"{prefix}quotes")
    assert "schema not registered" in line and "soglia topics apply" in line
    soglia.run("topics", "apply")
    soglia.run("topics", "check")
    newest = [found for at, found in schema_records(kafka, prefix) if at.get("subject") == subject and found][-1]
    assert newest["id"] == value["id"] and newest["version"] == (1 if how == "tombstone" else 2)


def test_an_incompatible_change_is_refused_with_its_field(soglia, kafka, prefix):
    make_log(kafka, prefix)
    put_version(kafka, prefix, "quotes-value", 1, 1, STRANGE_QUOTE)
    said = text_of(soglia.run("topics", "apply", code=FAILED))
    assert f"{prefix}quotes-value" in said and "version 1" in said and "value" in said
    assert len(schema_records(kafka, prefix)) == 1
    assert "not compatible" in line_of(soglia.run("topics", "check", code=FAILED), f"{prefix}quotes")


def test_every_older_version_counts(soglia, kafka, prefix):
    """BACKWARD_TRANSITIVE: the latest version is compatible, the one before is not."""
    schema = dict(file_schema("Quote"))
    schema = {key: value for key, value in schema.items() if not key.startswith("__")}
    make_log(kafka, prefix)
    put_version(kafka, prefix, "quotes-value", 1, 1, STRANGE_QUOTE)
    put_version(kafka, prefix, "quotes-value", 2, 2, {**schema, "name": "Quote", "namespace": "soglia"})
    assert "version 1" in text_of(soglia.run("topics", "apply", code=FAILED))


def test_an_older_schema_is_followed_by_ours(soglia, kafka, prefix):
    make_log(kafka, prefix)
    older = {"type": "record", "name": "Quote", "namespace": "soglia", "fields": [
        {"name": "instrument", "type": "string"}, {"name": "value", "type": "float"},
        {"name": "event_time", "type": "long"}, {"name": "source", "type": "string"}]}
    put_version(kafka, prefix, "quotes-value", 1, 7, older)
    soglia.run("topics", "apply")
    found = {key["version"]: value["id"] for key, value in schema_records(kafka, prefix)
             if key["subject"] == f"{prefix}quotes-value"}
    assert found[1] == 7 and found[2] > 7


def test_a_log_of_two_partitions_is_refused(soglia, kafka, prefix):
    kafka.create_topic(prefix + "_schemas", partitions=2, cleanup_policy="compact", max_message_bytes=16 << 20)
    assert "2 partitions" in text_of(soglia.run("topics", "apply", code=FAILED))
    assert "2 partitions" in line_of(soglia.run("topics", "check", code=FAILED), f"{prefix}_schemas")


def test_apicurio_takes_and_gives_the_schemas(soglia, kafka, prefix, apicurio):
    soglia.settings["registry.url"] = apicurio.url + "/"
    assert "registered" in line_of(soglia.run("topics", "apply"), f"{prefix}quotes")
    assert "registered" not in line_of(soglia.run("topics", "apply"), f"{prefix}quotes")
    soglia.run("topics", "check")
    subject = f"{prefix}quotes-value"
    assert subject in requests.get(f"{apicurio.url}/subjects", timeout=10).json()
    latest = requests.get(f"{apicurio.url}/subjects/{subject}/versions/latest", timeout=10).json()
    assert json.loads(latest["schema"])["name"] == "Quote"
    level = requests.get(f"{apicurio.url}/config/{subject}", timeout=10).json()["compatibilityLevel"]
    assert level == "BACKWARD_TRANSITIVE"
    assert f"{prefix}_schemas" not in kafka.admin.list_topics(timeout=10).topics
    decoded = soglia.run("decode", stdin=framed_line(latest["id"]))
    assert json.loads(decoded.stdout)["value"] == 191.5


def test_apicurio_refuses_an_incompatible_change(soglia, prefix, apicurio):
    soglia.settings["registry.url"] = apicurio.url
    subject = f"{prefix}quotes-value"
    requests.post(f"{apicurio.url}/subjects/{subject}/versions", timeout=10,
                  json={"schema": json.dumps(STRANGE_QUOTE)}).raise_for_status()
    said = text_of(soglia.run("topics", "apply", code=FAILED))
    assert subject in said and "not compatible" in said


def framed_line(schema_id):
    """What `kcat -f '%R%s'` prints of one quote: a big-endian size, then the value."""
    value = frame(schema_id, file_schema("Quote"), QUOTE)
    return len(value).to_bytes(4, "big") + value


class ScriptedRegistry:
    """Answers requests from a script of (method, path prefix, status, body); the first that fits is used up."""

    def __init__(self, *script):
        self.script = list(script)
        self.seen = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self):
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                outer.seen.append(f"{self.command} {self.path}")
                status, body = outer.take(self.command, self.path)
                data = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)
            do_GET = do_POST = do_PUT = answer

            def log_message(self, *_):
                pass
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=self.server.serve_forever, daemon=True).start()

    def take(self, method, path):
        for at, (wanted, begin, status, body) in enumerate(self.script):
            if wanted == method and path.startswith(begin):
                if begin != "/subjects" or method != "GET":
                    del self.script[at]
                return status, body
        return 404, {"error_code": 40401, "message": "Subject not found."}

    def url(self, user=""):
        return f"http://{user}127.0.0.1:{self.server.server_port}"

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def scripted_registry():
    made = []

    def make(*script):
        made.append(ScriptedRegistry(("GET", "/subjects", 200, []), *script))
        return made[-1]
    yield make
    for one in made:
        one.stop()


@pytest.mark.parametrize("code", [409, 40901])
def test_a_refusal_tells_the_registrys_words(soglia, scripted_registry, code):
    registry = scripted_registry(
        ("PUT", "/config/", 200, {"compatibility": "BACKWARD_TRANSITIVE"}),
        ("POST", "/subjects/", 404, {"error_code": 40403, "message": "Schema not found"}),
        ("POST", "/subjects/", 409, {"error_code": code, "message": "incompatible"}),
        ("POST", "/compatibility/", 200, {"is_compatible": False, "messages": ["field 'value' changed its type"]}))
    soglia.settings["registry.url"] = registry.url()
    assert "field 'value' changed its type" in text_of(soglia.run("topics", "apply", code=FAILED))


@pytest.mark.parametrize(("status", "code"), [(500, 50003), (429, 42901), (503, 503)])
def test_trouble_that_passes_is_told_as_such(soglia, scripted_registry, status, code):
    registry = scripted_registry(("POST", "/subjects/", status, {"error_code": code, "message": "later"}))
    soglia.settings["registry.url"] = registry.url()
    said = text_of(soglia.run("topics", "apply", code=FAILED))
    assert str(code) in said and "later" in said


def test_no_secret_of_the_url_is_told(soglia, scripted_registry):
    registry = scripted_registry()
    soglia.settings["registry.url"] = registry.url("user:s3cret@")
    registry.stop()
    said = text_of(soglia.run("topics", "apply", code=FAILED))
    assert "127.0.0.1" in said and "s3cret" not in said


def test_what_is_no_registry_is_told(soglia, scripted_registry):
    registry = scripted_registry()
    registry.script = [("GET", "/subjects", 200, {"hello": "world"})]
    soglia.settings["registry.url"] = registry.url()
    assert "no registry" in text_of(soglia.run("topics", "apply", code=FAILED))
    soglia.settings["registry.url"] = "ftp://somewhere"
    assert "registry.url" in text_of(soglia.run("topics", "apply", code=FAILED))
