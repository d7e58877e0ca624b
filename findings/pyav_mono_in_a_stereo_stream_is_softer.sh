#!/usr/bin/env bash
# PyAV 18.1.0: mono sound put into a stream that was made without a layout comes out 3 dB softer, and stereo.
#
# add_stream("flac", rate=...) makes a stereo stream; frames of one channel are spread over two by FFmpeg's resampler, which
# keeps the *power*, so each channel has 0.71 of the amplitude. Nothing is said, and the file sounds right. A level that was
# measured before writing no longer holds. add_stream(..., layout="mono") keeps it.
# Seen: the largest sample of a tone of 10 000.
set -euo pipefail
there=$(mktemp -d)
trap 'rm -rf "$there"' EXIT
cd "$there"
python3 -m venv "$there" && "$there/bin/pip" --quiet --disable-pip-version-check install av==18.1.0 numpy==2.4.6
"$there/bin/python" > seen << 'END'
import io
import av, numpy

tone = (10000 * numpy.sin(2 * numpy.pi * 440 * numpy.arange(16000) / 16000)).astype("<i2")
for options in ({}, {"layout": "mono"}):
    file = io.BytesIO()
    with av.open(file, "w", format="flac") as out:
        stream = out.add_stream("flac", rate=16000, **options)
        frame = av.AudioFrame.from_ndarray(tone[None, :], format="s16", layout="mono")
        frame.sample_rate = 16000
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            out.mux(packet)
    file.seek(0)
    with av.open(file) as read:
        sound = numpy.concatenate([frame.to_ndarray() for frame in read.decode(audio=0)], axis=1)
        print(options.get("layout", "no layout"), read.streams.audio[0].layout.name, numpy.abs(sound).max())
END
cat seen
diff - seen << 'END'
no layout stereo 7071
mono mono 10000
END
