"""Apicurio Registry, the external schema registry of the tests, with its Confluent-compatible API."""
import os

import requests

from support.kafka import script
from support.ports import free_port
from support.process import Process
from support.wait import until

READY_S = 60


class Apicurio:
    """Keeps its schemas in memory. `url` is the base that a Confluent client is given."""

    def __init__(self, folder):
        port = free_port()
        jar, = [path for path in os.scandir(script("fetch-apicurio.sh")) if path.name.endswith("-runner.jar")]
        self.url = f"http://127.0.0.1:{port}/apis/ccompat/v7"
        self._process = Process("apicurio", [
            script("java-home.sh") + "/bin/java", "-Xmx400m", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData",
            "-Dquarkus.http.host=127.0.0.1", f"-Dquarkus.http.port={port}", "-jar", jar.path], folder)

    def wait_ready(self):
        until(self._ready, READY_S, lambda: f"Apicurio\n{self._process.tail()}")
        return self

    def stop(self):
        self._process.end()

    def _ready(self):
        if not self._process.running:
            raise AssertionError(f"Apicurio ended\n{self._process.tail()}")
        try:
            return requests.get(f"{self.url}/subjects", timeout=5).status_code == 200
        except requests.ConnectionError:
            return False
