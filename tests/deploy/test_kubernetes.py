"""The manifests as kustomize renders them (the one in kubectl), held against the schemas of two Kubernetes versions and of Strimzi."""
import os
import re
import subprocess
import sys
from pathlib import Path

import jsonschema
import kubernetes_validate
import pytest
import yaml

from support.kafka import REPO, script
from test_compose import ROLES, packages, program

FOLDER = REPO / "compose/kubernetes"
OVERLAYS = sorted(path.parent.name for path in FOLDER.glob("overlays/*/kustomization.yaml"))
# The oldest one whose fields are used, and the newest.
VERSIONS = ["1.31", "1.37"]
sys.path.insert(0, str(FOLDER))


@pytest.fixture(scope="module")
def rendered():
    """Every object of every overlay, by overlay."""
    kubectl = Path(sys.executable).with_name("kubectl")
    found = {}
    for overlay in OVERLAYS:
        done = subprocess.run([kubectl, "kustomize", FOLDER / "overlays" / overlay], capture_output=True, text=True, check=False)
        assert done.returncode == 0 and not done.stderr, done.stderr
        found[overlay] = list(yaml.safe_load_all(done.stdout))
    return found


def of(objects, kind):
    return {one["metadata"]["name"]: one for one in objects if one["kind"] == kind}


def pods(objects):
    """Pod templates by name."""
    return {name: one["spec"]["template"] for kind in ("StatefulSet", "Deployment", "Job") for name, one in of(objects, kind).items()}


def strict(schema):
    """A CRD's schema as the server takes it, with unknown fields refused."""
    if isinstance(schema, dict):
        closed = {key: strict(value) for key, value in schema.items()}
        if schema.get("type") == "object" and isinstance(schema.get("properties"), dict) and "additionalProperties" not in schema \
                and not schema.get("x-kubernetes-preserve-unknown-fields"):
            closed["additionalProperties"] = False
        return closed
    return [strict(one) for one in schema] if isinstance(schema, list) else schema


@pytest.fixture(scope="module")
def strimzi():
    """Validators of Strimzi's kinds, from definitions that its own generator made."""
    found = {}
    for path in Path(script("fetch-strimzi.sh")).glob("*.yaml"):
        definition = yaml.safe_load(path.read_text())["spec"]
        for version in definition["versions"]:
            schema = strict(version["schema"]["openAPIV3Schema"])
            # The envelope is the server's own.
            schema["properties"]["metadata"] = {"type": "object"}
            found[f"{definition['group']}/{version['name']}", definition["names"]["kind"]] = jsonschema.Draft7Validator(schema)
    return found


def test_every_object_is_valid(rendered, strimzi):
    # What is alike in two overlays is looked at once.
    for one in {str(one): one for objects in rendered.values() for one in objects}.values():
        custom = strimzi.get((one["apiVersion"], one["kind"]))
        if custom is not None:
            assert [error.message for error in custom.iter_errors(one)] == [], one["metadata"]["name"]
            continue
        for version in VERSIONS:
            kubernetes_validate.validate(one, version, strict=True)


def test_the_validators_do_refuse(rendered, strimzi):
    one = next(iter(of(rendered["production"], "StatefulSet").values()))
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate({**one, "spec": {**one["spec"], "replicaz": 1}}, VERSIONS[0], strict=True)
    topic = next(iter(of(rendered["strimzi"], "KafkaTopic").values()))
    validator = strimzi[topic["apiVersion"], "KafkaTopic"]
    assert list(validator.iter_errors({**topic, "spec": {**topic["spec"], "partition": 1}}))


def test_each_role_is_a_stateful_set_with_a_name_and_a_volume_of_its_own(rendered):
    for objects in rendered.values():
        sets = of(objects, "StatefulSet")
        assert sets.keys() == {f"soglia-{role}" for role in ROLES}
        for name, one in sets.items():
            role = name.removeprefix("soglia-")
            assert one["spec"]["serviceName"] == name and name in of(objects, "Service")
            container = one["spec"]["template"]["spec"]["containers"][0]
            assert container["args"] == ([role] if role in ("deliver", "serve") else ["run", role])
            env = {each["name"]: each for each in container["env"]}
            # group.instance.id and transactional.id are made of it.
            assert env["SOGLIA_RUN_INSTANCE"]["valueFrom"] == {"fieldRef": {"fieldPath": "metadata.name"}}
            assert env["SOGLIA_STATE_DIR"]["value"] in {mount["mountPath"] for mount in container["volumeMounts"] if mount["name"] == "state"}
            assert [claim["metadata"]["name"] for claim in one["spec"]["volumeClaimTemplates"]] == ["state"]
            assert one["spec"]["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Retain", "whenScaled": "Retain"}


def test_probes_ask_the_right_things(rendered):
    """Alive is not ready: a long restore must not be ended by a probe. All go to the port that the role listens at."""
    for objects in rendered.values():
        for name, one in of(objects, "StatefulSet").items():
            container = one["spec"]["template"]["spec"]["containers"][0]
            paths = {probe: container[f"{probe}Probe"]["httpGet"]["path"] for probe in ("startup", "liveness", "readiness")}
            assert paths == {"startup": "/healthz", "liveness": "/healthz", "readiness": "/readyz"}
            ports = {port["name"]: port["containerPort"] for port in container["ports"]}
            env = {each["name"]: each.get("value") for each in container["env"]}
            listens = env["SOGLIA_HTTP_LISTEN"] if name == "soglia-serve" else env["SOGLIA_METRICS_LISTEN"]
            assert listens == f"0.0.0.0:{ports['metrics']}"
            assert one["spec"]["template"]["metadata"]["annotations"]["prometheus.io/port"] == str(ports["metrics"])
            assert one["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] >= 10


def test_pods_have_no_more_than_they_need(rendered):
    for objects in rendered.values():
        for name, template in pods(objects).items():
            pod, container = template["spec"], template["spec"]["containers"][0]
            assert pod["securityContext"]["runAsNonRoot"] and pod["securityContext"]["runAsUser"] > 0, name
            assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
            assert pod["automountServiceAccountToken"] is False
            own = container["securityContext"]
            assert own["readOnlyRootFilesystem"] and own["allowPrivilegeEscalation"] is False and own["capabilities"] == {"drop": ["ALL"]}
            assert {"cpu", "memory"} <= container["resources"]["limits"].keys() & container["resources"]["requests"].keys()
            secrets = {volume["name"] for volume in pod["volumes"] if "secret" in volume or "projected" in volume}
            mounts = {mount["name"]: mount for mount in container["volumeMounts"]}
            assert all(mounts[secret]["readOnly"] for secret in secrets)
            assert not any("secretKeyRef" in str(each) for each in container.get("env", []))
        holders = {name for name, template in pods(objects).items() if any(
            volume.get("secret", {}).get("secretName") == "soglia-secrets" for volume in template["spec"]["volumes"])}
        assert holders == {"soglia-serve", "soglia-deliver"}


def test_selectors_find_what_they_are_for(rendered):
    """Each budget, service and policy selects pods that exist, and a role's own alone."""
    for objects in rendered.values():
        labels = {name: template["metadata"]["labels"] for name, template in pods(objects).items()}

        def found(selector):
            return {name for name, own in labels.items() if selector.items() <= own.items()}
        for name, one in of(objects, "StatefulSet").items():
            assert found(one["spec"]["selector"]["matchLabels"]) == {name}
        for name, one in of(objects, "PodDisruptionBudget").items():
            assert found(one["spec"]["selector"]["matchLabels"]) == {name} and one["spec"]["maxUnavailable"] == 1
        for name, one in of(objects, "Service").items():
            assert found(one["spec"]["selector"]) == {"soglia-serve" if name == "http-serve" else name}
        for one in of(objects, "NetworkPolicy").values():
            wanted = one["spec"]["podSelector"].get("matchLabels", {})
            assert found(wanted)


def test_the_network_is_closed_but_for_what_is_named(rendered):
    for objects in rendered.values():
        policies = of(objects, "NetworkPolicy")
        assert policies["nothing"]["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
        open_to_all = {name for name, one in policies.items() for rule in one["spec"].get("ingress", []) if "from" not in rule}
        assert open_to_all == {"gateway"}
        world = {name for name, one in policies.items() if "0.0.0.0/0" in str(one["spec"])}
        assert world == {"deliver"}


def test_the_gateway_is_the_one_of_the_containers(rendered):
    for objects in rendered.values():
        files = next(one for name, one in of(objects, "ConfigMap").items() if name.startswith("gateway-files"))["data"]
        for name in ("gateway.conf.template", "headers.conf", "start.sh"):
            assert files[name] == (REPO / "compose/gateway" / name).read_text()
        container = pods(objects)["gateway"]["spec"]["containers"][0]
        known = set(re.findall(r"\$\{(GATEWAY_\w+):-", files["start.sh"]))
        assert {each["name"] for each in container["env"]} <= known
        service = next(each["value"] for each in container["env"] if each["name"] == "GATEWAY_SERVICE")
        host, port = service.split(":")
        name, namespace = host.split(".")[:2]
        target = of(objects, "Service")[name]
        assert target["metadata"]["namespace"] == namespace and target["spec"]["ports"][0]["port"] == int(port)
        assert container["image"] == yaml.safe_load((REPO / "compose/docker-compose.yml").read_text())[
            "services"]["gateway"]["image"].split(":-")[1].rstrip("}")


def test_soglia_takes_the_settings(rendered):
    """The variables of each overlay, all of them settings of soglia or librdkafka's."""
    for overlay, objects in rendered.items():
        common = next(one for name, one in of(objects, "ConfigMap").items() if name.startswith("soglia-settings"))["data"]
        own = {each["name"]: each["value"] for template in pods(objects).values() for container in template["spec"]["containers"]
               for each in container.get("env", []) if "value" in each and each["name"].startswith("SOGLIA_")}
        env = {key: value for key, value in {**common, **own}.items() if not key.endswith("_FILE")}
        shown = subprocess.run([program(), "settings"], env={"PATH": os.environ["PATH"], **env}, capture_output=True, text=True, check=False)
        assert shown.returncode == 0, (overlay, shown.stderr)
        for key, value in env.items():
            name = key.removeprefix("SOGLIA_").lower()
            assert re.search(rf"^  {name.replace('_', '[._]')} = \"?{re.escape(value)}", shown.stdout, re.M), (overlay, key)


@pytest.mark.usefixtures("usual_partitions")
def test_strimzi_has_the_topics_that_soglia_makes(soglia, kafka, prefix):
    import strimzi_topics
    soglia.run("topics", "apply")
    made = strimzi_topics.text(kafka.brokers, prefix)
    assert made == (FOLDER / "overlays/strimzi/kafka.yaml").read_text()


def test_kubectl_comes_from_the_environment():
    """Another one on the machine may render otherwise."""
    assert Path(sys.executable).with_name("kubectl").exists() and "kubernetes-client" not in packages("test")
