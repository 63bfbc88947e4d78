"""raw_milter: the MTA's side of the milter protocol, octet by octet."""
import socket
import struct

from lab import DEADLINE_S

FINAL = b"crtyad"  # replies that end a command: continue, reject, tempfail, reply code, accept, discard
ALL_ACTIONS, ALL_STEPS = 0x1FF, 0x1FFFFF
LEADING_BLANKS = 0x100000  # SMFIP_HDR_LEADSPC


def packet(command, data=b""):
    return struct.pack("!I", len(data) + 1) + command + data


def connect_packet(address, port=25):
    family = b"6" if ":" in address else b"4"
    return packet(b"C", b"client.test\0" + family + struct.pack("!H", port) + address.encode() + b"\0")


def negotiate_packet(steps=ALL_STEPS):
    return packet(b"O", struct.pack("!III", 6, ALL_ACTIONS, steps))


NEGOTIATE = negotiate_packet()


class Client:
    """An MTA's side of one milter connection."""

    def __init__(self, port, offered=ALL_STEPS):
        self.offered = offered
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.steps = 0

    def __enter__(self):
        self.socket.sendall(negotiate_packet(self.offered))
        command, data = self.read()
        assert command == b"O", command
        self.steps = struct.unpack("!III", data[:12])[2]
        return self

    def __exit__(self, *unused):
        self.socket.close()

    def receive(self, count):
        data = b""
        while len(data) < count:
            more = self.socket.recv(count - len(data))
            if not more:
                raise EOFError
            data += more
        return data

    def read(self):
        length, command = struct.unpack("!Ic", self.receive(5))
        return command, self.receive(length - 1)

    def ask(self, command, data=b""):
        """Send a command; everything that comes back up to its final reply."""
        self.socket.sendall(packet(command, data))
        replies = []
        while not replies or replies[-1][0] not in FINAL:
            replies.append(self.read())
        return replies

    def macros(self, command, **values):
        self.socket.sendall(packet(b"D", command + b"".join(f"{name}\0{value}\0".encode() for name, value in values.items())))

    def start(self, client, helo=b"smtpout.yodel.example"):
        self.socket.sendall(connect_packet(client))
        self.read()
        self.ask(b"H", helo + b"\0")

    def next_client(self):
        """The client is gone, and another will come over the same connection: SMFIC_QUIT_NC."""
        self.socket.sendall(packet(b"K"))

    def message(self, sender=b"<anna@yodel.example>", headers=(), body=None):
        """One whole message; what came back at its end. `body`: for a filter that wants it."""
        self.ask(b"M", sender + b"\0")
        self.ask(b"R", b"<user@in.test>\0")
        for name, value in headers:  # no reply is waited for: SMFIP_NR_HDR
            self.socket.sendall(packet(b"L", name + b"\0" + value + b"\0"))
        if body is not None:
            self.socket.sendall(packet(b"N") + packet(b"B", body))
        return self.ask(b"E")


def fields(edits):
    """The fields that the edits of a message add, as (name, value), the topmost first."""
    added = [data[4:].split(b"\0")[:2] for command, data in edits if command == b"i"]
    return [(name.decode(), value.decode()) for name, value in reversed(added)]
