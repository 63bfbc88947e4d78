"""
dns_shuffler: a name server in front of another that sends the records of each answer in an order of chance.

dns_shuffler.py PORT BEHIND SEED: listens on PORT of loopback, by UDP and TCP, and asks the server on BEHIND. Nothing may rest
on the order of an RRset, so every name server of the lab stands behind one of these. Answers with one record pass as they are.
"""
import random
import select
import socket
import socketserver
import struct
import sys
import threading

import dns.message

HOST = "127.0.0.1"


def shuffled(packet):
    """The same message with the records of each RRset of the answer, and its RRsets, in another order."""
    if len(packet) < 12 or struct.unpack_from("!H", packet, 6)[0] < 2:
        return packet
    message = dns.message.from_wire(packet)
    random.shuffle(message.answer)
    return message.to_wire(max_size=65535)  # which puts the records of an RRset in an order of chance


class Udp:
    def __init__(self, port, behind):
        self.front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.front.bind((HOST, port))
        self.back = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.back.connect((HOST, behind))
        self.waiting, self.next = {}, 0

    def pass_question(self):
        packet, address = self.front.recvfrom(65535)
        self.next = (self.next + 1) % 65536
        self.waiting[self.next] = (packet[:2], address)
        self.back.send(struct.pack("!H", self.next) + packet[2:])

    def pass_answer(self):
        packet = self.back.recv(65535)
        found = self.waiting.pop(struct.unpack_from("!H", packet)[0], None)
        if found:
            self.front.sendto(shuffled(found[0] + packet[2:]), found[1])

    def serve(self):
        while True:
            for ready in select.select([self.front, self.back], [], [])[0]:
                try:
                    (self.pass_question if ready is self.front else self.pass_answer)()
                except ConnectionError:
                    continue  # the server behind is down: that looks like silence here


class Tcp(socketserver.StreamRequestHandler):
    def handle(self):
        with socket.create_connection((HOST, self.server.behind)) as back, back.makefile("rb") as answers:
            while len(head := self.rfile.read(2)) == 2:
                back.sendall(head + self.rfile.read(struct.unpack("!H", head)[0]))
                length = answers.read(2)
                if len(length) < 2:
                    return
                packet = shuffled(answers.read(struct.unpack("!H", length)[0]))
                self.wfile.write(struct.pack("!H", len(packet)) + packet)


class TcpServer(socketserver.ThreadingTCPServer):
    daemon_threads = allow_reuse_address = True
    request_queue_size = 128

    def handle_error(self, *unused):
        """Whoever hangs up has his reasons."""


if __name__ == "__main__":
    listen, server_behind, seed = map(int, sys.argv[1:])
    random.seed(seed)
    print("seed", seed, flush=True)
    udp = Udp(listen, server_behind)
    tcp = TcpServer((HOST, listen), Tcp)
    tcp.behind = server_behind
    threading.Thread(target=tcp.serve_forever, daemon=True).start()
    udp.serve()
