"""Generated messages, verified by others and by us: each difference is one that a row of a table explains.

The others are python3-dkim, Mail::DKIM (libmail-dkim-perl) and libopendkim.
"""
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

from signed_messages import KEY_NAME, SEED, chance, dkim, make_case, make_keys

from lab import main  # which signed_messages lets be found

MESSAGES = 3000

LENGTH = "l= leaves octets unsigned: valid by RFC 6376, not taken here (8.2)"
SHORT = "l= beyond the body, which RFC 6376, 3.5 does not allow"
SHA1 = "RFC 8301, 3.1: it must not be taken"
FROM = "RFC 6376, 6.1.1: permanent failure"
HASH = "h= of the key has no sha256 (RFC 6376, 3.6.1)"
IDENTITY = "t=s, and i= is of a subdomain (RFC 6376, 3.6.1)"
VERSION = "v= does not come first (RFC 6376, 3.6.1)"
TWICE = "a tag twice makes the record invalid (RFC 6376, 3.2)"
BLANKS = "they are ignored like those of other lines (RFC 6376, 3.4.4); none comes by SMTP"
ENDED = "CRLF is added to it (RFC 6376, 3.4.3); none comes by SMTP"
AUTHORS = "one of two From fields is signed: not a matter of DKIM, but of the author (RFC 9989, 11.5)"

# Where another and we differ, by our reason and whether the other takes it; and why we do not follow.
KNOWN = {
    "python3-dkim": {
        ("unsigned-octets", True): LENGTH,
        ("body-shorter-than-signed", True): SHORT,
        ("rsa-sha1", True): SHA1,
        ("from-not-signed", True): FROM,
        ("key-hash", True): HASH,
        ("key-identity", True): IDENTITY,
        ("key-version", True): VERSION,
        ("blanks at an end without CRLF", False): BLANKS,
        ("several From", False): AUTHORS,
    },
    "Mail::DKIM": {
        ("unsigned-octets", True): LENGTH,
        ("body-shorter-than-signed", True): SHORT,
        ("rsa-sha1", True): SHA1,
        ("from-not-signed", True): FROM,
        ("key-syntax", True): TWICE,
        ("key-version", True): VERSION,
        ("blanks at an end without CRLF", False): BLANKS,
        ("a last line without CRLF", False): ENDED,
        ("several From", False): AUTHORS,
        ("ed25519", False): "of RFC 8463, which this version does not know",
    },
    "libopendkim": {
        ("unsigned-octets", True): LENGTH,
        ("rsa-sha1", True): SHA1,
        ("key-syntax", True): TWICE,
        ("key-version", True): VERSION,
        ("blanks at an end without CRLF", False): BLANKS,
        ("a last line without CRLF", False): ENDED,
        ("a CR or LF by itself", False): "an octet like others; MTAs make CRLF of it, or refuse it",
    },
}

# What must stand in the message or the key record where we give such a reason and another takes it: a reason that is wrong
# does not explain itself.
SHOWS = {
    "unsigned-octets": (rb"\bl=\d", rb""),
    "body-shorter-than-signed": (rb"\bl=\d", rb""),
    "rsa-sha1": (rb"a=rsa-sha1;", rb""),
    "key-syntax": (rb"", rb"; [pk]=.*; [pk]=.*; [pk]="),
    "key-hash": (rb"", rb"h=sha1;"),
    "key-identity": (rb"i=@b\.a\.test", rb"t=s;"),
    "key-version": (rb"", rb"; v=DKIM1$"),
}

# Reads and writes what opendkim_check.c says.
PERL = r"""
use strict; use warnings; no warnings 'redefine';
use Mail::DKIM::Verifier; use Mail::DKIM::DNS; use Net::DNS;
my $record;
*Mail::DKIM::DNS::query = sub {
    return () if lc($_[0]) ne $ARGV[0];
    return Net::DNS::RR->new(name => $ARGV[0], type => 'TXT', ttl => 60, txtdata => $record);
};
binmode STDIN;
while (defined(my $line = <STDIN>)) {
    my ($record_size, $size) = split ' ', $line;
    read STDIN, $record, $record_size;
    read STDIN, my $message, $size;
    my $verifier = Mail::DKIM::Verifier->new();
    my $is_good = eval { $verifier->PRINT($message); $verifier->CLOSE; $verifier->result eq 'pass' };
    print $is_good ? "pass\n" : "not\n";
}
"""

scratch = tempfile.TemporaryDirectory(prefix="heloscope-dkim-peers.")
folder = pathlib.Path(scratch.name)


def ask_python(cases):
    for message, record in cases:
        try:
            yield bool(dkim.DKIM(message).verify(dnsfunc=lambda name, timeout=5: record if name.rstrip(b".") == KEY_NAME.encode() else None))
        except (dkim.DKIMException, ValueError, KeyError, IndexError, TypeError):
            yield False


def ask_program(command, cases):
    """One that reads the record and the message of each case, and says "pass" or "not"."""
    data = b"".join(b"%d %d\n%s%s" % (len(record), len(message), record, message) for message, record in cases)
    run = subprocess.run(command, input=data, capture_output=True, check=True)
    lines = run.stdout.decode().splitlines()
    assert len(lines) == len(cases), (len(lines), run.stderr[-500:])
    return [line == "pass" for line in lines]


def ask_us(cases):
    """A line each, result:reason."""
    data = b"".join(
        b"K %s %d\n%sM %d %d\n%s" % (KEY_NAME.encode(), len(record), record, len(message), chance.choice([1, 2, 3, 7, 64, 65536]), message)
        for message, record in cases
    )
    program = pathlib.Path(os.environ.get("builddir", ".")) / "tests/conformance/dkim_check"
    lines = subprocess.run([program], input=data, capture_output=True, check=True).stdout.decode().splitlines()
    assert len(lines) == len(cases), (len(lines), len(cases))
    return [line.split(":") for line in lines]


# What a message that only we take may have about it.
ABOUT = {
    "blanks at an end without CRLF": rb"[ \t]\Z",
    "several From": rb"\A(?s:(?!\r\n\r\n).)*?^[Ff][Rr][Oo][Mm][ \t]*:(?s:(?!\r\n\r\n).)*?^[Ff][Rr][Oo][Mm][ \t]*:",
    "a last line without CRLF": rb"(?<!\r\n)\Z",
    "a CR or LF by itself": rb"(?<!\r)\n|\r(?!\n)",
    "ed25519": rb"a=ed25519-sha256;",
}


def name_difference(peer, message, result, reason):
    """Our reason; of a message that only we take what is known of the other, or all that may be the cause."""
    if result != "pass":
        return reason
    names = [name for name, pattern in ABOUT.items() if re.search(pattern, message, re.M)]
    return next((name for name in names if (name, False) in KNOWN[peer]), ", ".join(names))


class Peers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        keys = make_keys(folder)
        cls.cases = [make_case(keys) for _ in range(MESSAGES)]
        cls.ours = ask_us(cls.cases)

    def compare(self, peer, said):
        differing, passes = {}, 0
        for (message, record), theirs, (result, reason) in zip(self.cases, said, self.ours):
            passes += result == "pass" and theirs
            if (result == "pass") == theirs:
                continue
            reason = name_difference(peer, message, result, reason)
            differing.setdefault((reason, theirs), []).append((message, record))
            for pattern, text in zip(SHOWS.get(reason, ()), (message, record)):
                self.assertTrue(re.search(pattern, text), (reason, message, record))
        print(f"{peer}: {MESSAGES} messages, seed {SEED}: {passes} pass by both;",
              ", ".join(f"{len(items)} {'ours' if not theirs else 'theirs'} alone ({reason})" for (reason, theirs), items in sorted(differing.items())))
        unknown = {key: items for key, items in differing.items() if key not in KNOWN[peer]}
        for key, items in unknown.items():
            print(key, *items[0], sep="\n")
        self.assertEqual(sorted(unknown), [])
        self.assertGreater(passes, MESSAGES // 4)

    def test_python3_dkim(self):
        self.compare("python3-dkim", ask_python(self.cases))

    def test_mail_dkim(self):
        if subprocess.run(["perl", "-MMail::DKIM", "-MCrypt::PK::Ed25519", "-e", "1"], capture_output=True).returncode != 0:
            self.skipTest("Mail::DKIM is missing (Debian packages: libmail-dkim-perl, libcryptx-perl)")
        self.compare("Mail::DKIM", ask_program(["perl", "-e", PERL, KEY_NAME], self.cases))

    def test_libopendkim(self):
        source = pathlib.Path(__file__).with_name("opendkim_check.c")
        build = subprocess.run(["cc", "-o", folder / "opendkim_check", source, "-lopendkim"], capture_output=True)
        if build.returncode != 0 and b"opendkim/dkim.h" in build.stderr:
            self.skipTest("libopendkim is missing (Debian package: libopendkim-dev)")
        self.assertEqual(build.returncode, 0, build.stderr)
        self.compare("libopendkim", ask_program([folder / "opendkim_check"], self.cases))


if __name__ == "__main__":
    try:
        main(verbosity=2)
    finally:
        scratch.cleanup()
