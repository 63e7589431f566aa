"""The program as a person meets it without any server: help, usage, settings, exit codes."""
import os
import subprocess
from pathlib import Path

import pytest

from support.ports import free_port
from support.soglia import PROGRAM

OK, FAILED, USAGE = 0, 1, 2
RUN_S = 20
SECRET = "correct horse battery"


@pytest.fixture
def run(tmp_path):
    """Runs the program in an empty folder, with no variables of its own but those given."""
    program = os.path.abspath(os.environ.get("SOGLIA_BIN", PROGRAM))

    def call(*args, env=None, **options):
        clean = {key: value for key, value in os.environ.items() if not key.startswith("SOGLIA_")}
        return subprocess.run([program, *args], cwd=tmp_path, env={**clean, **(env or {})}, timeout=RUN_S,
                              capture_output=True, text=True, check=False, **options)
    return call


def commands(run):
    """The names in the overview."""
    lines = run("help").stdout.splitlines()
    return [line.split()[0] for line in lines if line.startswith("  ")]


def test_overview_lists_every_command_and_each_has_help(run):
    names = commands(run)
    assert {"help", "settings", "version"} <= set(names)
    for name in names:
        by_help, by_option = run("help", name), run(name, "--help")
        assert by_help.returncode == by_option.returncode == OK
        assert by_help.stdout == by_option.stdout
        assert by_help.stdout.startswith(f"usage: soglia {name}")


def test_no_command_is_a_mistake_that_shows_the_way(run):
    result = run()
    assert (result.returncode, result.stdout) == (USAGE, "")
    assert "usage: soglia COMMAND" in result.stderr
    assert run("--help").stdout == run("help").stdout


def test_version(run):
    assert run("--version").stdout == run("version").stdout
    assert run("version").stdout.startswith("soglia ")


@pytest.mark.parametrize("args, line", [
    (("setings",), "soglia: no command setings; did you mean settings?\n"),
    (("banana",), "soglia: no command banana; `soglia help` lists them\n"),
    (("help", "banana"), "soglia: no command banana; `soglia help` lists them\n"),
    (("settings", "more"), "soglia: settings: more is too much\n"),
    (("settings", "-m"), "soglia: -m: options have the form --name=value\n"),
    (("settings", "--kafka.broker=x"),
     "soglia: command line: unknown setting kafka.broker; did you mean kafka.brokers?\n"),
    (("settings", "--banana=1"), "soglia: command line: unknown setting banana; `soglia settings` lists all\n"),
    (("settings", "--kafka.brokers"),
     "soglia: --kafka.brokers: the value is missing; write --kafka.brokers=VALUE\n"),
    (("settings", "--config=none.conf"), "soglia: none.conf: No such file or directory\n"),
])
def test_mistakes_are_named_and_end_with_2(run, args, line):
    result = run(*args)
    assert (result.returncode, result.stdout) == (USAGE, "")
    assert result.stderr.startswith(line)


def test_stronger_source_wins_and_is_named(run, tmp_path):
    def brokers(*args, env=None):
        lines = run("settings", *args, env=env).stdout.splitlines()
        return next(line.strip() for line in lines if line.startswith("  kafka.brokers"))

    assert brokers() == "kafka.brokers = localhost:9092"
    (tmp_path / "soglia.conf").write_text("# ours\n[kafka]\nbrokers = file:1\n")
    env = {"SOGLIA_KAFKA_BROKERS": "environment:1"}
    assert brokers().startswith("kafka.brokers = file:1  (soglia.conf:3;")
    assert brokers(env=env).startswith("kafka.brokers = environment:1  (SOGLIA_KAFKA_BROKERS;")
    assert brokers("--kafka.brokers=line:1", env=env).startswith("kafka.brokers = line:1  (command line;")


def test_broken_file_is_named_with_its_line(run, tmp_path):
    (tmp_path / "soglia.conf").write_text("[log]\nlevel = info\nlevle = info\n")
    result = run("settings")
    assert result.returncode == USAGE
    assert result.stderr == "soglia: soglia.conf:3: unknown setting log.levle; did you mean log.level?\n"


def test_secrets_are_refused_on_the_command_line_and_never_shown(run):
    refused = run("settings", f"--kafka.sasl.password={SECRET}")
    assert refused.returncode == USAGE
    assert "--kafka.sasl.password: a secret on the command line" in refused.stderr
    shown = run("settings", env={"SOGLIA_KAFKA_SASL_PASSWORD": SECRET})
    assert shown.returncode == OK
    assert "kafka.sasl.password = (set)" in shown.stdout
    assert SECRET not in refused.stderr + refused.stdout + shown.stdout + shown.stderr


def test_foreign_variables_do_not_disturb(run):
    """Kubernetes gives such a variable to every neighbour of a service called soglia."""
    assert run("settings", env={"SOGLIA_PORT": "tcp://10.0.0.1:8080"}).returncode == OK


def test_output_that_cannot_be_written_is_a_failure(run):
    with open("/dev/full", "w", encoding="ascii") as full:
        program = os.path.abspath(os.environ.get("SOGLIA_BIN", PROGRAM))
        result = subprocess.run([program, "help"], stdout=full, stderr=subprocess.PIPE, text=True, timeout=RUN_S,
                                check=False)
    assert result.returncode == FAILED
    assert result.stderr == "soglia: standard output: No space left on device\n"


def test_output_at_the_limit_of_files_is_a_failure(run, tmp_path):
    program = os.path.abspath(os.environ.get("SOGLIA_BIN", PROGRAM))
    with open(tmp_path / "output", "w", encoding="ascii") as output:
        result = subprocess.run(["bash", "-c", 'ulimit -f 1; exec "$0" help', program], stdout=output,
                                stderr=subprocess.PIPE, text=True, timeout=RUN_S, check=False)
    assert result.returncode == FAILED
    assert result.stderr == "soglia: standard output: File too large\n"


def test_log_lines_are_left_out_of_a_brief_answer_unless_asked_for(run):
    nowhere = ("topics", "check", f"--kafka.brokers=127.0.0.1:{free_port()}")
    assert "librdkafka" not in run(*nowhere).stderr
    assert "librdkafka" in run(*nowhere, "--log.level=info").stderr


def test_references_name_every_setting_and_metric(run):
    page = run("settings", "--markdown").stdout
    keys = [line.split()[0] for line in run("settings").stdout.splitlines() if line.startswith("  ") and " = " in line]
    assert keys
    for key in keys:
        assert f"| `{key}` |" in page
    assert "| `soglia_records_read_total` | counter |" in run("metrics", "--markdown").stdout


@pytest.mark.parametrize("command", ["settings", "metrics"])
def test_reference_in_docs_is_that_of_the_program(run, command):
    page = Path(__file__).resolve().parents[2] / f"docs/{command}.md"
    assert run(command, "--markdown").stdout == page.read_text(), (
        f"out of date; mend it with: build/soglia {command} --markdown > docs/{command}.md")
