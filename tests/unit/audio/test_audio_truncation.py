from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile

from emovox.audio import probe_audio, read_audio, read_blocks
from emovox.errors import TruncatedAudioError

FORMATS = [
    ("WAV", "PCM_16"),
    ("WAV", "PCM_24"),
    ("WAV", "FLOAT"),
    ("WAV", "ULAW"),
    ("WAVEX", "PCM_16"),
    ("RF64", "PCM_16"),
    ("AIFF", "PCM_16"),
    ("FLAC", "PCM_16"),
    ("OGG", "VORBIS"),
    ("OGG", "OPUS"),
    ("MP3", "MPEG_LAYER_III"),
]


@pytest.mark.parametrize(("file_format", "subtype"), FORMATS)
@pytest.mark.parametrize("share", [0.3, 0.5, 0.9])
def test_a_file_that_is_cut_off_is_refused(tone, encode, file_format, subtype, share):
    data = encode(tone, 16000, file_format, subtype)
    part = data[: int(share * len(data))]
    with pytest.raises(TruncatedAudioError, match="is cut off"):
        read_audio(part)
    with pytest.raises(TruncatedAudioError, match="is cut off"):
        list(read_blocks(part))


@pytest.mark.parametrize(("file_format", "subtype"), FORMATS[:-1])
def test_the_last_byte_is_missed(tone, encode, file_format, subtype):
    with pytest.raises(TruncatedAudioError):
        read_audio(encode(tone, 16000, file_format, subtype)[:-1])


def test_the_message_says_how_much_is_there(tone, encode, tmp_path):
    path = tmp_path / "clip.wav"
    path.write_bytes(encode(tone, 16000)[:-10000])
    with pytest.raises(TruncatedAudioError) as caught:
        probe_audio(path)
    assert caught.value.message == (
        f"{path} is cut off: it announces 64,000 bytes of sound, 54,000 are there."
    )


def test_flac_says_how_far_it_came(encode):
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, 48000).astype(np.float32)
    data = encode(noise, 16000, "FLAC")
    with pytest.raises(TruncatedAudioError, match=r"decoding stops after .* of 3\.000 s"):
        read_audio(data[: len(data) // 2])


@pytest.mark.parametrize("n_bytes", [12, 20, 30, 43])
def test_a_wav_file_cut_off_in_its_header(tone, encode, n_bytes):
    with pytest.raises(TruncatedAudioError):
        read_audio(encode(tone, 16000)[:n_bytes])


def test_chunks_around_the_sound_do_not_matter(tone, encode):
    data = encode(tone, 16000)
    chunk = b"LIST" + (5).to_bytes(4, "little") + b"INFOx\0"
    mixed = data[:12] + chunk * 300 + data[12:] + chunk
    # The form's own size is wrong now, as it often is: only the sound counts.
    np.testing.assert_array_equal(read_audio(mixed).samples, read_audio(data).samples)


def test_a_tag_behind_an_ogg_file_does_not_matter(tone, encode):
    data = encode(tone, 16000, "OGG", "OPUS")
    assert len(read_audio(data + bytes(128)).samples) == len(tone)


def test_an_ogg_file_cut_off_in_a_page_header(make_tone, encode):
    data = encode(make_tone(4.0), 16000, "OGG", "OPUS")
    last_page = data.rfind(b"OggS")
    for n_bytes in (1, 3, 4, 20, 26, 27, 28):
        with pytest.raises(TruncatedAudioError):
            read_audio(data[: last_page + n_bytes])


def _encode_mp3(samples, mode):
    stream = io.BytesIO()
    with soundfile.SoundFile(
        stream, "w", 16000, 1, format="MP3", bitrate_mode=mode, compression_level=0.5
    ) as file:
        file.write(samples)
    return stream.getvalue()


@pytest.fixture(params=["CONSTANT", "AVERAGE", "VARIABLE"])
def mp3(request, make_tone):
    """A file whose bit rate varies where it may: twelve seconds, noise in the middle third."""
    samples = make_tone(12.0)
    rng = np.random.default_rng(0)
    samples[64000:128000] += rng.normal(0, 0.1, 64000).astype(np.float32)
    return _encode_mp3(samples, request.param)


def _strip_length_tag(data):
    mark = max(data.find(b"Xing", 0, 64), data.find(b"Info", 0, 64))
    assert mark > 0
    return data[data.find(data[:2], mark + 116) :]


def test_mp3_without_a_length_tag_is_read_to_its_end(mp3):
    whole = read_audio(mp3).samples
    assert len(whole) == 12 * 16000
    stripped = read_audio(_strip_length_tag(mp3)).samples
    # Without the tag the encoder's delay is not cut away: 1105 samples (LAME, MPEG-2).
    np.testing.assert_array_equal(stripped[1105 : 1105 + 100000], whole[:100000])
    assert len(stripped) >= len(whole)
    assert probe_audio(_strip_length_tag(mp3)).n_samples == len(stripped)


def test_mp3_with_tags_around_it_is_whole(mp3):
    id3 = b"ID3\x03\0\0" + bytes([0, 0, 2, 0]) + bytes(256)
    tagged = id3 + mp3 + b"TAG" + bytes(125)
    np.testing.assert_array_equal(read_audio(tagged).samples, read_audio(mp3).samples)
    with pytest.raises(TruncatedAudioError):
        read_audio((id3 + mp3)[: len(mp3) // 2])


@pytest.mark.parametrize("surplus", [0, 100_000])
def test_the_vbri_tag_is_known(mp3, surplus):
    data = bytearray(_strip_length_tag(mp3))
    # A first frame of silence with the tag of the Fraunhofer encoder.
    frame = bytearray(data[: data.find(data[:2], 4)])
    frame[4:] = bytes(len(frame) - 4)
    tag = b"VBRI" + bytes([0, 1, 0, 0, 0, 75]) + (len(data) + surplus).to_bytes(4, "big")
    frame[36 : 36 + len(tag)] = tag
    data = bytes(frame) + bytes(data)
    if surplus:
        with pytest.raises(TruncatedAudioError):
            probe_audio(data)
    else:
        assert probe_audio(data).format == "MP3"
