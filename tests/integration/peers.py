"""peers: the mail servers at the addresses of hosts that send mail: real Postfixes with certificates of a CA of our own,
and scripted servers that do what no server should. For tests in a network namespace (lab.enter_namespace)."""
import contextlib
import hashlib
import http.server
import socket
import ssl
import struct
import subprocess
import threading
import time

from lab import DEADLINE_S

ALERT = bytes.fromhex("15030300020228")  # TLS: fatal, handshake_failure


class Authority:
    """A CA made for the test."""

    def __init__(self, folder):
        self.folder = folder
        self.root = self.make("ca", "/O=Lab CA/CN=lab root", ca=True)
        self.bundle = folder / "ca.crt"

    def run(self, *command):
        subprocess.run([str(word) for word in command], check=True, capture_output=True)

    def make(self, name, subject, ca=False, issuer=None, names=(), years=None):
        """
        A key and a certificate in one file, NAME.pem; `issuer` None: signed by itself; `years`: of its beginning and its end, when those
        are others than now and ten years later.
        """
        key, request, certificate = (self.folder / f"{name}.{kind}" for kind in ("key", "csr", "crt"))
        extensions = self.folder / f"{name}.ext"
        lines = ["basicConstraints = critical, CA:TRUE" if ca else "basicConstraints = CA:FALSE"]
        if names:
            lines.append("subjectAltName = " + ", ".join(f"DNS:{each}" for each in names))
        extensions.write_text("\n".join(lines) + "\n")
        self.run("openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", subject,
                 "-keyout", key, "-out", request)
        signer = ["-signkey", key] if issuer is None else ["-CA", self.folder / f"{issuer}.crt", "-CAkey", self.folder / f"{issuer}.key", "-CAcreateserial"]
        if years is not None:  # only "openssl ca" writes dates of one's own
            self.write_config()
            self.run("openssl", "ca", "-batch", "-config", self.folder / "ca.conf", "-in", request, "-startdate", f"{years[0]}0101000000Z",
                     "-enddate", f"{years[1]}0201000000Z", "-extfile", extensions, "-out", certificate, "-notext")
        else:
            self.run("openssl", "x509", "-req", "-in", request, *signer, "-days", 3650, "-extfile", extensions, "-out", certificate)
        whole = self.folder / f"{name}.pem"
        whole.write_text(key.read_text() + certificate.read_text())
        return whole

    def write_config(self):
        (self.folder / "index.txt").touch()
        (self.folder / "ca.conf").write_text(f"""[ca]
default_ca = lab
[lab]
database = {self.folder}/index.txt
new_certs_dir = {self.folder}
rand_serial = yes
certificate = {self.folder}/ca.crt
private_key = {self.folder}/ca.key
default_md = sha256
policy = any
[any]
commonName = supplied
""")

    def digest(self, name):
        """SHA-256 of the public key, for TLSA 3 1 1."""
        public = subprocess.run(["openssl", "x509", "-in", self.folder / f"{name}.crt", "-noout", "-pubkey"], check=True, capture_output=True).stdout
        der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"], input=public, check=True, capture_output=True).stdout
        return hashlib.sha256(der).hexdigest()


def postfix_service(address, name, chain=None, extra=""):
    """Lines of master.cf: a Postfix that receives at this address under this name, with this certificate."""
    tls = f" -o smtpd_tls_security_level=may -o smtpd_tls_chain_files={chain}" if chain else " -o smtpd_tls_security_level=none"
    bracketed = f"[{address}]" if ":" in address else address
    return f"{bracketed}:25 inet n - n - - smtpd\n  -o myhostname={name} -o smtpd_milters={tls} {extra}\n"


class Script:
    """A server on port 25 of `address` that plays `play`(self) for each connection, and keeps what it was told."""

    def __init__(self, address, play, name="", chain=None):
        self.address, self.play, self.name, self.chain = address, play, name, chain
        self.lines, self.connections, self.is_over = [], 0, False
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.listener = socket.socket(family, socket.SOCK_STREAM)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind((address, 25))
        self.listener.listen(64)
        self.threads = [threading.Thread(target=self.serve, daemon=True)]
        self.threads[0].start()

    def serve(self):
        while not self.is_over:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            connection.settimeout(DEADLINE_S)
            thread = threading.Thread(target=self.talk, args=(Talk(self, connection),), daemon=True)
            self.threads.append(thread)
            thread.start()

    def talk(self, talk):
        with contextlib.suppress(OSError, EOFError):
            self.play(talk)
        with contextlib.suppress(OSError):
            talk.connection.close()

    def stop(self):
        self.is_over = True
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for thread in self.threads:
            thread.join(DEADLINE_S)


class Talk:
    """One connection to a Script."""

    def __init__(self, script, connection):
        self.script, self.connection = script, connection

    def say(self, *lines):
        self.connection.sendall("".join(f"{line}\r\n" for line in lines).encode("latin-1"))

    def hear(self):
        line = b""
        while not line.endswith(b"\n"):
            octet = self.connection.recv(1)
            if not octet:
                raise EOFError
            line += octet
        self.script.lines.append(line.decode("latin-1").rstrip("\r\n"))
        return self.script.lines[-1]

    def wait_for_end(self):
        """Until the other side has enough; what it says is kept."""
        while True:
            self.hear()

    def swallow(self):
        """Until the other side has enough; what it says is no SMTP any more, and not kept."""
        while self.connection.recv(4096):
            pass

    def tls_context(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.script.chain)
        return context

    def start_tls(self):
        self.connection = self.tls_context().wrap_socket(self.connection, server_side=True)

    def greet(self, *extensions):
        self.say(f"220 {self.script.name} ESMTP")
        self.hear()
        self.say(*[f"250-{self.script.name}"][: 1 if extensions else 0],
                 *[f"250-{each}" for each in extensions[:-1]], f"250 {extensions[-1]}" if extensions else f"250 {self.script.name}")

    def end_well(self):
        while not self.hear().upper().startswith("QUIT"):
            self.say("250 2.0.0 fine")
        self.say("221 bye")


class Web:
    """HTTPS on `address`: the MTA-STS policies of hosts, by name."""

    def __init__(self, address, chain, policies):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                text = policies.get(self.headers["Host"]) if self.path == "/.well-known/mta-sts.txt" else None
                self.send_response(404 if text is None else 200)
                self.send_header("Content-Type", "text/plain")
                self.end_headers()
                self.wfile.write((text or "").encode())

            def log_message(self, *unused):
                pass

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain)
        class Server(http.server.ThreadingHTTPServer):
            address_family = socket.AF_INET6 if ":" in address else socket.AF_INET

        self.server = Server((address, 443), Handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(DEADLINE_S)


# What servers do.

def well(talk):
    talk.greet("SIZE 1000")
    talk.end_well()


def late(talk):
    """Lets clients wait for its greeting, as servers do to find out who is in a hurry."""
    time.sleep(3)
    well(talk)


def silent(talk):
    talk.wait_for_end()


def tarpit(talk):
    for octet in f"220 {talk.script.name} ESMTP takes its time, and takes its time\r\n":
        talk.connection.sendall(octet.encode())
        time.sleep(1)


def endless(talk):
    talk.connection.sendall(b"220-")
    while True:
        talk.connection.sendall(b"x" * 4096)


def many_lines(talk):
    talk.say(*[f"220-{talk.script.name} line {number}" for number in range(10000)], "220 done")
    talk.wait_for_end()


def binary(talk):
    talk.connection.sendall(bytes(range(256)) * 8)
    talk.wait_for_end()


def web(talk):
    talk.say("HTTP/1.1 400 Bad Request", "")
    talk.wait_for_end()


def hostile(talk):
    talk.connection.sendall(b"220 \x1b[31m\x00;spf=pass) evil\xff" + b"\xff\\" * 200 + b"\r\n")
    talk.hear()
    talk.say("250 (comment \" \x07")
    talk.end_well()


def busy(talk):
    talk.say("421 4.3.2 come back later")
    talk.wait_for_end()


def declines(talk):
    talk.say(f"554 {talk.script.name} no mail here")
    talk.wait_for_end()


def only_helo(talk):
    talk.say(f"220 {talk.script.name} old")
    talk.hear()
    talk.say("502 what?")
    talk.hear()
    talk.say(f"250 {talk.script.name}")
    talk.end_well()


def reset(talk):
    talk.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def close_in_greeting(talk):
    talk.connection.sendall(b"220 half a gree")


def close_after_greeting(talk):
    talk.say(f"220 {talk.script.name}")


def close_after_ehlo(talk):
    talk.greet("STARTTLS")


def half_open(talk):
    """Says its greeting, ends its side, and goes on listening."""
    talk.say(f"220 {talk.script.name}")
    talk.connection.shutdown(socket.SHUT_WR)
    talk.wait_for_end()


def refuses_starttls(talk):
    talk.greet("STARTTLS")
    talk.hear()
    talk.say("454 4.7.0 TLS not available")
    talk.end_well()


def close_after_starttls(talk):
    talk.greet("STARTTLS")
    talk.hear()
    talk.say("220 go ahead")


def alert(talk):
    talk.greet("STARTTLS")
    talk.hear()
    talk.say("220 go ahead")
    talk.connection.recv(1)
    talk.connection.sendall(ALERT)
    talk.swallow()


def never_shakes_hands(talk):
    talk.greet("STARTTLS")
    talk.hear()
    talk.say("220 go ahead")
    talk.swallow()


def injects(talk):
    talk.greet("STARTTLS")
    talk.hear()
    talk.say("220 go ahead", "250-injected.evil.test", "250 STARTTLS")
    talk.start_tls()
    talk.hear()
    talk.say(f"250 {talk.script.name} again")
    talk.end_well()


def close_in_tls(talk):
    talk.greet("STARTTLS")
    talk.hear()
    talk.say("220 go ahead")
    talk.start_tls()
    talk.hear()


def floods(talk):
    """Sends session tickets without end, as TLS 1.3 lets a server do (RFC 8446, 4.6.1); keeps how many octets of them were taken."""
    talk.greet("STARTTLS")
    talk.hear()
    talk.say("220 go ahead")
    context = talk.tls_context()
    context.num_tickets = 60000
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    session = context.wrap_bio(incoming, outgoing, server_side=True)
    while True:
        with contextlib.suppress(ssl.SSLWantReadError):
            session.do_handshake()
            break
        talk.connection.sendall(outgoing.read())
        incoming.write(talk.connection.recv(4096))
    talk.connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)  # so that little is taken unless somebody reads
    flood = memoryview(outgoing.read())
    talk.script.flooded = 0
    while flood:
        sent = talk.connection.send(flood[:4096])
        talk.script.flooded += sent
        flood = flood[sent:]
    talk.swallow()


def takes(is_taken, refusal="554 5.7.1 relay access denied", mail="250 ok", patience=1000):
    """A server that takes the recipients for which is_taken(path, host), and hangs up on who is refused more often than its patience lasts."""
    def play(talk):
        talk.greet("SIZE 1000")
        refused = 0
        while refused < patience:
            command = talk.hear()
            if command.startswith("QUIT"):
                talk.say("221 bye")
                return
            is_refused = command.startswith("RCPT") and not is_taken(command.split(":", 1)[1], talk.script.name)
            talk.say(mail if command.startswith("MAIL") else refusal if is_refused else "250 ok")
            refused += is_refused
        talk.hear()
        talk.say("421 4.7.0 too many errors")
    return play
