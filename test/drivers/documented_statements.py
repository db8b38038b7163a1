"""What the Python programs share: the statements, written as files by the test, and the lines they print."""
import json
import pathlib
import sys

URL, DIRECTORY = sys.argv[1:3]
ARGUMENTS = ("model", "request", "oss_path", "oss_endpoint", "role_arn")
TRANSACTION = "SELECT current_setting('transaction_read_only') || ' ' || current_setting('transaction_isolation')"


def statements():
    """(name, text as printed, arguments) of each statement."""
    for folder in sorted(pathlib.Path(DIRECTORY).iterdir()):
        yield folder.name, (folder / "statement.sql").read_text(), [(folder / a).read_text() for a in ARGUMENTS]


def show(mode, **line):
    print(json.dumps({"mode": mode, **line}), flush=True)
