"""Measured figures at the end of a run's output: a test records them as properties named `figure`."""


def pytest_terminal_summary(terminalreporter):
    for passed in terminalreporter.stats.get("passed", []):
        for name, figure in passed.user_properties:
            if name == "figure":
                terminalreporter.write_line(figure)
