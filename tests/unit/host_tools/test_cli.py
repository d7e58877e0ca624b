"""The command line: 0 when done, 1 and one plain sentence when it failed, 2 for wrong usage.

Results appear whole or not at all.
"""

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import hand_made_session as hand_made
import pytest

from host_tools import cli
from host_tools.output import OutputFolder
from host_tools.play import results, simulate
from simulator import bedside, play
from simulator.files.errors import CalandoError

SCENARIO = 'title = "for a test"\nduration_s = 600\n[[event]]\nat_s = 5\ndo = "press"\n'


class InThisProcess:
    """Stands in for the Reporter where only its interface matters: starting Python anew takes a second."""

    def __enter__(self):
        return self

    def write(self, result, folder):
        return results.write(result, folder)

    def __exit__(self, *error):
        pass


@pytest.fixture
def scenario(tmp_path):
    path = tmp_path / "some.toml"
    path.write_text(SCENARIO)
    return path


@pytest.fixture
def played(monkeypatch):
    """The bedside plays the session made by hand at once; returns what it was asked for."""
    asked = []

    def run(scenario, runtime="micropython", seed=None, progress=None, flash=None):
        asked.append((scenario.title, runtime, seed))
        made = hand_made.result(seed=seed or scenario.seed)
        for row in made.rows:
            progress(row)
        return bedside.Result(scenario, runtime, made.seed, made.pcm, made.rows, made.events, made.summary)

    monkeypatch.setattr(play, "run", run)
    monkeypatch.setattr(simulate, "Reporter", InThisProcess)
    return asked


@pytest.fixture
def calando(monkeypatch, capsys):
    """Run the command in this process: (exit status, standard output, standard error)."""

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["calando", *map(str, words)])
        monkeypatch.setenv("COLUMNS", "200")
        with pytest.raises(SystemExit) as stopped:
            cli.main()
        out, err = capsys.readouterr()
        return stopped.value.code or 0, out, err

    return run


def is_one_sentence(err):
    return (
        err.startswith("calando: ")
        and err.endswith(".\n")
        and err.count("\n") == 1
        and "Traceback" not in err
    )


class TestUsage:
    def test_help_tells_a_stranger_what_this_is_and_how_to_begin(self, calando):
        status, out, _ = calando("--help")
        assert status == 0
        for text in ("quiet music", "calando simulate newborn", "simulate", "vitals", "render", "meter"):
            assert text in out

    @pytest.mark.parametrize("command", ["simulate", "vitals", "render", "meter"])
    def test_every_command_explains_itself(self, calando, command):
        status, out, _ = calando(command, "--help")
        assert status == 0
        assert "Usage: calando" in out

    @pytest.mark.parametrize(
        "words",
        [
            ["simulate"],
            ["simulte", "newborn"],
            ["simulate", "newborn", "--runtme", "cpython"],
            ["simulate", "newborn", "--runtime", "arduino"],
            ["simulate", "newborn", "--seed", "x"],
            ["simulate", "newborn", "--seed", "-1"],
            ["simulate", "newborn", "--out", ""],
            ["vitals", ""],
            ["vitals", "a.csv", "--population", "child"],
            ["render"],
            ["meter", "a.wav", "--full-scale-dba", "loud"],
            ["render", "--out", "a.wav", "--seed", "7", "--seed=8"],
            ["device", "info", "--port", "a", "--port", "b"],
        ],
    )
    def test_wrong_usage_is_2_with_a_word_of_help_and_no_traceback(self, calando, words):
        status, out, err = calando(*words)
        assert status == 2
        assert out == ""
        assert "Usage" in err
        assert "Traceback" not in err

    @pytest.mark.parametrize(
        "words",
        [
            ("simulate", "x" * 5000),
            ("programme", "validate", "x" * 5000),
            ("render", "--out", "a.wav", "--song", ""),
        ],
    )
    def test_a_name_that_is_none_is_a_sentence(self, calando, words, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        status, out, err = calando(*words)
        assert (status, out, list(tmp_path.iterdir())) == (1, "", [])
        assert err.startswith("calando: ") and err.count("\n") == 1 and len(err) < 400

    def test_an_option_given_twice_is_told_with_its_name(self, calando):
        assert (
            "The option --seed is given 2 times; give it once."
            in calando("simulate", "newborn", "--seed", "1", "--seed", "1")[2]
        )

    @pytest.mark.parametrize("words", ["--help", "song airs"])
    def test_an_output_that_is_closed_already_is_no_traceback(self, words):
        done = subprocess.run(
            ["sh", "-c", f'"$0" -m host_tools.cli {words} >&-', sys.executable],
            capture_output=True,
            text=True,
        )
        assert (done.returncode, done.stderr) == (0, "")

    def test_a_reader_that_has_had_enough_is_no_error_of_ours(self):
        code = "import time; time.sleep(0.5); from host_tools.commands.common import say; say('x'); print('still here')"
        done = subprocess.run(
            ["sh", "-c", '"$0" "$@" | true', sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stderr == ""

    def test_help_comes_quickly_because_the_work_is_imported_late(self):
        heavy = "('numpy', 'matplotlib', 'pydantic')"
        code = f"import sys, host_tools.cli; print([m for m in {heavy} if m in sys.modules])"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
        assert done.stdout.strip() == "[]"


class TestSimulate:
    def test_it_says_a_line_every_half_minute_and_where_the_results_lie(
        self, calando, played, scenario, tmp_path
    ):
        out_folder = tmp_path / "out"
        status, out, err = calando(
            "simulate", scenario, "--out", out_folder, "--seed", "7", "--runtime", "cpython"
        )
        assert (status, err) == (0, "")
        assert played == [("for a test", "cpython", 7)]
        lines = out.splitlines()
        assert lines[1].startswith(
            "  0:30  baseline  pulse 150  tempo    -- (target    --)  level  0.0 dBA  quality  95"
        )
        assert lines[3].startswith("  1:30  match     pulse 150  tempo  75.0 (target  69.0)  level 48.0 dBA")
        assert [line.split()[0] for line in lines[1:21]] == [
            f"{n // 2}:{n % 2 * 30:02d}" for n in range(1, 21)
        ]
        assert "the music faded out: the session had come to its planned end" in lines[-2]
        assert str(out_folder) in lines[-1]
        assert {path.name for path in out_folder.iterdir()} == set(results.FILES)

    def test_json_prints_the_summary_and_nothing_else(self, calando, played, scenario, tmp_path):
        status, out, _ = calando("simulate", scenario, "--out", tmp_path / "out", "--json")
        assert status == 0
        assert json.loads(out)["end"] == "faded"

    def test_a_seed_left_out_is_the_scenarios(self, calando, played, scenario, tmp_path):
        calando("simulate", scenario, "--out", tmp_path / "out")
        assert played[0][2] is None

    def test_what_was_not_as_expected_is_1_and_the_results_are_there_to_look_at(
        self, calando, played, tmp_path
    ):
        path = tmp_path / "wants.toml"
        path.write_text(SCENARIO + '[expect]\nend = "withdrawn"\n')
        status, _, err = calando("simulate", path, "--out", tmp_path / "out")
        assert status == 1
        assert is_one_sentence(err)
        assert "it should end withdrawn, and it ended faded (time_up)" in err
        assert (tmp_path / "out" / "report.html").exists()

    def test_the_default_folder_has_the_scenarios_name(
        self, calando, played, scenario, tmp_path, monkeypatch
    ):
        monkeypatch.chdir(tmp_path)
        assert calando("simulate", scenario)[0] == 0
        assert (tmp_path / "out" / "some" / "summary.json").exists()

    def test_a_runtime_that_dies_is_said_and_leaves_nothing(
        self, calando, played, scenario, tmp_path, monkeypatch
    ):
        def dies(*_):
            raise bedside.RuntimeDied("the interpreter ended at 0:12 with status -9")

        monkeypatch.setattr(play, "run", dies)
        status, _, err = calando("simulate", scenario, "--out", tmp_path / "new" / "out")
        assert status == 1
        assert is_one_sentence(err)
        assert "status -9" in err
        assert list(tmp_path.iterdir()) == [scenario]

    def test_a_crash_of_the_firmware_shows_its_own_traceback_and_one_sentence(
        self, calando, played, scenario, tmp_path, monkeypatch
    ):
        def dies(*_):
            raise bedside.RuntimeDied(
                "it ended (status 1): Traceback (most recent call last):\n  in main.py\nOops: x"
            )

        monkeypatch.setattr(play, "run", dies)
        status, _, err = calando("simulate", scenario, "--out", tmp_path / "out")
        *traceback, sentence = err.splitlines(keepends=True)
        assert status == 1
        assert "Oops: x" in "".join(traceback)
        assert is_one_sentence(sentence)

    def test_a_machine_without_micropython_is_told_what_else_to_use(
        self, calando, played, scenario, monkeypatch
    ):
        def missing(*_):
            raise FileNotFoundError("no MicroPython interpreter for Plan9; use --runtime cpython")

        monkeypatch.setattr(play, "run", missing)
        status, _, err = calando("simulate", scenario, "--out", scenario.parent / "out")
        assert status == 1
        assert is_one_sentence(err)
        assert "--runtime cpython" in err

    def test_the_emulated_chip_is_refused_in_a_sentence(self, calando, scenario, tmp_path):
        status, _, err = calando("simulate", scenario, "--runtime", "rp2040", "--out", tmp_path / "out")
        assert status == 1
        assert is_one_sentence(err)
        assert "CALANDO_UF2" in err


class TestBadInput:
    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (SCENARIO + "[patient]\nfollow_music = 1.0\n", 'did you mean "follows_music"'),
            (SCENARIO + "[patient]\npulse_rate_bpm = 900\n", "20 to 300"),
            (SCENARIO + '[patient]\nrecording = "none.csv"\n', "no such recording"),
            (SCENARIO + '[patient]\nrecording = "some.toml"\n', "no column ir"),
            ("title = ", "not valid TOML"),
        ],
    )
    def test_a_bad_scenario_is_1_one_sentence_and_no_folder(self, calando, tmp_path, content, words):
        path = tmp_path / "some.toml"
        path.write_text(content)
        status, _, err = calando("simulate", path, "--out", tmp_path / "new" / "out")
        assert status == 1
        assert is_one_sentence(err)
        assert words in err
        assert list(tmp_path.iterdir()) == [path]

    def test_a_scenario_that_does_not_exist(self, calando, tmp_path):
        status, _, err = calando("simulate", tmp_path / "none.toml", "--out", tmp_path / "out")
        assert status == 1
        assert is_one_sentence(err)

    def test_a_path_with_two_dots_is_named_as_it_was_given(self, calando):
        status, _, err = calando("vitals", "../none.csv")
        assert status == 1
        assert "calando: ../none.csv: " in err and not err.endswith("..\n")

    def test_a_folder_that_is_a_file(self, calando, played, scenario, tmp_path):
        (tmp_path / "out").write_text("mine")
        status, _, err = calando("simulate", scenario, "--out", tmp_path / "out")
        assert status == 1
        assert is_one_sentence(err)
        assert "is a file" in err
        assert (tmp_path / "out").read_text() == "mine"
        assert played == []

    def test_a_folder_below_a_file(self, calando, played, scenario, tmp_path):
        (tmp_path / "file").write_text("mine")
        status, _, err = calando("simulate", scenario, "--out", tmp_path / "file" / "out")
        assert status == 1
        assert is_one_sentence(err)
        assert played == []

    def test_a_folder_nobody_may_write_to(self, calando, played, scenario):
        status, _, err = calando("simulate", scenario, "--out", "/proc/calando/out")
        assert status == 1
        assert is_one_sentence(err)
        assert "another folder with --out" in err
        assert played == []


class TestOutputFolder:
    def test_everything_appears_together(self, tmp_path):
        with OutputFolder(tmp_path / "a" / "b") as new:
            (new / "x").write_text("1")
            assert not (tmp_path / "a" / "b").exists()
        assert [path.name for path in (tmp_path / "a" / "b").iterdir()] == ["x"]
        assert list((tmp_path / "a").iterdir()) == [tmp_path / "a" / "b"]

    def test_files_of_others_stay_and_ours_are_replaced(self, tmp_path):
        out = tmp_path / "out"
        out.mkdir()
        (out / "notes.txt").write_text("theirs")
        (out / "x").write_text("old")
        with OutputFolder(out) as new:
            (new / "x").write_text("new")
        assert {path.name: path.read_text() for path in out.iterdir()} == {"notes.txt": "theirs", "x": "new"}

    @pytest.mark.parametrize(
        "error", [KeyboardInterrupt(), SystemExit(143), CalandoError("no"), ValueError("no")]
    )
    def test_whatever_stops_it_leaves_the_place_as_it_was(self, tmp_path, error):
        (tmp_path / "old").mkdir()
        (tmp_path / "old" / "x").write_text("old")
        for out in (tmp_path / "old", tmp_path / "new" / "deep"):
            with pytest.raises(type(error)), OutputFolder(out) as new:
                (new / "x").write_text("half")
                raise error
        assert {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")} == {"old", "old/x"}
        assert (tmp_path / "old" / "x").read_text() == "old"

    def test_a_full_disk_is_a_sentence_and_leaves_nothing(self, tmp_path):
        with pytest.raises(CalandoError, match="no space left on device"), OutputFolder(tmp_path / "out"):
            raise OSError(28, "No space left on device")
        assert list(tmp_path.iterdir()) == []

    def test_the_folder_is_made_as_any_other_is(self, tmp_path):
        with OutputFolder(tmp_path / "out") as new:
            (new / "x").write_text("1")
        assert (tmp_path / "out").stat().st_mode & 0o777 == 0o755


class TestReporter:
    def test_it_writes_in_a_process_of_its_own_what_would_be_written_here(self, tmp_path):
        from host_tools.play.reporter import Reporter

        (tmp_path / "there").mkdir()
        (tmp_path / "here").mkdir()
        with Reporter() as reporter:
            summary = reporter.write(hand_made.result(), tmp_path / "there")
        results.write(hand_made.result(), tmp_path / "here")
        assert summary["end"] == "faded"
        for name in set(results.FILES) - {"summary.json"}:
            assert (tmp_path / "there" / name).read_bytes() == (tmp_path / "here" / name).read_bytes()

    def test_a_disk_error_there_is_raised_here(self):
        from host_tools.play.reporter import Reporter

        with pytest.raises(OSError, match="nowhere"), Reporter() as reporter:
            reporter.write(hand_made.result(), Path("/nowhere/at/all"))

    def test_it_ends_by_itself_when_it_is_not_needed(self):
        from host_tools.play.reporter import Reporter

        with Reporter() as reporter:
            process = reporter._process
        assert process.returncode == 0

    @pytest.mark.parametrize("part", [0.5, 1.0])
    def test_it_says_nothing_when_whoever_asked_is_stopped_meanwhile(self, tmp_path, part):
        asked = pickle.dumps((hand_made.result(), tmp_path), protocol=5)
        nobody, answers = os.pipe()
        os.close(nobody)
        try:
            done = subprocess.run(
                [sys.executable, "-m", "host_tools.play.reporter"],
                input=asked[: int(part * len(asked))], stdout=answers, stderr=subprocess.PIPE, check=False,
            )  # fmt: skip
        finally:
            os.close(answers)
        assert (done.returncode, done.stderr) == (0, b"")


def test_a_machine_without_micropython_plays_on_cpython_and_says_so(monkeypatch, tmp_path):
    said, asked = [], []
    monkeypatch.setattr(simulate, "find_micropython", lambda: None)

    def play(scenario, runtime, seed, say, warn, flash):
        asked.append(runtime)
        raise CalandoError("enough")

    monkeypatch.setattr(simulate, "_play", play)
    with pytest.raises(CalandoError, match="enough"):
        simulate.simulate("press_to_fade", out=tmp_path / "out", say=said.append)
    assert asked == ["cpython"]
    assert "slower" in said[0] and "cpython" in said[1]
