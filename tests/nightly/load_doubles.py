#!/usr/bin/env python3
"""Installs doubles into FOLDER, loads each of them in a process of its own and prints which files that process opened.

usage: load_doubles.py FOLDER
output: JSON, {"loaded": {ID: [path, ...]}, "missing": {ID: reason}}; ID is that of the catalogue of fingerprints.

Nothing is installed into the system: Debian packages are unpacked, npm packages go into FOLDER/npm. Versions of Debian
packages are those of the release, versions of npm packages are pinned below.
"""
import json
import pathlib
import re
import subprocess
import sys

LIMIT_SECONDS = 300
OPENED = re.compile(r'open(?:at)?\([^"]*"((?:[^"\\]|\\.)*)"[^=]*= \d+')

# id -> module, packages it and its import need
PYTHON = {
    "python.unittest.mock": ("unittest.mock", []),
    "python.sqlite3": ("sqlite3", []),
    "python.mock": ("mock", ["python3-mock", "python3-pbr"]),
    "python.responses": ("responses", ["python3-responses"]),
    "python.requests-mock": ("requests_mock", ["python3-requests-mock"]),
    "python.httpretty": ("httpretty", ["python3-httpretty"]),
    "python.aioresponses": ("aioresponses", ["python3-aioresponses", "python3-aiohttp", "python3-multidict", "python3-yarl",
                                             "python3-async-timeout", "python3-frozenlist", "python3-aiosignal",
                                             "python3-attr"]),
    "python.pook": ("pook", ["python3-pook", "python3-furl", "python3-orderedmultidict", "python3-jsonschema",
                             "python3-pyrsistent", "python3-attr", "python3-xmltodict"]),
    "python.pytest-httpserver": ("pytest_httpserver", ["python3-pytest-httpserver", "python3-werkzeug",
                                                       "python3-markupsafe"]),
    "python.vcrpy": ("vcr", ["python3-vcr", "python3-wrapt", "python3-yarl", "python3-multidict", "python3-yaml"]),
    "python.betamax": ("betamax", ["python3-betamax"]),
    "python.fakeredis": ("fakeredis", ["python3-fakeredis", "python3-redis", "python3-sortedcontainers",
                                       "python3-packaging"]),
    "python.mongomock": ("mongomock", ["python3-mongomock", "python3-sentinels", "python3-packaging"]),
    "python.freezegun": ("freezegun", ["python3-freezegun", "python3-dateutil"]),
    "python.pyfakefs": ("pyfakefs.fake_filesystem", ["python3-pyfakefs"]),
}
PYTEST = ["python3-pytest", "python3-pytest-mock", "python3-pluggy", "python3-iniconfig", "python3-packaging",
          "python3-attr", "python3-more-itertools", "python3-py", "python3-pkg-resources"]
SHARED = ["python3-requests", "python3-urllib3", "python3-certifi", "python3-charset-normalizer", "python3-idna",
          "python3-chardet", "python3-six"]

# id -> what npm installs, what node imports
NODE = {
    "node.nock": (["nock@14.0.17"], "nock"),
    "node.mswjs-interceptors": (["nock@14.0.17"], "nock"),
    "node.msw": (["msw@2.15.0"], "msw/node"),
    "node.sinon": (["sinon@22.1.0"], "sinon"),
    "node.fake-timers": (["@sinonjs/fake-timers@15.5.0"], "@sinonjs/fake-timers"),
    "node.proxyquire": (["proxyquire@2.1.3"], "proxyquire"),
    "node.testdouble": (["testdouble@3.21.1"], "testdouble"),
    "node.axios-mock-adapter": (["axios-mock-adapter@2.1.0", "axios@1"], "axios-mock-adapter"),
    "node.fetch-mock": (["fetch-mock@12.6.0"], "fetch-mock"),
    "node.ioredis-mock": (["ioredis-mock@8.13.1", "ioredis@5"], "ioredis-mock"),
    "node.redis-mock": (["redis-mock@0.56.3"], "redis-mock"),
    "node.pg-mem": (["pg-mem@3.0.14"], "pg-mem"),
    "node.fake-indexeddb": (["fake-indexeddb@6.2.8"], "fake-indexeddb"),
    "node.memfs": (["memfs@4.80.1"], "memfs"),
    "node.mock-fs": (["mock-fs@5.5.0"], "mock-fs"),
    "node.polly": (["@pollyjs/core@6.0.6"], "@pollyjs/core"),
    "node.talkback": (["talkback@4.2.0"], "talkback"),
    "node.supertest": (["supertest@7.3.2"], "supertest"),
    "server.json-server": (["json-server@0.17.4"], "json-server"),
    "server.stubby": (["stubby@5.1.1"], "stubby"),
    "server.dynalite": (["dynalite@4.0.0"], "dynalite"),
}


class Loader:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder).resolve()
        self.root = self.folder / "root"
        self.npm = self.folder / "npm"
        self.loaded, self.missing = {}, {}

    def run(self, argv, cwd, **more):
        ran = subprocess.run(argv, cwd=cwd, capture_output=True, text=True, errors="replace", timeout=LIMIT_SECONDS, **more)
        if ran.returncode != 0:
            lines = (ran.stderr + ran.stdout).strip().splitlines() or [f"exit code {ran.returncode}"]
            raise RuntimeError(f"{argv[0]}: {lines[-1]}")

    def unpack(self, packages):
        folder = self.folder / "deb"
        folder.mkdir(parents=True)
        self.run(["apt-get", "-qq", "download", *sorted(packages)], folder)
        for package in folder.glob("*.deb"):
            self.run(["dpkg-deb", "-x", str(package), str(self.root)], folder)

    def install(self, packages):
        self.npm.mkdir()
        (self.npm / "package.json").write_text('{"name": "doubles", "private": true}')
        self.run(["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", *sorted(packages)], self.npm)

    def opened(self, argv, cwd, env=None):
        log = self.folder / "strace.log"
        strace = ["strace", "-f", "-qq", "-s", "4096", "-e", "trace=open,openat", "-e", "signal=none", "-o", str(log)]
        self.run([*strace, *argv], cwd, env=env)
        return sorted(set(OPENED.findall(log.read_text(errors="replace"))))

    def load(self, name, argv, cwd, env=None):
        try:
            self.loaded[name] = self.opened(argv, cwd, env)
        except (OSError, RuntimeError, subprocess.TimeoutExpired) as problem:
            self.missing[name] = str(problem)

    def python(self):
        packages = {package for _, needed in PYTHON.values() for package in needed} | set(SHARED) | set(PYTEST)
        self.unpack(packages)
        modules = self.root / "usr/lib/python3/dist-packages"
        env = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(modules), "HOME": str(self.folder)}
        for name, (module, _) in PYTHON.items():
            self.load(name, ["/usr/bin/python3", "-c", f"import {module}"], self.folder, env)
        test = self.folder / "empty_test.py"
        test.write_text("def test_nothing():\n    assert True\n")
        self.load("runner.pytest", ["/usr/bin/python3", "-m", "pytest", "-q", str(test)], self.folder, env)

    def node(self):
        self.install({package for needed, _ in NODE.values() for package in needed})
        for name, (_, module) in NODE.items():
            self.load(name, ["node", "-e", f"import('{module}').then(() => process.exit(0))"], self.npm)

    def attempt(self, part, names):
        try:
            part()
        except (OSError, RuntimeError, subprocess.TimeoutExpired) as problem:
            self.missing.update({name: str(problem) for name in names if name not in self.loaded})


def main():
    loader = Loader(sys.argv[1])
    loader.attempt(loader.python, [*PYTHON, "runner.pytest"])
    loader.attempt(loader.node, NODE)
    json.dump({"loaded": loader.loaded, "missing": loader.missing}, sys.stdout)


main()
