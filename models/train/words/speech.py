"""Makes the corpus: every engine speaks words, phrases and foreign text; one .npz per voice group.

Each group is written once and skipped when present, so an interrupted run goes on where it was.
"""

import re
import subprocess
import sys
import tarfile
import tempfile
from io import BytesIO
from pathlib import Path

import numpy as np
import soundfile
from scipy.signal import resample_poly

from words import CHANNEL_NAMES, HOMOPHONES, NEAR_ALARMS, PHRASES, SHARED, WORDS, WORK
from words import foreign_words, held_out, prompt_texts, sentences, spoken

RATE = 16000
TEST_SPEAKER = "jackson"
# Voices kept for the test: whole dialects and variants of espeak-ng, and two voices no other engine has.
ESPEAK_TEST = ["en-029", "en-gb-scotland+m8", "en-us+f5", "en-us+linda", "en-gb+steph", "en-us+klatt4", "en-gb+rob"]
ESPEAK_DIALECTS = ["en-gb", "en-us", "en-us", "en-gb-x-rp", "en-gb-x-gbclan", "en-us-nyc", "en-gb-x-gbcwmd"]
ESPEAK_VARIANTS = (
    "m1 m2 m3 m4 m5 m6 m7 f1 f2 f3 f4 klatt klatt2 klatt3 klatt5 klatt6 croak adam anika Alicia Andrea Andy Annie "
    "belinda benjamin boris caleb david ed edward grandma grandpa Gene john Lee max Michael Mike paul quincy "
    "robert sandro shelby steph2 travis victor zac aunty antonio announcer Denis Diogo Hugo Jacky Marco Mario "
    "michel miguel norbert pablo pedro marcelo iven iven2 whisperf"
).split()

GAMES = ["etr", "frozen-bubble", "supertux2", "wesnoth/1.16/data/core/music"]


class Texts:
    """Draws what is said next: a word, a phrase, or something that must come out empty."""

    def __init__(self, seed: int, test: bool, only: list[str] | None = None):
        self.only = only
        self.rng = np.random.default_rng(seed)
        self.foreign = [w for w in foreign_words() if held_out(w) == test]
        self.near = [w for w in NEAR_ALARMS if held_out(w) == test and w not in HOMOPHONES]
        self.sentences = sentences()

    def pick(self, items):
        return items[self.rng.integers(len(items))]

    def foreign_word(self) -> str:
        return self.pick(self.near if self.rng.random() < 0.15 else self.foreign)

    def draw(self) -> str:
        if self.only:
            return self.pick(self.only)
        kind = self.rng.random()
        if kind < 0.40:
            return self.pick(WORDS)
        if kind < 0.52:
            return self.pick(PHRASES)
        if kind < 0.64:
            return " ".join(self.pick(WORDS) for _ in range(self.rng.integers(2, 5)))
        if kind < 0.84:
            return " ".join(self.foreign_word() for _ in range(self.rng.integers(1, 3)))
        if kind < 0.94:
            return self.excerpt()
        words = self.pick(PHRASES).split()
        words.insert(self.rng.integers(len(words) + 1), self.foreign_word())
        return " ".join(words)

    def excerpt(self) -> str:
        run = self.pick(self.sentences)
        start = self.rng.integers(max(1, len(run) - 3))
        return " ".join(run[start : start + self.rng.integers(2, 7)])


def trimmed(audio: np.ndarray) -> np.ndarray:
    """Without the silence that engines put around speech: the room around a word is added later, at random."""
    level = np.abs(audio)
    loud = np.flatnonzero(level > max(0.02 * level.max(initial=0.0), 1e-4))
    return audio[:0] if loud.size == 0 else audio[max(0, loud[0] - 160) : loud[-1] + 320]


def read(file) -> np.ndarray:
    audio, rate = soundfile.read(file, dtype="float32", always_2d=True)
    common = np.gcd(rate, RATE)
    return resample_poly(audio.mean(1), RATE // common, rate // common).astype(np.float32)


def loaded(file) -> np.ndarray:
    return trimmed(read(file))


def save(group: str, entries) -> None:
    """Packs (audio, label, voice) into one file: int16 samples end to end, with their offsets."""
    audio, labels, voices = [], [], []
    for count, (samples, label, voice) in enumerate(entries):
        if not 0.1 * RATE <= samples.size <= 4.8 * RATE:
            continue
        audio.append((samples / np.abs(samples).max() * 30000).astype(np.int16))
        labels.append(label)
        voices.append(voice)
        if count % 1000 == 0:
            print(f"{group}: {count}", flush=True)
    offsets = np.cumsum([0] + [a.size for a in audio])
    partial = WORK / "corpus" / f"{group}.part.npz"
    np.savez(partial, audio=np.concatenate(audio), offsets=offsets, labels=labels, voices=voices)
    partial.rename(WORK / "corpus" / f"{group}.npz")
    print(f"{group}: {len(labels)} utterances, {offsets[-1] / RATE / 60:.1f} min", flush=True)


def espeak(seed: int, count: int, test: bool, only=None):
    texts = Texts(seed, test, only)
    for _ in range(count):
        text = texts.draw()
        if test:
            voice = texts.pick(ESPEAK_TEST)
        else:
            voice = f"{texts.pick(ESPEAK_DIALECTS)}+{texts.pick(ESPEAK_VARIANTS)}"
        speed, pitch = texts.rng.integers(110, 200), texts.rng.integers(20, 80)
        options = ["-v", voice, "-s", str(speed), "-p", str(pitch), "--stdout"]
        done = subprocess.run(["espeak-ng", *options, text], capture_output=True, check=True)
        yield loaded(BytesIO(done.stdout)), spoken(text), f"espeak {voice}"


def flite(seed: int, count: int, voices: list[str], test: bool, only=None):
    texts = Texts(seed, test, only)
    with tempfile.TemporaryDirectory() as folder:
        for index in range(count):
            text, voice = texts.draw(), voices[index % len(voices)]
            tempo = ["--setf", f"duration_stretch={texts.rng.uniform(0.8, 1.35):.2f}"]
            pitch = {"slt": 170, "awb": 120, "rms": 95}.get(voice)
            if pitch:
                tempo += ["--setf", f"int_f0_target_mean={pitch * texts.rng.uniform(0.8, 1.25):.0f}"]
            file = f"{folder}/a.wav"
            subprocess.run(["flite", "-voice", voice, *tempo, "-t", text, "-o", file], check=True)
            yield loaded(file), spoken(text), f"flite {voice}"


def pico(seed: int, count: int, language: str, only=None):
    """SVOX Pico: the voice of old telephones, cut from that of a person."""
    texts = Texts(seed, False, only)
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(count):
            text, file = texts.draw(), f"{folder}/a.wav"
            speed, pitch = texts.rng.integers(75, 135), texts.rng.integers(70, 135)
            marked = f"<speed level='{speed}'><pitch level='{pitch}'>{text}</pitch></speed>"
            subprocess.run(["pico2wave", "-l", language, "-w", file, marked], check=True, capture_output=True)
            yield loaded(file), spoken(text), f"pico {language}"


def festival(seed: int, count: int, voice: str, test: bool, only=None):
    """All in one process per hundred, because festival takes a second to start."""
    texts = Texts(seed, test, only)
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(0, count, 100):
            batch = [texts.draw() for _ in range(100)]
            script = f"(voice_{voice})\n"
            for index, text in enumerate(batch):
                script += f"(Parameter.set 'Duration_Stretch {texts.rng.uniform(0.85, 1.3):.2f})\n"
                speech = f'(utt.synth (Utterance Text "{text}"))'
                script += f'(utt.save.wave {speech} "{folder}/{index}.wav" \'riff)\n'
            subprocess.run(["festival", "--pipe"], input=script, text=True, check=True, capture_output=True)
            for index, text in enumerate(batch):
                yield loaded(f"{folder}/{index}.wav"), spoken(text), f"festival {voice}"


def digits(speakers: list[str]):
    """Real people: files are named digit_speaker_index.wav. They begin with the word, and its first sound may be weak."""
    with tarfile.open(SHARED / "data/spoken-digits.tar") as tar:
        for member in sorted(tar.getmembers(), key=lambda m: m.name):
            digit, speaker, _ = Path(member.name).stem.split("_")
            if speaker in speakers:
                yield read(BytesIO(tar.extractfile(member).read())), WORDS[int(digit)], f"person {speaker}"


def prompts(folder: str, transcripts: dict[str, str] | None):
    """Telephone prompts read by one person; those in another language have no words to write."""
    for path in sorted(Path("/usr/share/asterisk/sounds", folder).rglob("*.g722")):
        name = str(path.relative_to(Path("/usr/share/asterisk/sounds", folder)).with_suffix(""))
        text = (transcripts or {}).get(name, "")
        if transcripts and (not text or HOMOPHONES & set(re.findall("[a-z]+", text)) or re.search("[0-9*#]|silence|tone", text)):
            continue
        decode = ["ffmpeg", "-v", "error", "-i", path, "-f", "wav", "-ar", str(RATE), "-"]
        samples = loaded(BytesIO(subprocess.run(decode, capture_output=True, check=True).stdout))
        yield samples, spoken(text), f"prompts {folder}"


def music(seed: int, count: int):
    """Pieces of the music of Debian's games: nothing to write."""
    rng = np.random.default_rng(seed)
    songs = sorted(path for game in GAMES for path in Path("/usr/share/games", game).rglob("*.ogg"))
    songs = [path for path in songs if soundfile.info(path).duration > 20]
    for song in songs:
        audio = read(song)
        for _ in range(count // len(songs)):
            size = int(RATE * rng.uniform(0.4, 4.8))
            start = rng.integers(audio.size - size)
            if np.abs(audio[start : start + size]).max() > 0.01:
                yield audio[start : start + size], "", "music"


GROUPS = {
    "train-people": lambda: digits(["george", "lucas", "nicolas", "yweweler"]),
    "test-people": lambda: digits([TEST_SPEAKER]),
    "train-prompts": lambda: prompts("en_US_f_Allison", prompt_texts()),
    "train-prompts-fr": lambda: prompts("fr_CA_f_June", None),
    "train-prompts-ru": lambda: prompts("ru_RU_f_IvrvoiceRU", None),
    "train-music": lambda: music(10, 4000),
    "train-flite": lambda: flite(1, 9000, ["slt", "awb", "rms"], False),
    "train-espeak": lambda: espeak(2, 16000, False),
    "train-festival": lambda: festival(3, 3000, "cmu_us_slt_arctic_hts", False),
    "train-names-flite": lambda: flite(7, 1500, ["slt", "awb", "rms"], False, CHANNEL_NAMES),
    "train-names-espeak": lambda: espeak(8, 800, False, CHANNEL_NAMES),
    "train-names-festival": lambda: festival(9, 400, "cmu_us_slt_arctic_hts", False, CHANNEL_NAMES),
    "train-pico-us": lambda: pico(11, 3500, "en-US"),
    "train-pico-gb": lambda: pico(12, 3500, "en-GB"),
    "train-names-pico": lambda: (it for language in ("en-US", "en-GB") for it in pico(13, 350, language, CHANNEL_NAMES)),
    "train-kal": lambda: flite(5, 2500, ["kal16"], False),
    "train-ked": lambda: festival(6, 1500, "ked_diphone", False),
    "test-espeak": lambda: espeak(4, 1000, True),
}


def main() -> None:
    (WORK / "corpus").mkdir(parents=True, exist_ok=True)
    for group in sys.argv[1:] or GROUPS:
        if not (WORK / "corpus" / f"{group}.npz").exists():
            save(group, GROUPS[group]())


if __name__ == "__main__":
    main()
