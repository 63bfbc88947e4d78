"""
The filter as it is built without each library that can be left out: it starts and serves, a configuration that needs one of them is
refused by name, and `heloscope collect` says why it cannot.
"""
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

from lab import HEAD, Lab, main, outside_make
from raw_milter import Client, fields

SOURCE = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = ("milter/heloscope", "milter/heloscope-milter")

if (SOURCE / "config.status").exists():
    print("skipped: the sources were built in their own folder, and then they cannot be built elsewhere")
    raise SystemExit(77)


def setUpModule():
    """All are left out at once: each has sources of its own that say so. Without optimization, which takes most of the time."""
    global lab
    build = pathlib.Path(unittest.enterModuleContext(tempfile.TemporaryDirectory(prefix="heloscope-without.")))
    for command in ([SOURCE / "configure", "-q", "--disable-tests", *options(), "CFLAGS=-O0"], ["make", "-s", "-j2", *PROGRAMS]):
        done = subprocess.run(command, cwd=build, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=outside_make(), check=False)
        if done.returncode != 0:
            raise AssertionError(f"{command}: {done.stdout[-3000:]}{done.stderr[-3000:]}")
    lab = unittest.enterModuleContext(Lab(build))


def options():
    """--without-NAME of each library of which configure says that it can be left out."""
    return sorted(set(re.findall(r"--without-[a-z0-9]+", (SOURCE / "configure.ac").read_text())))


class Without(unittest.TestCase):
    NEEDED = {  # of each library: what needs it, and how it is refused
        "--without-hiredis": ('share redis "unix:/run/redis.sock"', 'test.conf:1:7: "redis" has no effect, because this heloscope was built without hiredis; expected no "share"\n'),
        "--without-libspf2": ("spf engine libspf2", 'test.conf:1:12: this heloscope was built without the SPF engine "libspf2"; expected another\n'),
    }

    def run_here(self, *words):
        return subprocess.run(words, cwd=lab.folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)

    def test_each_library_that_can_be_left_out_is_named_where_it_is_missed(self):
        self.assertEqual(sorted(self.NEEDED), options())
        for text, complaint in self.NEEDED.values():
            (lab.folder / "test.conf").write_text(text + "\n")
            done = self.run_here(lab.builddir / "milter/heloscope-milter", "-t", "-c", "test.conf")
            self.assertEqual((done.returncode, done.stdout, done.stderr), (1, "", complaint))

    def test_it_is_not_linked_with_them(self):
        for program in PROGRAMS:
            linked = self.run_here("ldd", lab.builddir / program).stdout
            self.assertIn("libunbound", linked)
            self.assertIsNone(re.search("hiredis|spf2", linked))

    def test_it_starts_and_serves(self):
        running = lab.heloscope(HEAD)
        self.assertEqual(self.run_here(lab.builddir / "milter/heloscope-milter", "-t", "-c", running.config).returncode, 0)
        with Client(running.port) as client:
            client.start("192.0.2.1", b"client.test")
            self.assertEqual(fields(client.message())[0][0], "Authentication-Results")
        running.stop()

    def test_collect_says_why_it_cannot(self):
        for text in ("", self.NEEDED["--without-hiredis"][0]):
            (lab.folder / "test.conf").write_text(text + "\n")
            done = lab.tool("collect", "-c", lab.folder / "test.conf", "--log", lab.folder / "site.jsonl")
            self.assertEqual((done.returncode, done.stdout, done.stderr),
                             (3, "", "heloscope collect: this heloscope was built without hiredis, so it cannot read what filters share\n"))
            self.assertFalse((lab.folder / "site.jsonl").exists())


if __name__ == "__main__":
    main()
