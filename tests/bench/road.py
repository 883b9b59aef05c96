#!/usr/bin/env python3
"""Whole runs of mccoy beside other tools, as ratios measured in one run.

usage: road.py MCCOY [--rounds N] [--quick]

Every comparison alternates the two commands, N rounds each, and prints medians and the ratio of the medians.
CPU is user + system of the process and all its children (wait4); memory is the largest resident set of one process.
"""
import argparse
import http.server
import os
import resource
import shutil
import socketserver
import statistics
import subprocess
import sys
import tempfile
import time


def run(argv, cwd, ok=(0,)):
    """Wall seconds, CPU seconds, peak KiB of one run."""
    began = time.monotonic()
    child = subprocess.Popen(argv, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    told = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode not in ok:
        sys.exit(f"{argv[0]} exited with {child.returncode}:\n{told.decode(errors='replace')[-2000:]}")
    return time.monotonic() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss


def medians(runs):
    return [statistics.median(column) for column in zip(*runs)]


class Bench:
    def __init__(self, mccoy, rounds, folder):
        self.mccoy, self.rounds, self.folder, self.count = mccoy, rounds, folder, 0

    def suite(self, name, text):
        path = os.path.join(self.folder, name + ".yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def of_mccoy(self, path, *options):
        self.count += 1
        out = os.path.join(self.folder, f"out-{self.count}")
        result = run([self.mccoy, "run", path, "--require", "none", "--out", out, *options], self.folder)
        shutil.rmtree(out)
        return result

    def against(self, title, ours, theirs, other):
        ours(), theirs()
        a, b = [], []
        for _ in range(self.rounds):
            a.append(ours())
            b.append(theirs())
        (wall, cpu, rss), (wall2, cpu2, rss2) = medians(a), medians(b)
        print(f"{title}\n  mccoy {wall * 1e3:9.1f} ms wall {cpu * 1e3:9.1f} ms CPU {rss / 1024:6.1f} MiB"
              f"\n  {other:5s} {wall2 * 1e3:9.1f} ms wall {cpu2 * 1e3:9.1f} ms CPU {rss2 / 1024:6.1f} MiB"
              f"\n  mccoy takes {wall / wall2:.3f}x the time ({wall2 / wall:.1f}x faster), {cpu / cpu2:.3f}x the CPU", flush=True)


def commands(count):
    return "suite: many\ncases:\n" + "".join(
        f'  case-{i}: {{ exec: ["true"], expect: {{ exit: 0 }} }}\n' for i in range(count))


def bats_file(folder, count):
    path = os.path.join(folder, f"many-{count}.bats")
    with open(path, "w", encoding="utf-8") as file:
        for i in range(count):
            file.write(f'@test "case {i}" {{\n  true\n}}\n')
    return path


def serve(folder):
    """An nginx with one worker on a free port, in front of one small file."""
    with socketserver.TCPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as probe:
        port = probe.server_address[1]
    root = os.path.join(folder, "www")
    os.makedirs(root)
    with open(os.path.join(root, "page"), "w", encoding="utf-8") as file:
        file.write("hello\n")
    conf = os.path.join(folder, "nginx.conf")
    with open(conf, "w", encoding="utf-8") as file:
        file.write(f"""daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
user root;
events {{ worker_connections 4096; }}
http {{ access_log off; keepalive_requests 1000000; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{ listen 127.0.0.1:{port}; root {root}; }} }}""")
    server = subprocess.Popen(["/usr/sbin/nginx", "-c", conf, "-p", folder], stderr=subprocess.DEVNULL)
    for _ in range(200):
        try:
            import socket
            socket.create_connection(("127.0.0.1", port), 1).close()
            return server, port
        except OSError:
            time.sleep(0.02)
    sys.exit("nginx did not start")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("mccoy")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--quick", action="store_true", help="3 rounds, 10,000 instead of 100,000 cases")
    args = parser.parse_args()
    rounds = 3 if args.quick else args.rounds
    folder = tempfile.mkdtemp(prefix="mccoy-bench-")
    bench = Bench(os.path.abspath(args.mccoy), rounds, folder)
    try:
        one, thousand = bench.suite("one", commands(1)), bench.suite("thousand", commands(1000))
        bats1, bats1000 = bats_file(folder, 1), bats_file(folder, 1000)
        bench.against("one command, whole process", lambda: bench.of_mccoy(one),
                      lambda: run(["bats", bats1], folder), "bats")
        bench.rounds = min(3, rounds)
        bench.against("1,000 commands", lambda: bench.of_mccoy(thousand), lambda: run(["bats", bats1000], folder), "bats")
        bench.rounds = rounds
        server, port = serve(folder)
        try:
            requests = bench.suite("requests", "suite: requests\ncases:\n" + "".join(
                f"  case-{i}: {{ http: 'GET http://127.0.0.1:{port}/page?{i}', expect: {{ status: 200 }} }}\n"
                for i in range(1000)))
            config = os.path.join(folder, "curl.txt")
            with open(config, "w", encoding="utf-8") as file:
                for i in range(1000):
                    file.write(f'url = "http://127.0.0.1:{port}/page?{i}"\noutput = "/dev/null"\n')
            bench.against("1,000 requests", lambda: bench.of_mccoy(requests),
                          lambda: run(["curl", "--silent", "--fail", "--parallel", "--config", config], folder), "curl")
        finally:
            server.terminate()
            server.wait()
        print("cost of a case as their number grows (exec: [true])")
        for count in (100, 1000, 10000) if args.quick else (100, 1000, 10000, 100000):
            path = bench.suite(f"grow-{count}", commands(count))
            wall, cpu, rss = bench.of_mccoy(path)
            print(f"  {count:7d} cases: {wall:8.2f} s wall, {cpu:8.2f} s CPU, {rss / 1024:6.1f} MiB, "
                  f"{wall / count * 1e6:7.1f} us a case", flush=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
