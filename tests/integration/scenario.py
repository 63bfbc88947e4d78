"""scenario: the world in which the demo and the integration tests play. Names are under .test and
.example, addresses are those of RFC 5737 and RFC 3849."""
from lab import RECORDED

addresses = {
    "good": "198.51.100.54",
    "good6": "2001:db8::54",
    "nameless": "198.51.100.7",
    "mismatch": "198.51.100.9",
    "listed": "198.51.100.66",
    "allowed": "198.51.100.70",
    "neutral": "203.0.113.5",
    "hostile": "198.51.100.80",
    "many": "198.51.100.81",
    "deferred": "198.51.100.82",
}

# Public keys made for these tests: RSA of 2048, 1024 and 512 bits, and ed25519, bare and wrapped.
RSA_2048 = (
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAzmwJpF/WGqh4eaKrSX5mP2ntd4ap64a7zIugaluJfAM2sAlV0/NFZlFI4Zhg+ZNhN8vLwQzfSQYq"
    "r+sziRCIHBCKKqEZA124MLLrOCTjM5z9Q6VYix089j9p/+TBbjEHXXtzbjzmzHezFdZrMZs0j1hmEggh0Xixzbil+bg0F9/l24qRsByb8cJPGPDpg8uye7UM"
    "ZRSxArBIcL9Z/iqNfzqKeq0s0BrDm3DK0s662iuZ61CgDpkC97uAzlx1diojYxzcmhUiMZZ5sklAbKqrsdOMlaLb4wHmq7jySS4IJXI+R9F4yKNHXB7TCbaa"
    "H37sL2Gj8r3+9J7UiVvWa9mEbQIDAQAB"
)
RSA_1024 = (
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDi61Ld7EAZV0hKXnTI92J4BMci9JxiAr4VmX9V4StOPGkX4aDaefcgVuWk/xLc+6xX07eyWCqv+KKwMRIG"
    "JEzP/mjtbuTzidy6Q/CAynRujvfuFjHfM1/Q8YAulVNNvwouhrMme1YW6GQ3RcZoHT1XNFsMla38HScrAWOrS3UUxQIDAQAB"
)
RSA_512 = "MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAJkXGFsLKjR4eBVi907t45iYyhiuIvEtOplG0vR9VwRImg+HOXdH4GrI0FpPBFOopFDEv68guc03gdG3749JJq0CAwEAAQ=="
ED25519, ED25519_WRAPPED = "GX1Qf1yQNpZ7RXFDXOcjX1FpeVmS9Lboz6D7LsBVYt8=", "MCowBQYDK2VwAyEAgoKuH7rFC2ieZzbomT2J8VWtnPq4OLIZB7a+vHqavrI="

DKIM_KEYS = {
    "s1": f"v=DKIM1; k=rsa; p={RSA_2048}",
    "spaced": f"v = DKIM1 ; p = {RSA_2048[:100]} {RSA_2048[100:]} ;",
    "revoked": "v=DKIM1; k=rsa; p=",
    "small": f"p={RSA_1024}",
    "weak": f"v=DKIM1; p={RSA_512}",
    "cut": f"v=DKIM1; k=rsa; p={RSA_1024[:180]}",
    "noise": "v=DKIM1; k=rsa; p=-----BEGIN PUBLIC KEY-----",
    "ed": f"v=DKIM1; k=ed25519; p={ED25519}",
    "wrapped": f"v=DKIM1; k=ed25519; p={ED25519_WRAPPED}",
    "dsa": f"v=DKIM1; k=dsa; p={RSA_2048}",
    "old": f"v=DKIM1; h=sha1; p={RSA_2048}",
    "hashes": f"v=DKIM1; h=sha1:sha256; s=email; p={RSA_2048}",
    "other": f"v=DKIM1; s=tlsrpt; p={RSA_2048}",
    "testing": f"v=DKIM1; t=s:y; p={RSA_2048}",
    "version": f"v=DKIM2; p={RSA_2048}",
}


def txt(text):
    """Text as the strings of a TXT record, each at most 255 octets long."""
    return " ".join(f'"{text[at:at + 255]}"' for at in range(0, len(text), 255))


ZONES = {
    "example": """
smtpout.yodel A 198.51.100.54
smtpout.yodel AAAA 2001:db8::54
yodel MX 10 smtpout.yodel
yodel TXT "v=spf1 ip4:198.51.100.54 ip6:2001:db8::54 -all"
smtpout.yodel TXT "v=spf1 a -all"
_dmarc.yodel TXT "v=DMARC1; p=reject"
mail.halfway A 198.51.100.90
halfway MX 10 mail.halfway
halfway MX 20 gone.halfway
inside MX 10 mail.inside
mail.inside A 10.0.0.25
lost MX 10 gone.lost
elsewhere MX 10 mail.plain
elsewhere TXT "v=spf1 ip4:198.51.100.54 -all"
open MX 10 mail.plain
open TXT "v=spf1 mx +all"
_dmarc.open TXT "v=DMARC1; rua=mailto:x@open.example"
unsure MX 10 mail.plain
unsure TXT "v=spf1 mx ?all"
_dmarc.unsure TXT "v=DMARC1; p=none"
_dmarc.unsure TXT "v=DMARC1; p=reject"
loop TXT "v=spf1 mx include:a.loop.example -all"
slip TXT "v=spf1 include=two.example -all"
loop MX 10 smtpout.yodel
a.loop TXT "v=spf1 ip4:192.0.2.9 include:loop.example -all"
two MX 10 smtpout.yodel
""" + "".join(f'two TXT "site-verification-{number}"\n' for number in range(1, 12)) + """
two TXT "v=spf1 mx -all"
two TXT "v=spf1 redirect=yodel.example"
""" + "".join(f'two TXT "site-verification-{number}"\n' for number in range(12, 23)) + """
spaced AAAA 2001:db8::54
spaced TXT "v=spf1 ip6:2001:db8::54 -all"
_dmarc.spaced TXT "v = DMARC1 ; sp=reject; p = none"
mail.rented A 198.51.100.10
mail.bulk A 198.51.100.66
bulk MX 10 mail.bulk
bulk TXT "v=spf1 ip4:198.51.100.66 -all"
mail.allowed A 198.51.100.70
allowed MX 10 mail.allowed
allowed TXT "v=spf1 -all"
mail.deferred A 198.51.100.82
mail.plain A 203.0.113.5
plain A 203.0.113.5
softfail A 203.0.113.5
softfail TXT "v=spf1 ~all"
neutral A 203.0.113.5
neutral TXT "v=spf1 ?all"
broken A 203.0.113.5
broken TXT "v=spf1 ipv4:203.0.113.5 -all"
twice A 203.0.113.5
twice TXT "v=spf1 -all"
twice TXT "v=spf1 +all"
nullmx MX 0 .
deaf TXT "no mail here"
explained A 203.0.113.5
explained TXT "v=spf1 exp=why.explained.example. -all"
why.explained TXT "%{i} is not one of %{d}'s servers%%"
bomb A 203.0.113.5
bomb TXT "v=spf1 exp=boom.bomb.example -all"
boom.bomb TXT "%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}" "%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}"
deep A 203.0.113.5
deep TXT "v=spf1 include:deep1.example include:deep2.example -all"
deep1 TXT "v=spf1 a:n1.example a:n1.example a:n1.example a:n1.example a:n1.example ?all"
deep2 TXT "v=spf1 a:bulk.example mx:bulk.example mx:bulk.example mx:bulk.example mx:bulk.example +all"
n1 A 192.0.2.1
voids A 203.0.113.5
voids TXT "v=spf1 a:x1.example a:x2.example a:x3.example +all"
long A 203.0.113.5
xn--bcher-kva MX 10 mail.plain
xn--bcher-kva TXT "v=spf1 ip4:203.0.113.5 -all"
big A 203.0.113.5
"""
    + "".join(f"{selector}._domainkey.yodel TXT {txt(key)}\n" for selector, key in DKIM_KEYS.items())
    + "".join(["big TXT \"v=spf1\"", *(f' " ip4:192.0.2.{n}"' for n in range(45)), ' " ip4:203.0.113.5 -all"\n']),
    "100.51.198.in-addr.arpa": """
54 PTR smtpout.yodel.example.
9 PTR mail.rented.example.
66 PTR mail.bulk.example.
70 PTR mail.allowed.example.
82 PTR mail.deferred.example.
80 PTR evil\\;x=y\\(\\013\\010.example.
"""
    + "\n".join(f"81 PTR n{number:02}.many.example." for number in range(30)),
    "113.0.203.in-addr.arpa": "5 PTR mail.plain.example.\n",
    "8.b.d.0.1.0.0.2.ip6.arpa": "4.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0 PTR smtpout.yodel.example.\n",
    # Lists of answers that rbldnsd would not give.
    "errors.test": '66.100.51.198 A 127.255.255.254\n66.100.51.198 TXT "query refused"\n54.100.51.198 A 127.255.255.254\n5.113.0.203 A 127.255.255.254\n',
    "more.test": "5.113.0.203 A 127.0.0.2\n",
    "parked.test": "* A 192.0.2.80\n",
    "sekrit0123456789abcdefghij.keyed.test": '66.100.51.198 A 127.0.0.4\n66.100.51.198 TXT "66.100.51.198.sekrit0123456789abcdefghij.keyed.test listed"\n',
}

LISTS = {
    "bl.test": ("ip4set", ":127.0.0.2:listed, see https://bl.test/$\n127.0.0.2\n198.51.100.66\n198.51.100.70\n"),
    "bl6.test": ("ip6trie", ":127.0.0.2:listed\n0:0:0:0:0:ffff:7f00:2\n2001:db8:bad::/48\n"),
    "dbl.test": ("dnset", ":127.0.1.2:a bad domain\ntest\nbulk.example\n"),
    "wl.test": ("ip4set", ":127.0.5.1:a known good sender\n127.0.0.2\n198.51.100.70\n"),
}

CONFIG = RECORDED + """
mode audit
contact "https://mx.lab.test/help"
resolver {
    servers 127.0.0.1@{nsd}
    zone "bl.test" servers 127.0.0.1@{rbldnsd}
    zone "bl6.test" servers 127.0.0.1@{rbldnsd}
    zone "dbl.test" servers 127.0.0.1@{rbldnsd}
    zone "wl.test" servers 127.0.0.1@{rbldnsd}
    timeout 8s
}
trust { networks { 127.0.0.0/8, ::1/128, 192.0.2.0/24 } }
list "bl.test" { operator "Lab" answers { 127.0.0.2 "a source of spam" } page "https://bl.test/lookup?q=%s" }
list "bl6.test" { operator "Lab" takes address ipv6 only }
list "wl.test" { operator "Lab" answers { 127.0.5.0-127.0.5.3 "a known good sender" } }
dnsbl "bl.test" weight 4
dnsbl "bl6.test" weight 4
domain-dnsbl "dbl.test" weight 2
dnswl "wl.test" weight 3
policy {
    accept when trusted
    accept when recipient in { "postmaster", "postmaster@*", "abuse@*" }
    reject when dnsbl >= 5 and not dnswl
    reject when spf = fail and iprev != pass and not dnswl
    reject when iprev = permerror and helo in { fail, permerror } and spf != pass
    audit reject when sender = fail
    tag "helo-syntax" when helo = permerror
    defer when client-name in { "*.deferred.example" }
}
policy for "strict.test" {
    reject when spf in { fail, softfail }
    reject 554 5.7.25 "Please give %{i} a reverse DNS name" when iprev = permerror
    quarantine "spf permerror" when spf = permerror
    otherwise default
}
policy for "audit.test" {
    audit reject when spf = fail
    otherwise accept
}
"""
