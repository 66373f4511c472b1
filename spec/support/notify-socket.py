"""Receives what a service tells systemd: one line of standard output for each line of a message."""
import socket
import sys

receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
receiver.bind(sys.argv[1])
print("listening", flush=True)
while True:
    message = receiver.recv(65536).decode()
    print(message.strip().replace("\n", " | "), flush=True)
