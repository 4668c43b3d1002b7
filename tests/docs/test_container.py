"""docs/operate/container: the steps of the Containerfile, run below a folder, and the commands of compose.yml."""

import asyncio
import json
import os
import re
import shlex
import shutil
import signal
import stat
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from pathlib import Path
from threading import Timer
from typing import Any

import asyncpg
import httpx
import msgspec
import pytest
import yaml
from sqlalchemy.engine import URL
from tests.databases import Server
from tests.docs.blocks import ROOT, blocks
from tests.processes import COMMAND, KEY
from tests.scratch import scratch_folder
from tests.serving import PATIENCE_SECONDS

from capacity_api import config

FOLDER = ROOT / "docs" / "operate" / "container"
COMPOSE: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = ("serve", "worker", "admin", "owner")
# The folders of the image that its steps name.
_PLACES = re.compile(r"(?<![\w.*/])/(opt|usr|source|var|run)\b")


class Step(msgspec.Struct, frozen=True):
    name: str
    value: str


def stages() -> list[list[Step]]:
    """The steps of each stage, from its FROM on."""
    text = re.sub(r"^\s*#.*\n", "", (FOLDER / "Containerfile").read_text(), flags=re.MULTILINE)
    steps = [Step(*line.split(maxsplit=1)) for line in text.replace("\\\n", "").splitlines() if line.strip()]
    begins = [n for n, step in enumerate(steps) if step.name == "FROM"]
    assert begins[0] == 0, "a step stands before the first FROM"
    return [steps[begin:end] for begin, end in zip(begins, [*begins[1:], None], strict=True)]


def value(steps: list[Step], name: str) -> str:
    (found,) = (step.value for step in steps if step.name == name)
    return found


def test_the_image_is_pinned_runs_as_nobody_and_holds_no_secret() -> None:
    build, final = stages()
    python = {value(stage, "FROM").split()[0] for stage in (build, final)}
    assert len(python) == 1, "the two stages have different Pythons"
    version = re.fullmatch(r"docker\.io/library/python:(3\.\d+)-slim-trixie", python.pop())
    assert version is not None
    assert f"Programming Language :: Python :: {version[1]}" in (ROOT / "pyproject.toml").read_text()
    user, group = value(final, "USER").split(":")
    assert int(user) >= 10_000
    assert int(group) >= 10_000
    names = [step.name for step in final]
    assert not {"ADD", "VOLUME", "RUN", "COPY"} & set(names[names.index("USER") :]), "after USER nothing is made"
    assert [step.value for step in final if step.name == "ENV"] == ["PATH=/opt/capacity-api/bin:$PATH"]
    assert "ARG" not in {step.name for step in (*build, *final)}
    for form in ("ENTRYPOINT", "CMD"):
        assert json.loads(value(final, form)), "without a shell between, SIGTERM reaches the service"


def test_the_context_has_what_the_image_copies_and_no_database_key_or_secret() -> None:
    rules = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    assert rules[0] == "*"
    allowed = {rule[1:] for rule in rules if rule.startswith("!")}
    copied = {Path(each).parts[0] for each in copied_sources()}
    assert copied == allowed
    assert all((ROOT / name).exists() for name in allowed)
    refused = [rule.removeprefix("**/") for rule in rules[1:] if not rule.startswith("!")]
    for made in ("capacity.db", "capacity.db-wal", "capacity.db.key", "capacity.db.mark", "__pycache__"):
        assert any(fnmatch(made, rule) for rule in refused), made


def copied_sources() -> list[str]:
    build, _ = stages()
    return [source for step in build if step.name == "COPY" for source in step.value.split()[:-1]]


def test_the_containers_are_shut_in() -> None:
    for name, service in SERVICES.items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert not {"privileged", "pid", "ipc", "devices", "cap_add"} & service.keys(), name
        assert "network_mode" not in service, name
    assert COMPOSE["networks"]["inside"] == {"internal": True}
    assert SERVICES["postgresql"]["networks"] == ["inside"]
    assert SERVICES["postgresql"]["user"] == "999:999"
    ports = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert ports == {"serve": ["127.0.0.1:8000:8000"]}
    (network,) = COMPOSE["networks"]["outside"]["ipam"]["config"]
    assert SERVICES["serve"]["environment"]["CAPACITY_TRUSTED_PROXIES"] == network["gateway"]


def test_secrets_are_files_and_each_container_has_those_that_it_needs() -> None:
    held = {name: set(service["secrets"]) for name, service in SERVICES.items()}
    service_has = {"database-url", "secret-key"}
    assert held == {
        "postgresql": {"postgres-password"},
        "owner": {"owner-database-url", "secret-key"},
        **dict.fromkeys(("serve", "worker", "admin"), service_has),
    }
    assert COMPOSE["secrets"] == {name: {"file": f"/etc/capacity-api/{name}"} for name in set().union(*held.values())}
    page = (FOLDER.parent / "container.md").read_text()
    for name, service in SERVICES.items():
        files = {Path(text).name for key, text in service["environment"].items() if key.endswith("_FILE")}
        assert files == held[name], name
        others = {key for key in service["environment"] if not key.endswith("_FILE")}
        assert others <= {"CAPACITY_TRUSTED_PROXIES"}, name
    for name in COMPOSE["secrets"]:
        assert f"> /etc/capacity-api/{name}\n" in page, f"the page makes no {name}"


def test_the_page_makes_the_secrets_that_the_service_takes(tmp_path: Path) -> None:
    (block,) = (each for each in blocks("sh") if each.page.endswith("container.md") and "umask 077" in each.code)
    # Nobody has Docker here, or the users of its images.
    stubs = f"docker() {{ {shlex.quote(str(COMMAND))} key; }}; chown() {{ :; }}; set -eu\n"
    code = stubs + block.code.replace("/etc/capacity-api", str(tmp_path))
    subprocess.run(["/bin/sh", "-c", code], check=True, timeout=PATIENCE_SECONDS, cwd=tmp_path)
    made = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert made.keys() == {*COMPOSE["secrets"], "roles.sql"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}
    for service in ("serve", "owner"):
        files = SERVICES[service]["environment"]
        read = config.from_environment(
            {key: text.replace("/run/secrets", str(tmp_path)) for key, text in files.items()}
        )
        assert read.secret_keys
        assert read.url.host in SERVICES
        assert f"CREATE ROLE {read.url.username} LOGIN PASSWORD '{read.url.password}';" in made["roles.sql"]
        assert f"CREATE DATABASE {read.url.database} OWNER capacity_owner;" in made["roles.sql"]
    assert len(made["postgres-password"]) == 48


def test_the_order_of_starting_and_what_is_looked_at() -> None:
    (_, final), postgresql = stages(), SERVICES["postgresql"]
    version = re.fullmatch(r"docker\.io/library/postgres:(\d+)-trixie", postgresql["image"])
    assert version is not None
    assert f"postgresql-client-{version[1]} " in " ".join(step.value for step in final if step.name == "RUN")
    assert postgresql["healthcheck"]["test"][:2] == ["CMD", "pg_isready"]
    assert postgresql["volumes"] == ["database:/var/lib/postgresql/data"]
    assert "database" in COMPOSE["volumes"]
    for name in OURS:
        service = SERVICES[name]
        assert service["image"] == "capacity-api:1"
        assert (FOLDER / service["build"]["context"]).resolve() == ROOT
        assert (ROOT / service["build"]["dockerfile"]).samefile(FOLDER / "Containerfile")
        assert service["depends_on"] == {"postgresql": {"condition": "service_healthy"}}
        assert ("profiles" in service) == (name in {"admin", "owner"}) == ("restart" not in service)
        assert service.get("healthcheck") == (None if name == "serve" else {"disable": True})
    assert "'/healthz'" in value(final, "HEALTHCHECK")


class Image:
    """What the Containerfile makes, below a folder in place of `/`, and how its containers start."""

    def __init__(self, root: Path, steps: list[Step], uid: int | None) -> None:
        self.root = root
        self._steps = steps
        self._uid = uid

    def path(self, text: str) -> str:
        return _PLACES.sub(lambda found: f"{self.root}{found[0]}", text)

    def start(self, service: str, *arguments: str) -> subprocess.Popen[str]:
        """A container of this service of compose.yml, with these arguments or its own."""
        entry = json.loads(value(self._steps, "ENTRYPOINT"))
        own = SERVICES[service]["command"]
        command = [each.replace("0.0.0.0", "127.0.0.1") for each in arguments or own]  # noqa: S104 - it is replaced
        variables = {name: self.path(text) for name, text in SERVICES[service]["environment"].items()}
        return self._run([*entry, *command], variables)

    def give_secrets(self, texts: dict[str, str]) -> None:
        """Put files where Docker mounts the secrets."""
        self.root.chmod(0o755)
        folder = self.root / "run" / "secrets"
        folder.mkdir(parents=True)
        for name, text in texts.items():
            (folder / name).write_text(f"{text}\n")
            (folder / name).chmod(0o444)
        self.root.chmod(0o555)

    def is_healthy(self, port: int) -> bool:
        command = json.loads(value(self._steps, "HEALTHCHECK").partition("CMD ")[2])
        process = self._run([each.replace("8000", str(port)) for each in command], {})
        output = finish(process)
        assert process.returncode in {0, 1}, output
        return process.returncode == 0

    def run(self, service: str, *arguments: str) -> tuple[int, str]:
        process = self.start(service, *arguments)
        output = finish(process)
        return process.returncode, output

    def can_write(self) -> list[str]:
        """The folders and files of the image that its user can write to."""
        code = (
            "import os, sys; print(*(path for d, _, names in os.walk(sys.argv[1]) for path in [d, *(f'{d}/{n}' for n in"
        )
        code += " names)] if os.access(path, os.W_OK) and not os.path.islink(path)))"
        output = finish(self._run(["python", "-c", code, str(self.root)], {}))
        return output.split()

    def _run(self, command: list[str], variables: dict[str, str]) -> subprocess.Popen[str]:
        path = self.path(value(self._steps, "ENV").partition("=")[2]).replace("$PATH", f"{self.root}/usr/local/bin")
        program = shutil.which(command[0], path=path)
        assert program is not None, f"the image has no {command[0]}"
        return subprocess.Popen(
            [program, *command[1:]],
            cwd=self.path(value(self._steps, "WORKDIR")),
            # Where a Python that is built so looks for its own library.
            env={"PATH": path, "LD_LIBRARY_PATH": f"{self.root}/usr/local/lib", **variables},
            user=self._uid,
            group=self._uid,
            extra_groups=None if self._uid is None else [],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


def finish(process: subprocess.Popen[str]) -> str:
    """Wait for the end of a process. Returns what it wrote."""
    try:
        return process.communicate(timeout=2 * PATIENCE_SECONDS)[0]
    except subprocess.TimeoutExpired:
        process.kill()
        raise AssertionError(f"process {process.pid} did not end: {process.communicate()[0]}") from None


def base(root: Path) -> None:
    """What the steps find in place of the image of FROM: this Python as `/usr/local/bin/python`, and its library."""
    library = Path(sysconfig.get_path("stdlib"))
    bin_folder = root / "usr" / "local" / "bin"
    bin_folder.mkdir(parents=True)
    shutil.copy(Path(sys.executable).resolve(), bin_folder / "python3")
    (bin_folder / "python").symlink_to("python3")
    shared = Path(sysconfig.get_config_var("LIBDIR"), sysconfig.get_config_var("INSTSONAME"))
    if shared.exists():
        (root / "usr" / "local" / "lib").mkdir()
        shutil.copy(shared, root / "usr" / "local" / "lib")
    left_out = shutil.ignore_patterns("site-packages", "dist-packages", "test", "__pycache__", "config-*")
    shutil.copytree(library, root / "usr" / "local" / "lib" / library.name, ignore=left_out)


def build_stage(root: Path, steps: list[Step], stage: Path | None = None) -> None:
    """Run the steps of a stage below `root`. `COPY --from` takes from below `stage`."""
    base(root)
    place = root
    in_root = Image(root, steps, None).path
    for step in steps:
        if step.name == "WORKDIR":
            place = Path(in_root(step.value))
            place.mkdir(parents=True, exist_ok=True)
        elif step.name == "COPY":
            words = step.value.split()
            source = ROOT
            if words[0].startswith("--from="):
                assert stage is not None
                source = stage
                del words[0]
            *names, target = words
            to = Path(in_root(target)) if target.startswith("/") else place / target
            for name in names:
                copy(source / name.removeprefix("/"), to, is_folder=target.endswith("/"))
        # It would change this machine.
        elif step.name == "RUN" and not step.value.startswith("apt-get"):
            env = {name: text for name, text in os.environ.items() if not name.startswith(("PYTHON", "COVERAGE"))}
            env["PATH"] = f"{root}/usr/local/bin:{os.environ['PATH']}"
            done = subprocess.run(
                ["/bin/sh", "-c", in_root(step.value)], cwd=place, env=env, capture_output=True, text=True, check=False,
                timeout=5 * PATIENCE_SECONDS,
            )  # fmt: skip
            assert done.returncode == 0, f"{shlex.quote(step.value)}: {done.stdout}{done.stderr}"


def copy(source: Path, to: Path, *, is_folder: bool) -> None:
    if source.is_dir():
        ignored = shutil.ignore_patterns("__pycache__", "*.db", "*.db-*", "*.db.*")
        shutil.copytree(source, to, symlinks=True, ignore=ignored)
        return
    if is_folder:
        to.mkdir(parents=True, exist_ok=True)
    shutil.copy(source, to)


@pytest.fixture
def image(postgresql_server: Server) -> Iterator[Image]:
    """It belongs to the administrator, and runs as somebody else where the tests run as the administrator."""
    build, final = stages()
    folder = Path(tempfile.mkdtemp(prefix="image-", dir=scratch_folder()))
    folder.chmod(0o755)
    root = folder / "root"
    try:
        build_stage(root, build)
        # Nothing of the first stage may be used at its old place, so that is gone.
        root.rename(folder / "build")
        build_stage(root, final, folder / "build")
        shutil.rmtree(folder / "build")
        uid = user_beside(postgresql_server) if os.geteuid() == 0 else None
        subprocess.run(["chmod", "-R", "a-w", root], check=True, timeout=PATIENCE_SECONDS)
        yield Image(root, final, uid)
    finally:
        subprocess.run(["chmod", "-R", "u+w", folder], check=True, timeout=PATIENCE_SECONDS)
        shutil.rmtree(folder)


def user_beside(server: Server) -> int:
    """The owner of the server's socket file, who alone may use it; or the user of the image."""
    _, options = server.url.get_dialect()().create_connect_args(server.url)
    host = str(options.get("host", ""))
    uid = Path(host).stat().st_uid if host.startswith("/") else 10_001
    assert uid != 0
    return uid


def give_what_doctor_says(image: Image, owner_url: URL) -> int:
    """Give the service's role what it lacks, as the page says. Returns how many GRANTs that took."""

    async def give(statements: list[str]) -> None:
        connection = await asyncpg.connect(owner_url.set(drivername="postgresql").render_as_string())
        for statement in statements:
            await connection.execute(statement, timeout=PATIENCE_SECONDS)
        await connection.close()

    count = 0
    while True:
        _, said = image.run("admin", "doctor", "--offline")
        # As `sed` on the page.
        statements = re.findall(r".*run (GRANT .*)", said)
        if not statements:
            return count
        asyncio.run(give(statements))
        count += len(statements)
        assert count < 100, said


@contextmanager
def started(image: Image, service: str, *more: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A running service, and what it printed at its start. It is stopped at the end."""
    process = image.start(service, *SERVICES[service]["command"], *more)
    deadline = Timer(2 * PATIENCE_SECONDS, process.kill)
    deadline.start()
    assert process.stdout is not None
    said = ""
    try:
        for line in process.stdout:
            said += line
            if re.search(r"answers on http|delivers webhooks", line):
                break
        else:
            raise AssertionError(f"{service} ended with {process.wait()}: {said}")
        yield process, said
        process.send_signal(signal.SIGTERM)
        rest = process.stdout.read()
        assert process.wait() == 0, said + rest
    finally:
        process.kill()
        deadline.cancel()
        process.wait()
        process.stdout.close()


@pytest.mark.soak
def test_what_the_containerfile_makes_serves_and_delivers_as_a_user_who_can_write_nothing(
    image: Image, postgresql_server: Server
) -> None:
    assert image.can_write() == []
    with (
        postgresql_server.create_role("capacity_owner") as owner,
        postgresql_server.create_role("capacity_service") as role,
        postgresql_server.create_database() as url,
    ):
        postgresql_server.execute(f"ALTER DATABASE {url.database} OWNER TO {owner}")
        owner_url, service_url = (url.set(username=name, password=None) for name in (owner, role))
        image.give_secrets(
            {
                "owner-database-url": owner_url.render_as_string(),
                "database-url": service_url.render_as_string(),
                "secret-key": KEY,
            }
        )

        code, said = image.run("owner", "db", "create")
        assert code == 0, said
        assert "13 responders listed" in said
        code, said = image.run("serve")
        assert code == 19, said
        assert give_what_doctor_says(image, owner_url) > 10

        with started(image, "serve", "--port", "0") as (_, said), started(image, "worker"):
            address = re.search(r"http://127\.0\.0\.1:(\d+)", said)
            assert address is not None
            assert image.is_healthy(int(address[1]))
            answer = httpx.get(f"{address[0]}/v1/directory", trust_env=False, timeout=PATIENCE_SECONDS)
            assert answer.raise_for_status().json()["total"] == 13
        assert not image.is_healthy(int(address[1]))
        code, said = image.run("admin", "docs", "container")
        assert (code, said) == (0, (FOLDER.parent / "container.md").read_text() + "\n")
