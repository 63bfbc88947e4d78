"""
The Debian packages: built, looked at by lintian, and installed, used, upgraded and purged in a bare Debian beside Postfix, once without
an init and once under systemd, which runs as the first process of a container. So the unit's restrictions are those of the kernel, not
what systemd-analyze thinks of them. In a third a stranger follows the texts: he attaches it, breaks it in several ways, does what he is told,
and joins a second host to it. It is mmdebstrap that makes the Debian: it takes half the time that debootstrap takes.
"""
import functools
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import textwrap
import unittest

import machine
from lab import LabError, Smtp, accepts, main, module_lab, outside_make, wait_until
from machine import Machine
from scenario import ZONES, addresses

SOURCE = pathlib.Path(__file__).resolve().parents[2]
PACKAGES = ("heloscope", "heloscope-milter")
README, README_DEBIAN = "usr/share/doc/heloscope/README", "usr/share/doc/heloscope-milter/README.Debian"
HOSTS = {"mx": "192.0.2.10", "mx2": "192.0.2.11"}  # the addresses that README has for hosts of a site
# What dpkg and apt keep of themselves, what belongs to the other programs of such a machine, and the lists of users, which stay.
NOT_OURS = re.compile(r"(proc|sys|dev|run|tmp|debs|home|root|boot|var/(lib/(dpkg|apt|systemd/(catalog|random|timers)|postfix|misc|private)|cache|log/(dpkg|apt|journal|alternatives|mail|private)"
                      r"|spool|mail|tmp|backups)|etc/(passwd|group|shadow|gshadow|subuid|subgid|resolv|machine-id|hostname|\.pwd\.lock|\.updated|ld\.so\.cache|postfix)|var/\.updated)")


def skip_all(reason):
    print(f"skipped: {reason}")
    raise SystemExit(77)


if os.geteuid() != 0:
    skip_all("it has to run as root")
for program, package in (("dpkg-buildpackage", "dpkg-dev"), ("dh", "debhelper"), ("lintian", "lintian"), ("mmdebstrap", "mmdebstrap")):
    if shutil.which(program) is None:
        skip_all(f"{program} is missing (Debian package: {package})")


def setUpModule():
    global lab, folder, packages, tree, no_tree
    with module_lab() as lab:
        folder = pathlib.Path(unittest.enterModuleContext(tempfile.TemporaryDirectory(prefix="heloscope-package.")))
        folder.chmod(0o755)
        built = folder / "built"
        done = subprocess.run([*machine.OUTSIDE, SOURCE / "contrib/package", built], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              env=outside_make(), check=False)
        if done.returncode != 0:
            raise AssertionError(f"contrib/package: {done.stdout}{done.stderr}")
        packages = {name: next(built.glob(f"{name}_*.deb")) for name in PACKAGES}
        tree, no_tree = folder / "tree", make_tree(folder / "tree")
        for command in (["link", "set", "lo", "up"], *(["address", "add", f"{address}/32", "dev", "lo"] for address in (addresses["good"], HOSTS["mx"]))):
            subprocess.run(["ip", *command], check=True)
        server = lab.start("nsd", ["nsd", "-d", "-c", lab.nsd_config(f"127.0.0.1@53\n  ip-address: {HOSTS['mx']}@53", ZONES)])
        wait_until("nsd", lambda: accepts(53), process=server)


def make_tree(root):
    """The Debian of which each scene gets a copy; or why there is none."""
    lines = machine.mirror()
    if not lines or not machine.is_reachable(lines[0], folder):
        return "no mirror of this machine's release of Debian can be reached"
    made = machine.bootstrap(root, ["postfix", *needed_packages()], ["systemd-sysv", "redis-server"])
    if made.returncode != 0:
        return f"no Debian can be made here: {made.stdout.strip()[-500:]}"
    (root / "etc/resolv.conf").write_text("nameserver 127.0.0.1\n")
    (root / "etc/hosts").write_text("127.0.0.1 localhost mx.lab.test\n")
    (root / "etc/hostname").write_text("mx\n")
    # As on a machine with an init of System V: without it and without an answer of this program invoke-rc.d starts nothing.
    answer = root / "usr/sbin/policy-rc.d"
    answer.write_text("#!/bin/sh\nexit 0\n")
    answer.chmod(0o755)
    offer(root, "first", packages.values())
    offer(root, "second", [next_version(package, folder / "next") for package in packages.values()])
    return None


@functools.cache
def booting_tree():
    """The same with systemd."""
    root = copy_of(tree, "booting")
    with Machine(lab, "before-systemd", root, False) as bare:
        bare.apt("install", "systemd-sysv")
    return root


def copy_of(origin, name):
    subprocess.run(["cp", "-a", "--reflink=auto", origin, folder / name], check=True)
    return folder / name


def needed_packages():
    """What the packages depend on but for each other, the first where there is a choice."""
    for path in packages.values():
        listed = subprocess.run(["dpkg-deb", "-f", path, "Depends"], capture_output=True, text=True, check=True).stdout
        yield from (name.split()[0] for name in listed.split(",") if name.split()[0] not in PACKAGES)


def offer(root, name, files):
    (root / "debs" / name).mkdir(parents=True)
    for file in files:
        shutil.copy(file, root / "debs" / name)


def next_version(package, scratch):
    """The same package as if a change of the two files of the configuration had come with the next version."""
    name = package.name.split("_")[0]
    scratch.mkdir(exist_ok=True)
    subprocess.run(["dpkg-deb", "-R", package, scratch / name], check=True)
    control = scratch / name / "DEBIAN/control"
    text = control.read_text()
    version = re.search(r"(?m)^Version: (.*)$", text).group(1)
    control.write_text(text.replace(version, version + "+next"))
    for conffile in (scratch / name / "etc/heloscope").iterdir():
        with conffile.open("a") as file:
            file.write("# of the next version\n")
    result = scratch / package.name.replace(version, version + "+next")
    subprocess.run(["dpkg-deb", "--root-owner-group", "-b", scratch / name, result], check=True, capture_output=True)
    return result


def files_of(root):
    """All files but those that are not the package's business."""
    paths = (path.relative_to(root) for path in root.rglob("*"))
    return {str(path) for path in paths if not NOT_OURS.match(str(path)) and "__pycache__" not in path.parts}


class Built(unittest.TestCase):
    def test_lintian_has_nothing_to_say(self):
        changes = next((folder / "built").glob("*.changes"))
        done = subprocess.run(["lintian", "--allow-root", "--fail-on", "error,warning", changes], capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr)

    def test_what_the_build_needs_is_what_contrib_setup_installs(self):
        """So that no library comes into the program and is left out of the package."""
        needed = re.search(r'(?s)^build="(.*?)"', (SOURCE / "contrib/setup").read_text(), re.MULTILINE).group(1).split()
        control = (SOURCE / "contrib/debian/control").read_text()
        depends = set(re.split(r"[,\s]+", re.search(r"(?ms)^Build-Depends: (.*?)^\S", control).group(1)))
        # debhelper brings the tools of all builds; of cmocka there is need for tests only.
        self.assertEqual(set(needed) - depends, {"build-essential", "autoconf", "automake", "libcmocka-dev"})

    def test_each_file_is_in_the_package_of_its_program(self):
        listed = {name: {line.split()[-1] for line in subprocess.run(["dpkg-deb", "-c", path], capture_output=True, text=True, check=True).stdout.splitlines()}
                  for name, path in packages.items()}
        for name, paths in (
            ("heloscope", ("usr/bin/heloscope", "etc/heloscope/refusals.conf", "usr/share/man/man1/heloscope.1.gz", "usr/share/man/man5/heloscope-records.5.gz",
                           "usr/share/man/man5/heloscope-refusals.5.gz",
                           "usr/share/bash-completion/completions/heloscope", "usr/share/doc/heloscope/records.schema.json")),
            ("heloscope-milter", ("usr/sbin/heloscope-milter", "etc/heloscope/heloscope.conf", "etc/heloscope/lists.conf", "etc/logrotate.d/heloscope",
                                  "usr/share/man/man8/heloscope-milter.8.gz", "usr/share/man/man5/heloscope.conf.5.gz", "lib/systemd/system/heloscope-milter.service",
                                  "etc/init.d/heloscope-milter", README_DEBIAN)),
        ):
            self.assertEqual([path for path in paths if f"./{path}" not in listed[name]], [], name)

    def test_autopkgtest_runs_what_is_installed(self):
        """debian/tests/demo, with the programs of the packages first in PATH."""
        root = folder / "unpacked"
        for path in packages.values():
            subprocess.run(["dpkg-deb", "-x", path, root], check=True)
        environment = {**outside_make(), "PATH": f"{root}/usr/sbin:{root}/usr/bin:{os.environ['PATH']}", "builddir": str(lab.builddir)}
        done = subprocess.run([SOURCE / "contrib/debian/tests/demo"], cwd=SOURCE, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              check=False)
        self.assertEqual(done.returncode, 0, done.stdout[-3000:] + done.stderr[-3000:])


class Scene(unittest.TestCase):
    """A life of the package in a machine; what differs between init and systemd is in the subclasses."""

    systemd = False

    def setUp(self):
        if no_tree:
            self.skipTest(no_tree)
        self.root = copy_of(self.origin(), type(self).__name__)
        self.machine = Machine(lab, type(self).__name__, self.root, self.systemd)
        self.start()
        self.addCleanup(self.machine.__exit__)
        self.addCleanup(self.show)
        self.before = files_of(self.root)
        self.postfix_before = self.postfix_files()

    def origin(self):
        return tree

    def start(self):
        self.machine.__enter__()

    def show(self):
        if self._outcome.result.failures or self._outcome.result.errors:
            lab.show_logs()

    def postfix_files(self):
        return {path: path.read_bytes() for path in (self.root / "etc/postfix").rglob("*") if path.is_file()}

    def pid(self):
        """Of the running filter, in the machine; "" when there is none."""
        return self.machine.run("sh", "-c", "for p in /proc/[0-9]*; do [ \"$(readlink $p/exe)\" != /usr/sbin/heloscope-milter ] || echo ${p#/proc/}; done").stdout.strip()

    def status(self):
        """/proc/PID/status of the filter."""
        text = self.machine.do("cat", f"/proc/{self.pid()}/status")
        return dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)

    def install(self, version, text=None):
        names = sorted(f"./debs/{version}/{path.name}" for path in (self.root / "debs" / version).iterdir())
        return self.machine.apt("install", *names, text=text)

    def looks_as_installed(self):
        self.assertRegex(self.machine.do("getent", "passwd", "heloscope"), r"^heloscope:x:\d+:\d+:.*:/run/heloscope:/usr/sbin/nologin$")
        self.assertEqual(self.machine.do("heloscope-milter", "-t"), "")
        self.assertIn("\nmode audit\n", self.machine.do("heloscope-milter", "-T"))
        self.assertEqual(self.machine.do("dpkg", "--audit"), "")
        self.assertEqual(self.postfix_files(), self.postfix_before)
        user = self.machine.do("id", "-u", "heloscope").strip()
        self.assertEqual(self.status()["Uid"].split(), [user] * 4)
        self.assertEqual(self.status()["CapEff"], "0" * 16)
        for kept in ("var/lib/heloscope", "var/log/heloscope"):
            found = (self.root / kept).stat()
            self.assertEqual((str(found.st_uid), found.st_mode & 0o777), (user, 0o750), kept)
        self.assertIn("a domain's mail set-up", self.machine.do("dpkg", "-s", "heloscope"))
        told = self.machine.run("heloscope", "why", text="550 5.7.1 Client host rejected: cannot find your reverse hostname\n").stdout
        self.assertIn("PTR", told)

    def said(self, path, before):
        """The lines that stand in a text behind one that ends like that."""
        return textwrap.dedent(re.search(rf"(?s){re.escape(before)}\n\n(    .*?)\n(?=\n\S|\n*\Z)", (self.root / path).read_text()).group(1)).splitlines()

    def attach(self):
        """The three lines of README.Debian, as they stand there."""
        lines = self.said(README_DEBIAN, "Attach it to Postfix, as root:")
        self.assertEqual(len(lines), 3)
        for line in lines:
            self.machine.do("sh", "-c", line)

    def header(self, subject, server="127.0.0.1"):
        """Of a message from outside, as it is delivered."""
        with Smtp(25, server, source=addresses["good"]) as client:
            client.expect("EHLO smtpout.yodel.example", "250")
            replies = client.message("<anna@yodel.example>", ["user@localhost"], header=f"Subject: {subject}\r\n".encode())
            self.assertRegex(replies[0], "^250")
        box = self.root / "var/mail/user"
        text = wait_until(subject, lambda: box.exists() and f"Subject: {subject}\n" in box.read_text() and box.read_text())
        end = text.rindex(f"Subject: {subject}\n")
        return text[text.rindex("From anna@", 0, end):end]

    def use(self):
        self.machine.do("useradd", "--create-home", "user")
        self.assertNotIn("Authentication-Results", self.header("before it is attached"))
        self.attach()
        # A server that is on its way out may take one more message.
        header = wait_until("the header", lambda: next((text for text in [self.header("attached")] if "Authentication-Results" in text), None))
        self.assertRegex(header, r"Authentication-Results: [^;]+;\s+iprev=pass policy\.iprev=198\.51\.100\.54")
        self.assertIn("spf=pass smtp.mailfrom=yodel.example", header)

    def configure(self, old, new):
        path = self.root / "etc/heloscope/heloscope.conf"
        text = path.read_text()
        self.assertIn(old, text)
        path.write_text(text.replace(old, new))

    def reload(self):
        """The filter goes on, with records from now on, in the directory that it may write to."""
        pid = self.pid()
        self.configure('#records "/var/log', 'records "/var/log')
        self.machine.do("service", "heloscope-milter", "reload")
        records = self.root / "var/log/heloscope/records.jsonl"
        wait_until("records", lambda: self.header("reloaded") and records.exists() and "yodel.example" in records.read_text())
        self.assertEqual(self.pid(), pid)
        self.assertIn("smtpout.yodel.example", self.machine.do("heloscope", "explain", "--last", "1"))

    def upgrade(self):
        """One file of the configuration was changed here, and the package has new ones of both: dpkg asks of that file alone."""
        pid = self.pid()
        state = self.root / "var/lib/heloscope/kept"
        state.write_text("state\n")
        told = self.install("second", text="N\n")
        self.assertEqual(re.findall(r"\n\*\*\* (\S+) \(", told), ["heloscope.conf"], told)
        folder = self.root / "etc/heloscope"
        self.assertRegex((folder / "heloscope.conf").read_text(), r'(?m)^records "/var/log')
        for name in ("lists.conf", "refusals.conf", "heloscope.conf.dpkg-dist"):
            self.assertIn("# of the next version", (folder / name).read_text(), name)
        self.assertEqual(state.read_text(), "state\n")
        self.assertIn("yodel.example", (self.root / "var/log/heloscope/records.jsonl").read_text())
        self.assertNotIn(self.pid(), ("", pid))
        self.assertIn("iprev=pass", self.header("upgraded"))

    def leave(self):
        self.machine.apt("remove", *PACKAGES)
        self.assertEqual(self.pid(), "")
        for kept in ("etc/heloscope/heloscope.conf", "var/lib/heloscope/kept", "var/log/heloscope/records.jsonl"):
            self.assertTrue((self.root / kept).exists(), kept)
        self.assertNotIn("iprev=", self.header("without it"))
        self.machine.apt("purge", *PACKAGES)
        self.assertEqual(files_of(self.root) - self.before, set())


class WithoutSystemd(Scene):
    def test_N22_without_an_init(self):
        self.install("first")
        self.looks_as_installed()
        self.assertFalse((self.root / "bin/systemctl").exists())
        self.machine.do("service", "heloscope-milter", "status")
        self.machine.do("service", "postfix", "start")
        wait_until("postfix", lambda: accepts(25))
        self.use()
        self.reload()
        self.upgrade()
        self.machine.do("service", "heloscope-milter", "stop")
        self.assertEqual(self.pid(), "")
        self.configure("mode audit", "mode never")
        broken = self.machine.run("service", "heloscope-milter", "start")
        self.assertNotEqual(broken.returncode, 0)
        self.assertIn('found "never"', broken.stdout)
        self.configure("mode never", "mode audit")
        self.machine.do("service", "heloscope-milter", "start")
        self.leave()


class Booted(Scene):
    systemd = True

    def origin(self):
        if shutil.which("systemd-nspawn") is None:
            self.skipTest("systemd-nspawn is missing (Debian package: systemd-container)")
        return booting_tree()

    def start(self):
        """Nothing of the package is in the machine yet: when systemd does not come up, that is for want of rights or control groups here."""
        try:
            self.machine.__enter__()
        except (LabError, subprocess.TimeoutExpired) as error:
            self.skipTest(f"systemd does not boot in a container here: {error}")

    def unit(self, name, *properties):
        shown = self.machine.do("systemctl", "show", name, "-p", ",".join(properties))
        return [dict(line.split("=", 1) for line in shown.splitlines())[key] for key in properties]

    def journal(self, name):
        return self.machine.do("journalctl", f"--unit={name}", "--output=cat")


class UnderSystemd(Booted):
    def test_in_its_sandbox(self):
        self.install("first")
        self.looks_as_installed()
        self.assertEqual(self.unit("heloscope-milter", "ActiveState", "UnitFileState", "MainPID"), ["active", "enabled", self.pid()])
        self.assertEqual(self.unit("heloscope-page", "ActiveState", "UnitFileState"), ["inactive", "disabled"])
        wait_until("postfix", lambda: accepts(25))
        self.use()
        self.is_shut_in()
        self.reload()
        self.page()
        self.upgrade()
        self.assertEqual(self.unit("heloscope-page", "ActiveState"), ["active"])
        self.assertEqual(self.unit("heloscope-milter", "ActiveState", "NRestarts"), ["active", "0"], self.journal("heloscope-milter"))
        self.leave()
        self.assertEqual(self.unit("heloscope-page", "ActiveState", "LoadState"), ["inactive", "not-found"])

    def is_shut_in(self):
        """What the kernel says of the filter, and what its file system lets it do."""
        status = self.status()
        self.assertEqual((status["NoNewPrivs"], status["Seccomp"], status["CapBnd"]), ("1", "2", "0" * 16))
        inside = ["nsenter", "-t", self.pid(), "--mount", "--user", "--preserve-credentials"]
        for path in ("/etc", "/usr", "/var/lib", "/var/spool/postfix"):
            self.assertRegex(self.machine.run(*inside, "touch", f"{path}/written").stdout, "Read-only file system|Permission denied", path)
        mounts = self.machine.do("cat", f"/proc/{self.pid()}/mountinfo")
        for path, rights in (("/", "ro"), ("/var/lib/heloscope", "rw"), ("/var/log/heloscope", "rw"), ("/run/heloscope", "rw")):
            self.assertRegex(mounts, rf"(?m)^\S+ \S+ \S+ \S+ {path} {rights}[,\s]", path)

    def page(self):
        """The other unit runs, too, for who wants it."""
        self.machine.do("systemctl", "start", "heloscope-page")
        self.assertEqual(self.unit("heloscope-page", "ActiveState"), ["active"])
        self.machine.do("systemctl", "reload", "heloscope-page")
        self.configure("\nmode audit\n", "\nmode adit\n")
        self.assertNotEqual(self.machine.run("systemctl", "reload", "heloscope-page").returncode, 0)
        wait_until("the complaint", lambda: "the old configuration stays" in self.journal("heloscope-page"))
        self.assertRegex(self.journal("heloscope-page"), r'heloscope\.conf:\d+:\d+: .*found "adit"; did you mean "audit"')
        self.assertEqual(self.unit("heloscope-page", "ActiveState", "NRestarts"), ["active", "0"], self.journal("heloscope-page"))
        self.configure("\nmode adit\n", "\nmode audit\n")
        self.machine.do("systemctl", "reload", "heloscope-page")
        self.machine.do("test", "-S", "/run/heloscope-page/http.sock")


class Stranger(Booted):
    """
    He has read README and README.Debian, and nothing else. What wiring, status, -t and the log tell him to do he does to the letter; where
    they do not say it, or it does not help, the scene ends.
    """

    def test_all_is_right_faults_are_told_and_mended_and_a_second_host_joins(self):
        self.install("first")
        self.machine.do("useradd", "--create-home", "user")
        wait_until("postfix", lambda: accepts(25))
        self.attach()
        self.is_right("attached")
        for fault in (self.socket_outside_the_chroot, self.socket_of_somebody_else, self.submission_is_checked, self.filter_is_down,
                      self.configuration_with_an_error, self.records_in_the_sandbox, self.dead_name_server):
            fault()
            self.is_right(fault.__name__)
        self.second_host()

    def is_right(self, subject):
        """Nothing is wrong with the wiring, mail is checked, and status counts it and has nothing to add."""
        self.assertRegex(self.machine.do("heloscope", "wiring"), r"\A.*\n\nAll is right\.\n\Z")
        before = self.accepted()
        wait_until(subject, lambda: "iprev=pass" in self.header(subject))
        self.assertGreater(self.accepted(), before)

    def accepted(self):
        return int(re.search(r"(?m)^  accept +\S+ +(\d+)$", self.machine.do("heloscope", "status"))[1])

    def tells(self, words, *command):
        """What a command says that finds something; `words` are in it, wherever lines are broken."""
        done = self.machine.run(*command)
        self.assertNotEqual(done.returncode, 0, done.stdout)
        self.assertIn(words, " ".join(done.stdout.split()))
        return done.stdout

    def wiring_mends(self, words):
        """Each line goes where wiring says."""
        told = self.tells(words, "heloscope", "wiring")
        for file, service, line in re.findall(r"(?m)^ *(?:In (\S+?)(?:, below the line of (\S+))?|Run|After .*, run):\n {6}(.+)$", told):
            if file == "main.cf":
                self.machine.do("postconf", "-e", line)
            elif file == "master.cf":
                self.machine.do("postconf", "-P", f"{service}/{line.removeprefix('-o ')}")
            elif file == "heloscope.conf":
                self.set(line)
            else:
                self.machine.do("sh", "-c", line)

    def set(self, line):
        """In heloscope.conf, in the place of the same setting, which may be commented out."""
        path = self.root / "etc/heloscope/heloscope.conf"
        text, count = re.subn(rf"(?m)^#?{line.split()[0]} .*$", lambda _: line, path.read_text(), count=1)
        self.assertEqual(count, 1)
        path.write_text(text)

    def log_of_reload(self):
        """What the filter says about it."""
        read = ["journalctl", "--unit=heloscope-milter", "--output=cat"]
        before = len(self.machine.do(*read))
        self.machine.do("systemctl", "reload", "heloscope-milter")
        return wait_until("the reload", lambda: next((text for text in [self.machine.do(*read)[before:]] if "resolver self-test" in text), None))

    def socket_outside_the_chroot(self):
        self.set('listen "unix:/run/heloscope/milter.sock"')
        self.machine.do("systemctl", "restart", "heloscope-milter")
        self.machine.do("postconf", "-e", "smtpd_milters = unix:/run/heloscope/milter.sock")
        self.machine.do("postfix", "reload")
        self.wiring_mends("Postfix, where this is not the path of the filter's socket")

    def socket_of_somebody_else(self):
        self.machine.do("chown", "root:root", "/var/spool/postfix/heloscope")
        self.machine.do("chmod", "0700", "/var/spool/postfix/heloscope")
        self.wiring_mends("The user that Postfix runs as may not connect to this socket.")

    def submission_is_checked(self):
        self.machine.do("postconf", "-M", "submission/inet=submission inet n - y - - smtpd")
        self.machine.do("postfix", "reload")
        self.wiring_mends("The filter is attached to a service on which your own users submit mail.")

    def filter_is_down(self):
        self.machine.do("postconf", "-e", "milter_default_action = tempfail", "milter_command_timeout = 3s")
        self.machine.do("systemctl", "stop", "heloscope-milter")
        self.tells("heloscope-milter does not run", "heloscope", "status")
        self.wiring_mends("the filter is not running")

    def configuration_with_an_error(self):
        """Mail does not notice."""
        self.configure("\nmode audit\n", "\nmode adit\n")
        self.tells("failed", "systemctl", "reload", "heloscope-milter")
        self.assertIn("iprev=pass", self.header("with an error"))
        wrong, right = re.search(r'found "(\w+)"; did you mean "(\w+)"', self.tells("heloscope.conf:", "heloscope-milter", "-t")).groups()
        self.configure(f"mode {wrong}", f"mode {right}")
        self.machine.do("systemctl", "reload", "heloscope-milter")

    def records_in_the_sandbox(self):
        """The directory is missing, and once it is there the unit does not let the filter write in it."""
        self.set('records "/srv/mail/records.jsonl"')
        self.machine.do("sh", "-c", re.search(r"records\.jsonl cannot be made: .*; make it: (.*)", self.log_of_reload())[1])
        lines = re.search(r'run "systemctl edit heloscope-milter", add the lines "(.*)" and "(.*)", and restart it', self.log_of_reload()).groups()
        folder = self.root / "etc/systemd/system/heloscope-milter.service.d"  # without a terminal it does not edit
        folder.mkdir()
        (folder / "override.conf").write_text("\n".join(lines) + "\n")
        self.machine.do("systemctl", "daemon-reload")
        self.machine.do("systemctl", "restart", "heloscope-milter")
        self.header("recorded")
        wait_until("a record", (self.root / "srv/mail/records.jsonl").exists)

    def dead_name_server(self):
        path = self.root / "etc/resolv.conf"
        good = path.read_text()
        path.write_text("nameserver 127.0.0.9\n")
        self.log_of_reload()
        self.tells("name server 127.0.0.9 did not answer, so whatever needs the DNS is temperror", "heloscope", "status")
        self.tells("/etc/resolv.conf, which is read at the start and at each reload", "heloscope", "status")
        path.write_text(good)
        self.log_of_reload()

    def second_host(self):
        """All from the chapter of README on many hosts."""
        self.machine.apt("install", "redis-server")
        with (self.root / "etc/redis/redis.conf").open("a") as file:
            file.write("\n".join(self.said(README, "an address of your own network:")) + "\n")
        self.machine.do("systemctl", "restart", "redis-server")
        self.share()
        self.header("to the first host")
        first = self.root, self.machine
        self.root = copy_of(self.origin(), "second")
        (self.root / "etc/hostname").write_text("mx2\n")
        (self.root / "etc/resolv.conf").write_text(f"nameserver {HOSTS['mx']}\n")
        self.machine = Machine(lab, "second", self.root, True, machine.join_network(lab, "mx2", *HOSTS.values()))
        self.start()
        self.addCleanup(self.machine.__exit__)
        self.install("first")
        self.machine.do("useradd", "--create-home", "user")
        self.attach()
        self.share()
        self.assertIn("Authentication-Results: mx2;", self.header("to the second host", HOSTS["mx2"]))
        self.root, self.machine = first
        self.assertEqual(self.unit("heloscope-collect", "ActiveState", "UnitFileState"), ["inactive", "disabled"])
        self.machine.do(*self.said(README, "is installed and only has to be enabled:")[0].split())
        log = self.root / "var/log/heloscope/site.jsonl"
        wait_until("the records of both", lambda: log.exists() and len(log.read_text().splitlines()) == 2)
        self.machine.do("systemctl", "stop", "heloscope-collect")
        self.machine.do(*self.said(README, "or the unit cannot write the log afterwards:")[0].split())
        report = self.said(README, "and tell which host received what:")[0].split()
        self.assertRegex(self.machine.do(*report), r"\A2 messages, .*\n\nYour hosts\n\n messages   refused\n +1 +0  mx\n +1 +0  mx2\n")

    def share(self):
        self.machine.do("bash", "-c", self.said(README, "first the file with the password:")[0])
        self.set(self.said(README, 'and "systemctl reload heloscope-milter":')[0])
        self.machine.do("systemctl", "reload", "heloscope-milter")
        wait_until("share", lambda: re.search(r"(?m)^Share .*: connected, ", self.machine.run("heloscope", "status").stdout))


if __name__ == "__main__":
    main(verbosity=2)
