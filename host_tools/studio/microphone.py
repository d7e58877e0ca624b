"""Singing into the computer's microphone: recorded by the browser, sent here as a WAV file, to nowhere else."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from host_tools.studio import widgets as w
from host_tools.studio.studio import Studio
from host_tools.studio.texts import _

MOST_S = 120
NAME = "sung.wav"

# Samples as they come, 16 bits at the microphone's own rate, so that nothing is lost on the way to the pitch.
_RECORD = """async (event) => {
    if (window.calandoStop) { window.calandoStop(true); return; }
    const button = event.currentTarget;
    window.calandoStop = () => {};  // a second click, while the reader is asked, begins no second recording
    let stream;
    try { stream = await navigator.mediaDevices.getUserMedia(
        {audio: {echoCancellation: false, noiseSuppression: false, autoGainControl: false}}); }
    catch (error) { window.calandoStop = null; emit({error: true}); return; }
    const context = new AudioContext(), pieces = [];
    const source = context.createMediaStreamSource(stream), node = context.createScriptProcessor(4096, 1, 1);
    node.onaudioprocess = (e) => {  // nobody is recorded any more who has left the page
        if (button.isConnected) pieces.push(new Float32Array(e.inputBuffer.getChannelData(0)));
        else window.calandoStop?.(false);
    };
    source.connect(node); node.connect(context.destination);
    emit({recording: true});
    const timer = setTimeout(() => window.calandoStop?.(true), MOST_MS);
    window.calandoStop = async (taken) => {
        window.calandoStop = null; clearTimeout(timer);
        stream.getTracks().forEach((track) => track.stop()); node.disconnect(); await context.close();
        if (!taken) return;
        const count = pieces.reduce((sum, piece) => sum + piece.length, 0);
        const view = new DataView(new ArrayBuffer(44 + 2 * count));
        const word = (at, text) => [...text].forEach((c, i) => view.setUint8(at + i, c.charCodeAt(0)));
        word(0, "RIFF"); view.setUint32(4, 36 + 2 * count, true); word(8, "WAVEfmt "); view.setUint32(16, 16, true);
        view.setUint16(20, 1, true); view.setUint16(22, 1, true); view.setUint32(24, context.sampleRate, true);
        view.setUint32(28, 2 * context.sampleRate, true); view.setUint16(32, 2, true); view.setUint16(34, 16, true);
        word(36, "data"); view.setUint32(40, 2 * count, true);
        let at = 44;
        for (const piece of pieces) for (const sample of piece) {
            view.setInt16(at, Math.max(-1, Math.min(1, sample)) * 32767, true); at += 2; }
        try {
            const answer = await fetch("/upload", {method: "POST", body: view.buffer, headers: {"X-Name": "NAME"}});
            emit(await answer.json());
        } catch (error) { emit({error: true}); }
    };
}"""


def microphone(studio: Studio, act: Callable[[Path, str], Any]) -> None:
    """Make a button that begins and ends a recording; `act` gets its path here and a name."""

    async def told(event: Any) -> None:
        if event.args.get("recording"):
            w.put_text(button, _("Stop and take it"))
            w.put_text(said, _("Recording: sing alone, without an instrument. It stays on this computer."))
            return
        w.put_text(button, _("Sing into the microphone"))
        w.put_text(
            said, _("There is no microphone, or it may not be used.") if event.args.get("error") else ""
        )
        if "key" in event.args:
            path = studio.folder / "uploads" / Path(event.args["key"]).name
            if path.is_file():
                await act(path, NAME)

    button = w.tag("button", _("Sing into the microphone"), "button", type="button")
    button.on("click", told, js_handler=_RECORD.replace("MOST_MS", str(MOST_S * 1000)).replace("NAME", NAME))
    said = w.tag("p", "", "quiet", role="status")
