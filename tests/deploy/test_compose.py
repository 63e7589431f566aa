"""The container files without containers: they resolve, they name what exists, and soglia takes what they give it."""
import functools
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from support.kafka import REPO
from support.ports import free_port
from support.soglia import PROGRAM
from support.wait import until

COMPOSE = REPO / "compose"
SETS = {"one": ["docker-compose.yml"], "three": ["docker-compose.yml", "docker-compose.three.yml"]}
ROLES = {"ingest", "accounts", "alerts", "notifications", "deliver", "serve"}
OPTIONAL = {"tools": {"tools"}, "monitoring": {"prometheus", "grafana"}}
# Made by another part of the program; a variable that soglia does not know is somebody else's to it.
ALSO_SETTINGS = {"secrets.file"}
WAIT_S = 20


def program():
    return Path(os.environ.get("SOGLIA_BIN", PROGRAM)).resolve()


def soglia(*args, env=None):
    return subprocess.run([program(), *args], env={"PATH": os.environ["PATH"], **(env or {})}, capture_output=True, text=True,
                          timeout=WAIT_S, check=False)


@functools.lru_cache
def resolved(size, *images):
    """What docker-compose 1.29 makes of the files, optional services included; `images` are variables and values."""
    options = [word for name in SETS[size] for word in ("-f", COMPOSE / name)]
    done = subprocess.run(["docker-compose", *options, "config"], capture_output=True, text=True, check=False,
                          env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", **dict(images)})
    assert done.returncode == 0, done.stderr
    assert not done.stderr.strip(), done.stderr
    return yaml.safe_load(done.stdout)


@pytest.fixture(scope="module", params=SETS)
def everything(request):
    """All services of one set of files, by name."""
    return resolved(request.param)


def ours(everything):
    return {name: one for name, one in everything["services"].items() if one["image"].startswith("soglia")}


def test_profiles_are_what_is_optional():
    by_profile = {}
    for name, service in resolved("one")["services"].items():
        for profile in service.get("profiles", ["always"]):
            by_profile.setdefault(profile, set()).add(name)
    assert by_profile == {"always": ROLES | {"kafka", "topics", "gateway", "mail"}, **OPTIONAL}
    assert resolved("three")["services"].keys() == resolved("one")["services"].keys() | {"kafka-2", "kafka-3"}


def test_no_name_and_no_version():
    for path in COMPOSE.glob("*.yml"):
        assert not {"name", "version"} & yaml.safe_load(path.read_text()).keys(), path


def test_every_image_can_be_another():
    names = {f"{name}_IMAGE": f"elsewhere/{name.lower()}:1" for name in ("SOGLIA", "KAFKA", "GATEWAY", "MAIL", "PROMETHEUS", "GRAFANA")}
    images = {one["image"] for one in resolved("three", *names.items())["services"].values()}
    assert images == set(names.values())
    for one in resolved("one")["services"].values():
        # A version of somebody else's that is not said changes behind our back.
        assert one["image"].startswith("soglia:") or re.fullmatch(r"[a-z/]+:v?\d+(\.\d+)+", one["image"]), one["image"]


def test_each_role_is_a_service_that_soglia_knows(everything):
    """The command line and the environment of each service are accepted by the program itself."""
    known = set(re.findall(r"^  ([a-z_]+\.[a-z_]+) = ", soglia("settings").stdout, re.M)) | ALSO_SETTINGS
    variables = {f"SOGLIA_{name.upper().replace('.', '_')}{suffix}": name for name in known for suffix in ("", "_FILE")}
    services = ours(everything)
    assert services.keys() == ROLES | {"topics", "tools"}
    for name, service in services.items():
        env = {key: str(value).replace("$$", "$") for key, value in service["environment"].items()}
        assert not env.keys() - variables.keys(), name
        shown = soglia("settings", env={key: value for key, value in env.items() if not key.endswith("_FILE")})
        assert shown.returncode == 0, shown.stderr
        first, *words = service["command"]
        assert soglia("help", first).returncode == 0, first
        if name in ROLES:
            assert name in (first, *words)
        # A processor that does not exist is refused before anything is tried; a broker that does not, is waited for.
        beginning = subprocess.run([program(), *service["command"], "--help"], capture_output=True, check=False)
        assert beginning.returncode == 0


def test_processors_of_the_commands_exist():
    names = set(re.findall(r"^  (\w+)  ", soglia("help", "run").stdout.split("Settings")[0], re.M)) | {"accounts"}
    for service in ours(resolved("one")).values():
        if service["command"][0] == "run":
            assert set(service["command"][1:]) <= names
    refused = soglia("run", "nobody")
    assert refused.returncode == 2
    for name in ROLES - {"serve"}:
        assert name in refused.stderr


def test_every_file_that_is_named_exists(everything):
    for name, service in everything["services"].items():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith(("/", ".")):
                assert Path(source).exists(), (name, source)
            else:
                assert source in everything["volumes"]
        if "build" in service:
            assert (Path(service["build"]["context"]) / service["build"]["dockerfile"]).is_file()
        for secret in service.get("secrets", []):
            assert (secret if isinstance(secret, str) else secret["source"]) in everything["secrets"]
    assert os.access(COMPOSE / "gateway/start.sh", os.X_OK)


def test_the_script_makes_every_secret(everything, tmp_path):
    """Each once, for the folder's owner alone, and no key twice."""
    script = [REPO / "scripts/make-secrets.sh", tmp_path / "secrets"]
    subprocess.run(script, check=True, capture_output=True)
    made = {path.name: path.read_bytes() for path in (tmp_path / "secrets").iterdir()}
    assert made.keys() >= {Path(one["file"]).name for one in everything["secrets"].values()}
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700
    lines = [line.split() for line in made["soglia.keys"].decode().splitlines()]
    assert [name for name, _ in lines] == ["identity", "k1"] and all(re.fullmatch("[0-9a-f]{64}", key) for _, key in lines)
    assert lines[0][1] != lines[1][1]
    subprocess.run(script, check=True, capture_output=True)
    assert {path.name: path.read_bytes() for path in (tmp_path / "secrets").iterdir()} == made
    ignored = subprocess.run(["git", "check-ignore", "-q", "compose/secrets/soglia.keys"], cwd=REPO, check=False)
    assert ignored.returncode == 0


def test_what_reaches_whom(everything):
    """The world reaches the gateway; the gateway reaches serve alone; everything else that is published is for this machine."""
    services, networks = everything["services"], everything["networks"]
    assert {name for name, one in networks.items() if not (one or {}).get("internal")} == {"edge"}
    on = {name: {one for one in services if name in services[one].get("networks", {})} for name in networks}
    assert on["front"] == {"gateway", "serve"}
    assert on["monitoring"] == ROLES | {"prometheus", "grafana"}
    brokers = {name for name in services if name.startswith("kafka")}
    assert on["edge"] == brokers | {"gateway", "mail", "deliver", "prometheus", "grafana"}
    assert on["back"] == brokers | ROLES | {"topics", "tools", "mail"}
    for name, service in services.items():
        for port in service.get("ports", []):
            assert str(port).startswith("127.0.0.1:"), (name, port)
    assert {name for name in services if services[name].get("ports")} == on["edge"] - {"deliver"}


def test_every_service_is_bounded(everything):
    for name, service in everything["services"].items():
        assert service["cap_drop"] == ["ALL"] and "no-new-privileges:true" in service["security_opt"], name
        assert service["mem_limit"] and service["pids_limit"] and service["logging"]["options"]["max-size"], name
        if name not in {"topics", "tools"}:
            assert service["restart"] == "unless-stopped"
        if not name.startswith("kafka"):
            assert service["read_only"] is True, name
        if name in ROLES:
            assert service["healthcheck"]["test"] == ["CMD", "soglia", "health", "ready"]
            assert service["stop_grace_period"] == "10s"  # soglia ends within 5.
            assert any(volume.startswith(f"{name}:/var/lib/soglia") for volume in service["volumes"])


def test_roles_begin_after_kafka_and_stop_before_it(everything):
    """The order of a stop is that of `depends_on` backwards. A service that has ended, as `topics` has, passes nothing on."""
    brokers = {name for name in everything["services"] if name.startswith("kafka")}
    for name in ROLES:
        waits_for = {other: one["condition"] for other, one in everything["services"][name]["depends_on"].items()}
        assert waits_for == {"topics": "service_completed_successfully"} | dict.fromkeys(brokers, "service_healthy"), name


def test_three_brokers_have_one_replica_each_to_lose(everything):
    brokers = {name: one["environment"] for name, one in everything["services"].items() if name.startswith("kafka")}
    count = len(brokers)
    assert {one["KAFKA_NODE_ID"] for one in brokers.values()} == {str(number + 1) for number in range(count)}
    for name, env in brokers.items():
        assert {one.split("@")[1] for one in env["KAFKA_CONTROLLER_QUORUM_VOTERS"].split(",")} == {f"{broker}:9093" for broker in brokers}
        assert f"INSIDE://{name}:9092" in env["KAFKA_ADVERTISED_LISTENERS"]
        factors = {value for key, value in env.items() if key.endswith("REPLICATION_FACTOR")}
        in_sync = {value for key, value in env.items() if key.endswith(("MIN_ISR", "MIN_INSYNC_REPLICAS"))}
        assert (factors, in_sync) == ({str(count)}, {str((count + 1) // 2)})
    asked = {one["environment"]["SOGLIA_KAFKA_BROKERS"] for one in ours(everything).values()}
    assert asked == {",".join(f"{name}:9092" for name in brokers)}
    published = [port.split(":")[1] for one in everything["services"].values() for port in one.get("ports", [])]
    assert len(set(published)) == len(published)


def test_the_dockerfiles_are_clean():
    """hadolint: every rule but the pinning of Debian's packages, whose release is pinned by the base image."""
    hadolint = Path(sys.executable).with_name("hadolint")
    for path in [COMPOSE / "Dockerfile", *(COMPOSE / "stand-ins").glob("*.Dockerfile")]:
        done = subprocess.run([hadolint, "--ignore", "DL3008", path], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


def packages(purpose):
    return set(subprocess.run([REPO / "scripts/install-packages.sh", "--list", purpose], check=True, capture_output=True,
                              text=True).stdout.split())


def test_the_image_has_the_libraries_and_no_others():
    """The packages for `image` are those of the libraries that the program is linked with; the Dockerfile names none itself."""
    needed = subprocess.run(["objdump", "-p", program()], check=True, capture_output=True, text=True).stdout
    loaded = dict(re.findall(r"(\S+) => (/\S+)", subprocess.run(["ldd", program()], check=True, capture_output=True, text=True).stdout))
    paths = {os.path.realpath(loaded[name]) for name in re.findall(r"NEEDED +(\S+)", needed) if name in loaded}
    # /lib is /usr/lib; a package may know its files by either.
    both = paths | {path.removeprefix("/usr") for path in paths}
    owners = subprocess.run(["dpkg-query", "-S", *both], capture_output=True, text=True, check=False).stdout
    wanted = {line.split(":")[0] for line in owners.splitlines()}
    assert wanted - {"libc6"} == packages("image") - {"ca-certificates", "tzdata"}
    text = (COMPOSE / "Dockerfile").read_text()
    assert "apt-get" not in text and "install-packages.sh build" in text and "install-packages.sh image" in text
    assert "USER 10001:10001" in text


def test_health_asks_the_process_of_the_same_settings(soglia):
    """What the health checks run: 0 once it is ready, 1 before and after, each with one line."""
    soglia.settings["metrics.listen"] = f"0.0.0.0:{free_port()}"
    assert soglia.run("health", code=None).code == 1
    assert soglia.run("health", "well", code=2).stderr
    soglia.run("topics", "apply")
    process = soglia.start("run", "ingest")
    until(lambda: soglia.run("health", code=None).code == 0, WAIT_S, lambda: process.tail())
    assert json.loads(soglia.run("health", "live").text) == {"status": "alive"}
    assert json.loads(soglia.run("health").text) == {"status": "ready"}
    process.end()
    gone = soglia.run("health", code=1)
    assert len(gone.stderr.decode().splitlines()) == 1


def test_who_waits_for_kafka_is_alive_and_not_ready(soglia):
    """So that no probe ends a process because Kafka is away."""
    soglia.settings |= {"metrics.listen": f"127.0.0.1:{free_port()}", "kafka.brokers": f"127.0.0.1:{free_port()}"}
    process = soglia.start("run", "alerts")
    until(lambda: soglia.run("health", "live", code=None).code == 0, WAIT_S, lambda: process.tail())
    assert b"Kafka has not answered yet" in soglia.run("health", code=1).stderr
    assert process.end() == 0


def test_without_an_engine_it_says_so_and_fails(tmp_path):
    """make compose-test where no engine answers and none may be started: one clear line, and no success."""
    there = tmp_path / "repo"
    there.mkdir(mode=0o755)
    subprocess.run(["cp", "-r", REPO / "compose", REPO / "scripts", there], check=True)
    subprocess.run(["rm", "-rf", there / "compose/secrets"], check=True)
    argv = [there / "scripts/compose-test.sh"]
    if os.geteuid() == 0:
        subprocess.run(["chown", "-R", "nobody", there], check=True)
        for folder in there.parents:
            if folder.stat().st_uid == 0 and folder != Path("/") and str(folder) != "/tmp":
                folder.chmod(folder.stat().st_mode | 0o011)
        argv = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", *argv]
    done = subprocess.run(argv, env={"PATH": os.environ["PATH"], "DOCKER_HOST": "unix:///nonexistent", "HOME": str(there)},
                          capture_output=True, text=True, timeout=WAIT_S, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stderr.splitlines()[-1].endswith("the containers were not tested")
    assert "passed" not in done.stdout
