"""Password and ACL files, as users have them made and as other programs make them."""

import base64
import hashlib
import subprocess
from pathlib import Path

SALT = bytes(range(12))


def make_passwords(file: Path, users: dict[str, str], *options: str) -> Path:
    """Has mosquitto_passwd write the file."""
    create = ["-c"]
    for user, password in users.items():
        command = ["mosquitto_passwd", *options, *create, "-b", str(file), user, password]
        subprocess.run(command, check=True, capture_output=True, timeout=20)
        create = []
    return file


def sha512_line(user: str, password: bytes, salt: bytes = SALT) -> str:
    """mosquitto's `$6$`: SHA-512 of password and salt."""
    return f"{user}:$6${text(salt)}${text(hashlib.sha512(password + salt).digest())}"


def pbkdf2_line(user: str, password: bytes, iterations: int, salt: bytes = SALT) -> str:
    """mosquitto's `$7$`: PBKDF2 with HMAC-SHA-512."""
    digest = hashlib.pbkdf2_hmac("sha512", password, salt, iterations)
    return f"{user}:$7${iterations}${text(salt)}${text(digest)}"


def text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def write_lines(file: Path, *lines: str) -> Path:
    file.write_text("".join(line + "\n" for line in lines))
    return file
