"""Says which pictures and clips exist, and which scenes are never trained on."""

import json
import os
import re
from pathlib import Path

HERE = Path(__file__).resolve().parent
SHARED = Path(os.environ.get("OTUS_SHARED") or HERE / "../../../../shared").resolve()
WORK = Path(os.environ.get("OTUS_WORK") or HERE / "build").resolve()
PEOPLE = SHARED / "data/people"
TEACHER = SHARED / "models/yolox_nano.onnx"
OPENCV = WORK / "opencv"  # what the Makefile takes out of Debian's opencv-doc
STREET = OPENCV / "vtest.avi"

# The street clip has 795 frames; no frame from this one on is trained on.
STREET_TEST = 596

# The teacher takes this sign post for a person in nearly every street frame.
SIGN = (30.6, 109.8, 48.3, 143.9)

# A scene is a room or an event. These are held out whole: Subject 1's room,
# the classroom, and everything that the people of the corridor clips appear in.
HELD_OUT = (
    "gmdcsa_S1",
    "intel_classroom",
    "intel_face-demographics",
    "intel_head-pose",
    "commons_night",
    "intel_fruit",
    "intel_bottle",
)

# Of the office photos and plain backgrounds, every such event is held out.
EVERY_OFFICE, EVERY_BACKGROUND = 5, 4

# Clip, and the step between the frames taken from it.
CLIPS = {
    "intel_one-by-one-person-detection": 6,
    "intel_car-detection": 25,
    "gmdcsa_S2ADL23": 4,
    "gmdcsa_S3ADL19": 4,
}

# Pictures of opencv-doc without people, seen by eye: backgrounds for training.
PLAIN = (
    "aero1 aero3 aloeL apple board box box_in_scene building butterfly cards chicky_512 ela_original "
    "fruits home left leuvenA leuvenB licenseplate_motion orange rubberwhale1 smarties squirrel_cls "
    "stuff sudoku text_defocus"
).split()

# Things that are not people, from Debian's tuxpaint-stamps-default, and photos of two wallpaper packages.
STAMPS = WORK / "things/stamps/usr/share/tuxpaint/stamps"
THINGS = ("animals", "food", "hobbies", "household", "plants", "vehicles")
WALLPAPERS = WORK / "things/wallpapers/usr/share/backgrounds"


def event(name):
    """The scene a picture belongs to: its name without the frame number."""
    office = re.match(r"((?:bg)?18f_[^_]+)_", name)
    return office[1] if office else re.sub(r"_(f|frame-)\d+\.jpg$", "", name)


def pictures():
    """Every usable still: (path, scene, held out, forced empty)."""
    rows = json.loads((PEOPLE / "teacher_boxes.json").read_text())
    rows = [row for row in rows if row["file"].startswith("train/") and row["status"] != "clip"]
    scenes = sorted({event(Path(row["file"]).name) for row in rows})
    offices = [scene for scene in scenes if scene.startswith("18f_")]
    plains = [scene for scene in scenes if scene.startswith("bg18f_")]
    tests = set(offices[:: EVERY_OFFICE]) | set(plains[:: EVERY_BACKGROUND])
    for row in rows:
        scene = event(Path(row["file"]).name)
        held = scene in tests or scene.startswith(HELD_OUT)
        yield PEOPLE / row["file"], scene, held, row["status"].startswith("background")
