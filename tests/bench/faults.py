#!/usr/bin/env python3
"""What a filter for faults costs a target while no fault is injected: ratios to the watched target without it.

usage: faults.py FAULTED [--rounds N]

FAULTED is build/release/tests/bench/faulted. Every workload runs unwatched, watched as a service, and with calls shown
that faults may answer, in turn, N rounds; medians of the wall time.
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


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("faulted")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    faulted = os.path.abspath(options.faulted)
    print(f"{'':30} {'watched, s':>10}" + "".join(f"{way:>14}" for way in WAYS if way != "watched"))
    for name, script in WORKLOADS.items():
        times = {way: [] for way in WAYS}
        for _ in range(options.rounds):
            for way, calls in WAYS.items():
                times[way].append(seconds(faulted, calls, script))
        median = {way: statistics.median(all_times) for way, all_times in times.items()}
        ratios = "".join(f"{median[way] / median['watched']:>14.2f}" for way in WAYS if way != "watched")
        print(f"{name:30} {median['watched']:>10.3f}{ratios}", flush=True)


if __name__ == "__main__":
    main()
