"""
P0: some thousand spellings of senders and recipients through real Postfix and real Sendmail, each with a filter that is told what the
MTA makes of an address, and with one that is not. What was sent on, as a server behind the MTA sees it, is held against the rules:
no spelling passes one that its plain form does not pass, and none is refused of which no name is.
"""
import asyncio
import concurrent.futures
import random
import re
import socket
import struct
import sys
import threading
import unittest

from lab import RECORDED, Smtp, enter_namespace, free_port, module_lab, wait_until

SEED = 5321
SENDERS, RECIPIENTS = 400, 200  # shapes; each with one name that is refused and one that is not
A_CONNECTION = 40  # messages

CLIENTS = [f"203.0.113.{number}" for number in (5, 6, 7)] + ["198.51.100.5", "192.0.2.5"]

# All locals are five octets long and all domains ten, so that one shape fits each.
GOOD = ("erika", "goody.test")
BAD_SENDERS = [("carol", "yodel.test"), ("carol", "baddy.test"), ("carol", "bands.test"), ("chief", "rules.test")]
EXCUSED_SENDER = ("buddy", "goody.test")
OURS = ("user1", "inbox.test")
BAD_RECIPIENTS = [("close", "inbox.test"), ("user1", "stric.test"), OURS]  # the last one with a sender that is refused
EXCUSED_RECIPIENT = ("maste", "inbox.test")
MX = "mx.lab.test"  # the MTA

ZONE = "".join(
    f"{name} MX 10 mail.{name}\nmail.{name} A 192.0.2.99\n" for name in ("goody", "yodel", "baddy", "bands", "rules", "softy", "xn--bcher-kva")
) + 'yodel TXT "v=spf1 -all"\nxn--bcher-kva TXT "v=spf1 -all"\nsofty TXT "v=spf1 ~all"\n'

CONFIG = RECORDED + """
mode enforce
resolver { servers 127.0.0.1@{nsd} timeout 8s }
trust { networks { 127.0.0.0/8 } }
domain-dnsbl "dbl.lists" weight 2 test-entries none
policy {
    accept when recipient in { "maste@*" }
    accept when mail-from in { "buddy@goody.test" }
    reject when recipient in { "close@inbox.test", "close@mx.lab.test", "close" }
    reject when mail-from in { "*@bands.test", "chief@rules.test" }
    reject when spf = fail
    reject when dnsbl >= 1
}
policy for "stric.test" {
    reject when spf = softfail
    otherwise default
}
"""


def is_refused(sender, recipient):
    """Whether the rules refuse these plain addresses, pairs of local part and domain."""
    if recipient[0] == EXCUSED_RECIPIENT[0] or sender == EXCUSED_SENDER:
        return False
    return (
        sender[1] in ("yodel.test", "baddy.test", "bands.test", "xn--bcher-kva.test")
        or sender == ("chief", "rules.test")
        or recipient in (("close", "inbox.test"), ("close", MX))
        or (recipient[1], sender[1]) == ("stric.test", "softy.test")
    )


def plain(address):
    """An address as the MTA wrote it, as a pair. MTAs write no comments and no routes; behind the last "@" is the domain."""
    local, _, domain = (address, "", "") if address.endswith('"') else address.rpartition("@")
    if not domain:
        local = address.rstrip("@")
    if local.startswith('"'):
        local = local[1:-1]
    domain = domain.rstrip(".").encode("latin-1").decode("utf-8", "replace")
    try:
        domain = domain.encode("idna").decode() if domain else ""
    except UnicodeError:
        pass
    return re.sub(r"\\(.)", r"\1", local).lower(), domain.lower()


# Spellings.

BASES = [
    "{l}@{d}", "{l}@{d}", "{l}@{d}", "{l}@{d}", "{l}%{d}", "{d}!{l}", "{l}%{d}@{h}", "{d}!{l}@{h}", "{h}!{d}!{l}", "{l}%{d}%{h}", "{d}!{l}%{h}",
    "{h}!{l}%{d}", "{h}!{l}@{d}", "{l}%{h}@{d}", '"{l}@{d}"', '"{l}@{d}"@{h}', '"{l}%{d}"@{h}', '"{d}!{l}"@{h}', '"{l}"@{d}', '"{l}@{h}"@{d}', "@{h}:{l}@{d}",
    "@{h},@{o}:{l}@{d}", "@{d}:{x}", "{l}@{d}@{h}", "{l}@{h}@{d}", "{l}@@{d}", "@{d}", "{l}@", "{l}", "list:{l}@{d};", "list:{x},{l}@{d};", "list:{l}@{d},{x};",
    "{l}@{d},{x}", "{x},{l}@{d}", "{x} {l}@{d}", "{l}@{d} {x}", "{l}@{d}({x})", "({x}){l}@{d}", '"{x}"{l}@{d}', "{x}<{l}@{d}>", "{l}@{d}<{x}>", "<{x}>{l}@{d}",
    "{l}({x})@{d}", "{l}@({x}){d}", "{l}\\@{d}", '"{l}\\@{d}"@{h}', "{l}@{d};{x}", "{x}:{l}@{d}", "{x};{l}@{d}", "{l}@{d}:{x}", "{l}@[{d}]", "{l}@[127.0.0.1]", "{l}%{d}@[127.0.0.1]",
    "{l}@[IPv6:::1]", "{l}@{d}.", "{l}@.{d}", ".{l}@{d}", "{l}.@{d}", "{l}@sub.{d}", "{l}+news=user=inbox.test@{d}", "{long}{l}@{d}", "{longer}{l}@{d}", '""@{d}', "{l}@\"{d}\"",
    "{l}=40{d}", "{l}\\%{d}", "{l}@{d}%{h}", "{l}({d}@{h}", '{l}"@{d}', '"{l}@{d}', "{l})@{d}", "{l}@{d}\"{x}", "({l}@{d}", "{l}\"({x}\"@{d}", '{l}"\\"@{h}"@{d}',
    '"{l}\\"@{h}"@{d}', "\"{l}\\\\\"@{d}", "{l}\\@{h}@{d}", "{l}(\\){x})@{d}", "{l}\xfc@{d}", "{l}\xc3\xbc@{d}",
    "@{h}:{l}%{d}", "@{h}:{d}!{l}", "@{o}:{l}%{d}", "@{h}:{l}", "@{h}@{o}:{l}@{d}", "@{h},:{l}@{d}", "@{h}:@{o}:{l}@{d}", "@[127.0.0.1]:{l}@{d}", "!{d}!{l}", "{d}!!{l}", "{d}!", "\\@\\ {d}",
    "!{l}@{d}", "%{l}@{d}", "{l}%%{d}", "{l}%{d}%", "{l}@{d}@", "{l}@@", "@{l}@{d}", "{l}@{d}@@{h}", "<>{l}@{d}", "<>,{l}@{d}", "<>{l}", "{l}@{d}<>", "{l}({d}@\\{h}",
    "{l}@{d},{l}@{d}", '"@{h}:{l}%{d}"@{h}', '"{d}!{l}"@{h}', "{x}:{l}@{d}:{x}", "{l} @ {d}", "{x} {l}%{d}", "{l}%{d} {x}@{h}", "{l}@{d}()", "({x}{l}@{d}", "{l}@[{d}", "{l}@{d}]", "{l}@{d}\\\\",
]
WRAPS = ["<{}>"] * 12 + ["{}", "<{}", "{}>", "<<{}>>", "< {} >", " <{}>", "Name <{}>", '"N <{}>" <{}>', "(c)<{}>", "<{}>(c)", "<{}>>", "<(<){}>", "<\\<{}>", '<"<"{}>']
PARAMETERS = [""] * 8 + [" SIZE=100", " BODY=8BITMIME", " SMTPUTF8", " FOO=<erika@goody.test>", "SIZE=1", " ", " SMTPUTF8 BODY=8BITMIME SIZE=1"]
BITS = ["(x)", "((a)b)", "(\\))", "\\", "\\", " ", "\t", '"', ".", "(", ")", "<", ">", "@", ":", ";", ",", "%", "!", "=", "[", "]", "'", "\x01", "\x7f", "\x0b", "\x0c",
        "\xff", "\xc2\xa0", "\xc3\xbc", '""', "\\\\", "(", "\\\"", "(@goody.test)", "|", "/", "#", "{", "$", "=?utf-8?q?=40?="]


def distort(rng, text):
    """One odd thing somewhere in an address that can still be meant."""
    begin, end = sorted(rng.randrange(len(text) + 1) for _ in range(2))
    match rng.randrange(5):
        case 0:
            return f'{text[:begin]}"{text[begin:end]}"{text[end:]}'
        case 1:
            return text[:begin] + text[begin:end].encode("latin-1").upper().decode("latin-1") + text[end:]
        case 2:
            return text[:begin] + "".join("\\" + c for c in text[begin:end][:6]) + text[begin:end][6:] + text[end:]
        case _:
            return text[:begin] + rng.choice(BITS) + text[begin:]


def spelling(seed, name, excused, with_parameters):
    """What stands behind "FROM:" or "TO:". The same seed gives the same shape."""
    rng = random.Random(seed)
    other = rng.choice([excused[1], MX, "inbox.test", MX])
    names = {"l": name[0], "d": name[1], "o": excused[1], "x": "@".join(excused), "h": other, "long": "n" * 59 + "+", "longer": "n" * rng.randrange(60, 295)}
    base = BASES[seed % len(BASES)]
    text = base.format(**names)
    for _ in range(rng.choice([0, 1, 1, 2, 3]) if seed >= len(BASES) else 0):
        text = distort(rng, text)
    wrap = rng.choice(WRAPS) if seed >= len(BASES) else "<{}>"
    return wrap.format(*[text] * wrap.count("{}")) + (rng.choice(PARAMETERS) if with_parameters else "")


PLAIN_RECIPIENT = f"<{'@'.join(OURS)}>"
ODD_BUT_GOOD = ["<>", "<erika+news@goody.test>", "<bounce-17-user1=inbox.test@goody.test>", f"<{'n' * 64}@goody.test>", '<"erika m"@goody.test>', "<ERIKA@Goody.Test>",
                "<erika.m@goody.test> SIZE=100", "<SRS0=x=y=orig.test=user1@goody.test>", "<o'erika@goody.test>", "<prvs=1=erika/x@goody.test>", "<=?x?=@goody.test>"]
BUECHER = ["<carol@b\xc3\xbccher.test> SMTPUTF8", "<carol@b\xc3\xbccher.test>", "<carol@B\xc3\x9cCHER.test> SMTPUTF8", "<carol@bu\xcc\x88cher.test> SMTPUTF8",
           "<carol@XN--BCHER-KVA.test>", "<carol%b\xc3\xbccher.test> SMTPUTF8", "<carol@b\xc3\xbccher\xe3\x80\x82test> SMTPUTF8"]


class Case:
    """`is_harmless`: no name that is refused occurs in it, so the filter refuses it never."""

    def __init__(self, sender, recipient, is_harmless, must_arrive=False):
        self.sender, self.recipient, self.is_harmless, self.must_arrive = sender, recipient, is_harmless, must_arrive

    def __str__(self):
        return f"MAIL FROM:{self.sender!r} RCPT TO:{self.recipient!r}"


def all_cases():
    cases = [Case(sender, PLAIN_RECIPIENT, True, True) for sender in ODD_BUT_GOOD] + [Case(sender, PLAIN_RECIPIENT, False) for sender in BUECHER]
    for number in range(SENDERS):
        bad = BAD_SENDERS[(number + number // len(BASES)) % len(BAD_SENDERS)]
        for name in (bad, GOOD):
            cases.append(Case(spelling(number, name, EXCUSED_SENDER, True), PLAIN_RECIPIENT, name is GOOD))
    for number in range(RECIPIENTS):
        for which, name in enumerate(BAD_RECIPIENTS):
            sender = "<carol@yodel.test>" if name is OURS else "<carol@softy.test>"
            if which == number % len(BAD_RECIPIENTS):
                cases.append(Case(sender, spelling(number, name, EXCUSED_RECIPIENT, False), False))
        cases.append(Case("<erika@goody.test>", spelling(number, OURS, EXCUSED_RECIPIENT, False), True))
    return cases


# What stands around the MTA.


class Sink(threading.Thread):
    """The next server: takes all mail and notes for whom and from whom it was, by the number in the message's header."""

    def __init__(self):
        super().__init__(daemon=True)
        self.port, self.seen, self.loop = free_port(), {}, asyncio.new_event_loop()
        self.is_up = threading.Event()
        self.start()
        self.is_up.wait()

    def run(self):
        self.loop.run_until_complete(asyncio.start_server(self.serve, "127.0.0.1", self.port, limit=1 << 20))
        self.is_up.set()
        self.loop.run_forever()

    async def serve(self, reader, writer):
        sender, recipients = "", []
        writer.write(b"220 sink.test ESMTP\r\n")
        while line := (await reader.readline()).decode("latin-1").rstrip("\r\n"):
            verb = line[:4].upper()
            reply = "250 ok"
            if verb == "EHLO":
                reply = "250-sink.test\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SMTPUTF8"
            elif verb == "MAIL":
                sender, recipients = address_of(line), []
            elif verb == "RCPT":
                recipients.append(address_of(line))
            elif verb == "DATA":
                writer.write(b"354 go\r\n")
                header = (await reader.readuntil(b"\r\n.\r\n")).decode("latin-1").partition("\r\n\r\n")[0]
                if number := re.search(r"^X-Case: (\S+)", header, re.M):
                    self.seen.setdefault(number[1], []).extend((sender, recipient) for recipient in recipients)
            elif verb == "QUIT":
                break
            writer.write(reply.encode() + b"\r\n")
        writer.close()


def address_of(line):
    return re.search(r'<((?:"(?:\\.|[^"\\])*"|[^">])*)>', line)[1]


class Silencer(threading.Thread):
    """Between MTA and filter: an MTA that does not tell what it makes of an address, and cannot be asked to."""

    CAN_BE_ASKED = 0x100  # SMFIF_SETSYMLIST

    def __init__(self, filter_port):
        super().__init__(daemon=True)
        self.filter_port = filter_port
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        self.start()

    def run(self):
        while True:
            mta, _ = self.listener.accept()
            behind = socket.create_connection(("127.0.0.1", self.filter_port))
            for pair in ((mta, behind, self.from_mta), (behind, mta, lambda packet: packet)):
                for end in pair[:2]:
                    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self.carry, args=pair, daemon=True).start()

    def from_mta(self, packet):
        if packet[:1] == b"D" and packet[1:2] in b"MR":
            return None
        if packet[:1] == b"O":
            version, actions, steps = struct.unpack("!III", packet[1:13])
            return b"O" + struct.pack("!III", version, actions & ~self.CAN_BE_ASKED, steps)
        return packet

    @staticmethod
    def carry(source, target, change):
        with source.makefile("rb") as stream:
            try:
                while head := stream.read(4):
                    packet = change(stream.read(struct.unpack("!I", head)[0]))
                    if packet is not None:
                        target.sendall(struct.pack("!I", len(packet)) + packet)
                target.shutdown(socket.SHUT_WR)
            except OSError:
                pass


# The test.

lab = None


def setUpModule():
    global lab, sink, running, ports
    with module_lab() as lab:
        sink = Sink()
        lab.nsd({"test": ZONE, "dbl.lists": 'baddy.test A 127.0.1.2\ntest A 127.0.1.2\n'})
        running = lab.heloscope(CONFIG)
        silencer = Silencer(running.port)
        ports = {"postfix": start_postfix(silencer)} | {"sendmail": start_sendmail(silencer)}


def start_postfix(silencer):
    """With one domain of its own and one for which it relays; all mail goes to the sink. Returns the ports: telling, silent."""
    silent = free_port()
    next_hop = f"smtp:[127.0.0.1]:{sink.port}"
    port = lab.postfix(
        f"inet:127.0.0.1:{running.port}",
        f"""mydestination = {MX}, inbox.test
local_recipient_maps =
virtual_mailbox_domains =
relay_domains = stric.test
local_transport = {next_hop}
relay_transport = {next_hop}
default_transport = {next_hop}
smtpd_hard_error_limit = 100000
smtpd_junk_command_limit = 100000
smtpd_client_connection_count_limit = 0
allow_untrusted_routing = yes
""",
        services=f"127.0.0.1:{silent} inet n - n - - smtpd\n -o smtpd_milters=inet:127.0.0.1:{silencer.port}\n",
    )
    return port, silent


def start_sendmail(silencer):
    """It relays for both domains; all mail goes to the sink. Returns the ports: telling, silent."""
    names = lab.folder / "own-names"
    names.write_text("")
    silent = 2525
    lab.sendmail(
        f"inet:{running.port}@127.0.0.1",
        extra=f"""define(`confCW_FILE', `{names}')dnl
define(`ESMTP_MAILER_ARGS', `TCP $h {sink.port}')dnl
define(`SMART_HOST', `esmtp:[127.0.0.1]')dnl
RELAY_DOMAIN(`inbox.test')dnl
RELAY_DOMAIN(`stric.test')dnl
FEATURE(`loose_relay_check')dnl
MAIL_FILTER(`silent', `S=inet:{silencer.port}@127.0.0.1, T=C:5s;S:10s;R:20s;E:1m')dnl
DAEMON_OPTIONS(`Port={silent}, Family=inet, Name=SILENT, InputMailFilters=silent')dnl
""",
    )
    return 25, silent


def tearDownModule():
    running.stop()


def send(smtp, number, case):
    """Returns "taken", "filter" for a refusal by the filter, "unread" when there are more readings than it judges, or "mta"."""
    for command in (f"MAIL FROM:{case.sender}", f"RCPT TO:{case.recipient}", "DATA"):
        reply = smtp.send(command.encode("latin-1"))
        if reply[:1] not in "23":
            smtp.expect("RSET", "250")
            return "unread" if "can be read in too many ways" in reply else "filter" if "quote reference" in reply else "mta"
    reply = smtp.send(f"X-Case: {number}\r\nSubject: x\r\n\r\nx\r\n.")
    return "taken" if reply.startswith("250") else "mta"


def send_some(port, client, name, cases):
    with Smtp(port, "127.0.0.1", client) as smtp:
        smtp.expect("EHLO mail.goody.test", "250")
        return {number: send(smtp, f"{name}-{number}", case) for number, case in cases}


def send_all(name, port, cases):
    """Returns what became of each, by number."""
    numbered = list(enumerate(cases))
    parts = [numbered[at:at + A_CONNECTION] for at in range(0, len(numbered), A_CONNECTION)]
    outcomes = {}
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        for done in [pool.submit(send_some, port, CLIENTS[at % len(CLIENTS)], name, part) for at, part in enumerate(parts)]:
            outcomes.update(done.result())
    return outcomes


def judged_as(case):
    """The audit records of a case, for whoever reads a failure."""
    return [
        {key: record[key] for key in ("mail_from", "sender", "verdicts", "recipients") if key in record}
        for record in running.records() if case.sender[:20] in str(record) and case.recipient[:20] in str(record)
    ][:2]


def is_unreadable(queue_file):
    """Sendmail cannot read again a sender with an escaped quote where no quote can be, and leaves such mail in its queue."""
    return re.search(rb'^S.*\\"', queue_file.read_bytes(), re.M) is not None


def queues_are_empty():
    postfix = lab.folder / "postfix-queue"
    waiting = [path for name in ("maildrop", "incoming", "active", "deferred") for path in (postfix / name).rglob("*") if path.is_file()]
    return not waiting and all(map(is_unreadable, (lab.folder / "sendmail-queue").glob("qf*")))


class Addresses(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.cases = all_cases()
        cls.outcomes = {
            (mta, way): send_all(f"{mta}-{way}", port, cls.cases) for mta, both in ports.items() for way, port in zip(("telling", "silent"), both)
        }
        wait_until("the end of the delivery", queues_are_empty)

    def each(self):
        for (mta, way), outcomes in self.outcomes.items():
            for number, outcome in outcomes.items():
                yield mta, way, self.cases[number], outcome, sink.seen.get(f"{mta}-{way}-{number}", [])

    def tell(self, faults):
        for mta, way, case, what in faults[:20]:
            print(f"{mta}, {way}: {case}: {what}\n    {judged_as(case)}", file=sys.stderr)
        self.assertEqual(len(faults), 0)

    def test_P0_no_spelling_passes_what_its_plain_form_does_not_pass(self):
        self.tell([
            (mta, way, case, f"delivered as {sender} to {recipient}")
            for mta, way, case, _, delivered in self.each() for sender, recipient in delivered if is_refused(plain(sender), plain(recipient))
        ])

    def test_P0_no_spelling_of_good_names_is_refused(self):
        self.tell([(mta, way, case, outcome) for mta, way, case, outcome, _ in self.each() if case.is_harmless and outcome == "filter"])

    def test_P0_odd_senders_of_everyday_are_taken(self):
        self.tell([(mta, way, case, outcome) for mta, way, case, outcome, delivered in self.each() if case.must_arrive and not delivered])

    def test_P0_the_spellings_reach_the_rules(self):
        """Enough of them are taken by the MTA, and enough are refused by the filter: else this proves nothing."""
        for key, outcomes in self.outcomes.items():
            counts = {what: list(outcomes.values()).count(what) for what in ("taken", "filter", "unread", "mta")}
            print(*key, counts, file=sys.stderr)
            self.assertGreater(counts["taken"], len(self.cases) // 8, (key, counts))
            self.assertGreater(counts["filter"], len(self.cases) // 8, (key, counts))


if __name__ == "__main__":
    enter_namespace(CLIENTS)
    unittest.main(verbosity=2)
