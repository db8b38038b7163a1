"""Sends a CancelRequest over TLS as libpq does since PostgreSQL 17, and prints `ended`, or what OpenSSL says of a connection that was cut."""
import socket
import ssl
import sys

host, port, packet = sys.argv[1], int(sys.argv[2]), bytes.fromhex(sys.argv[3])
context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
# Python forgives a connection that is cut; libpq does not.
context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF
context.set_alpn_protocols(["postgresql"])
with socket.create_connection((host, port)) as raw:
    secure = context.wrap_socket(raw, suppress_ragged_eofs=False)
    secure.sendall(packet)
    try:
        while secure.recv(1024):
            pass
        print("ended")
    except ssl.SSLError as error:
        print(error)
