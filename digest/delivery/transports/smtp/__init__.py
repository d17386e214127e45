"""Takes complete messages; carries them over a few persistent SMTP connections, pipelined, from one thread.

A message's way through the files: `transport` draws it for a connection that has room, `envelope` puts its addresses
into commands, `dialogue` speaks them (`lockstep` where the server cannot pipeline) over a `channel`, and `replies`
judges what the server says, `errors` what smtplib raised about it. `connection` and `opening` make new connections,
`pool` keeps them; `run` is what one call of `send` has in hand.
"""

from digest.delivery.transports.smtp.transport import SmtpTransport

__all__ = ["SmtpTransport"]
