"""The filter at the end of the raw milter protocol: what no well-behaved MTA would send, and very much of it."""
import concurrent.futures
import configparser
import contextlib
import os
import pathlib
import re
import resource
import signal
import socket
import struct
import threading
import time
import unittest

import dns.message
import dns.rdatatype

from dns_server import DnsServer, misbehave, respond
from lab import DEADLINE_S, HEAD, RECORDED, Smtp, free_port, module_lab, negotiates, wait_until
from raw_milter import NEGOTIATE, Client, connect_packet, fields, packet
from scenario import CONFIG, LISTS, ZONES, addresses

lab = None


def setUpModule():
    global lab, running
    with module_lab() as lab:
        lab.nsd(ZONES)
        lab.rbldnsd(LISTS)
        running = lab.heloscope(CONFIG.replace("mode audit", "mode enforce"))


def tearDownModule():
    running.stop()


def memory_kb(of=None):
    status = pathlib.Path(f"/proc/{(of or running).process.pid}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")))


def descriptors():
    return len(os.listdir(f"/proc/{running.process.pid}/fd"))


class Raw(unittest.TestCase):
    def good_message(self):
        with Client(running.port) as client:
            client.start(addresses["good"])
            edits = client.message()
        self.assertEqual([command for command, _ in edits], [b"i", b"c"])
        self.assertIn(b"spf=pass smtp.mailfrom=yodel.example", edits[0][1])

    def test_stages_that_are_not_needed_are_declined(self):
        """Body, end of header, DATA and unknown commands; header fields get no reply."""
        with Client(running.port) as client:
            no_body, no_eoh, no_reply_header, no_unknown, no_data = 0x10, 0x40, 0x80, 0x100, 0x200
            wanted = no_body | no_eoh | no_reply_header | no_unknown | no_data
            self.assertEqual(client.steps & wanted, wanted)

    def test_configuration_is_that_of_the_negotiation(self):
        """A reload behind it changes nothing for that connection."""
        original = running.config.read_text()
        with Client(running.port) as client:
            running.reload(original.replace('authserv-id "mx.lab.test"', 'authserv-id "mx2.lab.test"'))
            client.start(addresses["good"])
            self.assertEqual(fields(client.message())[0][1].split(";")[0].strip(), "mx.lab.test")
        with Client(running.port) as client:
            running.reload(original)
            client.start(addresses["good"])
            self.assertEqual(fields(client.message())[0][1].split(";")[0].strip(), "mx2.lab.test")

    def test_J9_a_connection_is_used_again_for_another_client(self):
        """Nothing of one client is left for the next, wherever that one was, and each is judged by the configuration of its time."""
        original = running.config.read_text()
        with Client(running.port) as client, Client(running.port) as other:
            client.start("127.0.0.1", b"localhost")  # trusted
            client.macros(b"M", **{"{auth_authen}": "anna"})
            client.ask(b"M", b"<anna@yodel.example>\0")
            client.socket.sendall(packet(b"A"))
            client.next_client()
            client.start(addresses["good"])
            value = fields(client.message())[0][1]
            self.assertIn(f"policy.iprev={addresses['good']}", value)
            self.assertIn("spf=pass smtp.mailfrom=yodel.example", value)
            client.ask(b"M", b"<anna@yodel.example>\0")
            client.ask(b"R", b"<user@in.test>\0")
            client.socket.sendall(packet(b"L", b"Authentication-Results\0 mx.lab.test; spf=pass\0"))
            running.reload(original.replace('authserv-id "mx.lab.test"', 'authserv-id "mx2.lab.test"'))
            client.socket.sendall(packet(b"A"))
            for number in range(1, 30):
                client.next_client()
                client.start(f"198.51.100.{number}")
                edits = client.message()
                self.assertEqual([command for command, _ in edits if command != b"i"], [b"c"])  # no field is removed
                self.assertRegex(fields(edits)[0][1], rf"(?s)^ ?mx2\.lab\.test;.*policy\.iprev=198\.51\.100\.{number}\b")
            # What would not come is not waited for: that would be a message without a body.
            other.start(addresses["good"])
            other.message()
            running.reload(original + "\nenable { dkim }\n")
            other.next_client()
            other.start(addresses["good"])
            other.ask(b"M", b"<anna@yodel.example>\0")
            self.assertEqual(other.ask(b"R", b"<user@in.test>\0")[-1][0], b"t")
            lab.logs_mention("heloscope", "agreed not to send all that the configuration needs now")
        running.reload(original)
        self.good_message()

    def test_N16_fail2bans_filter_finds_refusals_and_no_words_of_clients(self):
        """contrib/fail2ban over the lines of a real log: one that was refused matches; nothing else does, whatever the HELO name says."""
        parser = configparser.ConfigParser()
        parser.read(pathlib.Path(__file__).resolve().parents[2] / "contrib/fail2ban/filter.d/heloscope.conf")
        failregex = re.compile(parser["Definition"]["failregex"].replace("<HOST>", r"(?P<host>[0-9a-f:.]+)"))
        before = len(running.log_text())
        forged = b'x" client=203.0.113.99 verdict=reject(a:1) y="'
        good, bad = ("good", b"<anna@yodel.example>"), ("listed", b"<offers@bulk.example>")
        for (client, sender), helo in ((good, forged), (good, b"verdict=reject"), (bad, b"n16.bulk.example"), (bad, forged)):
            with Client(running.port) as connection:
                connection.start(addresses[client], helo)
                connection.message(sender)
                connection.ask(b"M", b"<>\0")
        own = (" helo=n16.", " helo=\"verdict=", "203.0.113.99")  # lines of messages before these may still come
        lines = wait_until("four lines", lambda: (found := [line for line in running.log_text()[before:].splitlines() if any(mark in line for mark in own)])[3:] and found,
                           process=running.process)
        self.assertTrue(all(" to=<user@in.test> " in line for line in lines), lines)
        for prefix in ("", " mx ", "mx "):  # as it is, and behind the date of syslog or the journal
            hosts = [found["host"] if (found := failregex.search(prefix + line)) else None for line in lines]
            self.assertEqual(hosts, [None, None, addresses["listed"], addresses["listed"]], lines)
        for line in lines[2:]:
            self.assertIn(" listed-by=bl.test,dbl.test ", line)
            self.assertIsNone(failregex.search(line.replace("verdict=reject", "verdict=would-reject")))

    def test_M04_macros_that_do_not_come_are_said_once_with_the_line_that_mends_it(self):
        for _ in range(2):
            self.good_message()
        log = running.log_text()
        for line in ("milter_connect_macros = j", "milter_end_of_data_macros = i; Sendmail: confMILTER_MACROS_EOM",
                     "milter_mail_macros with {mail_addr}"):
            self.assertEqual(log.count(line), 1, log)

    def test_F30_line_dropped_at_every_octet(self):
        whole = (
            NEGOTIATE + connect_packet(addresses["good"]) + packet(b"H", b"smtpout.yodel.example\0") + packet(b"M", b"<anna@yodel.example>\0")
            + packet(b"R", b"<user@in.test>\0") + packet(b"L", b"Subject\0x\0") + packet(b"E")
        )
        before = descriptors()
        for end in range(0, len(whole), 1):
            with socket.create_connection(("127.0.0.1", running.port), timeout=DEADLINE_S) as half:
                half.sendall(whole[:end])
        wait_until("the end of dropped connections", lambda: descriptors() <= before + 2, process=running.process)
        self.good_message()

    def test_F31_one_octet_at_a_time(self):
        whole = connect_packet(addresses["good"]) + packet(b"H", b"smtpout.yodel.example\0") + packet(b"M", b"<anna@yodel.example>\0")
        with Client(running.port) as client:
            for octet in whole:
                client.socket.sendall(bytes([octet]))
            for _ in range(3):
                self.assertEqual(client.read()[0], b"c")
            client.ask(b"R", b"<user@in.test>\0")
            self.assertIn(b"spf=pass", client.ask(b"E")[0][1])

    def test_F44_stopped_and_continued(self):
        """As after a suspended machine: what was under way goes on."""
        with Client(running.port) as client:
            client.start(addresses["good"])
            running.process.send_signal(signal.SIGSTOP)
            client.socket.sendall(packet(b"M", b"<anna@yodel.example>\0"))
            time.sleep(1)
            running.process.send_signal(signal.SIGCONT)
            self.assertEqual(client.read()[0], b"c")
            client.ask(b"R", b"<user@in.test>\0")
            self.assertIn(b"spf=pass", client.ask(b"E")[0][1])

    def test_in_mode_audit_recipients_do_not_wait_for_answers(self):
        """The name server answers only once the recipients were taken; what it says then counts for each, also when the message is given up."""
        port, may_answer, recipients = free_port(), threading.Event(), [b"<user@in.test>", b"<user@strict.test>"]

        def answer(packet, is_tcp):
            may_answer.wait(DEADLINE_S)
            return misbehave(packet, is_tcp)

        with DnsServer(port, answer):
            other = lab.heloscope(RECORDED + f'\nresolver {{ servers 127.0.0.1@{port}\n timeout 8s }}\n'
                                  'policy for "strict.test" { reject when spf != pass }', name="late")
            for client_address, ends in ((addresses["good"], True), (addresses["listed"], False)):
                may_answer.clear()
                with Client(other.port) as client:
                    client.start(client_address, client_address.encode() + b".example")
                    client.ask(b"M", b"<anna@" + client_address.encode() + b".sender.example>\0")
                    for recipient in recipients:
                        self.assertEqual(client.ask(b"R", recipient + b"\0"), [(b"c", b"")])
                    may_answer.set()
                    if ends:
                        edits = dict(reversed(fields(client.ask(b"E"))))
                        self.assertIn("spf=none", edits["Authentication-Results"])
                        self.assertIn("would=reject", edits["X-Heloscope"])
                    else:
                        client.socket.sendall(packet(b"A"))
            records = wait_until("two records", lambda: (lambda found: found if len(found) == 2 else None)(other.records()))
            for record in records:
                self.assertEqual([verdict["action"] for verdict in record["verdicts"]], ["accept", "reject"])
                self.assertEqual(record["checks"]["spf"]["result"], "none")
            other.stop()

    def test_sessions_that_begin_together_do_not_wait_for_each_other(self):
        """
        Nobody answers the filter's questions. libmilter leaves connections that come at once to one idle worker;
        yet the last of them must be served while the first still waits at RCPT.
        """
        port = free_port()
        whole = b"".join([NEGOTIATE, connect_packet(addresses["good"]), packet(b"H", b"smtpout.yodel.example\0"),
                          packet(b"M", b"<anna@yodel.example>\0"), packet(b"R", b"<user@in.test>\0")])
        with contextlib.ExitStack() as stack:
            stack.enter_context(DnsServer(port, lambda packet, is_tcp: None))
            other = lab.heloscope(HEAD + f'\nmode enforce\nresolver {{ servers 127.0.0.1@{port}\n timeout 8s }}\n', name="silent")
            with Client(other.port) as first:  # leaves an idle worker behind
                first.start(addresses["neutral"])
            other.process.send_signal(signal.SIGSTOP)
            clients = [Client(other.port) for _ in range(40)]
            for client in clients:
                stack.callback(client.socket.close)
                client.socket.sendall(whole)
            other.process.send_signal(signal.SIGCONT)
            for client in clients:
                self.assertEqual([client.read()[0] for _ in range(4)], [b"O", b"c", b"c", b"c"])
            for client in clients:
                client.socket.setblocking(False)
                with self.assertRaises(BlockingIOError):
                    client.socket.recv(1)
        other.stop()

    def test_C19_C20_commands_out_of_order(self):
        for commands in (
            [packet(b"H", b"h.test\0")],
            [packet(b"M", b"<>\0"), packet(b"E")],
            [packet(b"R", b"<a@in.test>\0")],
            [packet(b"A"), packet(b"A")],
            [packet(b"E")],
            [packet(b"C", b"unknown\0U")],
            [packet(b"C", b"local\0L\0\0/tmp/socket\0"), packet(b"M", b"<>\0"), packet(b"R", b"<a@in.test>\0"), packet(b"E")],
            [packet(b"M", b"")],
            [packet(b"L", b"Authentication-Results\0")],
        ):
            with self.subTest(commands), Client(running.port) as client:
                client.socket.sendall(b"".join(commands) + packet(b"Q"))
                with self.assertRaises((EOFError, ConnectionError)):
                    while True:
                        client.read()
        self.good_message()

    def test_M13_abort_twice_and_messages_after_it(self):
        with Client(running.port) as client:
            client.start(addresses["good"])
            for _ in range(3):
                client.ask(b"M", b"<x@softfail.example>\0")
                client.socket.sendall(packet(b"A") + packet(b"A"))
                edits = client.message()
                self.assertIn(b"smtp.mailfrom=yodel.example", edits[0][1])

    def test_C21_many_messages_in_one_connection_take_no_more_memory(self):
        with Client(running.port) as client:
            client.start(addresses["good"])
            for _ in range(200):
                client.message()
            before = memory_kb()
            for _ in range(1000):
                client.ask(b"M", b"<anna@yodel.example> SIZE=1\0")
                client.socket.sendall(packet(b"A"))
            for _ in range(300):
                client.message(headers=[(b"Authentication-Results", b" mx.lab.test; none")] * 5)
            grown = memory_kb() - before
        if not is_sanitized():
            self.assertLess(grown, 2000, "kB")

    def test_P6_sessions_hold_a_bounded_amount_whatever_name_servers_answer(self):
        """Real sessions, each of a domain of its own, while every question has an answer as large as may be: what the filter's memory grows by."""
        record = "v=spf1 " + " ".join(f"{kind}:n{number}.%{{d}}" for number in range(5) for kind in ("include", "mx")) + " x=" + 8000 * "x"

        def answer(octets, is_tcp):
            query = dns.message.from_wire(octets, ignore_trailing=True)
            name, kind = query.question[0].name.to_text(), dns.rdatatype.to_text(query.question[0].rdtype)
            host = 60 * "l" + "." + 60 * "l" + "." + name[-20:]
            found = {"A": [f"192.0.2.{number}" for number in range(250)], "AAAA": [f"2001:db8::{number:x}" for number in range(500)],
                     "MX": [f"10 m{number}.{host}" for number in range(30)], "PTR": [f"h{number}.{host}" for number in range(30)],
                     "TXT": [" ".join(f'"{record[at:at + 250]}"' for at in range(0, len(record), 250))]}.get(kind, [])
            return respond(query, is_tcp, "" if is_tcp else "truncated", 0, found)

        port, count = free_port(), 150
        with DnsServer(port, answer), contextlib.ExitStack() as stack:
            flooded = lab.heloscope(f"""
listen "inet:{{port}}@127.0.0.1"
user "nobody"
log stderr
spf explanation yes
resolver {{ servers 127.0.0.1@{port} timeout 8s cache 256kB }}
policy {{ reject when spf = fail }}
""", name="flooded")
            stack.callback(flooded.stop)

            def begin(number):
                client = stack.enter_context(Client(flooded.port))
                client.start(f"198.51.100.{number}", f"h.d{number}.test".encode())
                client.ask(b"M", f"<a%b.d{number}.test@c.d{number}.test>\0".encode())
                client.ask(b"R", b"<user@in.test>\0")
            begin(200)
            before = memory_kb(flooded)
            for number in range(count):
                begin(number)
            grown = memory_kb(flooded) - before
        if not is_sanitized():
            self.assertLess(grown, 256 * count, "kB")

    def test_A05_field_of_200_kilobytes(self):
        """A packet longer than libmilter's own 64 kB: some MTAs send it (CASES 0.5)."""
        with Client(running.port) as client:
            client.start(addresses["good"])
            edits = client.message(headers=[(b"Authentication-Results", b" (" + b"x" * 200000 + b") mx.lab.test; spf=pass")])
        self.assertEqual([command for command, _ in edits], [b"m", b"i", b"c"])

    def test_C35_nul_in_a_field(self):
        """What stands behind a NUL is not seen by anyone; what stands before it is enough to be removed."""
        with Client(running.port) as client:
            client.start(addresses["good"])
            edits = client.message(headers=[(b"Authentication-Results", b" mx.lab.test\0.evil; none")])
        self.assertEqual(edits[0], (b"m", struct.pack("!I", 1) + b"Authentication-Results\0\0"))

    def test_C09_removal_goes_from_the_last_to_the_first(self):
        with Client(running.port) as client:
            client.start(addresses["good"])
            owners = [b"mx.lab.test", b"other.test", b"mx.lab.test 1", b"mx.lab.test"]
            edits = client.message(headers=[(b"authentication-results", b" " + owner + b"; none") for owner in owners])
        removed = [struct.unpack("!I", data[:4])[0] for command, data in edits if command == b"m"]
        self.assertEqual(removed, [4, 3, 1])

    def test_M20_reply_has_one_code_and_class_in_every_line(self):
        with Client(running.port) as client:
            client.start(addresses["nameless"], b"pc.isp.example")
            client.ask(b"M", b"<bob@plain.example>\0")
            (command, text), = client.ask(b"R", b"<user@in.test>\0")
        self.assertEqual(command, b"y")
        lines = text.rstrip(b"\0").split(b"\r\n")
        self.assertTrue(all(line[:3] == b"550" and line[4:10] == b"5.7.25" for line in lines), lines)
        self.assertEqual([line[3:4] for line in lines], [b"-"] * (len(lines) - 1) + [b" "])

    def test_E09_hostile_octets_reach_no_output(self):
        hostile = bytes(range(1, 32)) + b'\x7f\x80\xff";()\\<>%s%n'
        with Client(running.port) as client:
            client.start(addresses["nameless"], hostile)
            edits = client.message(b'<"' + hostile.replace(b'"', b"").replace(b"\\", b"") + b'"@plain.example>')
        # An edit is an index of four octets, the name and the value, each ended by NUL.
        values = [data[4:].split(b"\0")[1] for command, data in edits if command == b"i"]
        self.assertTrue(any(b"x-helo=permerror" in value for value in values), values)
        for value in values:
            self.assertNotRegex(value, rb"[\x00-\x09\x0b-\x1f\x7f-\xff]")
        self.assertNotRegex(running.log_text(), r"[\x00-\x09\x0b-\x1f\x7f-\xff]")

    def test_F32_thousands_of_idle_sessions(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        count = min(1000 if is_sanitized() else 5000, hard - 1000)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        clients = []
        try:
            for _ in range(count):
                client = Client(running.port)
                clients.append(client)
                client.__enter__()
                client.start(addresses["good"])
            self.good_message()
            for client in clients[:: max(1, count // 20)]:
                self.assertIn(b"spf=pass", client.message()[0][1])
        finally:
            for client in clients:
                client.socket.close()
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        self.good_message()

    def test_F38_reload_in_a_loop_under_load(self):
        """Mail from four clients while the configuration changes again and again: each gets a verdict of one of them."""
        original = running.config.read_text()
        texts = [  # each asks the DNS in another way, so each gets a resolver of its own
            original.replace('authserv-id "mx.lab.test"', f'authserv-id "mx{n}.lab.test"')
            .replace("timeout 8s", f'zone "extra{n}.test" servers 127.0.0.1@9\ntimeout 5s') for n in range(3)
        ]
        end = time.monotonic() + float(os.environ.get("HELOSCOPE_SOAK_SECONDS", "15"))
        before = descriptors()

        def send_mail():
            count = 0
            while time.monotonic() < end:
                with Client(running.port) as client:
                    client.start(addresses["good"])
                    for _ in range(5):
                        (command, data), (last, _) = client.message()
                        assert (command, last) == (b"i", b"c"), (command, last)
                        assert re.search(rb"mx[012]?\.lab\.test;.*spf=pass smtp.mailfrom=yodel.example", data, re.S), data
                        count += 1
            return count

        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            senders = [pool.submit(send_mail) for _ in range(4)]
            reloads = 0
            while time.monotonic() < end:
                self.assertEqual(running.reload(texts[reloads % 3]), "configuration read again")
                reloads += 1
            counts = [sender.result() for sender in senders]
        self.assertGreater(min(counts), 0)
        self.assertGreater(reloads, 3)
        running.reload(original)
        self.good_message()
        wait_until("the end of old resolvers", lambda: descriptors() <= before + 20, process=running.process)


class Staged(unittest.TestCase):
    """What is agreed on follows from the checks and the configuration; a message may be refused at its end."""

    NO_BODY, NO_EOH, NO_REPLY_HEADER, NO_REPLY_EOH, NO_REPLY_BODY = 0x10, 0x40, 0x80, 0x40000, 0x80000
    POLICY = """mode enforce
        policy { reject 550 5.7.1 "The seal is broken." when sender = fail }
        policy for "later.test" { defer 451 4.7.1 "Later." when sender = fail }
        policy for "open.test" { accept when client in { 0.0.0.0/0 } }
        """

    @contextlib.contextmanager
    def staged(self, text):
        port = free_port()
        folder = lab.subfolder(f"staged-{port}")
        config = folder / "heloscope.conf"
        config.write_text(f'authserv-id "mx.lab.test"\nrecords "{folder}/records.jsonl"\nresolver {{ servers 127.0.0.1@9 }}\n{text}')
        process = lab.start(f"staged-{port}", [lab.builddir / "tests/integration/staged_milter", config, f"inet:{port}@127.0.0.1"])
        wait_until("the staged filter", lambda: negotiates(port), process=process)
        try:
            yield port, folder / "records.jsonl"
        finally:
            process.kill()
            process.wait()
            lab.processes.remove(process)

    def message(self, client, recipients, seal, pieces):
        """A message, in pieces as they are; what came back at its end. Nobody waits for replies to header and body."""
        client.ask(b"M", b"<anna@yodel.example>\0")
        for recipient in recipients:
            self.assertEqual(client.ask(b"R", recipient + b"\0")[-1][0], b"c")
        for name, value in ((b"From", b" a@b.test"), (b"X-Seal", b" " + seal)):
            client.socket.sendall(packet(b"L", name + b"\0" + value + b"\0"))
        client.socket.sendall(packet(b"N") + b"".join(packet(b"B", piece) for piece in pieces))
        return client.ask(b"E")

    def test_stages_are_those_of_the_configuration(self):
        for text, skipped in (("", 0), ("disable { sender }", self.NO_BODY), ("disable { sender, helo }", self.NO_BODY | self.NO_EOH)):
            with self.subTest(text), self.staged(text) as (port, _), Client(port) as client:
                self.assertEqual(client.steps & (self.NO_BODY | self.NO_EOH), skipped)
                unanswered = self.NO_REPLY_HEADER | (0 if skipped & self.NO_EOH else self.NO_REPLY_EOH) | (0 if skipped & self.NO_BODY else self.NO_REPLY_BODY)
                self.assertEqual(client.steps & (self.NO_REPLY_HEADER | self.NO_REPLY_EOH | self.NO_REPLY_BODY), unanswered)

    def test_message_is_refused_at_its_end(self):
        body = b"The body.\r\n" * 1000
        seal = b"sum%d.test" % sum(body)
        with self.staged(self.POLICY) as (port, _), Client(port) as client:
            client.start(addresses["good"])
            for size in (1, 7, 1000, 65535):
                pieces = [body[at:at + size] for at in range(0, len(body), size)]
                edits = self.message(client, [b"<user@in.test>"], seal, pieces)
                self.assertEqual(edits[-1][0], b"c")
                self.assertIn("x-sender=pass", dict(fields(edits))["Authentication-Results"])
                (command, text), = self.message(client, [b"<user@in.test>"], seal, pieces[1:])
                self.assertEqual(command, b"y")
                self.assertTrue(text.startswith(b"550 5.7.1 The seal is broken. For help, "), text)
            (command, text), = self.message(client, [b"<a@in.test>", b"<a@later.test>"], seal, [b"x"])
            self.assertTrue(command == b"y" and text.startswith(b"451 4.7.1 Later."), text)
            edits = self.message(client, [b"<a@in.test>", b"<a@open.test>"], seal, [b"x"])
            self.assertEqual(edits[-1][0], b"c")
            self.assertIn("would=reject", dict(fields(edits))["X-Heloscope"])

    def test_message_is_given_up_in_its_middle(self):
        whole = [packet(b"M", b"<anna@yodel.example>\0"), packet(b"R", b"<user@in.test>\0"), packet(b"L", b"X-Seal\0 sum120.test\0"),
                 packet(b"N"), packet(b"B", b"y")]
        with self.staged(self.POLICY) as (port, records), Client(port) as client:
            client.start(addresses["good"])
            for count in range(2, len(whole) + 1):
                for number, command in enumerate(whole[:count]):
                    client.socket.sendall(command)
                    if number < 2:
                        client.read()
                client.socket.sendall(packet(b"A"))
                self.assertEqual(self.message(client, [b"<user@in.test>"], b"sum120.test", [b"x"])[-1][0], b"c")
            wait_until("all records", lambda: records.read_text().count("\n") == 2 * (len(whole) - 1))
        self.assertEqual(records.read_text().count('"pending":"body"'), len(whole) - 1)

    def test_postfix_tells_the_client(self):
        with self.staged(self.POLICY) as (port, _):
            smtp_port = lab.postfix(f"inet:127.0.0.1:{port}", name="staged-postfix")
            for seal, expected in ((sum(b"body\r\n"), "250 "), (1, "550 5.7.1 The seal is broken. For help, ")):
                with Smtp(smtp_port) as smtp:
                    smtp.pose_as(addresses["good"])
                    smtp.expect("EHLO smtpout.yodel.example", "250")
                    smtp.expect("MAIL FROM:<anna@yodel.example>", "250")
                    smtp.expect("RCPT TO:<user@in.test>", "250")
                    smtp.expect("DATA", "354")
                    smtp.expect(f"From: a@b.test\r\nX-Seal: sum{seal}.test\r\n\r\nbody\r\n.", expected)


def is_sanitized():
    return "sanitize" in (lab.builddir / "Makefile").read_text().split("HS_LDFLAGS =")[1].split("\n")[0]


if __name__ == "__main__":
    unittest.main(verbosity=2)
