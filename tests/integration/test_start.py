"""How the filter starts, or says why it cannot; and how it ends."""
import fcntl
import os
import pathlib
import pwd
import re
import resource
import select
import signal
import socket
import stat
import subprocess
import sys
import unittest

from lab import DEADLINE_S, Lab, free_port, is_asleep, wait_until, wait_until_it_serves
from raw_milter import Client

NOBODY = pwd.getpwnam("nobody")
REST = 'resolver { servers 127.0.0.1@9 timeout 1s }\nuser "nobody"\n'

# Run a program with a /dev of its own, whose log leads to a socket of the test, or is missing.
OWN_DEV = """
mount -t tmpfs none "$1"
for name in null zero urandom random tty; do touch "$1/$name"; mount --bind "/dev/$name" "$1/$name"; done
[ -z "$2" ] || ln -s "$2" "$1/log"
mount --rbind "$1" /dev
shift 2
exec "$@"
"""

# As the filter's user: put a symbolic link in the place of a socket, whenever one shows, and take it away again.
SWAPPER = """
import os, sys
path, victim = sys.argv[1:]
print("ready", flush=True)
while True:
    try:
        if os.path.islink(path):
            os.unlink(path)
        else:
            os.unlink(path)
            os.symlink(victim, path)
    except OSError:
        pass
"""


class Syslog:
    """A socket for /dev/log, and what came."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        path.chmod(0o666)
        self.socket.setblocking(False)
        self.text = ""

    def read(self):
        try:
            while True:
                self.text += self.socket.recv(65536).decode() + "\n"
        except BlockingIOError:
            return self.text


class Base(unittest.TestCase):
    def setUp(self):
        self.lab = Lab()
        self.lab.__enter__()
        self.addCleanup(self.lab.__exit__, None, None, None)
        self.program = self.lab.builddir / "milter/heloscope-milter"
        self.log_path = self.lab.folder / "syslog"
        self.lab.folder.chmod(0o755)

    def config(self, text, name="test"):
        path = self.lab.folder / f"{name}.conf"
        path.write_text(text)
        return path

    def command(self, path, has_log=True):
        dev = self.lab.subfolder("dev")
        return ["unshare", "--mount", "sh", "-c", OWN_DEV, "sh", dev, self.log_path if has_log else "", self.program, "-c", path]

    def start(self, text, name="test", command=None, **more):
        process = self.lab.start(name, command or [self.program, "-c", self.config(text, name)], **more)
        log = self.lab.folder / f"{name}.log"
        wait_until_it_serves(process, log.read_text)
        return process


class Faults(Base):
    """D3: each way of failing to start says on stderr and in syslog what it was, and what to do."""

    def expect(self, text, what, repair=".", user=None, path=None, descriptors=None):
        def become():
            if descriptors is not None:
                resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))

        with self.subTest(what):
            self.log_path.unlink(missing_ok=True)
            syslog = Syslog(self.log_path)
            command = self.command(path or self.config(text))
            if user is not None:
                command[-3:-3] = ["setpriv", f"--reuid={user}", "--clear-groups"]
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=DEADLINE_S, preexec_fn=become)
            self.assertEqual(done.returncode, 1, done.stderr)
            with syslog.socket:
                logged = syslog.read()
            for told in (done.stderr, logged):
                self.assertRegex(told, what)
                self.assertRegex(told, repair)

    def test_D3_each_fault_is_told_on_stderr_and_in_the_log(self):
        folder, port = self.lab.folder, free_port()
        listen = f'listen "inet:{port}@127.0.0.1"\n'
        self.expect(listen + 'user "absent"', 'there is no user "absent" to run as', 'setting "user"')
        self.expect(listen + 'user "nobody" group "absent"', 'there is no group "absent" to run as', "create it")
        self.expect(f'{REST}listen "unix:{folder}/x" {{ owner "absent" }}', 'there is no user "absent" to own the socket')
        self.expect(f'{REST}listen "unix:{folder}/x" {{ group "absent" }}', 'there is no group "absent" for the socket')
        self.expect(f'{REST}listen "unix:{folder}/none/x"', r"none/x.*: No such file or directory", f"install -d -o nobody .*{folder}/none")
        self.expect(f'{REST}listen "unix:{folder}/x"', r"/x.*: Permission denied", f"directory must belong to the user.*install -d -o nobody .*{folder}")
        self.expect(f'{REST}listen "unix:{folder}/a b;c/x"', "No such file or directory", f"install -d -o nobody -g postfix -m 2750 '{folder}/a b;c'")
        # A directory in which others have their files stays whose it is.
        self.expect(f'{REST}listen "unix:{folder}/x"', r"/x.*: Permission denied",
                    f"install -d -o nobody -g postfix -m 2750 {folder}/heloscope, and use unix:{folder}/heloscope/x, for others need")
        self.expect(f'{REST}listen "unix:{folder}/{"x" * 120}"', "longer than the 107 octets")
        self.expect(f'{REST}listen "inet:{port}@192.0.2.7"', "Cannot assign requested address", "address of this host")
        self.expect(f'{REST}listen "inet6:{port}@2001:db8::7"', "Cannot assign requested address", "address of this host")
        self.expect(f'{REST}listen "inet:25@127.0.0.1"', "Permission denied", "below 1024.*CAP_NET_BIND_SERVICE", user=NOBODY.pw_uid)
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", port))
            taken.listen()
            self.expect(REST + listen, "Address already in use", "end it, or choose another port")
        self.expect(f'{REST}{listen}resolver {{ trust-anchor "{folder}/none" }}', "trust-anchor .*none.* cannot be read: No such file")
        self.expect(f'{REST}{listen}dnsbl "a.test" key-file "{folder}/none"', "key file .*none.* cannot be read: No such file")
        self.expect(REST + listen, "60 open files are allowed, and 64 are needed", "raise LimitNOFILE", descriptors=60)
        self.expect("mode enfroce", r'test.conf:1:6: found "enfroce".*did you mean "enforce"', "does not start")

    def test_D3_each_fault_of_the_file_itself(self):
        folder = self.lab.folder
        os.mkfifo(folder / "fifo")
        closed = self.config(REST, "closed")
        closed.chmod(0o600)
        self.expect("", "none: cannot be read: No such file or directory", path=folder / "none")
        self.expect("", "cannot be read: it is a directory; expected a file", path=folder)
        self.expect("", "fifo: cannot be read: it is a FIFO; expected a file", path=folder / "fifo")
        self.expect("", "closed.conf: cannot be read: Permission denied", path=closed, user=NOBODY.pw_uid)
        self.expect('include "none.conf"', r'test.conf:1:9: ".*none.conf" cannot be included: No such file or directory; a path without a leading slash begins in the directory of this file')

    def test_D3_what_will_be_missed_is_told_and_does_not_keep_it_from_starting(self):
        folder, port = self.lab.folder, free_port()
        text = f'listen "inet:{port}@127.0.0.1"\n{REST}records "{folder}/none/audit"\nlook-back yes {{ file "{folder}/peers" }}\nlog syslog\n'
        syslog = Syslog(self.log_path)
        self.addCleanup(syslog.socket.close)
        process = self.lab.start("missed", self.command(self.config(text)))
        wait_until_it_serves(process, syslog.read)
        for told in (syslog.text, (folder / "missed.log").read_text()):
            self.assertIn(f'the log of records {folder}/none/audit cannot be made: the directory {folder}/none: No such file or directory; '
                          f"make it: install -d -m 0750 {folder}/none && chown -h nobody: {folder}/none\n", told)
            self.assertIn(f"the file of findings {folder}/peers cannot be made: {folder} belongs to somebody else; make a directory for the filter, "
                          f"and write {folder}/heloscope/peers here: install -d -m 0750 {folder}/heloscope && chown -h nobody: {folder}/heloscope\n", told)
        self.assertNotIn("listens on", (folder / "missed.log").read_text(), "once it is ready it is silent on stderr")
        self.config(text.replace("none/audit", "later/audit"))
        process.send_signal(signal.SIGUSR1)
        wait_until("the same at a reload", lambda: f"the log of records {folder}/later/audit cannot be made" in syslog.read(), process=process)

    def test_D3_control_socket_that_cannot_have_its_group(self):
        """Who may not give files away, as under the unit, cannot give a socket away; no dead file stays."""
        folder = self.lab.subfolder("control")
        text = f'listen "inet:{free_port()}@127.0.0.1"\nlog stderr\nuser "root"\ncontrol "unix:{folder}/x" {{ group "mail" }}\n'
        self.start(text, "control", ["setpriv", "--bounding-set=-chown", self.program, "-c", self.config(text, "control")])
        self.assertRegex((self.lab.folder / "control.log").read_text(), f"control: the access to {folder}/x cannot be set: Operation not permitted; owner and group take a filter "
                         "that starts as root: .*; the filter runs without a control socket")
        self.assertEqual(list(folder.iterdir()), [])

    def test_F33_too_few_descriptors_for_what_strangers_can_have_asked_are_told(self):
        """LIMITS of heloscope-milter(8): 3,584 questions, and 1,024 for sessions."""
        for descriptors, is_told in ((4607, True), (4608, False)):
            process = self.start(f'listen "inet:{free_port()}@127.0.0.1"\nlog stderr\n{REST}', f"d{descriptors}",
                                 preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors - 1, descriptors)))
            log = (self.lab.folder / f"d{descriptors}.log").read_text()
            self.assertIsNone(process.poll())
            self.assertEqual("4607 open files are allowed" in log, is_told, log)
            self.assertEqual(bool(re.search(r"raise LimitNOFILE, or ulimit -n, to 4608 or more", log)), is_told, log)

    def test_N13_without_syslog_it_says_so_on_stderr(self):
        process = self.lab.start("silent", self.command(self.config(f'listen "inet:{free_port()}@127.0.0.1"\n{REST}'), has_log=False))
        log = self.lab.folder / "silent.log"
        wait_until("a line", lambda: re.search(r'no line will be logged: /dev/log: No such file.*"log stderr"', log.read_text()), process=process)

    def test_N13_a_fault_of_the_configuration_is_not_hidden_behind_a_missing_syslog(self):
        """Where it was to log is not known then, and its faults are on stderr anyway."""
        done = subprocess.run(self.command(self.config("log stderr\nmode enfroce\n"), has_log=False), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=DEADLINE_S)
        self.assertEqual(done.returncode, 1)
        self.assertIn('found "enfroce"', done.stderr)
        self.assertNotIn("no line will be logged", done.stderr)


class Check(Base):
    def test_N05_what_the_host_lacks_is_warned_of(self):
        folder = self.lab.folder
        key = folder / "key"
        key.write_text("abcdefgh\n")
        key.chmod(0o600)
        text = (f'user "nobodi"\nlisten "unix:{folder}/none/x" {{ owner "absent1" group "absent2" }}\nrecords "{folder}/gone/audit"\n'
                f'look-back yes {{ file "{folder}/lost/peers" }}\npolicy {{ }}\n')
        done = subprocess.run([self.program, "-t", "-c", self.config(text)], capture_output=True, text=True, timeout=DEADLINE_S)
        self.assertEqual(done.returncode, 1)
        for line, expected in ((1, 'there is no user "nobodi" to run as'), (2, 'there is no user "absent1" to own'), (2, 'there is no group "absent2" for')):
            self.assertRegex(done.stderr, f"(?m)^.*test.conf:{line}: {expected}")  # with which it would not start
        for line, expected in ((2, "none: No such"), (3, "gone: No such"), (4, "lost: No such")):
            self.assertRegex(done.stderr, f"(?m)^.*test.conf:{line}: warning: .*{expected}")
        self.assertEqual(len(done.stderr.splitlines()), 6, done.stderr)
        quoted = subprocess.run([self.program, "-t", "-c", self.config(f'user "nobody"\nrecords "{folder}/$(x) y/audit"\npolicy {{ }}\n')], capture_output=True, text=True,
                                timeout=DEADLINE_S).stderr
        self.assertIn(f"make it: install -d -m 0750 '{folder}/$(x) y' && chown -h nobody: '{folder}/$(x) y'\n", quoted)
        text = f'user "nobody"\nlisten "unix:{folder}/x"\nrecords "{folder}/audit"\ndnsbl "a.test" key-file "{key}"\n'
        done = subprocess.run([self.program, "-t", "-c", self.config(text)], capture_output=True, text=True, timeout=DEADLINE_S)
        self.assertEqual(done.returncode, 0)
        self.assertEqual(len(re.findall(r"(?m)belongs to somebody else; make a directory for the filter, and write \S+ here: install -d .*$", done.stderr)), 2, done.stderr)
        self.assertRegex(done.stderr, r'key file \S+ cannot be read by the user "nobody"')

    def test_P4_of_a_link_no_command_that_follows_it_is_told(self):
        """Whoever has the filter's user can make one in its directories, and root would give away what it leads to."""
        folder, target = self.lab.subfolder("links", 0o755, "nobody"), self.lab.folder / "target"
        target.write_text("rootsown\n")
        target.chmod(0o604)
        (self.lab.folder / "theirs").mkdir()
        (folder / "directory").symlink_to(self.lab.folder / "theirs")
        for name in ("records", "peers", "key", "password"):
            (folder / name).symlink_to(target)
        text = (f'user "nobody"\nlisten "unix:{folder}/directory/x"\nrecords "{folder}/records"\nlook-back yes {{ file "{folder}/peers" }}\n'
                f'dnsbl "a.test" key-file "{folder}/key"\nshare redis "127.0.0.1:6379" {{ password-file "{folder}/password" }}\n')

        def told():
            done = subprocess.run([self.program, "-t", "-c", self.config(text)], capture_output=True, text=True, timeout=DEADLINE_S)
            for line in done.stderr.splitlines():
                self.assertNotRegex(line, "chmod|chown (?!-h)|install", done.stderr)
            return done.stderr

        lines = told()
        for name, path, what in (("directory", self.lab.folder / "theirs", "; make a directory"), ("records", target, ", which is not a file that the filter may write to"),
                                 ("peers", target, ", which is not followed there"), ("key", target, "$"), ("password", target, "$")):
            self.assertRegex(lines, f"(?m){folder}/{name}(:|,? which)? is a symbolic link to {path}{what}")
        target.chmod(0o600)
        lines = told()
        for name in ("key", "password"):
            self.assertIn(f"{folder}/{name} is a symbolic link to {target}, which cannot be read by the user", lines)
        os.chown(target, NOBODY.pw_uid, -1)
        self.assertNotIn("records is", told(), "a link of the administrator to what is the filter's")

    def test_N05_secrets_that_everybody_may_read_and_sockets_with_one_address(self):
        key = self.lab.folder / "key"
        key.write_text("abcdefgh\n")
        text = f'listen "inet:8891@127.0.0.1"\ncontrol "inet:8891@127.0.0.1"\ndnsbl "a.test" key-file "{key}"\ndnsbl "b.test" key "abcdefgh"\nuser "nobody"\n'
        expected = ("test.conf:2: warning: control and listen have the same address", r"test.conf:3: warning: every user of this host can read the key file \S+: chmod",
                    r"test.conf: warning: every user of this host can read the key of a list in \S+: chmod")
        for mode, is_open in ((0o644, True), (0o640, False)):
            path = self.config(text)
            for secret in (key, path):
                os.chmod(secret, mode)
                os.chown(secret, 0, NOBODY.pw_gid)
            done = subprocess.run([self.program, "-t", "-c", path], capture_output=True, text=True, timeout=DEADLINE_S)
            self.assertEqual(done.returncode, 0, done.stderr)
            told = [bool(re.search(line, done.stderr)) for line in expected]
            self.assertEqual(told, [True, is_open, is_open], done.stderr)

    def test_N05_password_file_without_a_password(self):
        password = self.lab.folder / "password"
        path = self.config(f'listen "inet:8891@127.0.0.1"\nuser "nobody"\nshare redis "127.0.0.1:6379" {{ password-file "{password}" }}\n')
        for text, mode, expected in (("\n", 0o644, ["every user of this host can read the password file", "the first line of .* is no password"]), ("secret\n", 0o600, ["cannot be read by the user"]),
                                     ("secret\n", 0o640, [])):
            password.write_text(text)
            password.chmod(mode)
            os.chown(password, 0, NOBODY.pw_gid)
            done = subprocess.run([self.program, "-t", "-c", path], capture_output=True, text=True, timeout=DEADLINE_S)
            lines = [line for line in done.stderr.splitlines() if "password" in line]
            self.assertEqual(len(lines), len(expected), done.stderr)
            for line, what in zip(lines, expected):
                self.assertRegex(line, f"test.conf:3: warning: .*{what}")


class Trusted(Base):
    def test_N04_check_decides_as_the_filter_does_for_a_trusted_client(self):
        """Nothing is looked up for either, and the rules are asked without."""
        port = free_port()
        text = (f'authserv-id "mx.test"\nlisten "inet:{port}@127.0.0.1"\nlog stderr\nuser "nobody"\nmode enforce\n'
                'resolver { servers 127.0.0.1@9 timeout 100ms }\ntrust { networks { 192.0.2.0/24 } }\n'
                'policy { accept when helo-name = "good.example" reject when spf != pass reject when sender = temperror\n'
                'reject when helo-name = "bad.example" reject when not trusted }\n')
        self.start(text)
        for client in ("192.0.2.9", "198.51.100.7"):
            for helo, trusted_status in (("good.example", 0), ("odd.example", 0), ("bad.example", 1)):
                with self.subTest(f"{client} {helo}"):
                    done = subprocess.run([self.lab.builddir / "milter/heloscope", "check", "-c", self.lab.folder / "test.conf", "--ip", client, "--helo", helo,
                                           "--from", "a@b.example", "--rcpt", "user@in.test"], capture_output=True, text=True, timeout=DEADLINE_S)
                    with Client(port) as mta:
                        mta.start(client, helo.encode())
                        mta.ask(b"M", b"<a@b.example>\0")
                        is_refused = mta.ask(b"R", b"<user@in.test>\0")[-1][0] != b"c"
                    self.assertEqual(": reject, " in done.stdout, is_refused, done.stdout)
                    if client == "192.0.2.9":
                        self.assertEqual(done.returncode, trusted_status)
                        self.assertIn("192.0.2.9, trusted: nothing is looked up for it", done.stdout)


class Socket(Base):
    def test_N07_socket_of_the_recipe_belongs_to_the_user_with_the_group_of_its_directory(self):
        folder = self.lab.folder / "recipe"
        subprocess.run(["install", "-d", "-o", "nobody", "-g", "mail", "-m", "2750", folder], check=True)
        for mode in (0o660, 0o600, 0o666):
            with self.subTest(oct(mode)):
                path = folder / f"{mode:o}.sock"
                self.start(f'listen "unix:{path}" {{ mode 0{mode:o} }}\nlog stderr\n{REST}', f"mode{mode:o}", umask=0o077)
                status = path.stat()
                self.assertEqual((status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)), (NOBODY.pw_uid, folder.stat().st_gid, mode))
                self.assertNotIn("own socket", (self.lab.folder / f"mode{mode:o}.log").read_text())

    def test_N07_the_service_that_is_never_root(self):
        """The unit's way: User=, UMask=0007 and a directory that the service manager made."""
        path = self.lab.subfolder("run", 0o755, "nobody") / "milter.sock"
        config = self.config(f'listen "unix:{path}"\nlog stderr\n{REST}'.replace('"nobody"', '"heloscope"'))
        command = ["setpriv", f"--reuid={NOBODY.pw_uid}", f"--regid={NOBODY.pw_gid}", "--clear-groups", self.program, "-c", config]
        self.start("", command=command, umask=0o007)
        status = path.stat()
        self.assertEqual((status.st_uid, stat.S_IMODE(status.st_mode)), (NOBODY.pw_uid, 0o660))

    def test_P4_root_follows_no_path_of_the_user(self):
        """Links that the user plants before, and while it starts, lead root to nothing."""
        victim = self.lab.folder / "victim"
        victim.write_text("root's own")
        victim.chmod(0o600)
        folder = self.lab.subfolder("socket", 0o755, "nobody")
        path = folder / "milter.sock"
        config = self.config(f'listen "unix:{path}" {{ owner "nobody" group "mail" mode 0666 }}\nlog stderr\n{REST}')

        def check():
            status = victim.stat()
            self.assertEqual((status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)), (0, 0, 0o600))

        path.symlink_to(victim)
        done = subprocess.run([self.program, "-c", config], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=DEADLINE_S)
        self.assertIn("is not a socket; it is left alone", done.stderr)
        check()
        path.unlink()
        swapper = subprocess.Popen(["setpriv", f"--reuid={NOBODY.pw_uid}", "--clear-groups", sys.executable, "-c", SWAPPER, path, victim],
                                   stdout=subprocess.PIPE)
        self.addCleanup(swapper.stdout.close)
        self.addCleanup(swapper.wait)
        self.addCleanup(swapper.kill)
        swapper.stdout.readline()
        for attempt in range(20):
            process = self.lab.start(f"attempt{attempt}", [self.program, "-c", config])
            log = self.lab.folder / f"attempt{attempt}.log"
            wait_until("an end of the start", lambda: process.poll() is not None or "listens on" in log.read_text() and is_asleep(process))
            process.terminate()
            process.wait(DEADLINE_S)
            check()

    def test_P4_files_in_the_state_directory_are_the_users_business_alone(self):
        """A link to root's file in the place of the findings is neither read nor set aside, and a FIFO not waited for."""
        secret = self.lab.folder / "secret"
        secret.write_text("root's own\n")
        secret.chmod(0o600)
        for name, plant in (("link", lambda path: path.symlink_to(secret)), ("fifo", os.mkfifo)):
            with self.subTest(name):
                folder = self.lab.subfolder(f"state-{name}", 0o755, "nobody")
                plant(folder / "peers")
                self.start(f'listen "inet:{free_port()}@127.0.0.1"\nlog stderr\n{REST}look-back yes {{ file "{folder}/peers" }}\n', name)
                self.assertRegex((self.lab.folder / f"{name}.log").read_text(), "peers cannot be read|peers is not a file")
                self.assertEqual(secret.read_text(), "root's own\n")

    def test_P4_as_root_no_name_is_changed_before_the_user_is_taken_on(self):
        """What strace sees: as root the filter gives away descriptors, and makes, renames and removes nothing."""
        path = self.lab.subfolder("socket", 0o755, "nobody") / "milter.sock"
        trace = self.lab.folder / "trace"
        config = self.config(f'listen "unix:{path}" {{ owner "daemon" group "mail" mode 0620 }}\nlog stderr\n{REST}')
        calls = "bind,connect,unlink,unlinkat,rename,renameat,renameat2,chmod,fchmodat,chown,lchown,fchownat,mkdir,symlink,link,setresuid"
        self.start("", command=["strace", "-D", "-f", "-o", trace, "-e", f"trace={calls}", self.program, "-c", config])
        user, as_root = 0, []
        for line in trace.read_text().splitlines():
            step = re.search(r"setresuid\((\S+), (\S+), (\S+)\)", line)
            if step:
                user = int(step[2])
            elif user == 0 and (str(path.parent) in line or re.search(r"ch(mod|own)", line)):
                as_root.append(line)
        self.assertEqual([line for line in as_root if "AT_EMPTY_PATH" not in line], [])
        self.assertEqual(len(as_root), 1)


class End(Base):
    def test_N11_each_signal_leaves_a_line_and_ends_it(self):
        """In the moment of the start libmilter's own thread may take it, too; then the line says that, and SIGINT is an error to it."""
        for name in ("HUP", "TERM", "INT"):
            with self.subTest(name):
                process = self.start(f'listen "inet:{free_port()}@127.0.0.1"\nlog stderr\n{REST}', name)
                process.send_signal(getattr(signal, f"SIG{name}"))
                status, log = process.wait(DEADLINE_S), (self.lab.folder / f"{name}.log").read_text()
                if name == "INT" and "stops: libmilter has ended\n" in log:
                    self.assertEqual(status, 1)
                    continue
                self.assertEqual(status, 0, log)
                self.assertRegex(log, f"SIG{name}: heloscope-milter stops|stops: libmilter has ended, as a signal")

    def test_N11_no_other_signal_ends_it(self):
        """What has a meaning is done, what has none is ignored; only those that tell of a fault of the program, SIGKILL and SIGSTOP are left to the system."""
        port = free_port()
        process = self.start(f'listen "inet:{port}@127.0.0.1"\nlog stderr\n{REST}', "others")
        faults = {signal.SIGILL, signal.SIGTRAP, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGSEGV, signal.SIGSYS, signal.SIGSTKFLT}
        meant = {signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGXCPU, signal.SIGUSR1, signal.SIGKILL}
        stopping = {signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU}
        for number in sorted(set(range(1, 32)) - faults - meant - stopping):
            process.send_signal(number)
        with Client(port) as client:
            client.start("203.0.113.5", b"mail.plain.example")
        self.assertIsNone(process.poll())
        process.send_signal(signal.SIGQUIT)
        self.assertEqual(process.wait(DEADLINE_S), 0)

    def test_N11_signals_that_were_blocked_when_it_was_started_are_taken(self):
        text = f'listen "inet:{free_port()}@127.0.0.1"\nlog stderr\n{REST}'
        blocking = "import os, signal, sys; signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 32)); os.execv(sys.argv[1], sys.argv[1:])"
        process = self.start("", command=[sys.executable, "-c", blocking, self.program, "-c", self.config(text)])
        log = self.lab.folder / "test.log"
        process.send_signal(signal.SIGUSR1)
        wait_until("read again", lambda: "configuration read again" in log.read_text(), process=process)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(DEADLINE_S), 0)

    def test_signals_during_a_reload_come_to_one_more(self):
        """The log is a pipe that nobody reads, so that the first reload goes on until the last signal has been taken."""
        rules = "reject when dnsbl >= 5\n" * 100  # a warning each: more than the pipe holds
        text = f'listen "inet:{free_port()}@127.0.0.1"\nlog stderr\n{REST}policy {{\n{rules}}}\n'
        process = subprocess.Popen([self.program, "-c", self.config(text)], stderr=subprocess.PIPE)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.kill)
        fcntl.fcntl(process.stderr, fcntl.F_SETPIPE_SZ, 4096)
        log = b""

        def read_log():
            nonlocal log
            log += process.stderr.read1() if select.select([process.stderr], [], [], 0)[0] else b""
            return log.decode()

        wait_until_it_serves(process, read_log)

        def is_taken():
            status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
            return not any(int(pending, 16) >> (signal.SIGUSR1 - 1) & 1 for pending in re.findall(r"^(?:Shd|Sig)Pnd:\t(\w+)", status, re.M))

        process.send_signal(signal.SIGUSR1)
        wait_until("a reload", lambda: select.select([process.stderr], [], [], 0)[0], process=process)
        for _ in range(50):
            process.send_signal(signal.SIGUSR1)
            wait_until("the signal to be taken", is_taken, process=process)
        log = b""
        while log.count(b"configuration read again") < 2:
            log += process.stderr.read1()
        while select.select([process.stderr], [], [], 1)[0]:  # a third one would begin at once, with its warnings
            log += process.stderr.read1()
        self.assertEqual(log.count(b"configuration read again"), 2)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(DEADLINE_S), 0)

    def test_a_reload_onto_an_empty_file_is_not_taken(self):
        """An editor empties a file before it writes; and a file that was cut off says what it costs."""
        head = f'listen "inet:{free_port()}@127.0.0.1"\nlog stderr\n{REST}'
        process = self.start(head + "mode enforce\npolicy { defer when client in { 0.0.0.0/0 } }\n")
        log = self.lab.folder / "test.log"

        def reload(text, outcome):
            before = len(log.read_text())
            self.config(text)
            process.send_signal(signal.SIGUSR1)
            wait_until(outcome, lambda: outcome in log.read_text()[before:], process=process)

        def said():
            with Client(int(head.partition("inet:")[2].partition("@")[0])) as client:
                client.start("203.0.113.5", b"mail.plain.example")
                client.ask(b"M", b"<carol@yodel.example>\0")
                return client.ask(b"R", b"<u@in.test>\0")[-1][0]

        self.assertEqual(said(), b"y")
        for text in ("", "# soon\n\n"):
            reload(text, "test.conf has no setting at all; the old configuration stays")
            self.assertEqual(said(), b"y")
        reload(head, "the mode was enforce and is audit now: no mail is refused any more")
        self.assertIn("test.conf: warning: there is no policy { ... }, so no mail is refused", log.read_text())
        self.assertNotEqual(said(), b"y")

    def test_N11_a_reload_says_what_needs_a_restart(self):
        head = f'listen "inet:{free_port()}@127.0.0.1"\nlog stderr\n'
        process = self.start(head + REST)
        log = self.lab.folder / "test.log"

        def reload(text, expected, count=1):
            before = log.read_text().count(expected)
            self.config(text)
            process.send_signal(signal.SIGUSR1)
            wait_until(expected, lambda: log.read_text().count(expected) >= before + count, process=process)
            return log.read_text()

        self.assertNotIn("after a restart", reload(head + REST, "read again"))
        other = head.replace("inet:", "inet6:").replace("127.0.0.1", "::1")
        reload(other + REST.replace('"nobody"', '"daemon" group "mail"'), "after a restart", 3)
        for setting in ("listen", "user", "group of the user"):
            self.assertIn(f'the setting "{setting}" has changed: that takes effect only after a restart', log.read_text())
        reload(other + REST, "after a restart")  # still not in force
        reload("mode enfroce", "the old configuration stays")
        self.assertIn('test.conf:1:6: found "enfroce"', log.read_text())
        self.config("").unlink()
        process.send_signal(signal.SIGUSR1)
        wait_until("the reason", lambda: "cannot be read: No such file" in log.read_text(), process=process)


if __name__ == "__main__":
    unittest.main(verbosity=2)
