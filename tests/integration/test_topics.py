"""`soglia topics apply | describe | check` against a real broker, seen by an independent client."""
import json
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from confluent_kafka.admin import ConfigResource, NewPartitions

from support.wait import until

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
FOR_EVER_MS = 2 ** 63 - 1
MIB = 1 << 20
INSTRUMENT = ["quotes", "subscriptions", "soglia-alerts-instruments-changelog", "soglia-alerts-subscriptions-changelog"]
USER = ["users", "commands", "command-results", "alerts", "notifications", "deliveries", "soglia-accounts-users-changelog",
        "soglia-accounts-subscriptions-changelog", "soglia-accounts-commands-changelog", "soglia-notifications-users-changelog",
        "soglia-deliver-outbox-changelog", "soglia-deliver-endpoints-changelog"]
JSON = ["quotes.json", "subscriptions.json", "users.json"]
CHANGELOGS = [name for name in INSTRUMENT + USER if name.endswith("-changelog")]
ALL = INSTRUMENT + USER + JSON + ["dead-letters", "soglia-journal", "_schemas"]
WAIT_S = 30
FAILED = 1
pytestmark = pytest.mark.usefixtures("usual_partitions")


def configs_of(kafka, topic):
    resource = ConfigResource(ConfigResource.Type.TOPIC, topic)
    admin = kafka.admin
    found = admin.describe_configs([resource])[resource].result(30)
    return {name: entry.value for name, entry in found.items()}


def text_of(result):
    return (result.stdout + result.stderr).decode()


def line_of(result, topic):
    """The line about a topic."""
    lines = [line for line in result.stdout.decode().splitlines() if line.split()[0] == topic]
    assert len(lines) == 1, text_of(result)
    return lines[0]


def topics_of(kafka, prefix):
    return {name[len(prefix):]: len(one.partitions)
            for name, one in kafka.admin.list_topics(timeout=30).topics.items() if name.startswith(prefix)}


def test_apply_makes_every_topic_and_is_repeatable(soglia, kafka, prefix):
    first = soglia.run("topics", "apply")
    assert topics_of(kafka, prefix) == {name: 1 if name in [*JSON, "_schemas"] else 4 for name in ALL}
    for name in ALL:
        assert "created" in line_of(first, prefix + name)
    again = soglia.run("topics", "apply")
    for name in ALL:
        assert "exists" in line_of(again, prefix + name)
    soglia.run("topics", "check")


def test_settings_are_those_of_the_design(soglia, kafka, prefix):
    soglia.run("topics", "apply")
    for name in ALL:
        found = configs_of(kafka, prefix + name)
        compacted = name in CHANGELOGS or name == "_schemas"
        assert found["cleanup.policy"] == ("compact" if compacted else "delete"), name
        assert found["message.timestamp.type"] == "CreateTime", name
        after = int(found["message.timestamp.after.max.ms"])
        assert after == (HOUR_MS if name in [*JSON, "commands"] else FOR_EVER_MS), name
        if not compacted:
            days = {"quotes": 30, "command-results": 1, **dict.fromkeys(JSON, 7)}.get(name)
            assert int(found["retention.ms"]) == (days * DAY_MS if days else -1), name
    for name in JSON + ["quotes", "subscriptions", "users", "commands"]:
        assert int(configs_of(kafka, prefix + name)["max.message.bytes"]) == 16 * MIB
    assert int(configs_of(kafka, prefix + "dead-letters")["max.message.bytes"]) == 17 * MIB


def test_the_largest_input_fits_its_topic_and_the_dead_letters(soglia, kafka, prefix):
    soglia.run("topics", "apply")
    value = b"x" * (16 * MIB - 1024)
    kafka.produce(prefix + "quotes.json", [(b"k", value)])
    kafka.produce(prefix + "dead-letters", [(b"k", value + b"y" * 1024)])
    assert [len(one.value) for one in kafka.read(prefix + "dead-letters")] == [16 * MIB]


def test_check_names_what_is_missing(soglia, kafka, prefix):
    nothing = soglia.run("topics", "check", code=FAILED)
    for name in ALL:
        assert "missing" in line_of(nothing, prefix + name)
    assert topics_of(kafka, prefix) == {}


def refused_check(soglia):
    """What `topics check` says once the broker knows what was just changed."""
    def refused():
        result = soglia.run("topics", "check", code=None)
        return result.code == FAILED and result
    return until(refused, WAIT_S, "topics check to find the change")


@pytest.mark.parametrize(("topic", "setting", "value", "wanted"), [
    ("quotes", "retention.ms", "60000", "2592000000"),
    ("soglia-alerts-instruments-changelog", "cleanup.policy", "delete", "compact"),
    ("users.json", "max.message.bytes", "1000000", "16777216"),
    ("alerts", "message.timestamp.type", "LogAppendTime", "CreateTime"),
])
def test_check_names_a_setting_that_differs(soglia, kafka, prefix, topic, setting, value, wanted):
    soglia.run("topics", "apply")
    kafka.set_config(prefix + topic, setting, value)
    line = line_of(refused_check(soglia), prefix + topic)
    assert re.search(rf"differs.*: {re.escape(setting)} is {value}, should be {wanted}", line)
    # Apply tells it too, and changes nothing.
    assert "differs" in line_of(soglia.run("topics", "apply", code=FAILED), prefix + topic)
    assert configs_of(kafka, prefix + topic)[setting] == value


def test_check_names_topics_that_are_not_co_partitioned(soglia, kafka, prefix):
    soglia.run("topics", "apply")
    admin = kafka.admin
    admin.create_partitions([NewPartitions(prefix + "subscriptions", 6)])[prefix + "subscriptions"].result(30)
    line = line_of(refused_check(soglia), prefix + "subscriptions")
    assert "has 6 partitions" in line and f"{prefix}quotes" in line and "has 4" in line


def test_a_new_topic_gets_the_partitions_of_its_group(soglia, kafka, prefix):
    kafka.create_topic(prefix + "quotes", partitions=7, retention_ms=30 * DAY_MS, max_message_bytes=16 * MIB)
    soglia.run("topics", "apply")
    found = topics_of(kafka, prefix)
    assert {found[name] for name in INSTRUMENT} == {7}
    assert {found[name] for name in USER} == {4} and {found[name] for name in JSON} == {1}


def test_describe_is_a_table(soglia, prefix):
    soglia.run("topics", "apply")
    lines = soglia.run("topics", "describe").stdout.decode().splitlines()
    assert lines[0].split() == ["topic", "partitions", "replicas", "kept", "schema", "state"]
    assert len(lines) == 1 + len(ALL)
    row = next(line.split() for line in lines if line.startswith(f"{prefix}quotes "))
    assert row[1:5] == ["4", "1", "30", "days"] and int(row[5]) > 0 and row[6] == "exists"


def test_a_prefix_that_makes_no_names_is_refused(soglia):
    soglia.settings["topics.prefix"] = "no spaces "
    assert "topics.prefix" in text_of(soglia.run("topics", "apply", code=FAILED))


def test_two_appliers_at_once_agree(soglia, kafka, prefix):
    """Whoever is fenced says so and has registered nothing that contradicts the other."""
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: soglia.run("topics", "apply", code=None), range(4)))
    assert any(one.code == 0 for one in results), [text_of(one) for one in results]
    for one in results:
        # Kafka 4.3.1 tells one that is fenced while its transaction ends, once in a while, that it does not know why.
        assert one.code == 0 or "fenced" in text_of(one) or "EndTxn" in text_of(one), text_of(one)
    soglia.run("topics", "apply")
    texts, versions = {}, set()
    for record in kafka.read(prefix + "_schemas"):
        value, key = json.loads(record.value), json.loads(record.key)
        assert texts.setdefault(value["id"], value["schema"]) == value["schema"]
        assert (key["subject"], key["version"]) not in versions
        versions.add((key["subject"], key["version"]))
    assert len(set(texts.values())) == len(texts)
    assert {version for _, version in versions} == {1}
