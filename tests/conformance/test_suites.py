"""The standard SPF test suites, through the resolver, for both engines: result and explanation."""
import concurrent.futures
import os
import pathlib
import subprocess
import sys
import unittest

import yaml

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

from built import HAS_LIBSPF2
from dns_server import DnsServer
from lab import DEADLINE_S, SANITIZER, free_port
from zone import Zone

SUITES = pathlib.Path("/usr/share/gocode/src/blitiri.com.ar/go/spf/testdata")
BUILD = pathlib.Path(os.environ.get("builddir", "."))


def escape(text):
    """As spf_check takes it."""
    return "".join(chr(octet) if 32 < octet < 127 and octet != 92 else f"\\x{octet:02x}" for octet in text.encode())


def smtp_path(sender):
    """A sender as SMTP writes it: the suites leave out the quotes of a local part with blanks."""
    local, at, domain = sender.rpartition("@")
    return f'"{local}"@{domain}' if at and " " in local and not local.startswith('"') else sender


# Cases that are answered otherwise, and why. A case that is right by now makes a test fail, too.
ONE_LABEL = "a domain of one label: none for a sender (RFC 7208, 4.3), a syntax error in a record (7.1, domain-end)"
NO_DEFAULT = "asks for a modifier of pyspf's own"
SLASH_0 = "libspf2 takes no prefix of 0 bits"
ODD_NAME = "libspf2 gets only host names as MX names"
LOOPBACK = "libspf2 passes loopback without a look at the record"
PTR_FAULT = "libspf2 makes a fault behind a PTR name a temperror; 5.5 says that the name is skipped"
CUT_LEFT = "libspf2 does not cut labels from the left of a long name (7.3)"

BLITIRI = dict.fromkeys(
    ["all-mx-not-found", "include-not-found", "mx-resolution-10-terms", "mx-resolution-11-terms", "one-mx-not-found",
     "redirect-not-found", "resolution-with-10-lookups"],
    ONE_LABEL,
)
PYSPF = dict.fromkeys(["default-modifier", "default-modifier-harsh"], NO_DEFAULT)
LIBSPF2 = {
    **dict.fromkeys(
        ["a-cidr4-0", "a-cidr4-0-ip6", "a-cidr6-0-ip4", "a-cidr6-0-ip4mapped", "a-cidr6-0-ip6", "a-cidr6-0-nxdomain", "a-nxdomain",
         "cidr4-0", "cidr6-0", "cidr6-0-ip4", "cidr6-ip4", "mx-cidr4-0", "mx-cidr4-0-ip6", "mx-cidr6-0-ip4", "mx-cidr6-0-ip4mapped",
         "mx-cidr6-0-ip6", "mx-cidr6-0-nxdomain", "mx-nxdomain"],
        SLASH_0,
    ),
    **dict.fromkeys(["mx-colon-domain", "mx-colon-domain-ip4mapped"], ODD_NAME),
    "domain-name-truncation": CUT_LEFT,
}


class Suite(unittest.TestCase):
    maxDiff = None

    def evaluate(self, engine, cases, data):
        """The answers for `cases`, (ip, helo, mail from) each: [result, explanation, term, problem]."""
        port = free_port()
        text = "".join("\t".join([case[0], escape(case[1]), escape(case[2])]) + "\n" for case in cases)
        with DnsServer(port, Zone(data).answer):
            done = subprocess.run(
                [BUILD / "tests/conformance/spf_check", engine, f"127.0.0.1@{port}"], input=text, capture_output=True, text=True,
                timeout=20 * DEADLINE_S,
            )
        self.assertEqual(done.returncode, 0, done.stderr[-3000:])
        self.assertIsNone(SANITIZER.search(done.stderr), done.stderr[-3000:])
        answers = [line.split("\t") for line in done.stdout.splitlines()]
        self.assertEqual(len(answers), len(cases))
        return answers

    def run_document(self, document, engine):
        """{case: what is wrong} of one document, which has zones of its own; and how many cases it has."""
        names = sorted(document["tests"])
        tests = [document["tests"][name] for name in names]
        cases = [(str(test["host"]), test.get("helo") or "", smtp_path(test["mailfrom"])) for test in tests]
        wrong = {}
        for name, test, (result, explanation, *rest) in zip(names, tests, self.evaluate(engine, cases, document["zonedata"])):
            allowed = test["result"] if isinstance(test["result"], list) else [test["result"]]
            expected = test.get("explanation")
            if result not in allowed:
                wrong[name] = f"{result}, not {allowed}: {rest}"
            elif expected is not None and result == "fail" and explanation != ("" if expected == "DEFAULT" else expected):
                wrong[name] = f"explanation {explanation!r}, not {expected!r}"
        return wrong, len(names)

    def run_suite(self, suite, engine):
        text = (SUITES / f"{suite}-tests.yml").read_text(encoding="utf-8")
        documents = [document for document in yaml.safe_load_all(text) if document]
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            parts = list(pool.map(lambda document: self.run_document(document, engine), documents))
        return {name: reason for wrong, _ in parts for name, reason in wrong.items()}, sum(count for _, count in parts)

    def compare(self, suite, engine, cases, known=()):
        wrong, count = self.run_suite(suite, engine)
        self.assertEqual(count, cases)
        self.assertEqual({name: reason for name, reason in wrong.items() if name not in known}, {})
        self.assertEqual(sorted(wrong), sorted(known), "cases that are right by now")


class Native(Suite):
    def test_rfc7208(self):
        self.compare("rfc7208", "native", 203)

    def test_rfc4408(self):
        """RFC 7208 changed none of the rules that its cases rest on in a way that the native engine shows."""
        self.compare("rfc4408", "native", 191)

    def test_pyspf(self):
        self.compare("pyspf", "native", 16, PYSPF)

    def test_blitirispf(self):
        self.compare("blitirispf", "native", 21, BLITIRI)


@unittest.skipUnless(HAS_LIBSPF2, "built without libspf2")
class Libspf2(Suite):
    def test_rfc7208(self):
        self.compare("rfc7208", "libspf2", 203, LIBSPF2)

    def test_rfc4408(self):
        self.compare("rfc4408", "libspf2", 191, LIBSPF2)

    def test_pyspf(self):
        self.compare("pyspf", "libspf2", 16, {**PYSPF, "localhost": LOOPBACK})

    def test_blitirispf(self):
        self.compare("blitirispf", "libspf2", 21, {**BLITIRI, "broken-ptr-forward": PTR_FAULT})


if __name__ == "__main__":
    unittest.main(verbosity=2)
