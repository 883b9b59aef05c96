#!/usr/bin/env python3
"""What it costs to be watched: mccoy exec beside strace, as ratios to the unwatched run, all measured in one run.

usage: overhead.py MCCOY [--rounds N] [--quick] [--best]

Every workload runs unwatched, below `mccoy exec -q`, below `strace -f --seccomp-bpf` with the calls mccoy watches, and
below plain `strace -f` (the latter two less often, they are slow), in turn, N rounds; medians of the wall time. "mccoy" is the whole
command, "watching" is without mccoy's own start and end ("start"), measured with `true` in the same rounds.
"""
import argparse
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

CALLS = ("execve,execveat,exit_group,exit,open,openat,openat2,creat,truncate,rename,renameat,renameat2,link,linkat,symlink,"
         "symlinkat,unlink,unlinkat,rmdir,mkdir,mkdirat,mknod,mknodat,chdir,fchdir,connect,bind,listen,accept,accept4,"
         "sendto,kill,tkill,tgkill,io_uring_setup")

MOST_ROUNDS = {"strace-bpf": 3, "strace": 1}  # they are slow

SERVER = """
import socket, threading
COUNT, CLIENTS = {count}, 4
listener = socket.create_server(("127.0.0.1", 0), backlog=64)
def serve():
    while True:
        connection, _ = listener.accept()
        with connection:
            while connection.recv(4096):
                connection.sendall(b"x" * 512)
for _ in range(4):
    threading.Thread(target=serve, daemon=True).start()
def load():
    for _ in range(COUNT // CLIENTS // 10):
        with socket.create_connection(listener.getsockname()) as client:
            for _ in range(10):
                client.sendall(b"hello")
                left = 512
                while left:
                    left -= len(client.recv(left))
clients = [threading.Thread(target=load) for _ in range(CLIENTS)]
for client in clients: client.start()
for client in clients: client.join()
"""
UNITTESTS = """
import json, tempfile, unittest
class Many(unittest.TestCase):
    pass
def one(i):
    def test(self):
        with tempfile.TemporaryFile() as file:
            file.write(json.dumps(list(range(2000 + i))).encode())
            file.seek(0)
            self.assertEqual(len(json.loads(file.read())), 2000 + i)
    return test
for i in range({count}):
    setattr(Many, "test_%d" % i, one(i))
unittest.main()
"""
OPENS = """#include <fcntl.h>
#include <unistd.h>
int main(void) { for (int i = 0; i < %d; i++) close(open("/etc/passwd", O_RDONLY)); return 0; }
"""
UNIT = """#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
int f%d(const char *s) { char b[64]; snprintf(b, sizeof b, "%%s", s); return (int)strlen(b); }
"""


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def workloads(folder, quick):
    """(name, argv) of each; all bounded, nothing leaves the machine."""
    part = 5 if quick else 1
    for i in range(6):
        write(f"{folder}/unit{i}.c", UNIT % i)
    write(f"{folder}/many.py", UNITTESTS.format(count=200 // part))
    write(f"{folder}/server.py", SERVER.format(count=8000 // part))
    write(f"{folder}/opens.c", OPENS % (1_000_000 // part))
    subprocess.run(["cc", "-O2", "-o", "opens", "opens.c"], cwd=folder, check=True)
    compile_all = "for i in 0 1 2 3 4 5; do cc -O2 -c -o unit$i.o unit$i.c || exit 1; done"
    spawn = f"i=0; while [ $i -lt {500 // part} ]; do /bin/true; i=$((i+1)); done"
    rows = [("compile 6 files", ["/bin/sh", "-c", compile_all]),
            ("short processes", ["/bin/sh", "-c", spawn]),
            ("Python tests", [sys.executable, "many.py", "-q"]),
            ("CPU-bound", [sys.executable, "-c", f"sum(i * i for i in range({20_000_000 // part}))"]),
            ("open and close", [f"{folder}/opens"]),
            ("server and load", [sys.executable, "server.py"])]
    if shutil.which("node"):
        rows.insert(3, ("node start", ["node", "-e", "require('fs').readdirSync('/etc'); require('http')"]))
    return rows


def seconds(argv, folder):
    began = time.monotonic()
    done = subprocess.run(argv, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                          timeout=600, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(argv[:6])} exited with {done.returncode}:\n{done.stderr.decode(errors='replace')[-1000:]}")
    return time.monotonic() - began


def watchers(mccoy):
    return {"alone": [], "mccoy": [mccoy, "exec", "-q", "--"],
            "strace-bpf": ["strace", "-f", "--seccomp-bpf", "-o", "/dev/null", "-e", "trace=" + CALLS],
            "strace": ["strace", "-f", "-o", "/dev/null"]}


def measure(argv, ways, folder, rounds, middle):
    taken = {way: [] for way in ways}
    own = []
    for round_number in range(rounds):
        own.append(seconds(ways["mccoy"] + ["true"], folder) - seconds(["true"], folder))
        for way, before in ways.items():
            if round_number < MOST_ROUNDS.get(way, rounds):
                taken[way].append(seconds(before + argv, folder))
    medians = {way: middle(times) for way, times in taken.items()}
    return middle(own), medians


def geometric(values):
    return math.exp(statistics.fmean(math.log(max(value, 1e-3)) for value in values))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mccoy")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="3 rounds of a fifth of the work")
    parser.add_argument("--best", action="store_true", help="the shortest instead of the median, for a busy machine")
    args = parser.parse_args()
    rounds = 3 if args.quick else args.rounds
    folder = tempfile.mkdtemp(prefix="mccoy-overhead-")
    ways = watchers(os.path.abspath(args.mccoy))
    try:
        print(f"{'':18s}{'start':>7s}{'alone':>9s}{'mccoy':>9s}{'watching':>9s}{'strace-bpf':>11s}{'strace':>8s}"
              f"   added by watching / by strace-bpf / by strace")
        columns = {"mccoy": [], "watching": [], "strace-bpf": [], "strace": []}
        for name, argv in workloads(folder, args.quick):
            own, medians = measure(argv, ways, folder, rounds, min if args.best else statistics.median)
            alone = medians["alone"]
            ratio = {way: medians[way] / alone for way in ("mccoy", "strace-bpf", "strace")}
            ratio["watching"] = max(medians["mccoy"] - own, 1e-6) / alone
            for way, values in columns.items():
                values.append(ratio[way])
            added = [(medians["mccoy"] - own - alone), medians["strace-bpf"] - alone, medians["strace"] - alone]
            print(f"{name:18s}{own * 1e3:5.0f}ms{alone * 1e3:7.0f}ms{ratio['mccoy']:8.2f}x{ratio['watching']:8.2f}x{ratio['strace-bpf']:10.2f}x"
                  f"{ratio['strace']:7.2f}x   " + " / ".join(f"{value * 1e3:.0f} ms" for value in added), flush=True)
        means = {way: geometric(values) for way, values in columns.items()}
        print(f"{'geometric mean':18s}{'':16s}{means['mccoy']:8.2f}x{means['watching']:8.2f}x{means['strace-bpf']:10.2f}x"
              f"{means['strace']:7.2f}x")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
