"""What tests of the commands share: running one in this process."""

import sys

import pytest

from host_tools import cli
from host_tools.commands import common


@pytest.fixture
def run_calando(monkeypatch, capsys, tmp_path):
    """Run a command in this process in an empty folder: (exit status, standard output, standard error)."""
    monkeypatch.chdir(tmp_path)

    def run(*words, typed=None):
        monkeypatch.setattr(sys, "argv", ["calando", *map(str, words)])
        if typed is not None:
            monkeypatch.setattr(common, "ask", lambda question, instead: typed)
            monkeypatch.setattr("host_tools.commands.backup.ask", lambda question, instead: typed)
        with pytest.raises(SystemExit) as stopped:
            cli.main()
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return stopped.value.code or 0, out, err

    return run
