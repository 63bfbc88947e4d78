"""heloscope page: the page behind the reference, behind a real nginx and in Chromium, from a refusal of a real Postfix on."""
import concurrent.futures
import contextlib
import gzip
import html.parser
import http.client
import itertools
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import time
import unittest

from browser import start_browser
from dns_server import DnsServer, answering
from lab import RECORDED, LabTest, Smtp, free_port, module_lab, wait_until

CONTRIB = pathlib.Path(__file__).resolve().parents[2] / "contrib"
CONFIG = RECORDED + """
mode enforce
contact "http://127.0.0.1:{web}/why/%r"
resolver { servers 127.0.0.1@{dns} timeout 8s }
trust { networks { 127.0.0.0/8, ::1/128 } }
policy { reject when spf = fail }
"""
CLIENT = "198.51.100.54"
HELO = "mail.one.example"
BAD, GOOD = ['"v=spf1 ip4:192.0.2.1 -all"'], [f'"v=spf1 ip4:192.0.2.1 ip4:{CLIENT} -all"']
WORLD = {"one.example MX": ["10 mail.one.example."], f"{HELO} A": [CLIENT], "54.100.51.198.in-addr.arpa PTR": [f"{HELO}."], "one.example TXT": BAD}
UNKNOWN = "20261124T125000Z-0123456789ab"
POLICY = (r"default-src 'none'; style-src 'sha256-[A-Za-z0-9+/]{43}='; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")

lab = None


def setUpModule():
    global lab, running, port, web, page
    with module_lab() as lab:
        web, dns_port = free_port(), free_port()
        unittest.enterModuleContext(DnsServer(dns_port, answering(WORLD)))
        running = lab.heloscope(CONFIG.replace("{web}", str(web)).replace("{dns}", str(dns_port)))
        port = lab.postfix(f"inet:127.0.0.1:{running.port}", extra="virtual_mailbox_domains = lab.test")
        # It runs as nobody, who may not be let into the folder of the build.
        shutil.copy(lab.builddir / "milter/heloscope", lab.folder / "heloscope")
        lab.subfolder("page", owner="nobody")
        page = Page()
        start_nginx()


def tearDownModule():
    page.stop()
    running.stop()


class Page:
    """A running heloscope page, on a unix socket of its own."""

    def __init__(self, name="page", config=None, words=(), listen=None, env=None):
        self.socket = lab.folder / "page" / f"{name}.sock"
        self.log = lab.folder / f"{name}.log"
        self.process = lab.start(name, [lab.folder / "heloscope", "page", "--listen", listen or f"unix:{self.socket}", "--user", "nobody", "--stderr", "-c",
                                        config or running.config, *words], env=env)
        wait_until("heloscope page", lambda: "page: ready" in self.log.read_text(), process=self.process)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(60)
        text = self.log.read_text()
        assert status == 0 and "Sanitizer" not in text and "runtime error" not in text, text
        lab.processes.remove(self.process)

    def connect(self):
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(60)
        wait_until("a connection", lambda: self.is_connected(connection))
        return connection

    def is_connected(self, connection):
        with contextlib.suppress(BlockingIOError):  # more connections wait than are listened for
            connection.connect(str(self.socket))
            return True
        return False

    def raw(self, octets):
        """What comes back on a connection until that ends."""
        with self.connect() as connection:
            with contextlib.suppress(ConnectionError):
                connection.sendall(octets)
            return read_all(connection)

    def ask(self, path, method="GET", visitor="192.0.2.1", **fields):
        """Status, header and body."""
        connection = http.client.HTTPConnection("localhost")
        connection.sock = self.connect()
        headers = {"X-Real-IP": visitor, **{name.replace("_", "-"): value for name, value in fields.items()}}
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        body = answer.read().decode()
        connection.close()
        return answer.status, dict(answer.getheaders()), body


def read_all(connection):
    octets = b""
    with contextlib.suppress(ConnectionError):
        while piece := connection.recv(65536):
            octets += piece
    return octets


def start_nginx():
    """nginx with the sample that we ship, but for its names and certificate."""
    sample = (CONTRIB / "nginx/heloscope-page.conf").read_text()
    sample = sample.replace("unix:/run/heloscope-page/http.sock", f"unix:{page.socket}").replace("listen 443 ssl;", f"listen 127.0.0.1:{web};")
    sample = re.sub(r"\tlisten \[::\]:443 ssl;\n|\tssl_certificate.*\n", "", sample)
    folder = lab.subfolder("nginx")
    paths = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (folder / "nginx.conf").write_text(f"user nobody nogroup;\nworker_processes 1;\npid {folder}/pid;\ndaemon off;\nerror_log {folder}/error.log;\n"
                                       f"events {{}}\nhttp {{\n{paths}access_log off;\n{sample}}}\n")
    process = lab.start("nginx", ["nginx", "-p", folder, "-c", folder / "nginx.conf"])
    wait_until("nginx", lambda: http_is_up(web), process=process)


def http_is_up(number):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", number), timeout=1):
        return True
    return False


def refuse(sender="anna@one.example", recipient="secret@lab.test"):
    """A refusal of Postfix; the link in its reply."""
    with Smtp(port) as smtp:
        smtp.pose_as(CLIENT)
        smtp.expect(f"EHLO {HELO}", "250")
        smtp.expect(f"MAIL FROM:<{sender}>", "250")
        reply = re.sub(r"\n550[- ]5\.7\.23 ", " ", smtp.send(f"RCPT TO:<{recipient}>"))
    link = re.search(r"see (http://127\.0\.0\.1:\d+/why/\S+) about this refusal\.", reply).group(1)
    ident = link.rpartition("/")[2]
    wait_until("the record", lambda: any(record["id"] == ident for record in running.records()))
    return link


def path_of(link):
    return "/why/" + link.rpartition("/")[2]


class Elements(html.parser.HTMLParser):
    """Elements with their attributes; all that is opened is closed, in order."""

    def __init__(self, text):
        super().__init__()
        self.found, self.open = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag


class Base(LabTest):
    def setUp(self):
        WORLD["one.example TXT"] = BAD

    def anew(self, name, **more):
        """A page whose limits nobody has used yet."""
        own = Page(name, **more)
        self.addCleanup(own.stop)
        return own


class Shown(Base):
    def test_it_shows_what_was_found_and_what_to_change_and_neither_recipients_nor_rules(self):
        link = refuse()
        status, fields, body = page.ask(path_of(link))
        self.assertEqual(status, 200)
        for words in ("Your mail was refused", "was rejected", CLIENT, "one.example", f"v=spf1 ip4:{CLIENT} ip4:192.0.2.1 -all", "Test again now", "SPF"):
            self.assertIn(words, body)
        for words in ("secret", "lab.test&gt;", "heloscope.conf", str(lab.folder), "when spf"):
            self.assertNotIn(words, body)
        self.assertRegex(fields["Content-Security-Policy"], rf"\A{POLICY}\Z")
        self.assertEqual([fields[name] for name in ("X-Robots-Tag", "Referrer-Policy", "Cache-Control", "X-Content-Type-Options", "Content-Type")],
                         ["noindex, nofollow", "no-referrer", "no-store", "nosniff", "text/html; charset=utf-8"])
        found = Elements(body).found
        self.assertEqual({tag for tag, _ in found} & {"script", "link", "img", "iframe", "object", "base"}, set())
        self.assertEqual([tag for tag, _ in found].count("h1"), 1)
        self.assertIn(("html", {"lang": "en"}), found)

    def test_head_has_the_header_of_get_and_no_body(self):
        path = path_of(refuse())
        fields, body = page.ask(path)[1:]
        status, head, nothing = page.ask(path, "HEAD")
        self.assertEqual((status, nothing), (200, ""))
        same = lambda names: {key: value for key, value in names.items() if key not in ("Date", "Connection")}
        self.assertEqual(same(head), same(fields))
        self.assertEqual(int(head["Content-Length"]), len(body.encode()))


class Alike(Base):
    """What is not shown looks alike, whatever the reason."""

    REFERENCES = (UNKNOWN, "20200101T000000Z-0123456789ab", "99991231T235959Z-000000000000", "20261399T999999Z-0123456789ab", "", "x", "%00", "..", "../../etc/passwd",
                  UNKNOWN + "%00", UNKNOWN[:-1], UNKNOWN + "/", "a" * 3000, "%f0%9f%92%a9", "<script>alert(1)</script>", "%3Cscript%3E", "'\"><b>", UNKNOWN.upper(),
                  UNKNOWN + "?" + "x" * 100)

    def answers(self, own, references):
        for number, reference in enumerate(references):
            yield own.ask("/why/" + reference, visitor=f"10.{number}.0.1")

    def test_wrong_malformed_accepted_and_old_references_look_alike(self):
        own = self.anew("alike")
        references = (*self.REFERENCES, self.accepted())
        found = [(status, {**fields, "Date": ""}, body) for status, fields, body in self.answers(own, references)]
        self.assertEqual([references[number] for number, each in enumerate(found) if each != found[0]], [])
        self.assertEqual(found[0][0], 404)
        self.assertNotIn(UNKNOWN, found[0][2])

    @staticmethod
    def accepted():
        """The reference of a message that was accepted."""
        before = len(running.records())
        with Smtp(port) as smtp:
            smtp.expect(f"EHLO {HELO}", "250")
            smtp.message("<joe@other.example>", ["secret@lab.test"])
        return wait_until("the record", lambda: running.records()[before:])[0]["id"]

    def test_the_time_that_it_takes_does_not_tell_which(self):
        self.accepted()
        own = self.anew("times")
        for number, reference in enumerate((UNKNOWN, "x", "20200101T000000Z-0123456789ab")):
            begin = time.monotonic()
            self.assertEqual(own.ask("/why/" + reference, visitor=f"10.{number}.0.1")[0], 404)
            self.assertGreaterEqual(time.monotonic() - begin, 0.2)


class Requests(Base):
    def test_other_methods_are_not_allowed(self):
        path = path_of(refuse())
        for method in ("PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"):
            status, fields, _ = page.ask(path, method)
            self.assertEqual((status, fields["Allow"]), (405, "GET, HEAD, POST"), method)
        self.assertIn(b" 501 ", page.raw(b"FETCH / HTTP/1.0\r\nHost: x\r\n\r\n"))

    def test_a_connection_that_asked_for_a_tunnel_is_closed(self):
        SILENCE_S = 10
        begin = time.monotonic()
        self.assertIn(b" 405 ", page.raw(b"CONNECT mx.test:443 HTTP/1.1\r\nHost: x\r\n\r\n"))
        self.assertLess(time.monotonic() - begin, SILENCE_S - 1)

    def test_a_post_from_another_site_starts_nothing(self):
        path = path_of(refuse())
        for fields in ({"Sec_Fetch_Site": "cross-site"}, {"Sec_Fetch_Site": "same-site"}, {"Origin": "https://evil.example"}, {"Origin": "http://localhost:81"}):
            self.assertEqual(page.ask(path, "POST", **fields)[0], 403, fields)
        self.assertNotIn("Tested at", page.ask(path)[2])
        for fields in ({"Sec_Fetch_Site": "same-origin", "Origin": "null"}, {"Origin": "http://localhost"}, {}):
            status, answer, _ = page.ask(path, "POST", **fields)
            self.assertEqual((status, answer["Location"]), (303, path.rpartition("/")[2]), fields)

    def test_two_readers_see_the_same_end_of_a_request(self):
        inner = b"GET /why/y HTTP/1.1\r\nHost: x\r\n\r\n"
        for fields, body in ((b"Content-Length: 0\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n"), (b"Transfer-Encoding: chunked\r\n", b"0\r\n\r\n"),
                             (b"Content-Length: 0\r\nContent-Length: %d\r\n" % len(inner), b""), (b"Content-Length: %d\r\nContent-Length: 0\r\n" % len(inner), b"")):
            for method in (b"POST", b"GET", b"HEAD"):
                answer = page.raw(method + b" /why/x HTTP/1.1\r\nHost: x\r\n" + fields + b"\r\n" + body + inner)
                self.assertTrue(answer.startswith(b"HTTP/1.1 400 "), answer[:200])
                self.assertEqual(answer.count(b"HTTP/1.1 "), 1, (method, fields))

    def test_hostile_fields_change_nothing(self):
        path = path_of(refuse())
        plain = page.ask(path)[2]
        for fields in ({"X_Real_IP": "<script>"}, {"X_Real_IP": "1.2.3.4, 5.6.7.8"}, {"X_Forwarded_For": "x" * 2000}, {"Host": "<b>"}, {"User_Agent": "\x1b[2J"},
                       {"Accept": "\xff" * 100}, {"Cookie": "a=" + "b" * 2000}, {"Range": "bytes=0-1"}, {"Expect": "200-maybe"}):
            self.assertEqual(page.ask(path, **{"visitor": "192.0.2.77", **fields})[2] if "X_Real_IP" not in fields else page.ask(path, visitor=fields["X_Real_IP"])[2], plain, fields)

    def test_header_and_body_have_an_end(self):
        BOUND_PAGE_HEADER, BOUND_PAGE_BODY = 8192, 1024
        field = b"X: " + b"y" * (BOUND_PAGE_HEADER - 200) + b"\r\n"
        self.assertIn(b" 404 ", page.raw(b"GET /why/x HTTP/1.0\r\nX-Real-IP: 10.1.0.1\r\n" + field + b"\r\n"))
        self.assertNotIn(b" 404 ", page.raw(b"GET /why/x HTTP/1.0\r\n" + field + field + b"\r\n"))
        for length, code in ((BOUND_PAGE_BODY, b" 404 "), (BOUND_PAGE_BODY + 1, b" 413 ")):
            answer = page.raw(b"POST /why/x HTTP/1.0\r\nX-Real-IP: 10.2.0.1\r\nContent-Length: %d\r\n\r\n" % length + b"z" * length)
            self.assertIn(code, answer[:100], length)


class Floods(Base):
    def test_a_guesser_waits_and_others_do_not(self):
        own = self.anew("guesser")
        path = path_of(refuse())
        with concurrent.futures.ThreadPoolExecutor(20) as pool:
            codes = [answer[0] for answer in pool.map(lambda number: own.ask(f"/why/20261124T125000Z-{number:012x}", visitor="203.0.113.9"), range(100))]
        self.assertIn(429, codes)
        self.assertLessEqual(codes.count(404), 60)
        status, fields, _ = own.ask(path, visitor="203.0.113.9")
        self.assertEqual(status, 429)
        self.assertGreater(int(fields["Retry-After"]), 0)
        self.assertEqual(own.ask(path, visitor="192.0.2.9")[0], 200)

    def test_a_visitor_is_whom_the_web_server_names_and_nobody_else(self):
        """Of two fields that name one, one could be his own: then he counts as all do who have none."""
        own = self.anew("whose")
        for fields in ("X-Forwarded-For: 10.{0}.1.1", "X-Real-IP: 10.{0}.1.1\r\nX-Real-IP: 10.{0}.2.1"):
            answers = [own.raw(f"GET /why/{UNKNOWN} HTTP/1.0\r\n{fields.format(number)}\r\n\r\n".encode()) for number in range(9)]
            self.assertIn(b" 429 ", answers[-1].split(b"\r\n")[0], fields)

    def test_so_many_wait_to_be_looked_up(self):
        BOUND_PAGE_WAITING = 64
        own = self.anew("waiting", words=("--log", str(self.large_log())))
        with contextlib.ExitStack() as stack:
            own.process.send_signal(signal.SIGSTOP)  # so that all are there when it looks up
            stack.callback(own.process.send_signal, signal.SIGCONT)
            visitors = [stack.enter_context(own.connect()) for _ in range(BOUND_PAGE_WAITING + 30)]
            for number, visitor in enumerate(visitors):
                visitor.sendall(f"GET /why/{UNKNOWN} HTTP/1.0\r\nX-Real-IP: 10.{number}.0.1\r\n\r\n".encode())
            own.process.send_signal(signal.SIGCONT)
            codes = [int(read_all(visitor).split()[1]) for visitor in visitors]
        self.assertEqual(set(codes), {404, 503})
        self.assertGreaterEqual(codes.count(404), BOUND_PAGE_WAITING)

    @staticmethod
    def large_log():
        """In which each look takes its time, for it reads all before it says that there is no record."""
        path = lab.folder / "large.jsonl"
        with path.open("w") as out:
            for number in range(20000):
                out.write('{"v":1,"id":"20261124T125000Z-%012x","x":"%s"}\n' % (number + (1 << 40), "y" * 900))
        return path

    def test_a_compressed_log_is_unpacked_for_one_at_a_time(self):
        large = self.large_log().read_bytes()
        log = lab.subfolder("compressed-log", owner="nobody") / "records.jsonl"
        log.write_text("")
        log.with_name("records.jsonl.1.gz").write_bytes(gzip.compress(large, 1))
        own = self.anew("unpacking", words=("--log", str(log)))
        with contextlib.ExitStack() as stack:
            own.process.send_signal(signal.SIGSTOP)  # so that all are there when it looks up
            stack.callback(own.process.send_signal, signal.SIGCONT)
            visitors = [stack.enter_context(own.connect()) for _ in range(20)]
            for number, visitor in enumerate(visitors):
                visitor.sendall(f"GET /why/{UNKNOWN} HTTP/1.0\r\nX-Real-IP: 10.{number}.0.1\r\n\r\n".encode())
            own.process.send_signal(signal.SIGCONT)
            answers = [read_all(visitor) for visitor in visitors]
        codes = [int(answer.split()[1]) for answer in answers]
        self.assertEqual(set(codes), {404, 503})
        later = answers[codes.index(503)].decode()
        self.assertIn("Retry-After: 120", later)
        self.assertIn("older ones are looked for one at a time", later)
        self.assertNotIn("Something is wrong", own.log.read_text() + later)
        self.assertIn("all of the log is read for one visitor at a time", own.log.read_text())

    def test_so_many_connections_and_none_for_long(self):
        BOUND_PAGE_CONNECTIONS, BOUND_PAGE_CONNECTION_MS = 200, 30000
        own = self.anew("slow")
        descriptors = lambda: len(os.listdir(f"/proc/{own.process.pid}/fd"))
        before = descriptors()
        begin = time.monotonic()
        with contextlib.ExitStack() as stack:
            slow = [stack.enter_context(own.connect()) for _ in range(BOUND_PAGE_CONNECTIONS + 50)]
            for connection in slow:
                connection.sendall(b"GET /why/x HTTP/1.1\r\n")
            all_taken = before + 2 * BOUND_PAGE_CONNECTIONS  # of each the page has one of its own, too
            wait_until("connections", lambda: descriptors() >= all_taken)
            self.assertLessEqual(descriptors(), all_taken)

            def is_over():
                with contextlib.suppress(OSError):
                    slow[0].sendall(b"X")  # never silent for long
                time.sleep(1)
                return descriptors() < all_taken
            wait_until("the end of the first", is_over)
            self.assertEqual(own.ask(path_of(refuse()))[0], 200)
            wait_until("the end of the slow one", lambda: self.has_ended(slow[0]))
            self.assertGreater(time.monotonic() - begin, BOUND_PAGE_CONNECTION_MS / 1000 - 1)
        wait_until("the end of all", lambda: descriptors() == before)

    @staticmethod
    def has_ended(connection):
        try:
            connection.sendall(b"X")
            connection.setblocking(False)
            return connection.recv(1) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True
        finally:
            connection.settimeout(60)


class Site(Base):
    def test_wrong_use_is_said(self):
        for words, what in (((), "no --listen"), (("--listen", "0.0.0.0:80"), "not an address of loopback"), (("--listen", "unix:/x/y/z"), "--user")):
            done = lab.tool("page", *words)
            self.assertEqual(done.returncode, 2)
            self.assertIn(what, done.stderr)
        done = lab.tool("page", "--listen", "unix:/nonexistent/x", "--user", "nobody", "--stderr", "-c", str(running.config))
        self.assertEqual(done.returncode, 3)
        self.assertEqual(done.stderr, 'heloscope: page: cannot listen on "unix:/nonexistent/x": No such file or directory; make its directory: '
                                      "install -d -o nobody -g www-data -m 2750 /nonexistent\n")
        done = lab.tool("page", "--listen", f"unix:{page.socket}2", "--user", "nosuch", "--stderr", "-c", str(running.config))
        self.assertEqual(done.stderr, 'heloscope: page: there is no user "nosuch" to run as; create it (systemd-sysusers does, or useradd --system) '
                                      "or name another with --user\n")

    def test_what_the_pages_user_cannot_read_is_said_with_what_lets_him(self):
        key, config = lab.folder / "key", lab.folder / "keyed.conf"
        key.write_text("abc\n")
        key.chmod(0o600)
        config.write_text(running.config.read_text() + f'dnsbl "bl.test" key-file "{key}"\n')
        config.chmod(0o644)
        advice = 'Permission denied; for the user "nobody" to read it, let it belong to a group of that user, with mode 0640\n'
        words = ("page", "--listen", f"unix:{page.socket}3", "--user", "nobody", "--stderr", "-c", str(config))
        done = lab.tool(*words)
        self.assertEqual((done.returncode, done.stderr), (3, f'heloscope: {config}:12:26: the key file "{key}" cannot be read: {advice}'))
        included = lab.folder / "included.conf"
        included.write_text("")
        included.chmod(0o600)
        config.write_text(running.config.read_text() + f'include "{included}"\n')
        self.assertEqual(lab.tool(*words).stderr, f'heloscope: {config}:12:9: "{included}" cannot be included: {advice}')
        config.chmod(0o600)
        self.assertEqual(lab.tool(*words).stderr, f"heloscope: {config}: cannot be read: {advice}")

    def test_a_log_that_cannot_be_read_is_a_fault_that_tells_no_visitor_where(self):
        own = self.anew("fault", words=("--log", "/nonexistent/records.jsonl"))
        status, fields, body = own.ask("/why/" + UNKNOWN)
        self.assertEqual((status, fields["Retry-After"]), (503, "120"))
        self.assertNotIn("nonexistent", body + str(fields))
        self.assertIn("/nonexistent", own.log.read_text())

    def test_while_a_file_of_the_log_cannot_be_read_what_shows_nothing_looks_alike(self):
        log = lab.subfolder("torn-log", owner="nobody") / "records.jsonl"
        shown, accepted = refuse().rpartition("/")[2], Alike.accepted()
        log.write_text(running.records_path.read_text())
        old = log.with_name("records.jsonl.1")
        old.write_text("")
        old.chmod(0)
        own = self.anew("torn-log", words=("--log", str(log)))
        found = [(status, {**fields, "Date": ""}, body) for status, fields, body in (own.ask("/why/" + each) for each in (UNKNOWN, accepted, "x"))]
        self.assertEqual(found[1:], found[:1] * 2)
        self.assertEqual(found[0][0], 503)
        self.assertIn("Something is wrong at this site", found[0][2])
        self.assertIn("records.jsonl.1", own.log.read_text())
        self.assertEqual(own.ask("/why/" + shown)[0], 200)
        old.chmod(0o644)
        self.assertEqual([own.ask("/why/" + each)[0] for each in (UNKNOWN, accepted, shown)], [404, 404, 200])

    def test_a_page_that_cannot_be_made_is_a_fault_and_no_wrong_reference(self):
        """Without memory for it."""
        shim, sign = lab.folder / "poor.so", lab.folder / "page" / "poor"
        subprocess.run(["cc", "-shared", "-fPIC", "-o", shim, pathlib.Path(__file__).with_name("poor.c"), "-ldl"], check=True)
        path = path_of(refuse())
        own = self.anew("poor", env={**os.environ, "LD_PRELOAD": str(shim), "POOR_WHILE": str(sign), "ASAN_OPTIONS": "verify_asan_link_order=0"})
        self.assertEqual(own.ask(path)[0], 200)
        sign.touch()
        self.assertEqual([own.ask(each)[0] for each in (path, "/why/" + UNKNOWN)], [503, 404])
        self.assertIn("out of memory", own.log.read_text())
        sign.unlink()
        self.assertEqual(own.ask(path)[0], 200)

    def test_a_configuration_that_changes_is_read_again_and_one_with_errors_is_not_used(self):
        config = lab.folder / "changing.conf"
        config.write_text(running.config.read_text())
        config.chmod(0o644)
        own = self.anew("changing", config=config)
        config.write_text(running.config.read_text() + "nonsense\n")
        wait_until("the error", lambda: self.looked(own) and "old configuration stays" in own.log.read_text())
        config.write_text(running.config.read_text() + "\n")
        wait_until("the reading", lambda: self.looked(own) and "configuration read again" in own.log.read_text())
        own.process.send_signal(signal.SIGHUP)
        wait_until("the other reading", lambda: own.log.read_text().count("configuration read again") == 2)

    @staticmethod
    def looked(own):
        time.sleep(0.3)
        return own.ask("/", "PUT")[0] == 405

    def test_a_port_of_loopback_works_and_the_socket_is_the_groups(self):
        number = free_port()
        own = self.anew("tcp", listen=f"127.0.0.1:{number}")
        connection = http.client.HTTPConnection("127.0.0.1", number, timeout=60)
        connection.request("GET", path_of(refuse()))
        self.assertEqual(connection.getresponse().status, 200)
        connection.close()
        self.assertEqual(page.socket.stat().st_mode & 0o777, 0o660)
        self.assertEqual(int(re.search(r"Uid:\s+(\d+)", pathlib.Path(f"/proc/{own.process.pid}/status").read_text()).group(1)), 65534)


class Again(Base):
    def test_of_one_client_one_test_is_under_way_and_who_finds_it_busy_has_used_up_nothing(self):
        own = self.anew("busy")
        paths = [path_of(refuse()) for _ in range(2)]
        WORLD["one.example TXT"] = "drop"
        self.assertEqual(own.ask(paths[0], "POST")[0], 303)
        for _ in range(12):  # more than a visitor may have tests, or looks in vain
            status, fields, body = own.ask(paths[1], "POST")
            self.assertEqual((status, fields["Retry-After"]), (503, "30"))
            self.assertIn("Another test of the same mail server", body)
        self.assertIn("The test is running.", own.ask(paths[0])[2])
        WORLD["one.example TXT"] = GOOD
        visitors = itertools.count(2)

        def is_over():
            time.sleep(0.3)
            return "Tested at" in own.ask(paths[0], visitor=f"192.0.2.{next(visitors)}")[2]
        wait_until("the end of the test", is_over)
        self.assertEqual(own.ask(paths[1], "POST")[0], 303)

    def test_from_the_reply_of_postfix_to_next_mail_would_pass(self):
        link = refuse()
        folder = lab.subfolder("chromium")
        browser = start_browser(folder)
        self.addCleanup(browser.quit)
        browser.get("about:blank")
        browser.get_log("browser")
        browser.get(link)
        self.assertEqual(browser.find_element("css selector", "h1").text, "Your mail was refused")
        self.assertEqual(browser.get_log("browser"), [])
        self.press(browser)
        wait_until("the result", lambda: "still be refused" in browser.page_source)
        self.assertEqual(browser.find_elements("css selector", "#test .record")[0].get_attribute("value"), f"v=spf1 ip4:{CLIENT} ip4:192.0.2.1 -all")
        WORLD["one.example TXT"] = GOOD
        self.assertEqual(len(browser.find_elements("css selector", ".record")), 1)  # what was advised before is advised now
        link = refuse_before_the_mending()
        browser.get(link)
        self.press(browser)
        wait_until("the result", lambda: "The next mail would pass." in browser.page_source)
        self.assertNotIn("still be refused", browser.page_source)

    def test_without_a_script_on_a_phone_and_in_the_dark_it_can_be_read(self):
        browser = start_browser(lab.subfolder("chromium-phone"))
        self.addCleanup(browser.quit)
        emulate = browser.execute_cdp_cmd
        emulate("Emulation.setScriptExecutionDisabled", {"value": True})
        emulate("Emulation.setDeviceMetricsOverride", {"width": 320, "height": 640, "deviceScaleFactor": 2, "mobile": True})
        link = refuse()
        browser.get(link)
        self.press(browser)
        wait_until("the result", lambda: "still be refused" in browser.page_source)
        emulate("Emulation.setScriptExecutionDisabled", {"value": False})
        self.assertLessEqual(browser.execute_script("return document.documentElement.scrollWidth"), 320)
        levels = [int(heading.tag_name[1]) for heading in browser.find_elements("css selector", "h1, h2, h3")]
        self.assertEqual((levels[0], levels.count(1)), (1, 1))
        self.assertEqual([pair for pair in zip(levels, levels[1:]) if pair[1] > pair[0] + 1], [])
        self.assertEqual([len(browser.find_elements("css selector", each)) for each in ("main", "footer", "[role=status]")], [1, 1, 1])
        for field in browser.find_elements("css selector", "textarea"):
            self.assertTrue(field.get_attribute("readonly") and field.accessible_name)
        grounds = set()
        for scheme in ("light", "dark"):
            emulate("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
            grounds.add(browser.execute_script("return getComputedStyle(document.body).backgroundColor"))
        self.assertEqual(len(grounds), 2)

    @staticmethod
    def press(browser):
        browser.find_element("css selector", "button").click()


def refuse_before_the_mending():
    WORLD["one.example TXT"] = BAD
    link = refuse()
    WORLD["one.example TXT"] = GOOD
    return link


if __name__ == "__main__":
    unittest.main()
