#!/usr/bin/env python3
"""Sends each line of the standard input to NUMBER, and prints each message that comes.

    python3 wvsms_client.py 127.0.0.1:3590 +491712345678

A lost connection loses and doubles nothing: a line without OK is sent again under its key,
a message without OK to its ACK is acknowledged again and printed only once.
"""
import collections, queue, socket, sys, threading, time, uuid

host, port = sys.argv[1].rsplit(":", 1)
number = sys.argv[2]
unsent = {}  # SEND commands without OK, by key
unacked = {}  # ids of printed messages without OK to their ACK
outbox = queue.Queue()  # (what it is about, command) for the connection that is open


def read_lines():
    for line in sys.stdin.buffer:
        payload, key = line.rstrip(b"\n"), str(uuid.uuid4())
        unsent[key] = f"SEND {number} {len(payload)} key={key}\n".encode() + payload + b"\n"
        outbox.put((key, unsent[key]))


def write_commands(sock, box, asked):
    while (command := box.get()) is not None:
        asked.append(command[0])  # answers come in the order of the commands
        try:
            sock.sendall(command[1])
        except OSError:
            return  # the reader sees it too


def talk(sock, box):
    stream, asked = sock.makefile("rb"), collections.deque()
    threading.Thread(target=write_commands, args=(sock, box, asked), daemon=True).start()
    while (line := stream.readline()).endswith(b"\n"):
        word, *args = line.decode().split()
        if word == "MSG":  # MSG id from octets key=value...
            payload = stream.read(int(args[2]) + 2)[:-2]
            if len(payload) < int(args[2]):
                return
            if args[0] not in unacked:
                print(args[0], args[1], payload.decode(errors="backslashreplace"), flush=True)
            unacked[args[0]] = f"ACK {args[0]}\n".encode()
            box.put((args[0], unacked[args[0]]))
        elif word in ("OK", "ERR"):
            about = asked.popleft()
            if word == "ERR":
                print(about, line.decode().strip(), file=sys.stderr)
            unsent.pop(about, None), unacked.pop(about, None)


threading.Thread(target=read_lines, daemon=True).start()
while True:
    outbox = queue.Queue()
    for command in [("", b"RECV\n"), *list(unacked.items()), *list(unsent.items())]:
        outbox.put(command)
    try:
        with socket.create_connection((host, int(port))) as sock:
            talk(sock, outbox)
    except OSError as error:
        print(error, file=sys.stderr)
    outbox.put(None)
    time.sleep(0.01 if unsent or unacked else 1)
