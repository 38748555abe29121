"""Level normalisation."""

import numpy as np
import pytest
import soundfile

from mwe.audio.excerpts import read_excerpts
from mwe.audio.loudness import LARGEST_GAIN, at_loudness, loudness_of
from mwe.audio.mel_settings import MelSettings
from mwe.audio.preprocessing import Preprocessing
from mwe.audio.silence import audible_part

RATE = 16000


@pytest.fixture
def noise_ES():
    return 0.1 * np.random.default_rng(0).standard_normal((3, RATE)).astype(np.float32)


def test_a_full_sine_of_997_hz_has_the_loudness_of_the_standard():
    sine = np.sin(2 * np.pi * 997 * np.arange(10 * RATE) / RATE)
    assert loudness_of(sine[None], RATE) == pytest.approx(-3.01, abs=0.1)
    assert type(loudness_of(sine[None], RATE)) is float  # other numbers do not go into JSON


@pytest.mark.parametrize("level", [-12, 6, -30])
def test_level_does_not_matter(noise_ES, level):
    louder = noise_ES * 10 ** (level / 20)
    np.testing.assert_allclose(at_loudness(louder, RATE, -14), at_loudness(noise_ES, RATE, -14), rtol=1e-4)
    assert loudness_of(at_loudness(louder, RATE, -14), RATE) == pytest.approx(-14, abs=0.1)


def test_excerpts_keep_their_relation(noise_ES):
    noise_ES[1] *= 0.5
    scaled = at_loudness(noise_ES, RATE, -20)
    assert np.ptp(scaled / noise_ES) < 1e-4


def test_silence_stays_silence_and_hiss_stays_hiss():
    silence = np.zeros((2, RATE), np.float32)
    assert not at_loudness(silence, RATE, -14).any()
    hiss = 1e-6 * np.random.default_rng(0).standard_normal((2, RATE)).astype(np.float32)
    np.testing.assert_array_equal(at_loudness(hiss, RATE, -14), hiss)
    soft = 2e-3 * np.random.default_rng(0).standard_normal((2, RATE)).astype(np.float32)
    assert at_loudness(soft, RATE, 0).std() / soft.std() == pytest.approx(10 ** (LARGEST_GAIN / 20), rel=1e-3)


def test_a_sound_shorter_than_a_block_is_measured(noise_ES):
    short = noise_ES[:1, :2000]
    assert loudness_of(at_loudness(short, RATE, -14), RATE) == pytest.approx(-14, abs=0.5)


def test_older_models_keep_their_identity():
    plain = Preprocessing(MelSettings(), 3.0, 8)
    assert "loudness" not in plain.to_dict()
    set_to = Preprocessing(MelSettings(), 3.0, 8, loudness=-14.0)
    assert Preprocessing.from_dict(set_to.to_dict()) == set_to


@pytest.mark.parametrize("loudness", [3, -71, "loud", True, float("nan")])
def test_a_level_that_is_none_is_refused(loudness):
    values = {**Preprocessing(MelSettings(), 3.0, 8).to_dict(), "loudness": loudness}
    with pytest.raises(ValueError, match="not a preprocessing"):
        Preprocessing.from_dict(values)


@pytest.mark.parametrize(("before", "after"), [(0, 0), (5, 0), (0, 17), (163, 201), (40, 1)])
def test_silence_at_both_ends_is_left_out(before, after):
    wave = np.concatenate([np.zeros(before), [0.5], np.zeros(30), [-0.5, 1e-5], np.zeros(after)]).astype(np.float32)
    assert audible_part(lambda start, stop: wave[start:stop], len(wave), rate=20) == (before, before + 32)


def test_silence_throughout_is_kept():
    wave = np.full(100, 1e-5, np.float32)
    assert audible_part(lambda start, stop: wave[start:stop], 100, rate=7) == (0, 100)


@pytest.mark.parametrize("thorough", [False, True])
def test_a_lead_in_does_not_move_the_excerpts(tmp_path, noise_ES, thorough):
    sound, silence = noise_ES.ravel(), np.zeros(RATE + 13, np.float32)
    soundfile.write(tmp_path / "plain.wav", sound, RATE, subtype="FLOAT")
    soundfile.write(tmp_path / "lead.wav", np.concatenate([silence, sound, silence]), RATE, subtype="FLOAT")
    settings = {"starts": lambda samples: [0, samples // 2], "samples": 4000, "sample_rate": RATE, "thorough": thorough}
    plain, lead = (read_excerpts(tmp_path / name, trim=True, **settings) for name in ("plain.wav", "lead.wav"))
    np.testing.assert_array_equal(plain.wave_ES, lead.wave_ES)
    assert (plain.kept, lead.kept) == (len(sound), len(sound))
    assert lead.samples == len(sound) + 2 * len(silence)
    untrimmed = read_excerpts(tmp_path / "lead.wav", **settings)
    assert not untrimmed.wave_ES[0].any()
    assert untrimmed.kept == untrimmed.samples
