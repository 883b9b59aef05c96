#!/usr/bin/env python3
"""Installs doubles into FOLDER, loads each of them in a process of its own and prints which files that process opened.

usage: load_doubles.py FOLDER
output: JSON, {"loaded": {ID: [path, ...]}, "missing": {ID: reason}}; ID is that of the catalogue of fingerprints.

Nothing is installed into the system: Debian packages are unpacked, npm packages go into FOLDER/npm. Versions of Debian
packages are those of the release, versions of npm packages are pinned below. Entries whose substitute
opens no file of its own, or needs a toolchain to be loaded, are not here.
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
    "python.coverage": ("coverage.sqldata", ["python3-coverage"]),
}
# id -> library put in front of a program, package
PRELOADED = {
    "c.libfaketime": ("faketime/libfaketime.so.1", "libfaketime"),
    "c.libfiu": ("fiu/fiu_posix_preload.so", "fiu-utils"),
    "c.umockdev": ("libumockdev-preload.so.0", "umockdev"),
    "c.eatmydata": ("libeatmydata.so", "libeatmydata1"),
    "c.cmocka": ("libcmocka.so.0", "libcmocka0"),
    "c.sqlite": ("libsqlite3.so.0", "libsqlite3-0"),
}
# What those need themselves.
PRELOADED_SHARED = ["libfiu0", "libumockdev0"]
# id -> jar on the class path, package
JARS = {
    "jvm.mockito": ("mockito-core.jar", "libmockito-java"),
    "jvm.easymock": ("easymock.jar", "libeasymock-java"),
    "jvm.h2": ("h2.jar", "libh2-java"),
    "jvm.hsqldb": ("hsqldb.jar", "libhsqldb-java"),
    "jvm.derby": ("derby.jar", "libderby-java"),
}
PERL = {"perl.test-mockobject": ("Test::MockObject", ["libtest-mockobject-perl", "libuniversal-isa-perl",
                                                      "libuniversal-can-perl"])}
# id -> feature, packages it needs
RUBY = {
    "ruby.webmock": ("webmock", ["ruby-webmock", "ruby-addressable", "ruby-public-suffix", "ruby-crack", "ruby-hashdiff"]),
    "ruby.vcr": ("vcr", ["ruby-vcr"]),
    "ruby.rspec-mocks": ("rspec/mocks", ["ruby-rspec-mocks", "ruby-rspec-support", "ruby-diff-lcs"]),
    "ruby.timecop": ("timecop", ["ruby-timecop"]),
    "ruby.fakefs": ("fakefs/safe", ["ruby-fakefs"]),
    "runner.rspec": ("rspec/core", ["ruby-rspec-core", "ruby-rspec-support"]),
}
RUBY_ITSELF = ["ruby3.1", "libruby3.1", "libyaml-0-2", "libgmp10", "rubygems-integration"]
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
    "node.aws-sdk-client-mock": (["aws-sdk-client-mock@4.1.0", "@aws-sdk/client-s3@3"], "aws-sdk-client-mock"),
    "node.pglite": (["@electric-sql/pglite@0.2.17"], "@electric-sql/pglite"),
    "node.mockttp": (["mockttp@3.15.5"], "mockttp"),
    "node.mongodb-memory-server": (["mongodb-memory-server-core@10.1.4"], "mongodb-memory-server-core"),
    "node.jest-mock": (["jest-mock@29.7.0"], "jest-mock"),
    "node.vitest-spy": (["@vitest/spy@2.1.9"], "@vitest/spy"),
    "server.mountebank": (["mountebank@2.9.1"], "mountebank"),
    "server.s3rver": (["s3rver@3.7.1"], "s3rver"),
    "server.azurite": (["azurite@3.33.0"], "azurite/dist/src/blob/BlobServer.js"),
    "server.mockoon": (["@mockoon/commons-server@9.1.0"], "@mockoon/commons-server"),
}
# id -> what npm installs, the arguments of node for a run of an empty test
NODE_RUNNERS = {
    "runner.jest": (["jest@29.7.0"], ["node_modules/jest/bin/jest.js", "--rootDir", "jest"]),
    "runner.mocha": (["mocha@11.1.0"], ["node_modules/mocha/bin/mocha.js", "jest/empty.test.js"]),
    "runner.vitest": (["vitest@2.1.9"], ["node_modules/vitest/vitest.mjs", "run", "--globals", "--root", "vitest"]),
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

    def unpack(self, name, packages):
        folder = self.folder / "deb" / name
        folder.mkdir(parents=True)
        self.run(["apt-get", "-qq", "download", *sorted(packages)], folder)
        for package in folder.glob("*.deb"):
            self.run(["dpkg-deb", "-x", str(package), str(self.root)], folder)

    def install(self, packages):
        self.npm.mkdir()
        (self.npm / "package.json").write_text('{"name": "doubles", "private": true}')
        self.run(["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", *sorted(packages)], self.npm)

    def opened(self, argv, cwd, env=None, may_fail=False):
        log = self.folder / "strace.log"
        strace = ["strace", "-f", "-qq", "-s", "4096", "-e", "trace=open,openat", "-e", "signal=none", "-o", str(log)]
        try:
            self.run([*strace, *argv], cwd, env=env)
        except RuntimeError:
            if not may_fail:
                raise
        return sorted(set(OPENED.findall(log.read_text(errors="replace"))))

    def load(self, name, argv, cwd, env=None, may_fail=False):
        try:
            self.loaded[name] = self.opened(argv, cwd, env, may_fail)
        except (OSError, RuntimeError, subprocess.TimeoutExpired) as problem:
            self.missing[name] = str(problem)

    def python(self):
        packages = {package for _, needed in PYTHON.values() for package in needed} | set(SHARED) | set(PYTEST)
        self.unpack("python", packages)
        modules = self.root / "usr/lib/python3/dist-packages"
        env = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(modules), "HOME": str(self.folder)}
        for name, (module, _) in PYTHON.items():
            self.load(name, ["/usr/bin/python3", "-c", f"import {module}"], self.folder, env)
        test = self.folder / "empty_test.py"
        test.write_text("def test_nothing():\n    assert True\n")
        self.load("runner.pytest", ["/usr/bin/python3", "-m", "pytest", "-q", str(test)], self.folder, env)

    def library(self, name):
        found = next(self.root.glob(f"**/lib/**/{name}"), None)
        if found is None:
            raise RuntimeError(f"no {name} in its package")
        return str(found)

    def preloaded(self):
        self.unpack("preloaded", {package for _, package in PRELOADED.values()} | set(PRELOADED_SHARED))
        folders = ":".join(sorted({str(path.parent) for path in self.root.glob("**/lib/**/*.so*")}))
        for name, (library, _) in PRELOADED.items():
            try:
                front = [f"LD_PRELOAD={self.library(library)}", f"LD_LIBRARY_PATH={folders}"]
            except RuntimeError as problem:
                self.missing[name] = str(problem)
                continue
            self.load(name, ["env", *front, "/bin/true"], self.folder)

    def jars(self):
        self.unpack("jars", {package for _, package in JARS.values()})
        for name, (jar, _) in JARS.items():
            path = self.root / "usr/share/java" / jar
            self.load(name, ["java", "-cp", str(path), "no.such.Program"], self.folder, may_fail=True)

    def perl(self):
        self.unpack("perl", {package for _, needed in PERL.values() for package in needed})
        for name, (module, _) in PERL.items():
            self.load(name, ["perl", "-I", str(self.root / "usr/share/perl5"), f"-M{module}", "-e", "1"], self.folder)

    def ruby(self):
        self.unpack("ruby", {package for _, needed in RUBY.values() for package in needed} | set(RUBY_ITSELF))
        folders = [str(path) for pattern in ("usr/share/rubygems-integration/*/gems/*/lib", "usr/lib/ruby/vendor_ruby",
                                             "usr/lib/ruby/3.1.0", "usr/lib/*/ruby/3.1.0",
                                             "usr/lib/ruby/gems/3.1.0/gems/*/lib")
                   for path in self.root.glob(pattern)]
        libraries = ":".join(str(path) for path in self.root.glob("usr/lib/*-linux-gnu*"))
        env = {"PATH": "/usr/bin:/bin", "HOME": str(self.folder), "RUBYLIB": ":".join(folders),
               "LD_LIBRARY_PATH": libraries}
        for name, (feature, _) in RUBY.items():
            ruby = [str(self.root / "usr/bin/ruby3.1"), "--disable-gems", "-r", feature, "-e", "1"]
            self.load(name, ruby, self.folder, env)

    def node_runners(self):
        for folder in ("jest", "vitest"):
            (self.npm / folder).mkdir()
            (self.npm / folder / "empty.test.js").write_text('(globalThis.it ?? globalThis.test)("is empty", () => {});\n')
        (self.npm / "jest" / "package.json").write_text("{}")
        for name, (_, argv) in NODE_RUNNERS.items():
            self.load(name, ["node", *argv], self.npm)

    def node(self):
        self.install({package for needed, _ in [*NODE.values(), *NODE_RUNNERS.values()] for package in needed})
        self.node_runners()
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
    loader.attempt(loader.preloaded, PRELOADED)
    loader.attempt(loader.jars, JARS)
    loader.attempt(loader.perl, PERL)
    loader.attempt(loader.ruby, RUBY)
    loader.attempt(loader.node, [*NODE, *NODE_RUNNERS])
    json.dump({"loaded": loader.loaded, "missing": loader.missing}, sys.stdout)


main()
