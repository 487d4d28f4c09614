"""A mail server for tests: keeps what it gets as files in a folder.

Arguments: the security (tls, starttls, plain), the folder, certificate and key.
Prints its port, and ends with its standard input.
"""

import asyncio
import base64
import json
import os
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

security, folder, certificate, key = sys.argv[1:5]


class Handler:
    count = 0

    async def handle_RCPT(self, server, session, envelope, address, options):
        answers = {
            "nobody": "550 5.1.1 There is no such mailbox",
            "full": "452 4.2.2 The mailbox is full",
        }
        answer = answers.get(address.split("@")[0])
        if answer is None:
            envelope.rcpt_tos.append(address)
        return answer or "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if b"Subject: unwanted" in envelope.original_content:
            return "554 5.7.1 Not here"
        # Ends with the connection too, and then nothing was taken.
        while envelope.rcpt_tos[0].startswith("slow@") and os.path.exists(
            os.path.join(folder, "hold")
        ):
            await asyncio.sleep(0.05)
        Handler.count += 1
        name = os.path.join(folder, "%06d" % Handler.count)
        with open(name + ".new", "w") as file:
            json.dump(
                {
                    "from": envelope.mail_from,
                    "to": envelope.rcpt_tos,
                    "hello": session.host_name,
                    "connection": session.peer[1],
                    "user": getattr(session.auth_data, "decode", lambda: "")(),
                    "encrypted": session.ssl is not None or security == "tls",
                    "content": base64.b64encode(envelope.original_content).decode(),
                },
                file,
            )
        os.rename(name + ".new", name + ".json")
        if envelope.rcpt_tos[0].startswith("lost@"):
            # Taken, and the answer never comes.
            server.transport.abort()
        return "250 2.0.0 Taken"


def authenticate(server, session, envelope, mechanism, data):
    good = data.login == b"tracker" and data.password == "s3cret p\u00e4ssword".encode()
    return AuthResult(success=good, handled=good, auth_data=data.login)


async def main():
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)

    def protocol():
        return SMTP(
            Handler(),
            hostname="localhost",
            tls_context=context if security == "starttls" else None,
            require_starttls=security == "starttls",
            auth_require_tls=security == "starttls",
            authenticator=authenticate,
        )

    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        protocol, "127.0.0.1", 0, ssl=context if security == "tls" else None
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


asyncio.run(main())
