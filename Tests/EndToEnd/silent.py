"""A broker that accepts everybody, and says nothing more."""

import contextlib
import socket
import threading

from packets import ACCEPTED


class SilentBroker:
    """In a `with`. What it is sent it reads, and does not answer."""

    def __enter__(self) -> "SilentBroker":
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._read, args=(connection,), daemon=True).start()

    @staticmethod
    def _read(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.recv(4096)
            connection.sendall(ACCEPTED)
            while connection.recv(4096):
                pass
