#!/usr/bin/env python3
"""python3 wvsms_client.py 127.0.0.1:3590 +491712345678

Sends each line of the standard input to the number, and prints each message that comes, for ever.
A lost connection loses and doubles nothing: a line without OK is sent again under its key, and a
message without OK to its ACK is acknowledged again and printed only once.
"""
import collections, contextlib, queue, signal, socket, sys, threading, time, uuid

(host, port), unsent, unacked = sys.argv[1].rsplit(":", 1), {}, {}  # commands without an answer, by key and by id
signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends it without a word
outbox = queue.Queue()  # (key or id, command) for the connection that is open


def read_lines():
    for line in sys.stdin.buffer:
        payload, key = line.rstrip(b"\n"), str(uuid.uuid4())
        unsent[key] = b"SEND %s %d key=%s\n%s\n" % (sys.argv[2].encode(), len(payload), key.encode(), payload)
        outbox.put((key, unsent[key]))


def write_commands(sock, box, asked):
    while command := box.get():
        asked.append(command[0])  # answers come in the order of the commands
        with contextlib.suppress(OSError):  # the reader sees it too
            sock.sendall(command[1])


def talk(sock, box):
    stream, asked = sock.makefile("rb"), collections.deque()
    threading.Thread(target=write_commands, args=(sock, box, asked), daemon=True).start()
    while (line := stream.readline()).endswith(b"\n"):
        word, *args = line.decode().split()
        if word == "MSG":  # MSG id from octets key=value...
            size = int(args[2]) + 2  # CRLF follows the payload
            if len(data := stream.read(size)) < size:
                return
            if args[0] not in unacked:
                print(*args[:2], data[:-2].decode(errors="backslashreplace"), flush=True)
            unacked[args[0]] = b"ACK %s\n" % args[0].encode()
            box.put((args[0], unacked[args[0]]))
        elif word in ("OK", "ERR") and asked:
            about = asked.popleft()
            print(about, word, *args, file=sys.stderr)
            if word == "OK" or unsent.pop(about, None) or args[0] in ("gone", "no-such-id"):
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
        time.sleep(isinstance(error, ConnectionRefusedError))  # 1 s where there is no bridge
    outbox.put(None)
