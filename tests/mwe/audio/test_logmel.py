import librosa
import numpy as np
import pytest
import torch

from mwe.audio.logmel import LogMel
from mwe.audio.mel_settings import MelSettings


@pytest.fixture(scope="module")
def waves():
    rng = np.random.default_rng(0)
    return [rng.uniform(-0.5, 0.5, n).astype(np.float32) for n in (66150, 11025, 51200, 1030, 66151)]


def alone(wave, logmel):
    return logmel(torch.from_numpy(wave)[None])[0]


@pytest.mark.parametrize("settings", [MelSettings(), MelSettings(16000, 512, 160, 96, 30.0, 7000.0)])
def test_the_power_is_that_of_librosa(waves, settings):
    for wave in waves:
        expected_MT = librosa.feature.melspectrogram(
            y=wave,
            sr=settings.sample_rate,
            n_fft=settings.n_fft,
            hop_length=settings.hop_length,
            n_mels=settings.n_mels,
            fmin=settings.f_min,
            fmax=settings.f_max,
        )
        power_TM = LogMel(settings).power(torch.from_numpy(wave)[None])[0].numpy()
        np.testing.assert_allclose(power_TM, expected_MT.T, rtol=1e-5, atol=1e-7 * expected_MT.max())
        np.testing.assert_allclose(
            alone(wave, LogMel(settings)).numpy(), np.log10(1 + 1e4 * expected_MT.T), rtol=1e-5, atol=1e-5
        )


def test_a_clip_is_the_same_alone_and_in_any_padded_batch(waves):
    logmel = LogMel()
    for order in ([0, 1, 2, 3, 4], [4, 3], [3, 1, 0]):
        batch = torch.nn.utils.rnn.pad_sequence([torch.from_numpy(waves[i]) for i in order], batch_first=True)
        frames = logmel.frame_counts(torch.tensor([len(waves[i]) for i in order]))
        mel_BTM = logmel(batch)
        for place, i in enumerate(order):
            single_TM = alone(waves[i], logmel)
            assert len(single_TM) == frames[place] == 1 + len(waves[i]) // 512
            torch.testing.assert_close(mel_BTM[place, : frames[place]], single_TM, rtol=1e-5, atol=1e-5)


def test_silence_is_zero_and_full_scale_fits_half_precision():
    logmel = LogMel()
    assert not logmel(torch.zeros(1, 2048)).any()
    loudest = logmel(torch.sin(torch.arange(44100.0) * 0.1)[None]).max()
    assert 6 < loudest < 9


def test_frames_of_a_duration():
    assert MelSettings().frames(3.0) == 130
    assert MelSettings().frames(0.0) == 1


def test_settings_survive_json_and_know_their_default_edge():
    settings = MelSettings(n_mels=64)
    assert settings.f_max == 11025
    assert MelSettings.from_dict(settings.to_dict()) == settings
    assert MelSettings(f_max=11025.0) == MelSettings()
    assert hash(MelSettings()) == hash(MelSettings())
    with pytest.raises(TypeError):
        MelSettings.from_dict({"n_mel": 3})


def test_a_checkpoint_does_not_hold_the_filters():
    assert not LogMel().state_dict()


@pytest.mark.parametrize("changed", [{"n_fft": 1024.5}, {"hop_length": 0}, {"n_mels": "128"}, {"f_min": -1.0}])
def test_settings_from_a_file_are_numbers_that_can_be(changed):
    given = MelSettings().to_dict()
    assert MelSettings.from_dict(given) == MelSettings()
    with pytest.raises(ValueError, match=next(iter(changed))):
        MelSettings.from_dict(given | changed)
