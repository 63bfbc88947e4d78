"""zone: zone data as the SPF test suites write it, served by a scripted DNS server."""
import dns.message
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset

IN = dns.rdataclass.IN
TTL = 300


def octets(text):
    """YAML gives text; the suites mean octets, except where a character is none."""
    return text.encode("latin-1") if all(ord(c) < 256 for c in text) else text.encode()


def name_of(text):
    """A name whose labels may hold any octet, or None when the DNS has no such name."""
    labels = octets(text.rstrip(".")).split(b".") if text.rstrip(".") else []
    try:
        return dns.name.Name([*labels, b""])
    except dns.exception.DNSException:
        return None


def wire_of(kind, value):
    """Record data in wire form."""
    if kind in ("A", "AAAA"):
        return dns.rdata.from_text(IN, kind, value).to_wire()
    if kind == "TXT":
        parts = [octets(part) for part in (value if isinstance(value, list) else [value])]
        pieces = [part[at : at + 255] for part in parts for at in range(0, max(len(part), 1), 255)]
        return b"".join(bytes([len(piece)]) + piece for piece in pieces)
    if kind == "MX":
        return int(value[0]).to_bytes(2, "big") + name_of(value[1]).to_wire()
    return name_of(value).to_wire()


class Zone:
    """`data`: name -> list of {TYPE: value}. TIMEOUT and SERVFAIL stand for every type not listed before them."""

    def __init__(self, data):
        self.names, self.parents, self.asked = {}, set(), 0
        for text, entries in data.items():
            name = name_of(text)
            if name is None:
                continue
            self.names[self.key(name)] = self.with_txt(entries)
            for depth in range(1, len(name.labels)):
                self.parents.add(self.key(dns.name.Name(name.labels[depth:])))

    @staticmethod
    def key(name):
        return name.to_wire().lower()

    @staticmethod
    def with_txt(entries):
        """The suites mean an SPF record as a TXT record, too, when there is no TXT record; "NONE" is none."""
        pairs = [(entry, True) if isinstance(entry, str) else next(iter(entry.items())) for entry in entries]
        if not any(kind == "TXT" for kind, _ in pairs):
            pairs = [("TXT" if kind == "SPF" else kind, value) for kind, value in pairs]
        return [(kind, value) for kind, value in pairs if kind != "SPF" and value != "NONE"]

    def records(self, name, kind):
        """What there is: (list of values, None), or (None, fault)."""
        found = []
        for entry, value in self.names.get(self.key(name), []):
            if entry in ("TIMEOUT", "SERVFAIL") and not found:
                return None, entry
            if entry == kind and value in ("TIMEOUT", "SERVFAIL"):
                return None, value
            if entry == kind:
                found.append(value)
        return found, None

    def answer(self, packet, is_tcp):
        self.asked += 1
        query = dns.message.from_wire(packet)
        response = dns.message.make_response(query)
        question = query.question[0]
        kind, name = dns.rdatatype.to_text(question.rdtype), question.name
        for _ in range(12):
            found, fault = self.records(name, kind)
            if fault == "TIMEOUT":
                return None
            if fault == "SERVFAIL":
                response.set_rcode(2)
                return response.to_wire()
            links, _ = self.records(name, "CNAME")
            if found or not links:
                break
            response.answer.append(self.rrset(name, "CNAME", links[:1]))
            name = name_of(links[0])
        if found:
            response.answer.append(self.rrset(name, kind, found))
        elif self.key(name) not in self.names and self.key(name) not in self.parents:
            response.set_rcode(3)
        wire = response.to_wire(max_size=65535)
        if len(wire) > 1232 and not is_tcp:
            response.answer = []
            response.flags |= dns.flags.TC
            return response.to_wire()
        return wire

    @staticmethod
    def rrset(name, kind, values):
        rdtype = dns.rdatatype.from_text(kind)
        rrset = dns.rrset.RRset(name, IN, rdtype)
        for value in values:
            wire = wire_of(kind, value)
            rrset.add(dns.rdata.from_wire(IN, rdtype, wire, 0, len(wire)), TTL)
        return rrset
