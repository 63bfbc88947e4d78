"""dns_server: a DNS server on UDP and TCP, in a thread, that says what a test wants said.

What misbehave() does follows from the first label of the name that is asked, under any domain:
  drop        no answer
  lateN       the right answer N milliseconds late
  servfail, refused, formerr, notimp, yxdomain    that code and nothing else
  wrongid, wrongname   an answer to another question, never the right one
  garbage, empty, short   octets that are no DNS message
  overrun     a record whose data would end behind the message
  truncated   TC over UDP, the answer over TCP
  tcpreset    TC over UDP, and TCP hangs up
  cnameloop   two names that point to each other
  oddname     PTR and MX names with control octets, dots and quotes in their labels
  manyN       N records
  bigN        a TXT record of N octets, over TCP
  nodata, nxdomain
Any other name: A 192.0.2.1, AAAA 2001:db8::1, MX 10 mail.DOMAIN, TXT "text", PTR host.DOMAIN.
"""
import contextlib
import re
import socket
import socketserver
import struct
import threading
import time

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

RCODES = {"servfail": 2, "formerr": 1, "notimp": 4, "refused": 5, "yxdomain": 6, "nxdomain": 3}
ODD_LABELS = [b'a.b";\r\n\x1b[31m%s', b"<script>", b"example"]
TTL = 60


def records(question, label, number):
    """The rdata texts for a question."""
    count = number if label == "many" else 1
    domain = question.name.parent().to_text() if len(question.name.labels) > 2 else "example."
    kind = dns.rdatatype.to_text(question.rdtype)
    if label == "big" and kind == "TXT":
        parts = [255] * (number // 255) + ([number % 255] if number % 255 else [])
        return [" ".join('"%s"' % ("x" * length) for length in parts)]
    return {
        "A": [f"192.0.2.{1 + n % 250}" for n in range(min(count, 250))],
        "AAAA": [f"2001:db8::{1 + n:x}" for n in range(count)],
        "MX": [f"{10 + n} mail{n or ''}.{domain}" for n in range(count)],
        "TXT": [f'"text {n}"' for n in range(count)],
        "PTR": [f"host{n or ''}.{domain}" for n in range(count)],
    }.get(kind, [])


def odd_answer(query, question):
    """A name whose labels hold what no host name may hold, in wire form."""
    target = dns.name.Name([*ODD_LABELS, b""])
    response = dns.message.make_response(query)
    rdata = target.to_text() if question.rdtype == dns.rdatatype.PTR else "10 " + target.to_text()
    response.answer.append(dns.rrset.from_text(question.name, TTL, "IN", question.rdtype, rdata))
    return response.to_wire(max_size=65535)


def respond(query, is_tcp, kind, number, found):
    """
    The octets of an answer that goes wrong in the way of `kind`, or is right; None for silence, False to
    hang up. `found`: the rdata texts of the right answer.
    """
    question = query.question[0]
    response = dns.message.make_response(query)
    if kind == "drop":
        return None
    if kind in RCODES:
        response.set_rcode(RCODES[kind])
        return response.to_wire()
    if kind in ("garbage", "empty", "short"):
        head = struct.pack("!H", query.id)
        return {"garbage": head + b"\xff" * 60, "empty": b"", "short": head + b"\x81"}[kind]
    if kind == "late":
        time.sleep(number / 1000)
    if kind == "tcpreset" and is_tcp:
        return False
    if kind in ("truncated", "tcpreset", "big") and not is_tcp:
        response.flags |= dns.flags.TC
        return response.to_wire()
    if kind == "oddname":
        return odd_answer(query, question)
    if kind == "cnameloop":
        other = dns.name.Name([b"cnameloop2"] + list(question.name.labels[1:]))
        response.answer.append(dns.rrset.from_text(question.name, TTL, "IN", "CNAME", other.to_text()))
        response.answer.append(dns.rrset.from_text(other, TTL, "IN", "CNAME", question.name.to_text()))
        return response.to_wire()
    owner = dns.name.from_text("other.example") if kind == "wrongname" else question.name
    if found:
        response.answer.append(dns.rrset.from_text(owner, TTL, "IN", question.rdtype, *found))
    if kind == "overrun":  # the last record must be the one whose length is wrong
        response.use_edns(False)
    if kind == "wrongname":
        response.question = [dns.rrset.RRset(owner, question.rdclass, question.rdtype)]
    wire = response.to_wire(max_size=65535)
    if kind == "wrongid":
        return bytes([wire[0] ^ 0xFF]) + wire[1:]
    if kind == "overrun":  # behind the question stand a pointer to its name, type, class, TTL and the length
        at = 12 + len(question.name.to_wire()) + 4 + 10
        return wire[:at] + struct.pack("!H", 40000) + wire[at + 2:]
    if not is_tcp and len(wire) > 1232:
        response.answer = []
        response.flags |= dns.flags.TC
        return response.to_wire()
    return wire


def misbehave(packet, is_tcp):
    """An answer as the first label of the question's name asks for it."""
    query = dns.message.from_wire(packet, ignore_trailing=True)
    question = query.question[0]
    kind, digits = re.match(r"([a-z]*)(\d*)", question.name.labels[0].decode("latin-1").lower()).groups()
    number = int(digits or 1)
    found = records(question, kind, number) if kind != "nodata" else []
    return respond(query, is_tcp, kind, number, found)


def answering(world):
    """Answers from a table: "NAME TYPE" -> rdata texts, or the kind of a fault; a name with nothing at all does not exist."""
    names = {key.split()[0] for key in world}

    def answer(packet, is_tcp):
        query = dns.message.from_wire(packet)
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        found = world.get(f"{name} {dns.rdatatype.to_text(question.rdtype)}") or []
        exists = any(each == name or each.endswith("." + name) for each in names)
        kind = found if isinstance(found, str) else "" if exists else "nxdomain"
        return respond(query, is_tcp, kind, 0, [] if isinstance(found, str) else found)
    return answer


class Udp(socketserver.BaseRequestHandler):
    def handle(self):
        packet, endpoint = self.request
        self.server.asked.append(packet)
        reply = self.server.answer(packet, False)
        if reply is not None:
            endpoint.sendto(reply, self.client_address)


class Tcp(socketserver.StreamRequestHandler):
    def handle(self):
        while True:
            head = self.rfile.read(2)
            if len(head) < 2:
                return
            reply = self.server.answer(self.rfile.read(struct.unpack("!H", head)[0]), True)
            if reply is False:
                return
            if reply is not None:
                self.wfile.write(struct.pack("!H", len(reply)) + reply)


SO_RCVBUFFORCE = 33  # beyond net.core.rmem_max, for root; the socket module has no name for it


class UdpServer(socketserver.ThreadingUDPServer):
    daemon_threads = True
    allow_reuse_address = False

    def server_bind(self):
        self.asked = []
        for option in (socket.SO_RCVBUF, SO_RCVBUFFORCE):
            with contextlib.suppress(PermissionError):
                self.socket.setsockopt(socket.SOL_SOCKET, option, 8 << 20)
        super().server_bind()

    def process_request(self, request, client_address):
        """A thread for each question, but none for silence: ten thousand of them would keep others waiting."""
        if self.answer is misbehave and request[0][12:].startswith(b"\4drop"):
            self.asked.append(request[0])
        else:
            super().process_request(request, client_address)


class TcpServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


class DnsServer:
    """Runs until it is left: `with DnsServer(port) as server`. What it says is up to `answer`, as misbehave() is."""

    def __init__(self, port, answer=misbehave):
        self.servers = [UdpServer(("127.0.0.1", port), Udp), TcpServer(("127.0.0.1", port), Tcp)]
        for server in self.servers:
            server.answer = answer
        self.threads = [threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True) for server in self.servers]

    def __enter__(self):
        # dnspython loads what it needs for a type with the first question, on a cold disk for longer than a resolver waits.
        for kind in ("A", "AAAA", "MX", "NS", "PTR", "TXT", "CNAME"):
            misbehave(dns.message.make_query("first.example", kind).to_wire(), False)
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *unused):
        for server in self.servers:
            server.shutdown()
            server.server_close()

    def questions(self):
        """How many questions came by UDP."""
        return len(self.servers[0].asked)
