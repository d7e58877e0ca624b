"""A song sung into the computer's microphone: Chromium plays a file to the page in place of one."""

import numpy as np
import pytest
import sung_voices
from studio_browser import CHROMIUM, NO_BROWSER, go, until

from host_tools.sound import meter

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=NO_BROWSER)

RATE_HZ = 48_000
SUNG = {64: "E4", 67: "G4", 72: "C5"}
SUNG_S = 6.0
ABC = "X:1\nT:Cradle\nM:3/4\nL:1/4\nK:G\nGBd|d2B|Ace|e2c|Bd G|A2F|G3|]\n"
TRACKS = """const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
window.tracks = [];
navigator.mediaDevices.getUserMedia = async (wanted) => {
    const stream = await ask(wanted); window.tracks.push(...stream.getTracks()); return stream; };"""


@pytest.fixture(scope="module")
def more_arguments(tmp_path_factory):
    """Somebody sings in front of its microphone, over and over."""
    file = tmp_path_factory.mktemp("voice") / "voice.wav"
    samples, _ = sung_voices.sing([(note, 1) for note in SUNG], rate_hz=RATE_HZ, consonants=False, room=False)
    meter.write_wav(file, np.round(32767 * samples).astype("<i2"), RATE_HZ)
    return ("--use-fake-device-for-media-stream", f"--use-file-for-fake-audio-capture={file}")


@pytest.fixture
def context(context):
    context.add_init_script(TRACKS)
    return context


def uploads(program):
    return list((program.folder / "studio" / "uploads").iterdir())


def begin(page):
    page.get_by_role("button", name="Sing into the microphone").click()
    page.get_by_text("Recording: sing alone").wait_for()


def test_what_is_sung_into_the_microphone_becomes_a_song(context, page, program):
    context.grant_permissions(["microphone"])
    go(page, "Songs")
    begin(page)
    page.wait_for_timeout(1000 * SUNG_S)
    page.get_by_role("button", name="Stop and take it").click()
    page.get_by_role("heading", name="sung").wait_for()
    names = page.locator("button.note").all_inner_texts()
    heard = [name.split()[0] for name in names]
    assert len(heard) >= 3 and sum(name in SUNG.values() for name in heard) >= len(heard) / 2, names
    assert page.evaluate("tracks.map((track) => track.readyState)") == ["ended"]
    page.get_by_role("button", name="Sing into the microphone").wait_for()
    assert uploads(program) == []


def test_a_microphone_that_may_not_be_used_is_said(page):
    page.context.clear_permissions()
    go(page, "Songs")
    page.get_by_role("button", name="Sing into the microphone").click()
    page.get_by_text("There is no microphone, or it may not be used.").wait_for()


def test_whoever_leaves_the_page_is_no_longer_recorded(context, page, program):
    context.grant_permissions(["microphone"])
    go(page, "Songs")
    begin(page)
    go(page, "Device")
    page.wait_for_function("tracks.every((track) => track.readyState === 'ended')")
    go(page, "Songs")
    begin(page)
    assert uploads(program) == []


def test_reading_a_long_recording_is_cancelled_and_nothing_is_kept_or_changed(page, program, tmp_path):
    file = tmp_path / "long.wav"
    once, _ = sung_voices.sing([(note, 1) for note in SUNG], rate_hz=16_000, consonants=False, room=False)
    meter.write_wav(file, np.round(32767 * np.tile(once, 20)).astype("<i2"), 16_000)
    go(page, "Songs")
    song = {"name": "cradle.abc", "mimeType": "text/plain", "buffer": ABC.encode()}
    chosen = page.locator("input[type=file]")
    chosen.set_input_files(song)
    page.get_by_role("heading", name="Cradle").wait_for()
    chosen.set_input_files(file)
    page.get_by_text("It is being read …").wait_for()
    page.get_by_role("button", name="Cancel", exact=True).click()
    page.get_by_text("Cancelled: nothing was changed.").wait_for()
    until(page, lambda: uploads(program) == [], "the recording is gone")
    page.get_by_role("heading", name="Cradle").wait_for()
    page.get_by_role("button", name="Put it away").click()
    chosen.set_input_files(song)  # another one is read as before
    page.get_by_role("heading", name="Cradle").wait_for()
