#!/usr/bin/env python3
"""Prints Strimzi's KafkaTopics and KafkaUser for the topics that `soglia topics apply` made: strimzi_topics.py BROKERS [PREFIX].

Its output for a new Kafka is overlays/strimzi/kafka.yaml; a test compares the two. Needs confluent-kafka and PyYAML.
"""
import sys

import yaml
from confluent_kafka.admin import AdminClient, ConfigResource, ConfigSource

CALL_S = 30
CLUSTER = {"strimzi.io/cluster": "kafka"}
REPLICAS, IN_SYNC = 3, 2
HEAD = """# Topics and the user as soglia needs them, for Strimzi's operators in the namespace `kafka`.
# Made by strimzi_topics.py from what `soglia topics apply` makes; a test compares them.
"""


def topics(brokers, prefix):
    """Name without the prefix, number of partitions and own settings of each topic."""
    admin = AdminClient({"bootstrap.servers": brokers})
    found = {name: len(one.partitions) for name, one in admin.list_topics(timeout=CALL_S).topics.items()
             if name.startswith(prefix) and not name.startswith("__")}
    resources = [ConfigResource(ConfigResource.Type.TOPIC, name) for name in sorted(found)]
    for resource, answer in admin.describe_configs(resources).items():
        own = {key: one.value for key, one in answer.result(CALL_S).items()
               if one.source == ConfigSource.DYNAMIC_TOPIC_CONFIG.value}
        yield resource.name[len(prefix):], found[resource.name], own


def topic_manifest(name, partitions, own):
    # A topic's name may hold what a resource's may not.
    resource = name.strip("_").replace("_", "-").replace(".", "-").lower()
    return {"apiVersion": "kafka.strimzi.io/v1beta2", "kind": "KafkaTopic",
            "metadata": {"name": f"soglia.{resource}", "labels": CLUSTER},
            "spec": {"topicName": name, "partitions": partitions, "replicas": REPLICAS,
                     "config": {**dict(sorted(own.items())), "min.insync.replicas": str(IN_SYNC)}}}


def user_manifest(names):
    literal = [{"resource": {"type": "topic", "name": name, "patternType": "literal"},
                "operations": ["Describe", "DescribeConfigs", "Read", "Write"]} for name in names]
    by_prefix = [{"resource": {"type": kind, "name": "soglia-", "patternType": "prefix"}, "operations": operations}
                 for kind, operations in (("group", ["Describe", "Read"]), ("transactionalId", ["Describe", "Write"]))]
    cluster = [{"resource": {"type": "cluster"}, "operations": ["Describe", "IdempotentWrite"]}]
    return {"apiVersion": "kafka.strimzi.io/v1beta2", "kind": "KafkaUser", "metadata": {"name": "soglia", "labels": CLUSTER},
            "spec": {"authentication": {"type": "tls"}, "authorization": {"type": "simple", "acls": literal + by_prefix + cluster}}}


def text(brokers, prefix=""):
    made = sorted(topics(brokers, prefix))
    manifests = [topic_manifest(*one) for one in made] + [user_manifest([name for name, _, _ in made])]
    return HEAD + "---\n".join(yaml.safe_dump(one, sort_keys=False, width=120) for one in manifests)


if __name__ == "__main__":
    sys.stdout.write(text(*sys.argv[1:]))
