"""Rules and dashboard: Prometheus' own tools take them, they fire when they should, and every name in them exists."""
import json
import re
import subprocess
import urllib.parse
from pathlib import Path

import pytest
import requests
import yaml

from support.kafka import REPO
from support.ports import free_port
from support.wait import until

MONITORING = REPO / "compose/monitoring"
DASHBOARD = MONITORING / "grafana/dashboards/soglia.json"
WAIT_S = 30
# What Prometheus adds to every series, and prometheus.yml.
ADDED_LABELS = {"instance", "job", "role", "le"}
WORDS = {"and", "or", "unless", "by", "without", "on", "ignoring", "group_left", "group_right", "offset", "bool", "inf", "nan"}
# Variables of Grafana, with a value that it might give them.
GRAFANA = {"$__rate_interval": "1m"}


def run(*argv):
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def known():
    """The names of all series and their labels, from the table of the code as docs/metrics.md shows it."""
    series = {"up": set()}
    for name, kind, labels in re.findall(r"^\| `(\w+)` \| (\w+) \| ([\w, ]*) \|", (REPO / "docs/metrics.md").read_text(), re.M):
        for suffix in ("_bucket", "_sum", "_count") if kind == "histogram" else ("",):
            series[name + suffix] = {label for label in labels.split(", ") if label}
    assert len(series) > 30
    return series


def rules():
    return [rule for group in yaml.safe_load((MONITORING / "rules.yml").read_text())["groups"] for rule in group["rules"]]


def panels():
    return [panel for panel in json.loads(DASHBOARD.read_text())["panels"] if panel["type"] != "row"]


def queries():
    found = [target["expr"] for panel in panels() for target in panel["targets"]]
    for variable, value in GRAFANA.items():
        found = [query.replace(variable, value) for query in found]
    return found


def names_of(expression):
    """Names of series, and of labels, in an expression that promtool takes."""
    bare = re.sub(r'"(\\.|[^"\\])*"', '""', expression)
    labels = set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)\s*\"\"", bare))
    for group in re.findall(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)", bare):
        labels |= {label.strip() for label in group.split(",") if label.strip()}
    bare = re.sub(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)", " ", bare)
    bare = re.sub(r"\{[^}]*\}|\[[^]]*\]|\boffset\s+\w+", " ", bare)
    words = re.findall(r"(?<![\w.])([a-zA-Z_:][\w:]*)(?!\w|\s*\()", bare)
    return {word for word in words if word.lower() not in WORDS}, labels


def test_names_are_read_right():
    assert names_of('sum by (le, a) (rate(x_total{b="c by (d)", e!~"f"}[5m])) / on (g) y unless z_bucket offset 10m > 2e3') == (
        {"x_total", "y", "z_bucket"}, {"le", "a", "b", "e", "g"})


def test_promtool_takes_rules_and_configuration():
    run("promtool", "check", "config", MONITORING / "prometheus.yml")
    run("promtool", "check", "rules", "--lint=all", "--lint-fatal", MONITORING / "rules.yml")


def test_rules_fire_when_they_should():
    run("promtool", "test", "rules", MONITORING / "rules_test.yml")
    tested = set(re.findall(r"alertname: (\w+)", (MONITORING / "rules_test.yml").read_text()))
    assert {rule["alert"] for rule in rules()} == tested


def test_rules_say_what_to_do():
    for rule in rules():
        assert rule["labels"]["severity"] in {"page", "ticket"}, rule["alert"]
        assert set(rule["annotations"]) == {"summary", "action"} and rule["annotations"]["action"].endswith(".")


def test_queries_are_promql(tmp_path):
    """Each query of the dashboard, as a rule that promtool checks."""
    wrapped = [{"record": f"soglia:query{number}", "expr": query} for number, query in enumerate(queries())]
    (tmp_path / "queries.yml").write_text(yaml.safe_dump({"groups": [{"name": "queries", "rules": wrapped}]}))
    assert f"{len(wrapped)} rules found" in run("promtool", "check", "rules", "--lint=none", tmp_path / "queries.yml")


def test_every_name_exists(known):
    for expression in [rule["expr"] for rule in rules()] + queries():
        series, labels = names_of(expression)
        assert series and series <= known.keys(), (expression, series - known.keys())
        allowed = ADDED_LABELS.union(*(known[name] for name in series))
        assert labels <= allowed, (expression, labels - allowed)


def test_every_metric_is_on_the_dashboard_or_a_part_of_one(known):
    shown = set().union(*(names_of(query)[0] for query in queries()))
    assert {re.sub("_(bucket|sum|count)$", "", name) for name in known} == {re.sub("_(bucket|sum|count)$", "", name) for name in shown}


def test_the_dashboard_holds_together():
    board = json.loads(DASHBOARD.read_text())
    ids = [panel["id"] for panel in board["panels"]]
    assert len(set(ids)) == len(ids)
    for panel in panels():
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24 and panel["title"] and panel["description"].endswith(".")
        assert panel["datasource"]["uid"] == "prometheus"
    source = yaml.safe_load((MONITORING / "grafana/provisioning/datasources/prometheus.yml").read_text())["datasources"][0]
    assert source["uid"] == "prometheus"
    provider = yaml.safe_load((MONITORING / "grafana/provisioning/dashboards/soglia.yml").read_text())["providers"][0]
    mounts = yaml.safe_load((REPO / "compose/docker-compose.yml").read_text())["services"]["grafana"]["volumes"]
    assert f"./monitoring/grafana/dashboards:{provider['options']['path']}:ro" in mounts


def test_prometheus_scrapes_a_live_soglia(soglia, kafka, processes, tmp_path):
    """The very files, with addresses of this machine: all targets up, no rule fails, every query is answered."""
    soglia.settings |= {"metrics.listen": f"127.0.0.1:{free_port()}", "state.map_bytes": "64MiB"}
    soglia.run("topics", "apply")
    running = [soglia.start("run", "ingest", "alerts", "notifications", "deliver"), soglia.start("serve")]
    soglia.wait_ready(running[1])
    configuration = (MONITORING / "prometheus.yml").read_text()
    for role in ("ingest", "accounts", "alerts", "notifications", "deliver"):
        configuration = configuration.replace(f"{role}:9100", soglia.settings["metrics.listen"])
    port = free_port()
    configuration = configuration.replace("serve:8080", soglia.listen).replace("localhost:9090", f"127.0.0.1:{port}")
    (tmp_path / "prometheus.yml").write_text(configuration.replace("_interval: 10s", "_interval: 1s").replace("timeout: 5s", "timeout: 1s"))
    (tmp_path / "rules.yml").write_text((MONITORING / "rules.yml").read_text())
    prometheus = processes.start("prometheus", [
        "prometheus", f"--config.file={tmp_path}/prometheus.yml", f"--storage.tsdb.path={tmp_path}/tsdb",
        f"--web.listen-address=127.0.0.1:{port}"])

    def ask(path):
        assert prometheus.running, prometheus.tail()
        try:
            return requests.get(f"http://127.0.0.1:{port}/api/v1/{path}", timeout=10).json().get("data")
        except (requests.ConnectionError, requests.exceptions.JSONDecodeError):
            return None

    def all_up():
        found = (ask("targets") or {}).get("activeTargets", [])
        return len(found) == 7 and all(one["health"] == "up" for one in found)
    until(all_up, WAIT_S, lambda: f"the targets: {ask('targets')}")

    def evaluated():
        groups = (ask("rules") or {}).get("groups", [])
        return groups and all(rule["health"] == "ok" for group in groups for rule in group["rules"])
    until(evaluated, WAIT_S, lambda: f"the rules: {ask('rules')}")
    for query in queries():
        assert ask(f"query?query={urllib.parse.quote(query)}") is not None, query
    for always in ("soglia_start_time_seconds", "soglia_state_free_bytes", "soglia_state_size_bytes", "soglia_log_lines_total"):
        assert len(ask(f"query?query={always}")["result"]) >= 2, always
    firing = {alert["labels"]["alertname"] for alert in ask("alerts")["alerts"] if alert["state"] == "firing"}
    assert not firing - {"SogliaErrorsLogged"}, firing
    assert Path(tmp_path / "tsdb").is_dir()
