"""Pictures of spectrograms.

Shape suffixes: T frames, M mel bands, C columns of a picture.
"""

import io
import math

import numpy as np
import torch
from matplotlib.image import imsave

from mwe.audio.logmel import LogMel
from mwe.audio.mel_settings import MelSettings

COLUMNS = 800  # maximum columns of a picture


@torch.inference_mode()
def mel_picture(wave: np.ndarray, settings: MelSettings) -> bytes:
    """Return a log-mel spectrogram as PNG, with low frequencies at the bottom.

    Args:
        wave: Samples.
        settings: Mel settings of the model.
    """
    mel_TM = LogMel(settings)(torch.from_numpy(wave)[None])[0].numpy()
    together = math.ceil(len(mel_TM) / COLUMNS)
    mel_CM = np.stack([part.mean(axis=0) for part in np.array_split(mel_TM, math.ceil(len(mel_TM) / together))])
    picture = io.BytesIO()
    imsave(picture, mel_CM.T, cmap="magma", origin="lower", format="png")
    return picture.getvalue()
