"""A program on a terminal of its own: what it asks, what is shown, and what is typed."""

import fcntl
import os
import pty
import signal
import subprocess
import termios
import time


class Terminal:
    def __init__(self, command: list[str]):
        self._keys, far_end = pty.openpty()
        self.shown = b""

        def make_it_ours():
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
            # Whoever runs the tests in the background may have them ignored.
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGTSTP):
                signal.signal(number, signal.SIG_DFL)

        self.process = subprocess.Popen(
            command, stdin=far_end, stdout=far_end, stderr=far_end, start_new_session=True, preexec_fn=make_it_ours)
        # Kept open, so that it can be looked at when the program has ended.
        self._far_end = far_end
        os.set_blocking(self._keys, False)

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *_) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._keys)
        os.close(self._far_end)

    def _look(self) -> None:
        try:
            self.shown += os.read(self._keys, 4096)
        except BlockingIOError:
            time.sleep(0.002)

    def wait_for(self, text: bytes, seconds: float = 20.0) -> None:
        """Until this is shown, behind what was waited for before."""
        deadline = time.monotonic() + seconds
        while text not in self.shown:
            assert time.monotonic() < deadline, f"{text!r} is not shown: {self.shown!r}"
            self._look()
        self.shown = self.shown[self.shown.index(text) + len(text):]

    def type(self, text: bytes) -> None:
        os.write(self._keys, text)

    @property
    def echoes(self) -> bool:
        """Whether it shows what is typed."""
        return bool(termios.tcgetattr(self._far_end)[3] & termios.ECHO)

    def end(self) -> int:
        """The exit status, once it has ended; what was shown last can be read in `shown`."""
        status = self.process.wait(20)
        try:
            self.shown += os.read(self._keys, 4096)
        except BlockingIOError:
            pass
        return status
