#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""resolver.py READY-FILE ADDRESS: a name server for one name, over UDP and TCP, v4 and v6.

update.vendor.example is edge.cdn.example is 10.77.0.2 and fd77::2. Over UDP every other question about
long.vendor.example is cut, so that it is asked again over TCP.
"""
import ipaddress
import os
import socketserver
import struct
import sys
import threading

A, CNAME, AAAA = 1, 5, 28


def encode(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"


def record(owner, kind, data):
    return owner + struct.pack(">HHIH", kind, 1, 60, len(data)) + data


def answer(query, tcp):
    at, labels = 12, []
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode())
        at += 1 + query[at]
    question, kind = query[12:at + 5], struct.unpack(">H", query[at + 1:at + 3])[0]
    name = ".".join(labels).lower()
    if name == "long.vendor.example" and not tcp:
        return query[:2] + struct.pack(">HHHHH", 0x8780, 1, 0, 0, 0) + question
    if not name.endswith("vendor.example"):
        return query[:2] + struct.pack(">HHHHH", 0x8583, 1, 0, 0, 0) + question
    addresses = {A: "10.77.0.2", AAAA: "fd77::2"}
    records = [record(b"\xc0\x0c", CNAME, encode("edge.cdn.example"))]
    if kind in addresses:
        records.append(record(encode("edge.cdn.example"), kind, ipaddress.ip_address(addresses[kind]).packed))
    return query[:2] + struct.pack(">HHHHH", 0x8580, 1, len(records), 0, 0) + question + b"".join(records)


class Datagram(socketserver.BaseRequestHandler):
    def handle(self):
        data, sock = self.request
        sock.sendto(answer(data, False), self.client_address)


class Stream(socketserver.StreamRequestHandler):
    def handle(self):
        while (size := self.rfile.read(2)):
            reply = answer(self.rfile.read(struct.unpack(">H", size)[0]), True)
            self.wfile.write(struct.pack(">H", len(reply)) + reply)


socketserver.TCPServer.allow_reuse_address = True
servers = [socketserver.UDPServer((sys.argv[2], 53), Datagram), socketserver.TCPServer((sys.argv[2], 53), Stream)]
for server in servers:
    threading.Thread(target=server.serve_forever, daemon=True).start()
with open(sys.argv[1], "w", encoding="ascii"):
    pass
threading.Event().wait()
os._exit(0)
