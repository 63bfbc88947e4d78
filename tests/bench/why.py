"""why: what `heloscope why` takes to read a gigabyte of a Postfix log, and ten thousand reports of receivers.

Usage: why.py [--quick] [--log OCTETS] [--long OCTETS] [--reports COUNT] [PROGRAM...]. With builddir=... in the environment. The log is of a
site with thirty domains: of a hundred deliveries 88 work, and the others are refused or deferred in the words of the
catalogue's examples, each with addresses, names, and ids of its own, or in words that nobody knows. The reports are gzip
in mail, half of them in a Maildir and half in an mbox. All is made anew, the same each time, below TMPDIR, and removed.
Several programs are run in turn over the same files. With --long a log of that size comes through a pipe, once as it is
and once as gzip: it is made of pieces in which each mail has a queue id of its own, and is nowhere as a whole."""
import argparse
import base64
import gzip
import multiprocessing
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import time

CATALOGUE = pathlib.Path(__file__).resolve().parents[2] / "etc" / "refusals.conf"
ROUNDS = 3
LONG_PIECE = 100_000_000
LOG_OCTETS, REPORTS = 1_000_000_000, 10_000
QUICK_LOG_OCTETS, QUICK_REPORTS = 100_000_000, 1000
START = 1_795_860_000
STRINGS = re.compile(r'"((?:[^"\\]|\\.)*)"')
NOBODYS = ("550 5.7.1 {id} Your mail does not please us ({ip})", "554 go elsewhere, {host} #{id}", "451 4.3.0 not today: {id}",
           "550 5.1.0 <{user}>... {id} ist hier nicht erwünscht", "421 too much of this from {ip}, ask {host}")


def strings_behind(word, block):
    """The strings of that setting in a block of the catalogue."""
    found = re.search(rf'^    {word}((?:\s+\{{)?(?:\s*{STRINGS.pattern})+)', block, re.MULTILINE)
    return STRINGS.findall(found.group(1)) if found else []


def read_catalogue():
    """(a server of its operator's, reply) of each example."""
    blocks = re.split(r"^(?=operator |refusal )", CATALOGUE.read_text(), flags=re.MULTILINE)[1:]
    servers = {STRINGS.search(block).group(1): strings_behind("servers", block) for block in blocks if block.startswith("operator ")}
    replies = []
    for block in blocks:
        example = "".join(strings_behind("example", block)).replace('\\"', '"')
        if not block.startswith("refusal ") or not example or "status=" in example:
            continue
        own = servers.get((strings_behind("operator", block) or [""])[0]) or ["*.rcpt.example"]
        replies.append((own[0].replace("*", "mx{n}"), example))
    return replies


def varied(reply, rng):
    """The reply with an address, names and ids of its own, on one line, as Postfix logs it."""
    ip, number = f"203.0.113.{rng.randrange(256)}", rng.randrange(10 ** 6)
    reply = re.sub(r"\b(192\.0\.2|198\.51\.100|203\.0\.113)\.\d+\b", ip, reply)
    reply = re.sub(r"\b(\w+)@(\w+)\.example\b", rf"\g<1>{number % 997}@\g<2>{number % 89}.example", reply)
    tail = rng.choice(("", "", f" {number:x}.{number * 7:x} - gsmtp", f" [{number:06X}.{number % 99}]", f" (id {number})"))
    return (" ".join(reply.split()) + tail).replace("{", "(").replace("}", ")")


def answer(rng, replies, number):
    """relay=, dsn= and what follows of one delivery."""
    host, n = f"mx{number % 200}.r{number % 5000}.example", number % 10
    if rng.random() < .88:
        return f"relay={host}[192.0.2.{n}]:25, delay=0.34, delays=0.12/0.03/0.18/0.01, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as {number:X})"
    if rng.random() < .9:
        pattern, reply = rng.choice(replies)
        host, reply = pattern.format(n=n), varied(reply, rng)
    else:
        reply = rng.choice(NOBODYS).format(id=f"{number * 31:x}", ip=f"203.0.113.{n}", host=host, user=f"u{number}@rcpt.example")
    enhanced = re.search(r"[245]\.\d+\.\d+", reply)
    status = "deferred" if reply.startswith("4") else "bounced"
    return (f"relay={host}[192.0.2.{n}]:25, delay=2.1, delays=0.12/0.03/1.8/0.15, dsn={enhanced.group() if enhanced else '5.0.0'}, "
            f"status={status} (host {host}[192.0.2.{n}] said: {reply} (in reply to {rng.choice(('RCPT TO', 'end of DATA', 'MAIL FROM'))} command))")


def make_log(path, octets):
    rng, replies, written, number = random.Random(15), read_catalogue(), 0, 0
    with path.open("w", encoding="utf-8") as file:
        while written < octets:
            stamp = time.strftime("%b %d %H:%M:%S mail", time.gmtime(START + number // 40))
            queue_id, sender = f"4F{number:08X}", f"user{number % 1000}@d{number % 30}.sender.example"
            written += file.write(
                f"{stamp} postfix/smtpd[1234]: connect from pc.sender.example[198.51.100.{number % 250}]\n"
                f"{stamp} postfix/smtpd[1234]: {queue_id}: client=pc.sender.example[198.51.100.{number % 250}], sasl_method=PLAIN, sasl_username=u\n"
                f"{stamp} postfix/cleanup[1235]: {queue_id}: message-id=<{number:x}.{number * 7919:x}@sender.example>\n"
                f"{stamp} postfix/qmgr[900]: {queue_id}: from=<{sender}>, size={number % 90000}, nrcpt=1 (queue active)\n"
                f"{stamp} postfix/smtpd[1234]: disconnect from pc.sender.example[198.51.100.{number % 250}] ehlo=1 auth=1 mail=1 rcpt=1 data=1 quit=1\n"
                f"{stamp} postfix/smtp[1300]: {queue_id}: to=<user{number % 999}@r{number % 5000}.example>, {answer(rng, replies, number)}\n"
                f"{stamp} postfix/qmgr[900]: {queue_id}: removed\n")
            number += 1


def report_xml(rng, number):
    """Of one receiver of a day: as the large ones write them, with one to forty sources."""
    domain, begin = f"d{number % 30}.sender.example", START - number % 90 * 86400
    rows = "".join(
        f"<record><row><source_ip>198.51.100.{rng.randrange(256)}</source_ip><count>{rng.randrange(1, 500)}</count><policy_evaluated><disposition>none"
        f"</disposition><dkim>{rng.choice(('pass', 'pass', 'fail'))}</dkim><spf>{rng.choice(('pass', 'pass', 'fail'))}</spf></policy_evaluated></row>"
        f"<identifiers><header_from>{domain}</header_from><envelope_from>{domain}</envelope_from></identifiers><auth_results><dkim><domain>{domain}"
        f"</domain><selector>s1</selector><result>pass</result></dkim><spf><domain>{domain}</domain><scope>mfrom</scope><result>pass</result></spf>"
        "</auth_results></record>\n" for _ in range(min(40, 1 + int(rng.expovariate(1 / 8)))))
    return (f'<?xml version="1.0" encoding="UTF-8"?>\n<feedback><version>1.0</version><report_metadata><org_name>r{number % 50}.example</org_name>'
            f"<email>dmarc@r{number % 50}.example</email><report_id>{number}</report_id><date_range><begin>{begin}</begin><end>{begin + 86399}</end>"
            f"</date_range></report_metadata><policy_published><domain>{domain}</domain><adkim>r</adkim><aspf>r</aspf><p>none</p><sp>none</sp>"
            f"<pct>100</pct></policy_published>\n{rows}</feedback>\n")


def report_mail(rng, number):
    name = f"r{number % 50}.example!d{number % 30}.sender.example!{START}!{START + 86399}.xml.gz"
    packed = base64.encodebytes(gzip.compress(report_xml(rng, number).encode(), 6, mtime=0)).decode()
    return (f"From: dmarc@r{number % 50}.example\nTo: dmarc@sender.example\nSubject: Report Domain: d{number % 30}.sender.example\nMIME-Version: 1.0\n"
            f'Content-Type: application/gzip; name="{name}"\nContent-Transfer-Encoding: base64\n'
            f'Content-Disposition: attachment; filename="{name}"\n\n{packed}')


def make_reports(folder, count):
    """A Maildir and an mbox."""
    rng, maildir = random.Random(15), folder / "Maildir"
    for name in ("cur", "new", "tmp"):
        (maildir / name).mkdir(parents=True)
    with (folder / "mbox").open("w") as mbox:
        for number in range(count):
            mail = report_mail(rng, number)
            if number % 2 == 0:
                (maildir / "cur" / f"{number}.mail:2,S").write_text(mail)
            else:
                mbox.write(f"From dmarc@r.example Sat Nov 21 03:00:00 2026\n{mail}\n")
    return [maildir, folder / "mbox"]


def run(program, files, output):
    """(seconds, seconds of CPU, MB at most)"""
    start = time.monotonic()
    child = subprocess.Popen([program, "why", "--offline", "-c", str(CATALOGUE), *map(str, files)], stdout=output)
    _, status, usage = os.wait4(child.pid, 0)
    took = time.monotonic() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode not in (0, 1):
        sys.exit(f"{program}: status {child.returncode}")
    return took, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def write_long(pipe, path, octets, is_packed):
    """The piece again and again, with other queue ids."""
    piece = path.read_bytes()
    for number in range(-(-octets // len(piece))):
        text = piece.replace(b": 4F", f": {number + 16:02X}".encode())
        pipe.write(gzip.compress(text, 1, mtime=0) if is_packed else text)
    pipe.close()


def measure_long(program, folder, octets):
    """A process of its own writes: the kernel counts what the parent of a program ever held as memory of the program."""
    piece = folder / "piece"
    make_log(piece, min(octets, LONG_PIECE))
    for is_packed in (False, True):
        start = time.monotonic()
        child = subprocess.Popen([program, "why", "--offline", "-c", str(CATALOGUE)], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        writer = multiprocessing.get_context("fork").Process(target=write_long, args=(child.stdin, piece, octets, is_packed))
        writer.start()
        child.stdin.close()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        writer.join()
        if child.returncode not in (0, 1) or writer.exitcode != 0:
            sys.exit(f"{program}: status {child.returncode}")
        print(f"log of {octets / 1e6:.0f} MB through a pipe{', as gzip' if is_packed else ''}: {time.monotonic() - start:.0f} s, "
              f"{usage.ru_utime + usage.ru_stime:.1f} s of CPU, {usage.ru_maxrss / 1024:.0f} MB of memory", flush=True)
    piece.unlink()


def measure(title, programs, files, octets):
    """The quickest of several rounds, in which the programs take turns; the second and further beside the first."""
    best = {}
    for _ in range(ROUNDS):
        for program in programs:
            with tempfile.TemporaryFile() as output:
                best[program] = min(best.get(program, (1e9,)), run(program, files, output))
    for program in programs:
        took, cpu, memory = best[program]
        print(f"{title}: {took:.1f} s, {octets / 1e6 / took:.0f} MB/s, {cpu:.1f} s of CPU, {memory:.0f} MB of memory"
              + (f"; {program}: {took / best[programs[0]][0]:.2f} of the first" if len(programs) > 1 else ""), flush=True)


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--log", type=int)
    parser.add_argument("--long", type=int, default=0)
    parser.add_argument("--reports", type=int)
    parser.add_argument("programs", nargs="*", default=[os.path.join(os.environ.get("builddir", "."), "milter", "heloscope")])
    options = parser.parse_args()
    octets = options.log if options.log is not None else QUICK_LOG_OCTETS if options.quick else LOG_OCTETS
    count = options.reports if options.reports is not None else QUICK_REPORTS if options.quick else REPORTS
    with tempfile.TemporaryDirectory(prefix="heloscope-why-") as name:
        folder = pathlib.Path(name)
        if options.long > 0:
            measure_long(options.programs[0], folder, options.long)
        if octets > 0:
            make_log(folder / "mail.log", octets)
            measure(f"log of {octets / 1e6:.0f} MB", options.programs, [folder / "mail.log"], octets)
            (folder / "mail.log").unlink()
        if count > 0:
            files = make_reports(folder, count)
            size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
            measure(f"{count} aggregate reports, {size / 1e6:.0f} MB", options.programs, files, size)


if __name__ == "__main__":
    main()
