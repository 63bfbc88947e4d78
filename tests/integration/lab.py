"""lab: real servers on loopback for the integration tests and for contrib/demo.

A Lab owns a scratch folder and every process that it starts; leaving it ends them all, by
pid, and removes the folder. Servers get free ports, a deadline to come up in and are watched
by pid meanwhile; their logs are shown when something fails.
"""
import contextlib
import email
import email.policy
import http.client
import json
import os
import pathlib
import pwd
import random
import re
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import time
import unittest

import jsonschema

DEADLINE_S = 60  # for anything to come up or to happen; generous, for loaded machines

# How the configurations of filters begin, for Lab.heloscope(); each goes on in its own way, behind a line end.
HEAD = """
authserv-id "mx.lab.test"
listen "inet:{port}@127.0.0.1"
user "nobody"
log stderr"""
RECORDED = HEAD + """
records "{records}\""""


def schema_of(name):
    path = pathlib.Path(__file__).resolve().parents[2] / f"etc/{name}.schema.json"
    return jsonschema.Draft7Validator(json.loads(path.read_text()))


SCHEMA = schema_of("records")

# Of the commands, whose output with --json each test has judged.
COMMAND_SCHEMAS = {name: schema_of(name) for name in ("doctor", "report", "replay", "lists", "wiring")}

# What a sanitizer prints when it finds something.
SANITIZER = re.compile(r"(AddressSanitizer|LeakSanitizer|ThreadSanitizer|runtime error:).*")


def is_json(line):
    """Whether a line is whole."""
    try:
        json.loads(line)
    except json.JSONDecodeError:
        return False
    return True


class LabError(Exception):
    pass


def wait_until(what, condition, deadline_s=DEADLINE_S, process=None):
    """The first true value of condition(); LabError when the deadline or the process ends first."""
    end = time.monotonic() + deadline_s
    while True:
        value = condition()
        if value:
            return value
        if process is not None and process.poll() is not None:
            raise LabError(f"{what}: the program ended with status {process.returncode}")
        if time.monotonic() > end:
            raise LabError(f"{what}: not within {deadline_s} s")
        time.sleep(0.02)


def is_asleep(process):
    """Whether the first thread waits: ThreadSanitizer holds back a signal that comes just before that, until the wait is over."""
    return pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/stat").read_text().rpartition(")")[2].split()[0] == "S"


def wait_until_it_serves(process, read_log):
    """Until a filter's log says that it listens, and it takes signals."""
    wait_until("heloscope-milter", lambda: "listens on" in read_log() and is_asleep(process), process=process)


def outside_make():
    """The environment without what a make that runs the test hands down to a make that the test runs."""
    return {name: value for name, value in os.environ.items() if not name.startswith("MAKE") and name != "MFLAGS"}


def free_port():
    """A port that is free for UDP and TCP on loopback."""
    for _ in range(100):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp:
            tcp.bind(("127.0.0.1", 0))
            port = tcp.getsockname()[1]
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
                try:
                    udp.bind(("127.0.0.1", port))
                    return port
                except OSError:
                    continue
    raise LabError("no free port")


def accepts(port, address="127.0.0.1"):
    with contextlib.suppress(OSError), socket.create_connection((address, port), timeout=1):
        return True
    return False


def negotiates(port):
    """Whether a filter answers: from then on libmilter takes signals without a race of its own."""
    offer = b"O" + struct.pack("!III", 6, 0x1FF, 0x1FFFFF)
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1) as milter:
        milter.settimeout(DEADLINE_S)
        milter.sendall(struct.pack("!I", len(offer)) + offer)
        return milter.recv(1) != b""
    return False


def enter_namespace(addresses, hosts=None):
    """
    Run the calling program again in a network namespace of its own, as the host mx.lab.test with these addresses. `hosts`: name ->
    address, for what it starts; /etc/hosts has them then, and no others.
    """
    if os.environ.get("HELOSCOPE_LAB_NAMESPACE") != "yes":
        environment = {**os.environ, "HELOSCOPE_LAB_NAMESPACE": "yes"}
        os.execvpe("unshare", ["unshare", "--net", "--uts", *(["--mount"] if hosts else []), "--", sys.executable, *sys.argv], environment)
    if hosts:
        with tempfile.NamedTemporaryFile("w", prefix="heloscope-hosts.") as file:
            file.write("127.0.0.1 localhost\n" + "".join(f"{address} {name}\n" for name, address in hosts.items()))
            file.flush()
            os.chmod(file.name, 0o644)
            subprocess.run(["mount", "--bind", file.name, "/etc/hosts"], check=True)
    subprocess.run(["hostname", "mx.lab.test"], check=True)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    for address in addresses:
        prefix = ["128", "nodad"] if ":" in address else ["32"]
        subprocess.run(["ip", "address", "add", f"{address}/{prefix[0]}", "dev", "lo", *prefix[1:]], check=True)


def each_once(main_cf):
    """
    Without the entries that a later line sets again: each of Postfix's programs warns of such, and its logger, which gets more of it than
    its socket holds before it reads any, then waits for itself.
    """
    lines = main_cf.splitlines()
    names = [line.partition("=")[0].strip() for line in lines]
    return "".join(f"{line}\n" for at, line in enumerate(lines) if names[at] == "" or names[at] not in names[at + 1:])


def write_settled(path, text):
    """
    Write a main.cf as if somebody had done so an hour ago: one that has just changed Postfix's programs read again and again, for up to two
    seconds, until they are sure that nobody is still writing it.
    """
    path.write_text(text)
    then = time.time() - 3600
    os.utime(path, (then, then))


class Unix(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path):
        super().__init__("localhost", timeout=60)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60)
        self.sock.connect(str(self.path))


class Filter:
    """A running heloscope-milter."""

    def __init__(self, lab, process, port, config, log):
        self.lab, self.process, self.port, self.config, self.log = lab, process, port, config, log
        self.records_path = lab.folder / "records" / f"{config.stem}.jsonl"
        self.was_killed = self.has_reloaded = False

    def log_text(self):
        return self.log.read_text(errors="replace")

    def reload(self, text=None):
        """Write a new configuration, send SIGUSR1, and wait until the log tells the outcome."""
        before = len(self.log_text())
        self.has_reloaded = True
        if text is not None:
            self.config.write_text(text)
        self.process.send_signal(signal.SIGUSR1)
        return wait_until(
            "reload",
            lambda: re.search(r"configuration read again|old configuration stays", self.log_text()[before:]),
            process=self.process,
        ).group(0)

    def begin_to_stop(self):
        """SIGTERM without waiting: libmilter looks at its signals every five seconds."""
        self.process.send_signal(signal.SIGTERM)

    def stop(self):
        """SIGTERM; the exit status, which must be 0 and the log free of sanitizers' findings."""
        self.begin_to_stop()
        status = self.process.wait(DEADLINE_S)
        text = self.log_text()
        if status != 0 or SANITIZER.search(text):
            raise LabError(f"heloscope-milter ended with status {status}:\n{text}")
        self.lab.processes.remove(self.process)
        if self.records():
            self.write_again()
        if self.records() and not self.has_reloaded:
            self.replay()
        return text

    def write_again(self):
        """From the facts and verdicts that are read from a record the same octets are written again."""
        lines = self.records_path.read_text().splitlines()
        whole = [line for line in lines if not self.was_killed or is_json(line)]
        done = subprocess.run([self.lab.builddir / "tests/integration/record_again"], input="\n".join(whole) + "\n", capture_output=True, text=True,
                              timeout=10 * DEADLINE_S, check=False)
        if done.returncode != 0:
            raise LabError(f"read and written again, records differ: {done.stdout}{done.stderr}")

    def replay(self):
        """
        Every record judged again under the same configuration: the very verdicts that the filter gave. Unknown are at most those of
        whose checks or lists a record had no room for more than the results.
        """
        short = sum(len(record["verdicts"]) for record in self.records() if {"checks", "lists"} & set(record.get("cut", [])))
        done = self.lab.tool("replay", "--config", self.config, "--log", self.records_path, "--json", deadline_s=10 * DEADLINE_S)
        if done.returncode != 0 or SANITIZER.search(done.stderr):
            raise LabError(f"replay ends with {done.returncode}: {done.stdout}{done.stderr}")
        found = json.loads(done.stdout)
        if (found["changed"], found["moved"]) != (0, 0) or found["unknown"] > short or found["recipients"] == 0:
            raise LabError(f"replay under the same configuration differs: {done.stdout}")

    def records(self):
        """
        The records of its log of records, each judged by the schema; of a filter that was killed the torn ones are left out, of one that
        runs the one being written, of which a reader may see a part.
        """
        is_running = self.process.poll() is None
        if not self.records_path.exists():
            return []
        records = []
        text = self.records_path.read_text()
        for line in text[:text.rfind("\n") + 1 if is_running else None].splitlines():
            try:
                record = json.loads(line)
            except json.JSONDecodeError:
                if self.was_killed:
                    continue
                raise
            SCHEMA.validate(record)
            records.append(record)
        return records

    def last_record(self):
        """The record of the message that its log told of last; records are written a little later."""
        ident = re.findall(r"\bid=(\S+)", self.log_text())[-1]
        return wait_until("the record", lambda: next((record for record in self.records() if record["id"] == ident), None))

    def kill(self):
        """SIGKILL."""
        self.was_killed = True
        self.process.kill()
        self.process.wait()
        self.lab.processes.remove(self.process)


class Lab:
    def __init__(self, builddir=None, verbose=False):
        self.builddir = pathlib.Path(builddir or os.environ.get("builddir", ".")).resolve()
        self.verbose = verbose
        self.processes = []
        self.masters = []
        self.servers = {}
        # Not below /tmp: Sendmail refuses queues under folders that everybody may write to.
        base = "/run" if os.access("/run", os.W_OK) else None
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="heloscope-lab.", dir=base))
        self.folder.chmod(0o755)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if kind is not None and kind is not KeyboardInterrupt:
            self.show_logs()
        for master in self.masters:
            self.end_master(master)
        for process in reversed(self.processes):
            self.end(process)
        shutil.rmtree(self.folder, ignore_errors=True)

    def show_logs(self):
        """The end of each log, and last the warnings of all of them."""
        warnings = []
        for log in sorted(self.folder.glob("*.log")):
            text = log.read_text(errors="replace")
            if text:
                print(f"--- {log.name}\n{text[-3000:]}", file=sys.stderr)
            warnings += [f"{log.name}: {line}" for line in text.splitlines() if re.search("warning|error|fatal|panic", line)]
        print("--- warnings", *warnings[-40:], sep="\n", file=sys.stderr)

    @staticmethod
    def end(process):
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    @staticmethod
    def end_master(pid):
        """Postfix's master is a child of the script that we started, and outlives it."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
            wait_until("the end of Postfix", lambda: not os.path.exists(f"/proc/{pid}"))

    def start(self, name, command, **more):
        log = self.folder / f"{name}.log"
        with open(log, "ab") as output:
            process = subprocess.Popen(
                [str(word) for word in command], stdin=subprocess.DEVNULL, stdout=output, stderr=output, **more
            )
        self.processes.append(process)
        return process

    def subfolder(self, name, mode=0o755, owner=None):
        folder = self.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(mode)
        if owner is not None:
            account = pwd.getpwnam(owner)
            os.chown(folder, account.pw_uid, account.pw_gid)
        return folder

    # Name servers.

    def nsd(self, zones, files=()):
        """
        An authoritative server for `zones`, name -> records, and `files`, name -> whole zone files;
        the rest of the world does not exist.
        """
        port = free_port()
        process = self.start("nsd", ["nsd", "-d", "-c", self.nsd_config(f"127.0.0.1@{port}", zones, files)])
        wait_until("nsd", lambda: accepts(port), process=process)
        return self.shuffle("nsd", port)

    def shuffle(self, name, behind):
        """A server that answers as that on port `behind` does, with the records in an order of chance. Returns its port."""
        port = free_port()
        seed = int(os.environ.get("HELOSCOPE_LAB_SEED") or random.SystemRandom().randrange(1 << 32))
        program = pathlib.Path(__file__).resolve().parent / "dns_shuffler.py"
        process = self.start(f"{name}-shuffler", [sys.executable, program, port, behind, seed])
        wait_until(f"{name}-shuffler", lambda: accepts(port), process=process)
        self.servers[name] = port
        return port

    def nsd_config(self, listen, zones, files=()):
        folder = self.subfolder("nsd")
        names = {name: self.zone_file(name, text) for name, text in {".": "", **zones}.items()}
        names.update(files)
        config = [
            "server:",
            f"  ip-address: {listen}",
            f'  zonesdir: "{folder}"',
            f'  pidfile: "{folder}/pid"',
            '  xfrdfile: ""',
            f'  zonelistfile: "{folder}/zone.list"',
            f'  xfrdir: "{folder}"',
            '  database: ""',
            '  username: ""',
            "  server-count: 1",
            "  rrl-ratelimit: 0",
            "remote-control:",
            "  control-enable: no",
        ]
        for number, (name, text) in enumerate(sorted(names.items())):
            (folder / f"zone{number}").write_text(text)
            config += ["zone:", f'  name: "{name}"', f'  zonefile: "zone{number}"']
        (folder / "nsd.conf").write_text("\n".join(config) + "\n")
        return folder / "nsd.conf"

    @staticmethod
    def zone_file(name, records):
        origin = name if name.endswith(".") else name + "."
        return (
            f"$ORIGIN {origin}\n$TTL 300\n@ SOA ns.lab.test. hostmaster.lab.test. 1 3600 900 86400 60\n"
            f"@ NS ns.lab.test.\n{records}\n"
        )

    def rbldnsd(self, zones):
        """Lists: zone -> (dataset type, lines)."""
        folder = self.subfolder("rbldnsd")
        port = free_port()
        specs = []
        for number, (zone, (kind, lines)) in enumerate(sorted(zones.items())):
            (folder / f"zone{number}").write_text("$SOA 300 ns.lab.test. hostmaster.lab.test. 1 3600 900 86400 60\n" + lines)
            specs.append(f"{zone}:{kind}:zone{number}")
        process = self.start("rbldnsd", ["rbldnsd", "-n", "-u", "nobody", "-b", f"127.0.0.1/{port}", "-w", folder, *specs])
        wait_until("rbldnsd", lambda: self.answers(port, next(iter(zones))), process=process)
        return self.shuffle("rbldnsd", port)

    @staticmethod
    def answers(port, zone):
        """Whether a name server answers a question for the SOA of `zone`."""
        question = b"".join(bytes([len(label)]) + label.encode() for label in zone.split(".")) + b"\0"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.settimeout(0.3)
            with contextlib.suppress(OSError):
                udp.sendto(b"\x12\x34\0\0\0\1\0\0\0\0\0\0" + question + b"\0\6\0\1", ("127.0.0.1", port))
                return udp.recv(512)[:2] == b"\x12\x34"
        return False

    # The filter.

    def heloscope(self, text, name="heloscope", wait=True):
        """Run the filter; `text` may use {port}, {nsd} and {rbldnsd} for the servers' ports."""
        port = free_port()
        config = self.folder / f"{name}.conf"
        self.subfolder("records", owner="nobody")
        config.write_text(self.fill_in(text.replace("{records}", f"{self.folder}/records/{name}.jsonl"), port))
        environment = dict(os.environ)
        environment.setdefault("ASAN_OPTIONS", "detect_leaks=1:strict_string_checks=1")
        environment.setdefault("TSAN_OPTIONS", f"suppressions={os.environ.get('srcdir', '.')}/tests/tsan.supp")
        process = self.start(name, [self.builddir / "milter/heloscope-milter", "-c", config], env=environment)
        running = Filter(self, process, port, config, self.folder / f"{name}.log")
        if wait:
            wait_until("heloscope-milter", lambda: negotiates(port), process=process)
        return running

    def tool(self, *words, deadline_s=DEADLINE_S, **environment):
        """heloscope(1) with these words, as it ended."""
        done = subprocess.run([self.builddir / "milter/heloscope", *words], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              env={**os.environ, **environment}, timeout=deadline_s)
        command = words[0] if words else ""
        if command in COMMAND_SCHEMAS and "--json" in words and done.stdout:
            COMMAND_SCHEMAS[command].validate(json.loads(done.stdout))
        return done

    def fill_in(self, text, port):
        for key, value in {"port": port, **self.servers}.items():
            text = text.replace("{%s}" % key, str(value))
        return text

    # Postfix.

    def postfix(self, milter, extra="", name="postfix", default_action="tempfail", chroot="n", listen="127.0.0.1", services="",
                patience="smtpd_error_sleep_time = 0\nsmtpd_hard_error_limit = 1000"):
        """
        An MTA that accepts mail for some domains into one Maildir; `services`: more lines for master.cf; `patience`: with errors of clients,
        "": as by default. Returns its port. Where the filter cannot be reached it says so to the client, so that a test cannot take that for
        acceptance.
        """
        port = free_port()
        config = self.subfolder(name)
        queue = self.subfolder(f"{name}-queue")
        data = self.subfolder(f"{name}-data", 0o700, "postfix")
        mail = self.folder / "mail"
        mail.mkdir(exist_ok=True)
        mail.chmod(0o777)
        uid = pwd.getpwnam("nobody").pw_uid
        write_settled(config / "main.cf", each_once(
            f"""compatibility_level = 3.6
queue_directory = {queue}
data_directory = {data}
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file_prefixes = {self.folder}
maillog_file = {self.folder}/{name}-mail.log
myhostname = mx.lab.test
mydestination =
inet_protocols = all
mynetworks = 127.0.0.0/8
alias_maps =
disable_dns_lookups = yes
smtpd_peername_lookup = no
smtpd_recipient_restrictions = permit_mynetworks, reject_unauth_destination
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
smtpd_authorized_xclient_hosts = 127.0.0.0/8
smtpd_client_connection_rate_limit = 0
{patience}
smtputf8_autodetect_classes = all
virtual_mailbox_domains = in.test, strict.test, audit.test
virtual_mailbox_base = {mail}
virtual_mailbox_maps = static:box/
virtual_minimum_uid = 1
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{uid}
smtpd_milters = {milter}
milter_default_action = {default_action}
milter_command_timeout = 30s
{extra}
"""
        ))
        (config / "master.cf").write_text(
            f"""{listen}:{port} inet n - {chroot} - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
proxymap unix - - n - - proxymap
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
tlsmgr unix - - n 1000? 1 tlsmgr
scache unix - - n - 1 scache
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
postlog unix-dgram n - n - 1 postlogd
{services}"""
        )
        process = self.start(name, ["postfix", "-c", config, "start-fg"])
        wait_until("postfix", lambda: accepts(port, listen), process=process)
        self.masters.append(int((queue / "pid/master.pid").read_text()))
        self.mail = mail / "box"
        return port

    def certificate(self):
        """main.cf lines for a Postfix that offers STARTTLS with a certificate of its own."""
        key, certificate = self.folder / "tls.key", self.folder / "tls.crt"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
             "-subj", "/CN=mx.lab.test", "-keyout", key, "-out", certificate],
            check=True, capture_output=True,
        )
        return f"smtpd_tls_security_level = may\nsmtpd_tls_key_file = {key}\nsmtpd_tls_cert_file = {certificate}"

    # Sendmail.

    SENDMAIL = pathlib.Path("/var/cache/heloscope-tests/sendmail")

    def sendmail(self, milter, port=25, extra=""):
        """Sendmail, unpacked beside Postfix by contrib/setup, on all addresses of a network namespace; `extra`: more lines for its .mc file."""
        folder = self.subfolder("sendmail")
        queue = self.subfolder("sendmail-queue", 0o700)
        mail = self.subfolder("mail/box/new", 0o777)
        self.mail = mail.parent
        cf = self.SENDMAIL / "usr/share/sendmail/cf"
        # The packaged program is setgid, which would drop the library path.
        binary = folder / "sendmail"
        shutil.copyfile(self.SENDMAIL / "usr/libexec/sendmail/sendmail", binary)
        binary.chmod(0o755)
        deliver = folder / "deliver"
        deliver.write_text(f"#!/bin/sh\nname=$$.$(date +%s%N)\ncat >{folder}/$name && mv {folder}/$name {mail}/$name\n")
        deliver.chmod(0o755)
        (folder / "service.switch").write_text("hosts files\n")
        (folder / "hosts").write_text("127.0.0.1 mx.lab.test localhost\n")
        (folder / "aliases").write_text("")
        (folder / "local-host-names").write_text("in.test\nstrict.test\naudit.test\n")
        (folder / "test.mc").write_text(
            f"""OSTYPE(`linux')dnl
define(`confDOMAIN_NAME', `mx.lab.test')dnl
define(`QUEUE_DIR', `{queue}')dnl
define(`confPID_FILE', `{folder}/pid')dnl
define(`STATUS_FILE', `{folder}/status')dnl
define(`ALIAS_FILE', `')dnl
define(`confHOSTS_FILE', `{folder}/hosts')dnl
define(`confSERVICE_SWITCH_FILE', `{folder}/service.switch')dnl
define(`confCW_FILE', `{folder}/local-host-names')dnl
define(`confDONT_PROBE_INTERFACES', `True')dnl
define(`confTO_IDENT', `0')dnl
define(`confQUEUE_LA', `1000')dnl
define(`confREFUSE_LA', `1000')dnl
define(`LOCAL_MAILER_PATH', `{deliver}')dnl
define(`LOCAL_MAILER_ARGS', `deliver $u')dnl
MODIFY_MAILER_FLAGS(`LOCAL', `-Aw5:/|@')dnl
FEATURE(`use_cw_file')dnl
FEATURE(`accept_unresolvable_domains')dnl
FEATURE(`accept_unqualified_senders')dnl
FEATURE(`nocanonify')dnl
DAEMON_OPTIONS(`Port={port}, Family=inet, Name=MTA')dnl
DAEMON_OPTIONS(`Port={port}, Family=inet6, Addr=::1, Name=MTA6')dnl
{extra}INPUT_MAIL_FILTER(`heloscope', `S={milter}, T=C:5s;S:10s;R:20s;E:1m')dnl
MAILER(`local')dnl
MAILER(`smtp')dnl
"""
        )
        config = subprocess.run(
            ["m4", f"-D_CF_DIR_={cf}/", cf / "m4/cf.m4", folder / "test.mc"], check=True, capture_output=True
        ).stdout
        (folder / "sendmail.cf").write_bytes(config)
        process = self.start("sendmail", [binary, "-C", folder / "sendmail.cf", "-bD", f"-X{self.folder}/sendmail-traffic.log"],
                             env={**os.environ, "LD_LIBRARY_PATH": str(self.SENDMAIL / "usr/lib/x86_64-linux-gnu")})
        wait_until("sendmail", lambda: accepts(port), process=process)
        return port

    def install_reflector(self):
        """`heloscope reflect` for a mail server, which runs it as nobody, who may not be let into the folder of the build. It logs to reflect.log."""
        program, log, path = self.folder / "heloscope", self.folder / "reflect.log", self.folder / "reflector"
        shutil.copy(self.builddir / "milter/heloscope", program)
        log.touch()
        log.chmod(0o666)
        path.write_text(f'#!/bin/sh\nexec {program} reflect --stderr --config {self.folder}/heloscope.conf "$@" 2>>{log}\n')
        path.chmod(0o755)
        return path

    def take_messages(self, count=1, deadline_s=DEADLINE_S):
        """The next `count` messages that were delivered, parsed, in the order of delivery."""
        new = self.mail / "new"
        files = wait_until(
            f"{count} message(s)",
            lambda: (lambda found: found if len(found) >= count else None)(
                sorted(new.iterdir(), key=lambda path: path.stat().st_mtime_ns) if new.is_dir() else []
            ),
            deadline_s,
        )
        messages = []
        for path in files:
            messages.append(email.message_from_bytes(path.read_bytes(), policy=email.policy.compat32))
            path.unlink()
        return messages

    def logs_mention(self, name, pattern, deadline_s=DEADLINE_S):
        """Wait for a line in NAME.log."""
        log = self.folder / f"{name}.log"
        return wait_until(f"{pattern} in {name}.log", lambda: re.search(pattern, log.read_text(errors="replace")), deadline_s)


def swaks(port, client=None, helo="client.test", sender="<>", to=("user@in.test",), headers=(), server="127.0.0.1", more=()):
    """Send one message. Returns (exit status, transcript). `client`: the address to pose as, by XCLIENT."""
    command = ["swaks", "--server", server, "--port", str(port), "--helo", helo, "--from", sender]
    command += ["--to", ",".join(to), "--timeout", "30", "--suppress-data"]
    if client is not None:
        prefix = "IPV6:" if ":" in client else ""
        command += ["--xclient-addr", prefix + client, "--xclient-name", "[UNAVAILABLE]"]
    for header in headers:
        command += ["--add-header", header]
    done = subprocess.run([*command, *more], stdin=subprocess.DEVNULL, capture_output=True, timeout=120)
    return done.returncode, done.stdout.decode("utf-8", "replace")


class Smtp:
    """SMTP by hand, for what clients do not usually do."""

    def __init__(self, port, server="127.0.0.1", source=None):
        self.socket = socket.create_connection((server, port), timeout=DEADLINE_S, source_address=(source, 0) if source else None)
        self.stream = self.socket.makefile("rb")
        self.greeting = self.reply()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.stream.close()
        self.socket.close()

    def start_tls(self, chain=None):
        """STARTTLS; no EHLO behind it. `chain`: key and certificate that the client shows."""
        self.expect("STARTTLS", "220")
        context = ssl.create_default_context()
        if chain:
            context.load_cert_chain(chain)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        self.socket = context.wrap_socket(self.socket)
        self.stream = self.socket.makefile("rb")

    def reply(self):
        lines = []
        while True:
            line = self.stream.readline().decode("utf-8", "replace").rstrip("\r\n")
            lines.append(line)
            if len(line) < 4 or line[3] != "-":
                return "\n".join(lines)

    def send(self, line):
        self.socket.sendall((line if isinstance(line, bytes) else line.encode()) + b"\r\n")
        return self.reply()

    def expect(self, line, code):
        reply = self.send(line)
        if not reply.startswith(code):
            raise LabError(f"{line!r}: {reply!r}, expected {code}")
        return reply

    def pose_as(self, client, name="[UNAVAILABLE]"):
        prefix = "IPV6:" if ":" in client else ""
        self.expect("EHLO lab.test", "250")
        return self.expect(f"XCLIENT ADDR={prefix}{client} NAME={name}", "220")

    def message(self, sender, recipients, header=b"Subject: test\r\n", mail_code="250"):
        """MAIL, RCPT, DATA. Returns the recipients' replies; sends data when one was taken."""
        self.expect(f"MAIL FROM:{sender}", mail_code)
        replies = [self.send(f"RCPT TO:<{recipient}>") for recipient in recipients]
        if any(reply.startswith("250") for reply in replies):
            self.expect("DATA", "354")
            self.expect(header + b"\r\nbody\r\n.", "250")
        return replies


@contextlib.contextmanager
def module_lab():
    """For setUpModule: a lab that ends after the tests of the module; when that cannot be set up its logs are shown."""
    lab = unittest.enterModuleContext(Lab())
    try:
        yield lab
    except Exception:
        lab.show_logs()
        raise


class LabTest(unittest.TestCase):
    """A test with the `lab` of its module, whose logs are shown when it fails."""

    maxDiff = None

    def run(self, result=None):
        before = len(result.errors) + len(result.failures)
        super().run(result)
        if len(result.errors) + len(result.failures) > before:
            sys.modules[type(self).__module__].lab.show_logs()


def main(**more):
    """
    unittest.main(), for whoever has a scene that cannot run everywhere: when all others pass, the whole test is one that was skipped (77), with
    the reasons. So a count of tests never has one as passed of which a part did not run.
    """
    result = unittest.main(module="__main__", exit=False, **more).result
    if not result.wasSuccessful():
        raise SystemExit(1)
    for test, reason in result.skipped:
        print(f"skipped: {test.id().removeprefix('__main__.')}: {reason}")
    raise SystemExit(77 if result.skipped else 0)
