"""The program as a service: options, socket, user, service manager, signals, installation."""
import contextlib
import ctypes
import os
import pathlib
import pwd
import re
import resource
import shutil
import signal
import socket
import stat
import subprocess
import time
import unittest

from lab import DEADLINE_S, Lab, Smtp, free_port, main, outside_make, wait_until, wait_until_it_serves
from raw_milter import Client
from scenario import CONFIG, LISTS, ZONES, addresses

SOURCE = pathlib.Path(__file__).resolve().parents[2]
CONFIG_HEAD = 'log stderr\nuser "nobody"\nresolver { servers 127.0.0.1@9 timeout 1s }\n'


def socket_copies(pid):
    """Copies of all sockets of another process: pidfd_open(2), pidfd_getfd(2)."""
    call = ctypes.CDLL(None, use_errno=True).syscall
    process = call(434, pid, 0)
    copies = []
    for name in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(OSError):
            if os.readlink(f"/proc/{pid}/fd/{name}").startswith("socket:"):
                copies.append(socket.socket(fileno=call(438, process, int(name), 0)))
    os.close(process)
    return copies


class Base(unittest.TestCase):
    def setUp(self):
        self.lab = Lab()
        self.lab.__enter__()
        self.addCleanup(self.lab.__exit__, None, None, None)
        self.program = self.lab.builddir / "milter/heloscope-milter"

    def run_program(self, *options):
        done = subprocess.run([self.program, *options], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=DEADLINE_S)
        return done.returncode, done.stdout, done.stderr

    def config(self, text, name="test"):
        path = self.lab.folder / f"{name}.conf"
        path.write_text(text)
        return path

    def start(self, text, name="test", **more):
        """Run with this configuration; returns the process once its log says that it listens."""
        process = self.lab.start(name, [self.program, "-c", self.config(text, name)], **more)
        log = self.lab.folder / f"{name}.log"
        wait_until_it_serves(process, log.read_text)
        return process

    def fails(self, text, expected):
        status, _, messages = self.run_program("-c", self.config(text, "fails"))
        self.assertEqual(status, 1, messages)
        self.assertRegex(messages, expected)


class Options(Base):
    def test_the_shipped_configuration_is_right_and_safe(self):
        self.assertEqual(self.run_program("-t", "-c", SOURCE / "etc/heloscope.conf"), (0, "", ""))
        self.assertRegex((SOURCE / "etc/heloscope.conf").read_text(), r"(?m)^mode audit$")

    def test_every_setting_in_its_comments_is_right(self):
        text = (SOURCE / "etc/heloscope.conf").read_text()
        shutil.copy(SOURCE / "etc/lists.conf", self.lab.folder)
        (self.lab.folder / "key").write_text("abcdefghijklmnopqrstuvwxyz\n")
        uncommented = re.sub(r"(?m)^( *)#(?=[a-z}]| +(reject|otherwise))", r"\1", text)
        uncommented = uncommented.replace("/etc/heloscope/spamhaus.key", str(self.lab.folder / "key"))
        uncommented = uncommented.replace("/etc/heloscope/redis.password", str(self.lab.folder / "key"))
        uncommented = uncommented.replace("/usr/share/dns/root.key", str(self.lab.folder / "key"))
        uncommented = uncommented.replace("/var/spool/postfix/heloscope", str(self.lab.subfolder("socket")))
        uncommented = re.sub(r'(?m)^listen "inet.*$', "", uncommented)
        self.assertIn('\ndnsbl "zen.spamhaus.org"', uncommented)
        path = self.config(uncommented)
        for secret in (self.lab.folder / "key", path):
            secret.chmod(0o600)
        status, output, warnings = self.run_program("-t", "-c", path)
        self.assertEqual((status, output), (0, ""), warnings)
        self.assertIn("read the configuration, print errors and warnings, and exit: 0 when", self.run_program("--help")[1])
        # The file names the same list twice, as the two ways of asking it.
        self.assertRegex(warnings, rf'\A{path}:\d+: warning: the list "zen.spamhaus.org" is contained in "zen.dq.spamhaus.net".*\n\Z')

    def test_each_example_of_the_manual_is_right(self):
        """What somebody copies from heloscope.conf(5) works and earns no warning, save that an example may lack a policy."""
        manual = (SOURCE / "milter/heloscope.conf.5").read_text()
        blocks = re.findall(r"(?ms)^\.Bd -literal -offset indent\n(.*?)^\.Ed", manual)
        blocks = [block.replace(r"\(dq", '"') for block in blocks if not block.startswith(("smtpd_", "echo ", 'policy for "a.example"'))]
        self.assertGreater(len(blocks), 8)
        shutil.copy(SOURCE / "etc/lists.conf", self.lab.folder)
        for block in blocks:
            with self.subTest(block):
                enabled = "" if "enable {" in block else "enable { dkim, dmarc }\n"
                status, _, warnings = self.run_program("-t", "-c", self.config(enabled + block))
                self.assertEqual(status, 0, warnings)
                self.assertRegex(warnings, r"\A(\S+: warning: there is no policy \{ \.\.\. \}, so no mail is refused\n)?\Z")

    def test_F39_each_error_is_told_with_its_place(self):
        path = self.config('mode enfroce\nlisten "inet:1@127.0.0.1"\nresolver { timout 5s }\n')
        status, _, messages = self.run_program("-t", "-c", path)
        self.assertEqual(status, 1)
        lines = messages.splitlines()
        self.assertEqual(len(lines), 2, messages)
        self.assertRegex(lines[0], rf'^{path}:1:6: found "enfroce"; did you mean "enforce"\? Expected "audit" or "enforce"$')
        self.assertRegex(lines[1], rf'^{path}:3:12: found "timout"; did you mean "timeout"\? Expected .*"timeout".*$')

    def test_what_no_string_and_no_parser_can_hold_is_told_in_its_own_words(self):
        for text, expected in (
            ('contact "a\0b"\n', r":1:9: a string with a NUL octet in it; expected text"),
            ('contact "a\0', r":1:9: a string with a NUL octet in it; expected text"),
            (f"policy {{ reject when {'(' * 5000}trusted{')' * 5000} }}", r":1:\d+: nested too deep; expected fewer parentheses within each other"),
        ):
            status, _, messages = self.run_program("-t", "-c", self.config(text))
            self.assertEqual((status, messages.count("\n")), (1, 1), messages)
            self.assertRegex(messages, expected)

    def test_a_log_of_records_that_is_a_fifo_is_an_error(self):
        os.mkfifo(self.lab.folder / "fifo")
        for options in ("-t",), ():
            status, _, messages = self.run_program(*options, "-c", self.config(f'log stderr\nrecords "{self.lab.folder}/fifo"\n'))
            self.assertEqual(status, 1)
            self.assertIn(f'the log of records "{self.lab.folder}/fifo"; expected a path that begins with a slash, of a file and no FIFO', messages)

    def test_a_file_without_settings_or_policy_is_warned_of(self):
        for text, expected in (("# mode enforce\n", "it has no setting at all: the mode is audit"), ("mode enforce\n", r"there is no policy \{")):
            status, _, messages = self.run_program("-t", "-c", self.config(text))
            self.assertEqual(status, 0)
            self.assertRegex(messages, rf"(?m)^{self.lab.folder}/test.conf: warning: {expected}")

    def test_F39_missing_file(self):
        status, _, messages = self.run_program("-t", "-c", self.lab.folder / "absent.conf")
        self.assertEqual(status, 1)
        self.assertIn("absent.conf: cannot be read: No such file or directory", messages)

    def test_version_help_and_wrong_options(self):
        self.assertRegex(self.run_program("-V")[1], r"^heloscope-milter \d+\.\d+\n$")
        status, text, _ = self.run_program("--help")
        self.assertEqual(status, 0)
        self.assertLess(max(len(line) for line in text.splitlines() if "(default:" not in line), 96)
        for options, told in (
            (["--bogus"], 'unknown option "--bogus"'),
            (["-tq"], 'unknown option "-q"'),
            (["-t", "extra"], 'unexpected argument "extra"'),
            (["-c"], 'option "-c" wants an argument'),
            (["--config"], 'option "--config" wants an argument'),
            (["-c", "a.conf", "-c", "b.conf"], "--config was given twice"),
            (["-t", "-T"], "--test and --show exclude each other"),
        ):
            with self.subTest(options=options):
                status, output, messages = self.run_program(*options)
                self.assertEqual((status, output), (2, ""))
                self.assertEqual(messages, f'heloscope-milter: {told}; try "heloscope-milter --help"\n')


class Socket(Base):
    def path(self):
        return self.lab.subfolder("socket", 0o755, "nobody") / "milter.sock"

    def test_M29_owner_group_and_mode(self):
        path = self.path()
        self.start(f'listen "unix:{path}" {{ owner "daemon" group "postfix" mode 0620 }}\n{CONFIG_HEAD}')
        status = path.stat()
        self.assertEqual(pwd.getpwuid(status.st_uid).pw_name, "daemon")
        self.assertEqual(status.st_gid, pwd.getpwnam("postfix").pw_gid)
        self.assertEqual(stat.S_IMODE(status.st_mode), 0o620)

    def test_F40_stale_socket_is_replaced_after_kill(self):
        path = self.path()
        text = f'listen "unix:{path}"\n{CONFIG_HEAD}'
        first = self.start(text)
        first.kill()
        first.wait()
        self.assertTrue(path.is_socket())
        second = self.start(text, "second")
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))
        self.assertIsNone(second.poll())

    def test_F40_F54_live_socket_is_left_to_its_owner(self):
        path = self.path()
        text = f'listen "unix:{path}"\n{CONFIG_HEAD}'
        self.start(text)
        self.fails(text, f"another program listens on {path}")
        self.assertTrue(path.is_socket())

    def test_F40_file_in_place_is_never_deleted(self):
        path = self.path()
        path.write_text("precious")
        self.fails(f'listen "unix:{path}"\n{CONFIG_HEAD}', "is not a socket; it is left alone")
        self.assertEqual(path.read_text(), "precious")

    def test_F40_folder_missing_and_path_too_long(self):
        self.fails(f'listen "unix:{self.lab.folder}/absent/milter.sock"\n{CONFIG_HEAD}', "cannot listen on .*absent/milter.sock\": No such file or directory; make its directory: install -d -o nobody")
        self.fails(f'listen "unix:{self.lab.folder}/{"x" * 120}"\n{CONFIG_HEAD}', "longer than the 107 octets")

    def test_F54_port_in_use(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            self.fails(f'listen "inet:{taken.getsockname()[1]}@127.0.0.1"\n{CONFIG_HEAD}', "cannot listen on .*: Address already in use; another program listens there")

    def test_chrooted_postfix_reaches_it(self):
        self.lab.nsd(ZONES)
        self.lab.rbldnsd(LISTS)
        folder = self.lab.subfolder("postfix-queue/heloscope")
        os.chown(folder, pwd.getpwnam("nobody").pw_uid, pwd.getpwnam("postfix").pw_gid)
        folder.chmod(0o2750)
        text = CONFIG.replace('listen "inet:{port}@127.0.0.1"', f'listen "unix:{folder}/milter.sock" {{ mode 0660 }}')
        self.start(self.lab.fill_in(text.replace("{records}", f"{self.lab.folder}/records.jsonl"), 0))
        port = self.lab.postfix("unix:heloscope/milter.sock", chroot="y")
        with Smtp(port) as client:
            client.pose_as(addresses["good"])
            client.expect("EHLO smtpout.yodel.example", "250")
            client.message("<anna@yodel.example>", ["user@in.test"])
        self.assertIn("iprev=pass", self.lab.take_messages()[0]["Authentication-Results"])


class Process(Base):
    def text(self):
        self.port = free_port()
        return f'listen "inet:{self.port}@127.0.0.1"\n{CONFIG_HEAD}'

    def test_F50_root_is_given_up_for_good(self):
        process = self.start(self.text())
        status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
        user = pwd.getpwnam("nobody")
        self.assertRegex(status, rf"(?m)^Uid:\s+{user.pw_uid}\s+{user.pw_uid}\s+{user.pw_uid}\s+{user.pw_uid}$")
        self.assertRegex(status, rf"(?m)^Gid:\s+{user.pw_gid}\s+{user.pw_gid}\s+{user.pw_gid}\s+{user.pw_gid}$")
        self.assertRegex(status, rf"(?m)^Groups:\s*({user.pw_gid}\s*)?$")
        self.assertRegex(status, r"(?m)^CapEff:\s+0+$")

    def test_F50_unknown_user(self):
        self.fails(self.text().replace('"nobody"', '"heloscope-absent"'), 'there is no user "heloscope-absent" to run as')

    def test_F33_descriptors_are_raised_to_the_hard_limit(self):
        process = self.start(self.text(), preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (256, 3000)))
        limits = pathlib.Path(f"/proc/{process.pid}/limits").read_text()
        self.assertRegex(limits, r"(?m)^Max open files +3000 +3000 ")

    def test_replies_are_sent_at_once(self):
        """TCP_NODELAY on the listening socket, which connections inherit: looked at through a copy of it."""
        process = self.start(self.text())
        listeners = [copy for copy in socket_copies(process.pid)
                     if copy.family == socket.AF_INET and copy.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)]
        self.assertEqual({copy.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) for copy in listeners}, {1})

    def test_F33_without_free_descriptors_it_neither_spins_nor_dies(self):
        """More connections than descriptors: some are refused at once, the rest wait; with room all is well again."""
        process = self.start(self.text(), preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (120, 120)))

        def ticks():
            return sum(int(number) for number in pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13])

        silent = [socket.create_connection(("127.0.0.1", self.port), timeout=DEADLINE_S) for _ in range(200)]
        self.lab.logs_mention("test", "or more file descriptors are in use")
        before, start = ticks(), time.monotonic()
        time.sleep(2)
        used = (ticks() - before) / os.sysconf("SC_CLK_TCK")
        self.assertLess(used, (time.monotonic() - start) / 2, "a processor's share while nothing can be accepted")
        for connection in silent:
            connection.close()
        with Client(self.port) as client:
            client.start("127.0.0.1")
            client.message()

    def test_F32_near_the_limit_new_sessions_are_left_to_the_mta(self):
        process = self.start(self.text(), preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (120, 120)))
        clients = []
        with self.assertRaises(EOFError):
            for _ in range(120):
                clients.append(Client(self.port))
                clients[-1].__enter__()
                clients[-1].start("127.0.0.1")
        self.assertGreater(len(clients), 60)
        self.assertIsNone(process.poll())
        clients[0].message()  # those that are in go on
        for client in clients:
            client.socket.close()
        wait_until("free descriptors", lambda: len(os.listdir(f"/proc/{process.pid}/fd")) < 60, process=process)
        with Client(self.port) as client:
            client.start("127.0.0.1")
            client.message()

    def test_service_manager_is_told(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            path = self.lab.folder / "notify"
            manager.bind(str(path))
            path.chmod(0o666)
            manager.settimeout(DEADLINE_S)
            process = self.start(self.text(), env={**os.environ, "NOTIFY_SOCKET": str(path)})
            self.assertEqual(manager.recv(100), b"READY=1")
            process.send_signal(signal.SIGUSR1)
            reloading = manager.recv(100)
            self.assertTrue(reloading.startswith(b"RELOADING=1"), reloading)
            self.assertEqual(manager.recv(100), b"READY=1")
            process.send_signal(signal.SIGTERM)
            self.assertEqual(manager.recv(100), b"STOPPING=1")

    def test_F53_each_signal_ends_it_with_sessions_open(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            with self.subTest(number):
                process = self.start(self.text(), f"signal{number}")
                clients = [socket.create_connection(("127.0.0.1", self.port)) for _ in range(20)]
                for client in clients:
                    client.sendall(b"\0\0\0\x0dO\0\0\0\6\0\0\1\xff\0\1\xff\xff")
                    self.assertTrue(client.recv(100))
                process.send_signal(number)
                status = process.wait(DEADLINE_S)
                self.assertEqual(status, 0, (self.lab.folder / f"signal{number}.log").read_text())
                for client in clients:
                    client.close()


class Installed(Base):
    def test_systemd_units_are_well_shut_in(self):
        """systemd-analyze: 0 is shut in, 10 is open; --threshold is in tenths."""
        if shutil.which("systemd-analyze") is None:
            self.skipTest("systemd-analyze is missing (Debian package: systemd)")
        for name in ("heloscope-milter.service", "heloscope-page.service", "heloscope-collect.service"):
            unit = self.lab.folder / name
            text = (SOURCE / f"contrib/systemd/{name}.in").read_text()
            unit.write_text(text.replace("@sbindir@", "/usr/sbin").replace("@bindir@", "/usr/bin").replace("@confdir@", "/etc/heloscope"))
            done = subprocess.run(["systemd-analyze", "security", "--offline=true", "--threshold=15", unit], capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stdout[-300:] + done.stderr)

    def install(self, root, target="install"):
        subprocess.run(
            ["make", "-s", "-C", self.lab.builddir, target, f"DESTDIR={root}", "prefix=/usr", "sysconfdir=/etc",
             "systemdsystemunitdir=/usr/lib/systemd/system"],
            check=True, capture_output=True, env=outside_make(),
        )

    def test_N03_make_install_and_uninstall_touch_nothing_of_the_administrator(self):
        root = self.lab.folder / "root"
        shipped = (SOURCE / "etc/heloscope.conf").read_text()
        self.install(root)
        own = {root / "etc/heloscope" / name: f"mode enforce # {name}\n"
               for name in ("heloscope.conf", "heloscope.conf.new", "lists.conf.new", "heloscope.conf.dist", "heloscope.conf.old")}
        own[root / "etc/logrotate.d/heloscope"] = "# my own\n"
        for path, text in own.items():
            path.write_text(text)
        for target in ("install", "install", "uninstall"):
            self.install(root, target)
            self.assertEqual({path: path.read_text() for path in own}, own, target)
            if target == "install":
                self.assertEqual((root / "usr/share/doc/heloscope/examples/heloscope.conf").read_text(), shipped)
        self.assertEqual([path for path in root.rglob("*") if not path.is_dir() and path not in own], [])

    def test_N22_uninstall_takes_the_links_of_its_unit_along(self):
        root = self.lab.folder / "root"
        self.install(root)
        folder = root / "etc/systemd/system/multi-user.target.wants"
        own, other = folder / "heloscope-milter.service", root / "etc/systemd/system/x.wants/heloscope-milter.service"
        for link, target in ((own, "/usr/lib/systemd/system/heloscope-milter.service"), (other, "/etc/systemd/system/my.service")):
            link.parent.mkdir(parents=True)
            link.symlink_to(target)
        self.install(root, "uninstall")
        self.assertFalse(own.is_symlink())
        self.assertTrue(other.is_symlink(), "it is of another unit")

    def test_N03_what_an_earlier_version_shipped_is_renewed_and_a_link_is_left_alone(self):
        root = self.lab.folder / "root"
        self.install(root)
        lists, examples = root / "etc/heloscope/lists.conf", root / "usr/share/doc/heloscope/examples"
        lists.write_text("# as it was shipped\n")
        (examples / "lists.conf").write_text("# as it was shipped\n")
        main, elsewhere = root / "etc/heloscope/heloscope.conf", root / "elsewhere.conf"
        shutil.move(main, elsewhere)
        main.symlink_to(elsewhere)
        self.install(root)
        self.assertEqual(lists.read_text(), (SOURCE / "etc/lists.conf").read_text())
        self.install(root, "uninstall")
        self.assertFalse(lists.exists())
        self.assertTrue(main.is_symlink() and elsewhere.exists())

    def test_make_install_puts_everything_where_debian_expects_it(self):
        root = self.lab.folder / "root"
        self.install(root)
        for path in (
            "usr/sbin/heloscope-milter",
            "usr/bin/heloscope",
            "usr/share/man/man1/heloscope.1",
            "usr/share/man/man5/heloscope-records.5",
            "usr/share/man/man5/heloscope-refusals.5",
            "usr/share/doc/heloscope/records.schema.json",
            "usr/share/doc/heloscope/why.schema.json",
            "usr/share/doc/heloscope/doctor.schema.json",
            "usr/share/doc/heloscope/status.schema.json",
            "usr/share/doc/heloscope/report.schema.json",
            "usr/share/doc/heloscope/replay.schema.json",
            "usr/share/doc/heloscope/lists.schema.json",
            "usr/share/bash-completion/completions/heloscope",
            "usr/share/zsh/vendor-completions/_heloscope",
            "etc/heloscope/heloscope.conf",
            "etc/heloscope/lists.conf",
            "etc/heloscope/refusals.conf",
            "etc/logrotate.d/heloscope",
            "usr/lib/systemd/system/heloscope-milter.service",
            "usr/lib/systemd/system/heloscope-page.service",
            "usr/lib/systemd/system/heloscope-collect.service",
            "usr/share/doc/heloscope/heloscope-page.conf",
            "usr/lib/sysusers.d/heloscope.conf",
            "usr/lib/tmpfiles.d/heloscope.conf",
            "usr/share/man/man8/heloscope-milter.8",
            "usr/share/man/man5/heloscope.conf.5",
            "usr/share/doc/heloscope/README",
            "usr/share/doc/heloscope/fail2ban/filter.d/heloscope.conf",
            "usr/share/doc/heloscope/fail2ban/jail.d/heloscope.conf",
        ):
            self.assertTrue((root / path).is_file(), path)


if __name__ == "__main__":
    main(verbosity=2)
