#!/usr/bin/env python3
"""The engine of load beside other generators, in the same run: load.py BUILD [rounds]

The target is pinned to one processor, the generator to another one; what arrived is counted by the target. CPU is what
the kernel says of the generator's process. Figures are medians of alternating rounds; ratios are to wrk of the same run.
"""
import json, math, os, re, resource, select, shutil, socket, statistics, subprocess, sys, tempfile, time, urllib.request

BUILD = sys.argv[1]
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 3
SECONDS = 3
BENCH, FAST = f"{BUILD}/tests/bench/load_bench", f"{BUILD}/fixtures/fast_http"
CPUS = sorted(os.sched_getaffinity(0))
TARGET_CPU, CLIENT_CPU = CPUS[0], CPUS[-1]
NGINX = shutil.which("nginx") or "/usr/sbin/nginx"


def pinned(cpu, argv, **more):
    return subprocess.Popen(["taskset", "-c", str(cpu), *argv], text=True, **more)


def more_files():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def ask(url):
    with urllib.request.urlopen(url, timeout=10) as reply:
        return reply.read().decode()


class Fast:
    """The fast target; counts by itself."""

    def __init__(self, *options):
        self.process = pinned(TARGET_CPU, [FAST, *options], stdout=subprocess.PIPE)
        self.url = "http://" + self.process.stdout.readline().split()[-1]

    def requests(self):
        return int(ask(self.url + "/counter").split()[0])

    def connections(self):
        return int(ask(self.url + "/counter").split()[1])

    def latencies(self):
        """ns of each reply: those drawn, and those the target made of them, both in order."""
        pairs = [line.split() for line in ask(self.url + "/latencies").splitlines()]
        return sorted(int(drawn) for drawn, _ in pairs), sorted(int(made) for _, made in pairs)

    def stop(self):
        self.process.kill()
        self.process.wait()


class Nginx:
    """nginx with one worker; counted by stub_status."""

    def __init__(self, folder):
        plain, tls = free_port(), free_port()
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-days", "2", "-subj", "/CN=localhost", "-keyout", f"{folder}/key.pem", "-out", f"{folder}/cert.pem"],
                       check=True, capture_output=True)
        with open(f"{folder}/nginx.conf", "w") as config:
            config.write(f"""daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;
worker_rlimit_nofile 20000; events {{ worker_connections 15000; }}
http {{ access_log off; keepalive_requests 100000000; keepalive_timeout 600s;
  client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
  uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
  server {{ listen 127.0.0.1:{plain} backlog=4096; location / {{ return 200 "twenty bytes of body"; }}
            location /status {{ stub_status; }} }}
  server {{ listen 127.0.0.1:{tls} ssl http2; ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;
            location / {{ return 200 "twenty bytes of body"; }} }} }}
""")
        self.process = pinned(TARGET_CPU, [NGINX, "-e", f"{folder}/error.log", "-p", folder, "-c", f"{folder}/nginx.conf"])
        self.url, self.tls_url = f"http://127.0.0.1:{plain}", f"https://127.0.0.1:{tls}"
        for _ in range(500):
            try:
                self.requests()
                return
            except OSError:
                time.sleep(0.01)
        raise SystemExit("nginx did not start")

    def requests(self):
        return int(ask(self.url + "/status").splitlines()[2].split()[2])

    def stop(self):
        self.process.kill()
        self.process.wait()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def peak_until_output(client):
    """KiB: VmHWM just before the client says what it found. ru_maxrss would count our own memory, which it was forked from."""
    peak = 0
    while not select.select([client.stdout], [], [], 0.1)[0]:
        try:
            with open(f"/proc/{client.pid}/status") as status:
                peak = next((int(line.split()[1]) for line in status if line.startswith("VmHWM")), peak)
        except OSError:
            break
    return peak


def measure(argv, target):
    """requests as the target counted them, seconds, CPU seconds and peak memory of the client, what it printed"""
    before, began = target.requests(), time.monotonic()
    client = pinned(CLIENT_CPU, argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, preexec_fn=more_files)
    peak = peak_until_output(client)
    printed = client.stdout.read()
    _, _, used = os.wait4(client.pid, 0)
    client.returncode = 0
    return {"requests": target.requests() - before, "seconds": time.monotonic() - began,
            "cpu": used.ru_utime + used.ru_stime, "rss": peak / 1024, "printed": printed}


def clients(url, connections, seconds=SECONDS):
    tools = {
        "mccoy": [BENCH, url + "/", "--seconds", str(seconds), "--connections", str(connections), "--threads", "1"],
        "wrk": ["wrk", "-t1", f"-c{connections}", f"-d{seconds}", url + "/"],
        "ab": ["ab", "-q", "-k", "-t", str(seconds), "-n", "100000000", "-c", str(connections), url + "/"],
        "h2load": ["h2load", "--h1", "-t1", f"-c{connections}", "-D", str(seconds), url + "/"],
        "hey": ["hey", "-cpus", "1", "-z", f"{seconds}s", "-c", str(connections), url + "/"],
    }
    return {name: argv for name, argv in tools.items() if name == "mccoy" or shutil.which(name)}


def alternating(tools, target, rounds=ROUNDS):
    runs = {name: [] for name in tools}
    for _ in range(rounds):
        for name, argv in tools.items():
            runs[name].append(measure(argv, target))
    return runs


def median(runs, figure):
    return statistics.median(figure(run) for run in runs)


def show(title, runs, base="wrk"):
    print(f"\n{title}\n{'client':>12} {'req/s':>9} {'x ' + base:>7} {'CPU us/req':>11} {'x ' + base:>7} {'RSS MiB':>8}")
    rate = lambda run: run["requests"] / run["seconds"]
    cost = lambda run: run["cpu"] / max(1, run["requests"]) * 1e6
    for name, each in runs.items():
        # Ratios within a round: the machine may have changed between rounds.
        pairs = list(zip(each, runs.get(base, each)))
        faster = statistics.median(rate(a) / max(1, rate(b)) for a, b in pairs)
        dearer = statistics.median(cost(a) / cost(b) for a, b in pairs)
        print(f"{name:>12} {median(each, rate):9.0f} {faster:7.2f} {median(each, cost):11.2f} {dearer:7.2f} "
              f"{median(each, lambda run: run['rss']):8.1f}")


def closed_loop(folder):
    nginx = Nginx(folder)
    show("closed loop, 50 connections, nginx", alternating(clients(nginx.url, 50), nginx))
    tls = {"mccoy tls": [BENCH, nginx.tls_url + "/", "--connections", "50"],
           "mccoy h2": [BENCH, nginx.tls_url + "/", "--connections", "10", "--streams", "5", "--http2"]}
    tls = {name: argv + ["--insecure", "--threads", "1", "--seconds", str(SECONDS)] for name, argv in tls.items()}
    if shutil.which("h2load"):
        tls["h2load tls"] = ["h2load", "--h1", "-t1", "-c50", "-D", str(SECONDS), nginx.tls_url + "/"]
        tls["h2load h2"] = ["h2load", "-t1", "-c10", "-m5", "-D", str(SECONDS), nginx.tls_url + "/"]
    show("TLS (50 connections) and HTTP/2 (10 of 5 streams), nginx", alternating(tls, nginx), "h2load h2")
    nginx.stop()
    fast = Fast()
    show("closed loop, 50 connections, fast target", alternating(clients(fast.url, 50), fast))
    fast.stop()


def ten_thousand():
    fast = Fast()
    tools = {name: argv for name, argv in clients(fast.url, 10000, 6).items() if name in ("mccoy", "wrk", "h2load")}
    show("10,000 connections, fast target", alternating(tools, fast, 1))
    print(f"{'':>12} {fast.connections()} connections accepted in all")
    fast.stop()


def fixed_rate():
    fast = Fast()
    print(f"\n5,000 requests/s asked, fast target\n{'grid':>12} {'rate error':>11} {'CPU share':>10} "
          f"{'arrival p50/p99 us':>20} {'response p50/p99 us':>21}")
    for name, option in {"fine": ["--fine"], "chosen": [], "coarse": ["--grid-us", "1000"]}.items():
        runs = [measure([BENCH, fast.url + "/", "--rate", "5000", "--seconds", "5", "--threads", "1", *option], fast)
                for _ in range(ROUNDS)]
        told = [json.loads(run["printed"]) for run in runs]
        mid = lambda figure: statistics.median(figure(each) for each in told)
        error = median(runs, lambda run: run["requests"] / 25000 - 1)
        share = median(runs, lambda run: run["cpu"] / 5)
        arrival = f"{mid(lambda t: t['arrival_us']['p50']):.0f} / {mid(lambda t: t['arrival_us']['p99']):.0f}"
        response = f"{mid(lambda t: t['response_us']['p50']):.0f} / {mid(lambda t: t['response_us']['p99']):.0f}"
        print(f"{name:>12} {error:10.2%} {share:10.1%} {arrival:>20} {response:>21}")
    fast.stop()


def stall():
    """1 ms, but stands still 1 s of every 5; 1,000 requests/s for 20 s."""
    waits = sorted(1000 - t + 1 if t < 1000 else 1 for t in (i % 5000 for i in range(20000)))
    truth = {name: waits[math.ceil(q * len(waits)) - 1] for name, q in
             {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p99.9": 0.999, "max": 1}.items()}
    print("\nstands still 1 s of every 5 s; 1,000 requests/s for 20 s (ms)")
    print(f"{'truth':>12} " + " ".join(f"{name} {value:7.1f} " for name, value in truth.items()))
    fast = Fast("--delay-us", "1000", "--freeze-ms", "1000", "--every-ms", "5000")
    run = measure([BENCH, fast.url + "/", "--rate", "1000", "--seconds", "20", "--threads", "1"], fast)
    told = json.loads(run["printed"])["response_us"]
    print(f"{'mccoy':>12} " + " ".join(f"{name} {told[name] / 1000:7.1f} " for name in truth) +
          f" arrived {run['requests']}, worst of p90.. {max(abs(told[n] / 1000 / truth[n] - 1) for n in ('p90', 'p99', 'p99.9', 'max')):.1%}")
    fast.stop()
    if not shutil.which("wrk"):
        return
    fast = Fast("--delay-us", "1000", "--freeze-ms", "1000", "--every-ms", "5000")
    run = measure(["wrk", "-t1", "-c1", "-d20", "--latency", fast.url + "/"], fast)
    rows = re.findall(r"^ +(50|75|90|99)% +([\d.]+)(us|ms|s)", run["printed"], re.M)
    print(f"{'wrk':>12} " + " ".join(f"p{q} {value}{unit}" for q, value, unit in rows) + f"  arrived {run['requests']}")
    fast.stop()


def known_latencies():
    fast = Fast("--delay-us", "2000", "--spread-us", "10000", "--seed", "7")
    run = measure([BENCH, fast.url + "/", "--rate", "1000", "--seconds", "8", "--threads", "1"], fast)
    told, (drawn, made) = json.loads(run["printed"])["response_us"], fast.latencies()
    print("\nlatencies of a known distribution: as drawn, as the target's own clock saw them, as they were measured (ms)")
    for name, q in {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p99.9": 0.999}.items():
        asked, true = (each[math.ceil(q * len(each)) - 1] / 1e6 for each in (drawn, made))
        ours = told[name] / 1000
        print(f"{name:>12} drawn {asked:8.3f} made {true:8.3f} measured {ours:8.3f}, off the drawn by {ours - asked:6.3f}"
              f" ({ours / asked - 1:6.2%}), off the made by {ours - true:6.3f} ({ours / true - 1:6.2%})")
    fast.stop()


def main():
    more_files()
    if len(CPUS) < 2:
        print("one processor only: target and generator disturb one another")
    with tempfile.TemporaryDirectory(prefix="mccoy-load-") as folder:
        if os.path.exists(NGINX):
            closed_loop(folder)
    ten_thousand()
    fixed_rate()
    stall()
    known_latencies()


main()
