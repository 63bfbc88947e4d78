"""
P11: one hostile text from every source from which text comes, to every output to which text goes. Each source has
a mark of its own in its text, so that it shows what came through; each output is judged by what its readers bear:
a terminal, a JSON or HTML reader, a log, an SMTP client, a mail reader. REACHES says which source must stand in
which output, so that no row is empty without being noticed.
"""
import contextlib
import html
import html.parser
import http.client
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdatatype
import dns.rrset

import peers
from dns_server import DnsServer
from lab import RECORDED, SCHEMA, Lab, enter_namespace, free_port, wait_until
from raw_milter import Client, packet

CLIENT, LISTED = "198.51.100.80", "198.51.100.81"
CATALOGUE = pathlib.Path(__file__).resolve().parents[2] / "etc/refusals.conf"
TTL = 60


def evil(mark, size=None):
    """The hostile text; at most `size` octets of it, for labels of the DNS."""
    text = (b"zq" + mark.encode() + b"\x1b[31m\x01<script>&\"'\\%n%s;)(\r\nEvil: x\x7f\x85\xff\xc3 \xe2\x80\xae\xc2\x9b1m\xed\xa0\x80\x07")
    return text[:size]


def in_config(octets):
    """What stands in a string of the configuration for these octets."""
    return "".join(f"\\x{octet:02x}" if octet < 0x20 or octet > 0x7e or octet in b'"\\' else chr(octet) for octet in octets)


def quoted(mark):
    return in_config(evil(mark))


def printable(mark):
    """What is left of it where the configuration takes printable ASCII alone, because it goes into replies."""
    return f"zq{mark}<script>&\\x22'\\x5c%n%s;)("


def within_quotes(mark):
    """What is left of it where it stands on one line, in a quoted string that it does not end."""
    return re.sub(rb'["\\\x00-\x1f\x7f]', b"", evil(mark))


# Names: what the DNS says. A name is its labels.

def name_of(*labels):
    return dns.name.Name([*labels, b""])


def text_rdata(*strings):
    wire = b"".join(bytes([len(each)]) + each for each in strings)
    return dns.rdata.from_wire("IN", "TXT", wire, 0, len(wire))


def name_rdata(kind, name):
    wire = (b"\0\x0a" if kind == "MX" else b"") + name.to_wire()
    return dns.rdata.from_wire("IN", kind, wire, 0, len(wire))


TEXTS = {
    b"spf.test": b"v=spf1 exp=why.spf.test -all",
    b"why.spf.test": b"zqexp <script>\"'\\%% %{l} %{h} %{p} http://x/%{S}",
    b"raw.test": b"v=spf1 exp=why.raw.test -all",
    b"why.raw.test": evil("expraw"),
    b"term.test": b"v=spf1 " + evil("term").replace(b" ", b"") + b" -all",
    b"macro.test": b"v=spf1 exists:%{l}.%{h}.exists.test include:" + b"zqinclude%{l}.test -all",
    b"_dmarc.spf.test": b"v=DMARC1; p=" + evil("dmarc"),
    b"_mta-sts.spf.test": b"v=STSv1; id=" + evil("sts"),
    b"_smtp._tls.spf.test": b"v=TLSRPTv1; rua=" + evil("tlsrpt"),
    b"s1._domainkey.spf.test": b"v=DKIM1; p=" + evil("dkim"),
}


def answer(octets, is_tcp):
    query = dns.message.from_wire(octets, ignore_trailing=True)
    question = query.question[0]
    labels = [label.lower() for label in question.name.labels if label]
    name, kind = b".".join(labels), dns.rdatatype.to_text(question.rdtype)
    response, found = dns.message.make_response(query), None
    if kind == "PTR":
        found = name_rdata("PTR", name_of(evil("ptr", 60), b"host", b"test"))
    elif name.endswith(b"bl.test"):
        is_listed = name in (b"2.0.0.127.bl.test", b"81.100.51.198.bl.test", b"2.0.0.127.textbl.test", b"81.100.51.198.textbl.test")
        found = {"A": dns.rdata.from_text("IN", "A", "127.0.0.2"), "TXT": text_rdata(evil("listtext"))}.get(kind) if is_listed else None
    elif kind == "TXT":
        found = text_rdata(TEXTS[name]) if name in TEXTS else None
    elif kind == "MX" and len(labels) == 2:
        found = name_rdata("MX", name_of(b"mail", *labels) if name == b"mx.test" else name_of(evil("mx", 60), b"host", b"test"))
    elif kind == "A" and name.endswith(b".test") and b"exists" not in name and not name.startswith(b"_"):
        found = dns.rdata.from_text("IN", "A", CLIENT)
    if found is not None:
        response.answer.append(dns.rrset.from_rdata(question.name, TTL, found))
    elif not (name.endswith(b".test") and len(labels) == 2):
        response.set_rcode(dns.rcode.NXDOMAIN)
    return response.to_wire(max_size=65535)


CONFIG = RECORDED + f"""
mode MODE
received-spf yes
contact "{printable('contact').replace('%', '%%')}"
resolver {{ servers 127.0.0.1@{{dns}} timeout 8s }}
spf explanation yes
trust {{ networks {{ 127.0.0.0/8 }} }}
look-back yes {{ networks {{ 198.51.100.0/24 }} timeout 10s per-minute 6000 file "PEERS" }}
list "bl.test" {{ operator "{printable('operator')}" answers {{ 127.0.0.2 "{printable('meaning')}" }} page "https://bl.test/{printable('page')}%s" }}
dnsbl "bl.test" weight 5
dnsbl "textbl.test" weight 1
exceptions {{
    tag "{printable('tag')}" when recipient in {{ "*@*.test" }}
}}
policy for "text.test" {{ reject 550 5.7.1 "{printable('ruletext')}" when not trusted }}
policy for "list.test" {{ reject when dnsbl >= 5 }}
policy for "textlist.test" {{ reject when listed in {{ "textbl.test" }} }}
policy for "name.test" {{ reject when iprev != pass }}
policy for "helo.test" {{ reject when helo != pass }}
policy for "sender.test" {{ reject when sender != pass }}
policy for "peer.test" {{ reject when banner != pass }}
policy for "place.test" {{ quarantine when not trusted }}
policy for "quarantine.test" {{ quarantine "{printable('quarantine')}" when not trusted }}
policy for "open.test" {{ otherwise accept }}
policy {{ reject when spf != pass }}
"""

MAILS = [  # client, sender, the recipients' domains
    (CLIENT, evil("mail") + b"@spf.test", ["in", "text", "name", "helo", "sender", "peer", "quarantine", "plain", "open"]),
    (CLIENT, b"a@spf.test", ["plain", "place"]),
    (CLIENT, b"a@spf.test", ["plain", "quarantine"]),  # as the first is read in too many ways to be taken
    (CLIENT, b'<"' + within_quotes("local") + b'"@spf.test>', ["plain", "open"]),
    (CLIENT, b"a@raw.test", ["plain"]),
    (CLIENT, b"a@term.test", ["plain"]),
    (CLIENT, evil("mailmacro") + b"@macro.test", ["plain"]),
    (CLIENT, b"a@" + evil("maildomain") + b".test", ["in", "sender", "open"]),
    (LISTED, b"<" + b"zqlong" + b"\xff" * 5000 + b"@spf.test>", ["list", "textlist", "open"]),
]
FIELDS = [b"Authentication-Results", b"Received-SPF", b"X-Heloscope", b"Subject", evil("fieldname", 30).replace(b":", b"").replace(b"\r\n", b"")]
MACROS = {
    b"C": {"j": "macroj"},
    b"H": {"{tls_version}": "macrohelo"},
    b"M": {"i": "macroi", "{auth_authen}": "macroauth", "{tls_version}": "macrotls", "{cipher}": "macrocipher", "{cipher_bits}": "macrobits",
           "{verify}": "macroverify", "{cert_subject}": "macrosubject"},
    b"E": {"i": "macroqueue"},
}


def send_macros(client, command, has_auth):
    values = {name: mark for name, mark in MACROS[command].items() if has_auth or name != "{auth_authen}"}
    client.socket.sendall(packet(b"D", command + b"".join(name.encode() + b"\0" + evil(mark) + b"\0" for name, mark in values.items())))


def deliver(port, mail, has_auth=False):
    """One message with all that a client and an MTA can say. Returns all that came back."""
    address, sender, domains = mail
    came = []
    with Client(port) as client:
        send_macros(client, b"C", has_auth)
        client.socket.sendall(packet(b"C", evil("connect") + b"\0" + b"4\0\x19" + address.encode() + b"\0"))
        client.read()
        send_macros(client, b"H", has_auth)
        came += client.ask(b"H", evil("helo") + b"\0")
        send_macros(client, b"M", has_auth)
        came += client.ask(b"M", sender + b"\0" + evil("parameter") + b"\0")
        for domain in domains:
            came += client.ask(b"R", b"<" + (evil("rcpt") if domain == "in" else b"a") + f"@{domain}.test>\0".encode())
        for field in FIELDS:
            client.socket.sendall(packet(b"L", field + b"\0" + evil("fieldvalue") + b"\0"))
        send_macros(client, b"E", has_auth)
        if came[-1][0] == b"c":
            came += client.ask(b"E")
        else:
            client.socket.sendall(packet(b"A"))
            client.ask(b"M", b"<>\0")
    return came


def smtp(talk):
    """A mail server: hostile in each line, and in its certificate."""
    talk.connection.sendall(b"220 " + evil("banner").replace(b"\r\n", b"") + b"\r\n")
    talk.hear()
    talk.connection.sendall(b"250-" + evil("ehlo").replace(b"\r\n", b"") + b"\r\n250 STARTTLS\r\n")
    if not talk.hear().upper().startswith("STARTTLS"):
        return
    talk.say("220 go")
    talk.start_tls()
    talk.hear()
    talk.say("250 fine")
    talk.end_well()


def make_certificate(folder):
    authority = peers.Authority(folder)
    subject = "/CN=zqsubject\x1b[31m<script>\"'%n\u202e\x7f"
    return authority.make("evil", subject, names=["zqsan<script>%n\x1b.test"])


# Outputs: what each kind must keep to. Each takes octets and raises AssertionError.

CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")


def assert_terminal(octets):
    """Printable UTF-8 and line ends; nothing begins a line of its own."""
    text = octets.decode("utf-8")
    assert not CONTROLS.search(text), repr(CONTROLS.search(text))
    assert "\nEvil" not in text


def assert_ascii(octets):
    assert_terminal(octets)
    assert octets.isascii()


def assert_log(octets):
    assert_ascii(octets)
    for line in octets.decode().splitlines():
        assert line.startswith("heloscope-milter: "), line


def assert_json(octets):
    assert octets.isascii()
    assert_tokens(json.loads(octets))


TOKEN = re.compile(r"[a-z0-9_.-]+")
ENUMERATED = {"row", "severity", "kind", "state", "part", "why", "result", "status", "outcome", "fault", "problem", "starttls", "dane", "agreement", "reverse-dns",
              "reason", "action", "match", "from", "to", "overruled", "pending", "notes-pending"}


def assert_tokens(value, key=""):
    """What programs read of JSON: keys are tokens, and so is every value of an enumeration."""
    if isinstance(value, dict):
        for name, item in value.items():
            assert TOKEN.fullmatch(name), (key, name)
            assert key != "cells" or TOKEN.fullmatch(item), (name, item)
            assert_tokens(item, name)
    elif isinstance(value, list):
        for item in value:
            assert_tokens(item, key)
    elif key in ENUMERATED and isinstance(value, str):
        assert TOKEN.fullmatch(value), (key, value)


def assert_audit(octets):
    assert octets.isascii() and octets.endswith(b"\n")
    for line in octets.splitlines():
        SCHEMA.validate(json.loads(line))


PAGE_ATTRIBUTES = set("lang charset name content class id aria-labelledby aria-hidden aria-label role method action type readonly spellcheck rows http-equiv".split())
PAGE_ELEMENTS = set("html head meta title style body main h1 h2 h3 p section div form button textarea ul li strong span footer".split())


def assert_page(octets):
    """Nothing that was told has become an element of the page, or stands in an attribute."""
    assert_terminal(octets)
    for tag, attributes in Elements(octets).found:
        assert tag in PAGE_ELEMENTS, tag
        assert {name for name, _ in attributes} <= PAGE_ATTRIBUTES, (tag, attributes)
        assert not any("evil" in (value or "").lower() for _, value in attributes), (tag, attributes)


class Elements(html.parser.HTMLParser):
    def __init__(self, octets):
        super().__init__()
        self.found = []
        self.feed(octets.decode("utf-8"))

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, attrs))


def assert_reply(octets):
    """RFC 5321, 4.2: printable ASCII in lines of at most 512; libmilter's "%" is doubled, as the MTA wants it."""
    lines = octets.rstrip(b"\0").decode("ascii").split("\r\n")
    assert 1 <= len(lines) <= 3
    codes = {line[:3] for line in lines}
    assert len(codes) == 1
    for line in lines:
        assert re.fullmatch(r"[45]\d\d[ -][45]\.\d{1,3}\.\d{1,3} [ -~]*", line), line
        assert len(line) < 400
        assert "%" not in line.replace("%%", ""), line


def assert_field(octets):
    """RFC 5322, 2.1.1 and 2.2.3: printable ASCII; a line end only before a blank and something else."""
    for line in octets.split(b"\n"):
        assert re.fullmatch(rb"[ -~]*", line), line
        assert len(line) < 998
    assert not re.search(rb"\n[^ \t]|\n[ \t]*(\n|$)", octets), octets


def assert_one_line(octets):
    assert re.fullmatch(rb"[ -~]{1,255}", octets), octets


# Refusals.

# What the page of `why` is made of, and nothing that it quotes.
MARKUP = set("b body button dd details div dl dt h1 h2 h3 head footer header html i input label li main meta nav option p pre rect script section select span style summary svg"
             " table tbody td text th thead time title tr ul".split())


def on_one_line(mark):
    return evil(mark).replace(b"\r\n", b" ")


def refused_log():
    """Of Postfix, which would not write such octets; but whoever copies its log may. In each line another place is hostile."""
    places = ("from", "to", "relay", "host", "reply", "domain")
    lines = []
    for number, place in enumerate(places):
        plain = dict(zip(places, (b"a@spf.test", b"b@there.test", b"mx.there.test", b"mx.there.test", b"5.7.1 refused", b"there.test")))
        plain[place] = on_one_line("log" + place)
        start, queue_id = b"Nov 24 10:00:00 mx postfix/", b"4Fabc%d" % number
        lines += [
            start + b"qmgr[1]: %s: from=<%s>, size=1, nrcpt=1 (queue active)" % (queue_id, plain["from"]),
            start + b"smtp[2]: %s: to=<%s>, relay=%s[192.0.2.1]:25, delay=1, dsn=5.7.1, status=bounced (host %s[192.0.2.1] said: 550 %s (in reply to RCPT TO command))" % (
                queue_id, plain["to"], plain["relay"], plain["host"], plain["reply"]),
            start + b"smtp[2]: 5Fabc%d: to=<a@%s>, relay=none, delay=1, dsn=4.4.1, status=deferred (%s)" % (number, plain["domain"], plain["reply"])]
    return b"\n".join(lines) + b"\n"


def bounce():
    fields = b"Reporting-MTA: dns; %s\n\nFinal-Recipient: rfc822; %s@there.test\nAction: failed\nStatus: 5.7.1\nRemote-MTA: dns; %s\nDiagnostic-Code: smtp; 550 5.7.1 %s\n" % (
        on_one_line("dsnmta"), on_one_line("dsnto"), on_one_line("dsnremote"), on_one_line("dsnreply"))
    return (b"From: <%s@mx.test>\nTo: <a@spf.test>\nSubject: %s\nMIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
            b"--b\nContent-Type: text/plain\n\n%s\n--b\nContent-Type: message/delivery-status\n\n%s\n--b--\n") % (
                on_one_line("dsnfrom"), on_one_line("dsnsubject"), on_one_line("dsnwords"), fields)


def aggregate():
    def text(mark):
        return html.escape(re.sub(rb"[\x00-\x1f]", b"", evil(mark)).decode("utf-8", "ignore"))
    return (f"<?xml version='1.0'?><feedback><report_metadata><org_name>{text('org')}</org_name><report_id>{text('id')}</report_id></report_metadata><policy_published>"
            f"<domain>spf.test</domain><p>none</p></policy_published><record><row><source_ip>192.0.2.1</source_ip><count>1</count><policy_evaluated><disposition>none</disposition>"
            f"<dkim>fail</dkim><spf>fail</spf></policy_evaluated></row><identifiers><header_from>{text('author')}</header_from></identifiers><auth_results>"
            f"<dkim><domain>{text('dkimdomain')}</domain><selector>{text('selector')}</selector><result>fail</result></dkim>"
            f"<spf><domain>{text('spfdomain')}</domain><result>{text('spfresult')}</result></spf></auth_results></record></feedback>").encode()


class Recorder:
    """Outputs by name, each judged when it comes."""

    def __init__(self):
        self.texts = {}

    def take(self, output, judge, octets):
        try:
            judge(octets)
        except (AssertionError, ValueError) as fault:
            raise AssertionError(f"{output}: {fault!r}") from fault
        self.texts[output] = self.texts.get(output, b"") + octets

    def holds(self, output, source):
        return f"zq{source}".encode() in self.texts.get(output, b"")


recorder = Recorder()


def take_replies(came):
    for command, data in came:
        if command == b"y":
            recorder.take("reply", assert_reply, data)
        elif command == b"i":
            name, value, _ = data[4:].split(b"\0")
            assert re.fullmatch(rb"[!-9;-~]+", name)
            recorder.take("field", assert_field, value)
        elif command == b"q":
            recorder.take("quarantine", assert_one_line, data.rstrip(b"\0"))


def tool(output, *words, program="heloscope", locales=("C.UTF-8", "C")):
    """Run a program; standard output and standard error are for a terminal, or a document."""
    command = [os.fsencode(str(word)) if not isinstance(word, bytes) else word for word in (lab.builddir / "milter" / program, *words)]
    is_json = "--json" in words
    for locale in locales:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, env={**os.environ, "LC_ALL": locale}, timeout=60)
        assert done.returncode in (0, 1, 2, 3), (words, done.returncode, done.stderr)
        judge = assert_ascii if locale == "C" else assert_terminal
        if done.stdout:
            recorder.take(output, assert_json if is_json else judge, done.stdout)
        recorder.take(f"{output} errors", judge, done.stderr)
    return done


def setUpModule():
    global lab, stack, filters, folder
    with contextlib.ExitStack() as started:
        lab = started.enter_context(Lab())
        folder = lab.subfolder("peers", owner="nobody")
        lab.servers["dns"] = free_port()
        started.enter_context(DnsServer(lab.servers["dns"], answer))
        for address in (CLIENT, LISTED):
            script = peers.Script(address, smtp, chain=make_certificate(lab.subfolder(f"ca-{address}")))
            started.callback(script.stop)
        filters = {}
        for mode in ("enforce", "audit"):
            (folder / mode).write_bytes(b"heloscope-peers-3\n" + evil("findings"))
            name = os.fsdecode(f"{mode} ".encode() + evil("file"))
            text = CONFIG.replace("MODE", mode).replace("PEERS", str(folder / mode)).replace("{records}", in_config(os.fsencode(f"{lab.folder}/records/{name}.jsonl")))
            filters[mode] = lab.heloscope(text, name=name)
        stack = started.pop_all()


def tearDownModule():
    stack.__exit__(*sys.exc_info())


class Escape(unittest.TestCase):
    def test_P11_every_source_to_every_output(self):
        for mode, running in filters.items():
            with self.subTest(mode):
                self.mail(running)
        for mode, running in filters.items():
            recorder.take("log", assert_log, running.stop().encode())
            recorder.take("audit", assert_audit, running.records_path.read_bytes())
            self.tell(running)
        self.show(filters["enforce"])
        self.look()
        self.refused()
        self.complain()
        self.forge()
        for output, sources in REACHES.items():
            for source in sources.split():
                with self.subTest(output=output, source=source):
                    self.assertTrue(recorder.holds(output, source))

    def mail(self, running):
        take_replies(deliver(running.port, MAILS[0]))
        for mail in MAILS:
            take_replies(deliver(running.port, mail))
        take_replies(deliver(running.port, MAILS[0], has_auth=True))

        def is_known():
            edits = deliver(running.port, (CLIENT, b"a@spf.test", ["peer", "open"]))
            take_replies(edits)
            return not any(b"not checked yet" in data for command, data in edits)
        wait_until("findings", is_known)

    def tell(self, running):
        """What stands in records, told: of each mail, and of the last, when the server's findings were known."""
        idents = [record["id"] for record in running.records()]
        for ident in idents[:len(MAILS) + 2] + idents[-1:]:
            tool("explain", "explain", "-c", running.config, ident)
            tool("for-sender", "explain", "--for-sender", "-c", running.config, ident)
        tool("explain json", "explain", "--json", "-c", running.config, idents[0])
        self.sum_up(running.records_path, running.config)

    def show(self, running):
        """The page behind each reference, and what it tells when the checks are made again."""
        number, program = free_port(), lab.folder / "heloscope"
        shutil.copy(lab.builddir / "milter/heloscope", program)
        process = lab.start("page", [program, "page", "--listen", f"127.0.0.1:{number}", "--user", "nobody", "--stderr", "-c", running.config])
        wait_until("the page", lambda: "page: ready" in (lab.folder / "page.log").read_text(), process=process)
        shown = [record["id"] for record in running.records() if any(verdict.get("action") in ("reject", "defer") for verdict in record["verdicts"])]
        for visitor, ident in enumerate(shown):
            for method in ("GET", "POST", "GET"):
                request = http.client.HTTPConnection("127.0.0.1", number, timeout=60)
                request.request(method, f"/why/{ident}", headers={"X-Real-IP": f"10.{visitor % 250}.{visitor // 250}.1"})
                answer = request.getresponse()
                text = answer.read()
                request.close()
                if answer.status == 200:
                    recorder.take("page", assert_page, text)
        process.terminate()
        self.assertEqual(process.wait(60), 0)
        lab.processes.remove(process)

    def sum_up(self, log, config):
        tool("report", "report", "--log", log)
        tool("report json", "report", "--json", "--log", log)
        tool("replay", "replay", "-c", config, "--log", log)
        tool("replay json", "replay", "--json", "-c", config, "--log", log)
        page, empty = lab.folder / "page.html", lab.folder / "empty.html"
        (lab.folder / "empty.jsonl").write_text("")
        tool("report html", "report", "--log", log, "--html", page)
        tool("report html", "report", "--log", lab.folder / "empty.jsonl", "--html", empty)
        self.assertEqual(Elements(page.read_bytes()).found, Elements(empty.read_bytes()).found)
        recorder.take("html", assert_terminal, page.read_bytes().replace(b"\t", b" "))

    def look(self):
        """The commands that ask for themselves, with hostile arguments where there may be any."""
        config = filters["enforce"].config
        for is_json in ([], ["--json"]):
            suffix = " json" if is_json else ""
            for domain in ("spf", "raw", "term", "macro", "mx"):
                tool("check" + suffix, "check", *is_json, "-c", config, "--ip", CLIENT, "--helo", within_quotes("arghelo"), "--rcpt", "a@plain.test",
                     "--from", b'<"' + within_quotes("argfrom") + f'"@{domain}.test>'.encode(), "--rcpt", b'<"' + within_quotes("argrcpt") + b'"@open.test>')
            tool("doctor" + suffix, "doctor", *is_json, "-c", config, "--ip", CLIENT, "--helo", "mail.mx.test", "--selector", "s1", "spf.test", "term.test", "macro.test", "raw.test", "mx.test")
            tool("lists" + suffix, "lists", *is_json, "-c", config)
        tool("test", "-t", "-c", config, program="heloscope-milter")
        tool("show", "-T", "-c", config, program="heloscope-milter")

    def refused(self):
        """What other servers answered, in whatever form it comes."""
        folder = lab.subfolder("refused")
        files = [folder / name for name in ("mail.log", "bounce.eml", "words.txt", "report.xml")]
        for path, text in zip(files, (refused_log(), bounce(), b"550 5.7.1 " + on_one_line("refusal"), aggregate())):
            path.write_bytes(text)
        config, page = filters["enforce"].config, folder / "page.html"
        for words in (["-c", CATALOGUE, "--offline"], ["-c", CATALOGUE, "--config", config, "--ip", CLIENT]):
            for path in files:
                tool("why", "why", *words, path)
                tool("why json", "why", "--json", *words, path)
            tool("why", "why", *words, "--html", page, *files)
            markup = Elements(page.read_bytes())
            self.assertLessEqual({tag for tag, _ in markup.found}, MARKUP)
            self.assertEqual([tag for tag, _ in markup.found].count("script"), 1)
            self.assertEqual([name for _, attrs in markup.found for name, _ in attrs if name.startswith("on")], [])
            recorder.take("why html", assert_terminal, page.read_bytes().replace(b"\t", b" "))

    def complain(self):
        """Error messages: whatever is wrong about the arguments, the configuration, and the names of files."""
        bad, path = evil("argument"), lab.folder / os.fsdecode(evil("filename"))
        log = filters["enforce"].records_path
        for command in ("check", "doctor", "explain", "lists", "replay", "report"):
            for words in ([b"--" + bad], ["-c", bad], [bad], ["--log", bad, "20261124"], ["--since", bad], ["--log", log, bad], ["--ip", bad],
                          ["--ip", CLIENT, "--from", bad], ["--ip", CLIENT, "--from", bad + b" <a@b.test"], ["--ip", CLIENT, "--rcpt", bad],
                          ["--selector", bad, "a.test"], ["--bounces", bad, "a.test"], ["--html", b"/nowhere/" + bad, "--log", log]):
                tool("complaint", command, *words)
        tool("complaint", bad)
        for words in (["-c", bad], [b"--" + bad], [bad]):
            tool("complaint", *words, program="heloscope-milter")
        broken = {
            "word": evil("word"), "string": b'listen "' + evil("string") + b'"', "include": b'include "' + quoted("inclusion").encode() + b'"',
            "list": b'dnsbl "' + quoted("zone").encode() + b'"', "user": b'user "' + quoted("user").encode() + b'"',
            "rule": b"policy { reject when " + evil("rule") + b" = x }", "socket": b'listen "unix:/nowhere/' + quoted("socket").encode() + b'"',
            "key": b'list "bl.test" { key-file "/' + quoted("keyfile").encode() + b'" }', "audit": b'records "/nowhere/' + quoted("auditlog").encode() + b'"',
            "pattern": b'policy { reject when recipient in { "@' + quoted("pattern").encode() + b'" } }',
        }
        for text in broken.values():
            path.write_bytes(text + b"\n")
            for words in (["-t"], ["-T"], []):
                if words or not text.startswith((b"user", b"records")):
                    tool("configuration", *words, "-c", path, program="heloscope-milter")
            tool("configuration", "lists", "-c", path)

    def forge(self):
        """A log that somebody else wrote: each text of a record hostile in turn, and lines that are none."""
        records = filters["enforce"].records()
        log = lab.folder / "forged.jsonl"
        idents = []
        with log.open("wb") as out:
            for record in (records[0], next(record for record in records if record["client"]["ip"] == LISTED)):
                for number, place in enumerate(places_of(record)):
                    forged = json.loads(json.dumps(record))
                    replace(forged, place, evil("forged").decode("utf-8", "replace") if place != ["time"] else forged["time"])
                    forged["id"] = f"20261124T000000Z-{len(idents):012x}"
                    idents.append(forged["id"])
                    out.write(json.dumps(forged, separators=(",", ":")).encode() + b"\n")
            out.write(evil("line") + b"\n" + b'{"v":1,"id":"' + evil("id") + b'"}\n')
            for each in ("id", "time"):
                out.write(json.dumps({**records[0], each: evil("forgedid").decode("utf-8", "replace")}).encode() + b"\n")
        self.sum_up(log, filters["enforce"].config)
        for number, ident in enumerate(idents):
            tool("forged", "explain", *(["--for-sender"] if number % 4 == 0 else []), "--log", log, ident, locales=["C.UTF-8"])


def places_of(value, place=()):
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from places_of(inner, (*place, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from places_of(inner, (*place, index))
    elif isinstance(value, str):
        yield list(place)


def replace(value, place, text):
    for step in place[:-1]:
        value = value[step]
    value[place[-1]] = text


# Output -> the sources that must stand in it.
TOLD_TO_SENDERS = "banner contact exp helo listtext local meaning page ptr ruletext"
IN_FIELDS = TOLD_TO_SENDERS + " file long macrobits macrocipher macrosubject macrotls macroverify tag"
OF_CHECKS = "exp expraw ptr subject tag term"
OF_LOGS = "file forged"
OF_REFUSALS = "dkimdomain dsnremote dsnreply loghost logreply refusal spfdomain"
OF_DOMAINS = "banner dkim dmarc include mx ptr sts subject tlsrpt"
REACHES = {
    "reply": TOLD_TO_SENDERS,
    "field": IN_FIELDS,
    "quarantine": "file quarantine",
    "log": "file helo local long macroqueue",
    "audit": IN_FIELDS + " ehlo expraw macroauth macroqueue mail maildomain mailmacro rcpt san subject term",
    "explain": TOLD_TO_SENDERS + " file long macroauth macroqueue rcpt san subject term",
    "for-sender": TOLD_TO_SENDERS,
    "page": TOLD_TO_SENDERS,
    "explain json": "contact file helo mail ptr rcpt ruletext",
    **{output: OF_LOGS for output in ("report", "report json", "html")},
    # Which takes the facts of a record only where they are such as the filter writes, and tells what changed.
    **{output: "file" for output in ("replay", "replay json")},
    **{output: OF_CHECKS + " argfrom arghelo argrcpt" for output in ("check", "check json")},
    **{output: OF_DOMAINS for output in ("doctor", "doctor json")},
    "why": OF_REFUSALS,
    **{output: OF_REFUSALS + " logfrom" for output in ("why json", "why html")},
    "show": "contact file meaning operator page quarantine ruletext tag",
    "complaint errors": "argument",
    "configuration errors": "auditlog filename inclusion pattern socket string user word zone",
    "forged": "forged",
}

if __name__ == "__main__":
    enter_namespace([CLIENT, LISTED])
    unittest.main()
