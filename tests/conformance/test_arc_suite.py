"""The test suite for validators of ARC (ValiMail's arc_test_suite): all of it, with the body in pieces of any size."""
import os
import pathlib
import subprocess
import unittest

import yaml

BUILD = pathlib.Path(os.environ.get("builddir", "."))
SUITE = pathlib.Path(os.environ.get("HELOSCOPE_ARC_SUITE") or pathlib.Path(os.environ.get("srcdir", ".")).resolve() / "../shared/data/arc/arc-validation.yml")
CASES = 171

if not SUITE.exists():
    print(f"skipped: {SUITE} is not there")
    raise SystemExit(77)

# What the suite leaves open ("cv" is empty), and who decides it.
CV_FAIL = "a seal says cv=fail: RFC 8617, 5.2, steps 2 and 3C"
OPEN = {"cv_fail_i1_as_cv_fail": CV_FAIL, "cv_fail_i2_as2_fail": CV_FAIL, "cv_fail_i2_as1_fail": CV_FAIL}

# One case is decided against RFC 6376, 3.5, where RFC 8617 says nothing: ams_fields_c_na, in which a signature without c= is
# relaxed/relaxed; python3-dkim has it so, too.

# How old the oldest signature of a message is that still passes, where that is not all (header.oldest-pass).
OLDEST = {"cv_pass_i2_1_ams1_invalid": "2"}


def ask(document, test, piece):
    message = test["message"].encode().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    asked = b""
    for name, record in document["txt-records"].items():
        asked += f"K {name} {len(record.encode())}\n".encode() + record.encode()
    return asked + f"M {len(message)} {piece}\n".encode() + message


class ArcSuite(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.documents = list(yaml.safe_load_all(SUITE.read_text()))
        self.cases = [(name, document, test) for document in self.documents for name, test in document["tests"].items()]

    def answers(self, piece):
        text = b"".join(ask(document, test, piece) for name, document, test in self.cases)
        done = subprocess.run([BUILD / "tests/conformance/arc_check"], input=text, capture_output=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr[-3000:])
        return [line.split(":") for line in done.stdout.decode().splitlines()]

    def test_all_cases(self):
        self.assertEqual(len(self.cases), CASES)
        wanted = {name: "fail" if name in OPEN else test["cv"].lower() for name, document, test in self.cases}
        for piece in (1, 7, 1 << 20):
            answers = dict(zip(wanted, self.answers(piece)))
            self.assertEqual({name: answer[0] for name, answer in answers.items()}, wanted, answers)
            self.assertEqual(sum(answer[0] != "" for answer in answers.values()), CASES)

    def test_only_open_cases_are_decided_here(self):
        self.assertEqual({name for name, document, test in self.cases if not test["cv"]}, set(OPEN))

    def test_what_is_oldest(self):
        for (name, document, test), answer in zip(self.cases, self.answers(100)):
            self.assertEqual(answer[4], OLDEST.get(name, "0") if answer[0] == "pass" else "-", name)

    def test_each_failure_has_a_reason(self):
        for (name, document, test), answer in zip(self.cases, self.answers(100)):
            self.assertEqual(answer[1] == "", answer[0] == "pass", name)
            self.assertEqual(answer[1] in ("seal", "message-signature"), answer[3] != "", name)


if __name__ == "__main__":
    unittest.main()
