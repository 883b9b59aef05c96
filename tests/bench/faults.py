#!/usr/bin/env python3
"""What a filter for faults costs a target while no fault is injected, and how exact a pause is.

usage: faults.py BUILD [--rounds N]

BUILD is build/release. Every workload runs unwatched, watched as a service, and with calls shown that faults may answer,
in turn, N rounds; medians of the wall time, as ratios to the watched target without a filter. Then a whole run of mccoy
pauses a target for a second, N times; the target writes down the time every millisecond, and how long it did not is told.
"""
import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

# A file-heavy target: what it does between two calls is little, and some data goes to the disk.
WORKLOADS = {
    "4 KiB writes, fsync each 16": """
import os
with open("data", "wb", buffering=0) as f:
    for i in range(6000):
        f.write(b"x" * 4096)
        if i % 16 == 15: os.fdatasync(f.fileno())
""",
    "64 KiB writes, fsync each": """
import os
with open("data", "wb", buffering=0) as f:
    for i in range(1000):
        f.write(b"x" * 65536)
        os.fdatasync(f.fileno())
""",
    "sqlite, a transaction each": """
import sqlite3
db = sqlite3.connect("db")
db.execute("create table if not exists t(a, b)")
for i in range(600):
    db.execute("insert into t values (?, ?)", (i, "x" * 100))
    db.commit()
""",
    "4 KiB writes, never synced": """
import os
with open("data", "wb", buffering=0) as f:
    for i in range(60000):
        if i % 1000 == 0: f.seek(0)
        f.write(b"x" * 4096)
""",
}
WAYS = {"unwatched": "-", "watched": "", "fsync shown": "fsync,fdatasync",
        "writes shown": "write,writev,pwrite64,pwritev,fsync,fdatasync"}


def seconds(faulted, calls, script):
    folder = tempfile.mkdtemp(prefix="faults-bench-", dir=os.environ.get("TMPDIR", "/tmp"))
    try:
        done = subprocess.run([faulted, calls, sys.executable, "-c", script], cwd=folder, check=True,
                              stdout=subprocess.PIPE)
        return float(done.stdout)
    finally:
        shutil.rmtree(folder)


TICKS = """
import socket, sys, time
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
with open(sys.argv[2], "w", buffering=1) as log:
    while True:
        print(time.monotonic(), file=log)
        time.sleep(0.001)
"""


def pauses(mccoy, rounds):
    """The longest gap in what the target wrote down, ms, of each run."""
    gaps = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory(prefix="pause-bench-") as folder:
            log, suite = f"{folder}/ticks", f"{folder}/suite.yaml"
            with open(f"{folder}/ticks.py", "w", encoding="utf-8") as file:
                file.write(TICKS)
            with open(suite, "w", encoding="utf-8") as file:
                file.write(f"""suite: pause
services:
  ticks:
    run: [{sys.executable}, {folder}/ticks.py, "${{port}}", {log}]
    ready: {{ tcp: "127.0.0.1:${{port}}", within: 30s }}
cases:
  listens: {{ tcp: "127.0.0.1:${{services.ticks.port}}", expect: {{ connected: true }} }}
  paused:
    chaos: {{ fault: {{ pause: ticks }}, hold: 1s, steady_state: [listens], expect_during: {{ listens: any }}, recovers_within: 10s }}
""")
            done = subprocess.run([mccoy, "run", suite, "--require", "none", "--out", f"{folder}/out"],
                                  capture_output=True, text=True)
            if done.returncode != 0:
                sys.exit(done.stdout + done.stderr)
            with open(log, encoding="utf-8") as file:
                ticks = [float(line) for line in file.read().splitlines()[:-1]]
            gaps.append(max(b - a for a, b in zip(ticks, ticks[1:])) * 1e3)
    return gaps


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    faulted = os.path.abspath(options.build + "/tests/bench/faulted")
    print(f"{'':30} {'watched, s':>10}" + "".join(f"{way:>14}" for way in WAYS if way != "watched"))
    for name, script in WORKLOADS.items():
        times = {way: [] for way in WAYS}
        for _ in range(options.rounds):
            for way, calls in WAYS.items():
                times[way].append(seconds(faulted, calls, script))
        median = {way: statistics.median(all_times) for way, all_times in times.items()}
        ratios = "".join(f"{median[way] / median['watched']:>14.2f}" for way in WAYS if way != "watched")
        print(f"{name:30} {median['watched']:>10.3f}{ratios}", flush=True)
    gaps = pauses(os.path.abspath(options.build + "/mccoy"), options.rounds)
    print(f"a pause of 1 s lasted (ms): median {statistics.median(gaps):.1f}, from {min(gaps):.1f} to {max(gaps):.1f}")


if __name__ == "__main__":
    main()
