"""Ends the shared Kafka of a test run that was killed before it could do so itself.

python -m support.reaper PID FOLDER: waits for the end of process PID, then for what is left in FOLDER.
"""
import os
import select
import shutil
import sys
from pathlib import Path

from support.kafka import KafkaServer


def main():
    pid, folder = int(sys.argv[1]), Path(sys.argv[2])
    try:
        select.select([os.pidfd_open(pid)], [], [])
    except ProcessLookupError:
        pass  # It ended before we looked.
    if folder.exists():
        KafkaServer(folder / "kafka").stop()
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
