"""An SMTP server that wants STARTTLS and AUTH, and prints each message as a line of JSON.

usage: smtp.py FOLDER PASSWORD

It writes ca.pem, which its certificate is signed by, and other-ca.pem, which it is not, into FOLDER. Its first line
has its port. Mail to later@ is refused with 451, to never@ with 550.
"""

import datetime
import email
import email.policy
import json
import logging
import socket
import ssl
import sys
import threading

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

folder, password = sys.argv[1:]
logging.getLogger("mail.log").setLevel(logging.ERROR)


def certificate(name, signer=None):
    """A key and its certificate: an authority's own, or one for localhost that it signs."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    issuer, issuer_key = (signer[1].subject, signer[0]) if signer else (subject, key)
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=signer is None, path_length=None), critical=True)
    )
    if signer:
        names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
        builder = builder.add_extension(names, critical=False)
    return key, builder.sign(issuer_key, hashes.SHA256())


def pem(path, *parts):
    with open(f"{folder}/{path}", "wb") as file:
        for part in parts:
            if isinstance(part, x509.Certificate):
                file.write(part.public_bytes(serialization.Encoding.PEM))
            else:
                file.write(
                    part.private_bytes(
                        serialization.Encoding.PEM,
                        serialization.PrivateFormat.PKCS8,
                        serialization.NoEncryption(),
                    )
                )
    return f"{folder}/{path}"


authority = certificate("test authority")
pem("ca.pem", authority[1])
pem("other-ca.pem", certificate("another authority")[1])
key, leaf = certificate("localhost", authority)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(pem("server.pem", key, leaf))


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("later@"):
            return "451 come again"
        if address.startswith("never@"):
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        parts = list(message.walk())

        def content(kind):
            part = next((part for part in parts if part.get_content_type() == kind), None)
            return part and part.get_content().replace("\r\n", "\n")

        pictures = [
            [part["Content-ID"], part.get_content_type(), part.get_content()[:8].hex()]
            for part in parts
            if part.get_content_maintype() == "image"
        ]
        names = ["Message-ID", "In-Reply-To", "References", "Auto-Submitted", "Importance", "From", "To"]
        told = {
            "encrypted": session.ssl is not None,
            "user": session.auth_data,
            "recipients": envelope.rcpt_tos,
            "subject": str(message["Subject"]),
            "text": content("text/plain"),
            "html": content("text/html"),
            "pictures": pictures,
            "headers": {name: message[name] and str(message[name]) for name in names},
        }
        print(json.dumps(told), flush=True)
        return "250 taken"


def authenticate(server, session, envelope, mechanism, data):
    login, given = data.login.decode(), data.password.decode()
    return AuthResult(success=given == password, handled=False, auth_data=login)


with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
Controller(
    Handler(),
    hostname="127.0.0.1",
    port=port,
    tls_context=context,
    require_starttls=True,
    auth_required=True,
    authenticator=authenticate,
).start()
print(json.dumps({"port": port}), flush=True)
threading.Event().wait()
