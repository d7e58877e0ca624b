"""What a command may replace: nothing that differs, unless it is asked to; and a study and its file belong together."""

import pytest
from typer.testing import CliRunner

from host_tools.cli import app
from host_tools.device import studies
from host_tools.output import refuse_to_replace
from simulator.files.errors import CalandoError


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("CALANDO_STUDIES_DIR", str(tmp_path / "studies"))


def test_other_contents_are_kept_and_the_same_are_no_loss(tmp_path):
    place = tmp_path / "page.html"
    refuse_to_replace({place: b"page"})
    place.write_bytes(b"edited")
    with pytest.raises(CalandoError, match=r"page\.html is there already with other contents.*--overwrite"):
        refuse_to_replace({place: b"page"})
    refuse_to_replace({place: b"page"}, overwrite=True)
    refuse_to_replace({place: b"edited"})


def test_a_new_study_takes_no_other_files_place(tmp_path):
    out = tmp_path / "study.json"
    runner = CliRunner()
    assert runner.invoke(app, ["study", "new", "First", "--out", str(out)]).exit_code == 0
    first = out.read_bytes()
    refused = runner.invoke(app, ["study", "new", "Second", "--out", str(out)])
    assert isinstance(refused.exception, CalandoError)
    assert "perhaps another study" in str(refused.exception)
    assert out.read_bytes() == first
    assert [study.title for study in studies.known()] == ["First"]


def test_a_study_whose_file_cannot_be_written_is_not_kept(tmp_path):
    refused = CliRunner().invoke(app, ["study", "new", "Lost", "--out", str(tmp_path / "nowhere" / "s.json")])
    assert isinstance(refused.exception, CalandoError)
    assert studies.known() == []
