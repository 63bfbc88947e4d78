"""world: the zones, the senders and the lists of the benchmarks, and each filter's configuration."""
CLIENTS = 1000
DOMAINS = 300
PROVIDERS = 5
LISTS = 12           # zones bl0.test, bl1.test ...; a tenth of the clients is in the first, a twentieth in the second
SIGNERS = 10         # domains, the first ones, that sign what they send and ask for DMARC
SELECTOR = "bench"
SPF_KINDS = ["pass"] * 5 + ["include"] * 2 + ["fail", "softfail", "none"]


def client(number):
    return f"198.18.{number // 250}.{number % 250 + 1}"


def domain(number):
    return f"d{number % DOMAINS}.example"


def spf_kind(number):
    return SPF_KINDS[number % DOMAINS % len(SPF_KINDS)]


def spf_record(kind, number):
    return {
        "pass": '"v=spf1 mx a ip4:198.18.0.0/15 -all"',
        "include": f'"v=spf1 ip4:192.0.2.1 include:_spf.p{number % PROVIDERS}.example ~all"',
        "fail": '"v=spf1 mx -all"',
        "softfail": '"v=spf1 mx ~all"',
        "none": None,
    }[kind]


def spf_result(number):
    return {"include": "pass"}.get(spf_kind(number), spf_kind(number))


def has_name(number):
    return number % 20 != 7


def is_listed(number, bl):
    return number % (10, 20)[bl] == 3 if bl < 2 else False


def reverse(number):
    return ".".join(reversed(client(number).split(".")))


def signer_records(number, public_key):
    """What domain(number) publishes for DKIM and DMARC; a string of a TXT record takes 255 octets."""
    name, record = domain(number).removesuffix(".example"), f"v=DKIM1; k=rsa; p={public_key}"
    strings = " ".join(f'"{record[at:at + 255]}"' for at in range(0, len(record), 255))
    return [f"{SELECTOR}._domainkey.{name} TXT {strings}", f'_dmarc.{name} TXT "v=DMARC1; p=reject"']


def zones(public_key=None):
    """Name -> records; also of lists. `public_key`: what signers have in p=."""
    example = []
    for number in range(DOMAINS):
        name = domain(number).removesuffix(".example")
        example += [f"{name} MX 10 mail.{name}", f"mail.{name} A 203.0.113.{number % 250 + 1}", f"{name} A 203.0.113.{number % 250 + 1}"]
        record = spf_record(spf_kind(number), number)
        if record:
            example.append(f"{name} TXT {record}")
    for number in range(PROVIDERS):
        example.append(f'_spf.p{number} TXT "v=spf1 ip4:198.18.0.0/16 ip4:198.19.0.0/16 ~all"')
    for number in range(SIGNERS if public_key else 0):
        example += signer_records(number, public_key)
    pointers = []
    for number in range(CLIENTS):
        name = f"out{number}.{domain(number)}".removesuffix(".example")
        example.append(f"{name} A {client(number)}")
        if has_name(number):
            pointers.append(f"{reverse(number).removesuffix('.18.198')} PTR {name}.example.")
    answers = {"example": "\n".join(example), "18.198.in-addr.arpa": "\n".join(pointers)}
    for bl in range(LISTS):
        lines = ["2.0.0.127 A 127.0.0.2"]
        lines += [f'{reverse(number)} A 127.0.0.2\n{reverse(number)} TXT "listed"' for number in range(CLIENTS) if is_listed(number, bl)]
        answers[f"bl{bl}.test"] = "\n".join(lines)
    return answers


def case(number, words, recipients=1, letter="-"):
    """A line for load; `letter`: the file with the message."""
    sender = f"<anna{number}@{domain(number)}>"
    named = ",".join(f"<user{recipient}@in.test>" for recipient in range(recipients))
    return "\t".join([client(number), f"out{number}.{domain(number)}", sender, named, "accept", words, str(letter)])


def expected(number, checks):
    """Words that a filter's fields must hold for a case."""
    words = {"spf": f"spf={spf_result(number)}", "iprev": f"iprev={'pass' if has_name(number) else 'permerror'}",
             "x-dnsbl": f"x-dnsbl={'fail' if is_listed(number, 0) or is_listed(number, 1) else 'none'}",
             "dkim": "dkim=pass", "dmarc": "dmarc=pass"}
    return " ".join(words[check] for check in checks) or "-"


def cases(checks, recipients=1):
    return "\n".join(case(number, expected(number, checks), recipients) for number in range(CLIENTS)) + "\n"


# Senders that were never seen before: each has a domain of its own. Their SPF records are of four kinds in turn;
# the longest way of lookups that need each other is that of "mx": the record, the MX, and the address of that.

STRANGERS = 3000
STRANGER_LOOKUPS = 3
STRANGER_RECORDS = ("v=spf1 ip4:198.18.0.0/15 -all", "v=spf1 a:mx.s{number}.strange.example -all", "v=spf1 include:_spf.p1.example -all", "v=spf1 mx ip4:198.18.0.0/15 -all")


def stranger(number):
    return f"198.19.{number // 250}.{number % 250 + 1}"


def stranger_zones():
    strange, pointers = [], []
    for number in range(STRANGERS):
        record = STRANGER_RECORDS[number % len(STRANGER_RECORDS)].format(number=number)
        strange += [f"s{number} MX 10 mail.s{number}", f"mail.s{number} A 203.0.113.1", f"out.s{number} A {stranger(number)}",
                    f'mx.s{number} A {stranger(number)}', f's{number} TXT "{record}"']
        pointers.append(f"{number % 250 + 1}.{number // 250} PTR out.s{number}.strange.example.")
    return {"strange.example": "\n".join(strange), "19.198.in-addr.arpa": "\n".join(pointers)}


def stranger_cases(first, count, checks):
    words = " ".join({"spf": "spf=pass", "iprev": "iprev=pass", "x-dnsbl": "x-dnsbl=none"}[check] for check in checks) or "-"
    lines = [f"{stranger(number)}\tout.s{number}.strange.example\t<anna@s{number}.strange.example>\t<user@in.test>\taccept\t{words}\t-"
             for number in range(first, first + count)]
    return "\n".join(lines) + "\n"


def heloscope(socket, lists=2, servers="127.0.0.1", timeout="5s", rules=0, networks=0, cache=8, mode="audit", audit=None, enable=(), control=None):
    """
    The configuration; with `rules` that never hold, and `networks` that hold none of the clients; `audit` is the log of records; `enable`:
    checks that must be asked for; `control`: the socket on which it is scraped.
    """
    names = "\n".join(f'dnsbl "bl{bl}.test" weight {4 if bl == 0 else 2}' for bl in range(lists))
    policy = "\n".join(f'    reject when client in {{ 203.0.{rule // 250}.{rule % 250} }} and spf = fail' for rule in range(rules))
    trusted = "".join(f", 10.{network // 256}.{network % 256}.0/24" for network in range(networks))
    log = f'records "{audit}"\n' if audit else ""
    watched = f'control "unix:{control}"\n' if control else ""
    enabled = f"enable {{ {', '.join(enable)} }}\n" if enable else ""
    return f"""
authserv-id "mx.bench.test"
listen "{socket}"
user "root"
log stderr
{log}{watched}{enabled}mode {mode}
resolver {{
    servers {servers}
    timeout {timeout}
    cache {cache}MB
}}
trust {{ networks {{ 127.0.0.0/8, ::1/128, 192.0.2.0/24{trusted} }} }}
{names}
policy {{
    accept when trusted
    accept when recipient in {{ "postmaster@*", "abuse@*" }}
{policy}
    reject when dnsbl >= 5
    reject when spf = fail and iprev != pass
    audit reject when sender = fail
    tag "helo-syntax" when helo = permerror
}}
"""
