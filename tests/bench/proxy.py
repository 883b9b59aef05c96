#!/usr/bin/env python3
"""mccoy's TCP proxy without a fault beside a direct connection, nginx stream and haproxy, in one run.

usage: proxy.py PROXY_SERVER [--rounds N] [--seconds S] [--connections C]

wrk asks an nginx with one worker for a small page, by each way in turn, N rounds; medians are printed. CPU is that of the
proxy process alone (user + system, /proc/PID/stat), per 100,000 requests. Delays of loaded connections include the time
a request waits for the others, so what a proxy adds is measured with one request at a time (round_trip).
"""
import argparse
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

TICK = os.sysconf("SC_CLK_TCK")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def await_port(port):
    for _ in range(500):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.01)
    sys.exit(f"nobody listens on {port}")


def cpu_of(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def child_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        children = file.read().split()
    return int(children[0]) if children else pid


def seconds(text):
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text).groups()
    return float(number) * {"us": 1e-6, "ms": 1e-3, "s": 1, "m": 60}[unit]


def wrk(port, connections, duration):
    told = subprocess.run(["wrk", "--latency", "-t1", f"-c{connections}", f"-d{duration}s", f"http://127.0.0.1:{port}/page"],
                          check=True, capture_output=True, text=True).stdout
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", told).group(1))
    count = int(re.search(r"(\d+) requests in", told).group(1))
    p50, p99 = (seconds(re.search(rf"^\s+{q}%\s+(\S+)", told, re.M).group(1)) for q in ("50", "99"))
    errors = re.search(r"Socket errors: (.*)", told)
    if errors and any(int(n) for n in re.findall(r"\d+", errors.group(1))):
        print("  wrk saw errors:", errors.group(1))
    return {"rate": rate, "count": count, "p50": p50, "p99": p99}


class Way:
    """A process in front of the target."""

    def __init__(self, name, port, process=None, worker=None):
        self.name, self.port, self.process, self.worker, self.runs = name, port, process, worker, []

    def measure(self, connections, duration):
        before = cpu_of(self.worker) if self.worker else 0
        seen = wrk(self.port, connections, duration)
        used = cpu_of(self.worker) - before if self.worker else 0
        seen["cpu"] = used / seen["count"] * 1e5
        self.runs.append(seen)

    def median(self, what):
        return statistics.median(run[what] for run in self.runs)


STREAM = "/usr/lib/nginx/modules/ngx_stream_module.so"


def nginx(folder, name, body):
    conf = os.path.join(folder, name + ".conf")
    with open(conf, "w", encoding="utf-8") as file:
        file.write(f"load_module {STREAM};\n" * (name == "stream") +
                   f"daemon off; worker_processes 1; pid {folder}/{name}.pid; error_log {folder}/{name}.log;\n"
                   "user root;\n"
                   f"events {{ worker_connections 8000; }}\n{body}")
    return subprocess.Popen(["/usr/sbin/nginx", "-c", conf, "-p", folder], stderr=subprocess.DEVNULL)


def target(folder):
    os.makedirs(folder + "/www")
    with open(folder + "/www/page", "w", encoding="utf-8") as file:
        file.write("hello\n")
    port = free_port()
    process = nginx(folder, "target", f"""http {{ access_log off; keepalive_requests 100000000; open_file_cache max=10;
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{ listen 127.0.0.1:{port} backlog=4096; root {folder}/www; }} }}""")
    await_port(port)
    return process, port


def nginx_stream(folder, to, processes):
    port = free_port()
    process = nginx(folder, "stream", f"""stream {{ access_log off; tcp_nodelay on;
  server {{ listen 127.0.0.1:{port} backlog=4096; proxy_pass 127.0.0.1:{to}; }} }}""")
    processes.append(process)
    await_port(port)
    return Way("nginx stream", port, process, child_of(process.pid))


def haproxy(folder, to, processes):
    port = free_port()
    conf = folder + "/haproxy.cfg"
    with open(conf, "w", encoding="utf-8") as file:
        file.write(f"global\n  nbthread 1\n  maxconn 4000\ndefaults\n  mode tcp\n  timeout connect 5s\n  timeout client 60s\n"
                   f"  timeout server 60s\nlisten all\n  bind 127.0.0.1:{port}\n  server target 127.0.0.1:{to}\n")
    process = subprocess.Popen(["/usr/sbin/haproxy", "-db", "-q", "-f", conf], stderr=subprocess.DEVNULL)
    processes.append(process)
    await_port(port)
    return Way("haproxy", port, process, process.pid)


def ours(program, to, *more):
    process = subprocess.Popen([program, str(to), *more], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    return Way("mccoy", int(process.stdout.readline()), process, process.pid)


def compare(title, ways, connections, args):
    for way in ways:
        way.runs = []
    for _ in range(args.rounds):
        for way in ways:
            way.measure(connections, args.seconds)
    print(title)
    base = ways[0].median("p50")
    for way in ways:
        print(f"  {way.name:13s} {way.median('rate'):9.0f} requests/s  p50 {way.median('p50') * 1e6:8.0f} us "
              f"({(way.median('p50') - base) * 1e6:+8.0f})  p99 {way.median('p99') * 1e6:8.0f} us"
              f"  {way.median('cpu'):6.3f} CPU s per 100,000 requests", flush=True)
    mine = next(way for way in ways if way.name == "mccoy")
    for other in ways[1:]:
        if other is not mine:
            print(f"  mccoy serves {other.median('cpu') / mine.median('cpu'):.2f}x the requests of {other.name} per CPU second,"
                  f" {mine.median('rate') / other.median('rate'):.2f}x per second")


def round_trips(ways, args):
    """One request at a time while many connections are open: what a proxy adds to each, with nobody to wait for."""
    driver = os.path.join(os.path.dirname(args.proxy_server), "round_trip")
    seen = {way.name: [] for way in ways}
    for _ in range(args.rounds):
        for way in ways:
            told = subprocess.run([driver, str(way.port), str(args.connections), "10000"], check=True, capture_output=True, text=True)
            seen[way.name].append([int(n) / 1e3 for n in told.stdout.split()])
    medians = {name: [statistics.median(column) for column in zip(*runs)] for name, runs in seen.items()}
    base = medians["direct"]
    print(f"{args.connections} connections, one request at a time")
    for name, (p50, p99) in medians.items():
        print(f"  {name:13s} p50 {p50:8.1f} us ({p50 - base[0]:+7.1f})  p99 {p99:8.1f} us ({p99 - base[1]:+7.1f})", flush=True)


def latency(program, to):
    way = ours(program, to, "100")
    seen = wrk(way.port, 100, 5)
    way.process.stdin.close()
    count, p50, p99 = way.process.stdout.readline().split()
    way.process.wait()
    print(f"100 ms asked of every answer, 100 connections\n  {seen['rate']:.0f} requests/s, the client sees p50 {seen['p50'] * 1e3:.2f} ms"
          f" p99 {seen['p99'] * 1e3:.2f} ms; the proxy's own count of {count} pieces: p50 {int(p50) / 1e6:.2f} ms p99 {int(p99) / 1e6:.2f} ms")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("proxy_server")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=1000)
    args = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="mccoy-bench-")
    processes = []
    try:
        server, port = target(folder)
        processes.append(server)
        ways = [Way("direct", port), ours(args.proxy_server, port)]
        processes.append(ways[1].process)
        for there, make in ((STREAM, nginx_stream), ("/usr/sbin/haproxy", haproxy)):
            if os.path.exists(there):
                ways.append(make(folder, port, processes))
        compare(f"{args.connections} connections, as fast as they can", ways, args.connections, args)
        compare("10 connections, as fast as they can", ways, 10, args)
        round_trips(ways, args)
        latency(args.proxy_server, port)
    finally:
        for process in processes:
            process.terminate()
            process.wait()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
