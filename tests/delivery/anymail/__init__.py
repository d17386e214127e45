"""Messages through providers' backends, whose HTTP is answered on loopback."""
