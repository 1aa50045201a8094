"""The service's configuration, /etc/config/swiftlet."""


def section(kind: str, name: str = "", **options: str | tuple[str, ...]) -> str:
    """A section of it; what has several values is a list."""
    lines = [f"config {kind}{f' {name!r}' if name else ''}"]
    for key, value in options.items():
        if isinstance(value, tuple):
            lines += [f"list {key} {item!r}" for item in value]
        else:
            lines.append(f"option {key} {value!r}")
    return "".join(f"{line}\n" for line in lines)


def main(**options: str) -> str:
    return section("swiftlet", "main", **options)
