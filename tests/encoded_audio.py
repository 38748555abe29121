"""Sound encoded by PyAV, for tests of readers."""

from fractions import Fraction

import numpy as np


def encode_stream(output, stream, wave_CN, rate):
    """Encode mono or stereo sound, float32 (channels, samples) at ``rate``, into a stream of an open container."""
    import av

    layout = ("mono", "stereo")[len(wave_CN) - 1]
    context = stream.codec_context
    if not context.is_open:  # the first packet of one stream opens all
        stream.layout = layout
        context.open(strict=False)
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(wave_CN, dtype=np.float32), "fltp", layout)
    frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
    resampler = av.AudioResampler(context.format, layout, stream.rate, frame_size=context.frame_size or 4096)
    for piece in (*resampler.resample(frame), *resampler.resample(None)):
        output.mux(stream.encode(piece))
    output.mux(stream.encode(None))
