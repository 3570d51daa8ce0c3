"""JPEG files as Pillow reads them: small ones of every kind, and a digest of each file's pixels.

    apt-get install libjpeg-turbo-progs   # jpegtran, for arithmetic coding
    pip install numpy==2.4.6 pillow==13.0.0
    python jpeg.py FOVEATE_DATA           # also of the photographs there

Writes *.jpg here and digests.txt: a line a folder, with 8 hexadecimal digits for each JPEG file in it, sorted by name. They
are the first of the SHA-256 of width and height (u32, little-endian) and the RGB bytes, turned upright. The files
`*_three_scans_*` and `pillow_cmyk.jpg` are others' cases, with Pillow's pixels beside them as PNG.
"""

import hashlib
import io
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

HERE = Path(__file__).parent
FOLDERS = ["photos", "imagenet/samples_100/images", "bsds500"]


def picture(width, height, channels):
    """Waves and noise: chroma that changes from pixel to pixel."""
    y, x = np.mgrid[0:height, 0:width, 0:1][:2]
    k = np.arange(1, channels + 1)
    waves = 128 + 90 * np.sin(x * 0.17 * k + y * 0.11 * (5 - k) + k)
    noise = np.random.default_rng(0).normal(0, 15, waves.shape)
    return np.clip(waves + noise, 0, 255).astype(np.uint8)


def jpeg(mode, size, **options):
    values = picture(*size, {"L": 1, "RGB": 3, "CMYK": 4}[mode])
    file = io.BytesIO()
    Image.fromarray(values.squeeze(2) if mode == "L" else values, mode).save(file, "JPEG", **options)
    return file.getvalue()


def ycck(cmyk):
    """The same with Adobe's mark of YCCK."""
    at = cmyk.index(b"Adobe") + 11
    return cmyk[:at] + b"\2" + cmyk[at + 1 :]


def first_scans(progressive, count):
    """What a progressive file shows when so many of its scans have come."""
    at = 0
    for _ in range(count + 1):
        at = progressive.index(b"\xff\xda", at + 2)
    return progressive[:at] + b"\xff\xd9"


def tran(jpeg, *options):
    return subprocess.run(["jpegtran", *options], input=jpeg, capture_output=True, check=True).stdout


def digest(file):
    upright = ImageOps.exif_transpose(Image.open(file)).convert("RGB")
    bytes = struct.pack("<II", *upright.size) + upright.tobytes()
    return hashlib.sha256(bytes).hexdigest()[:8]


def line(name, folder):
    return f"{name} " + "".join(digest(file) for file in sorted(folder.glob("*.jpg"))) + "\n"


odd = (45, 37)
made = {
    "grey": jpeg("L", odd),
    "grey_progressive": jpeg("L", odd, progressive=True),
    "narrow_420": jpeg("RGB", (3, 41), subsampling="4:2:0"),
    "one_pixel": jpeg("RGB", (1, 1)),
    "rgb": jpeg("RGB", odd, keep_rgb=True),
    "restarts_420": jpeg("RGB", odd, subsampling="4:2:0", restart_marker_blocks=2),
    "restarts_422": jpeg("RGB", odd, subsampling="4:2:2", restart_marker_blocks=1),
    "progressive_420": jpeg("RGB", odd, subsampling="4:2:0", progressive=True),
    "progressive_444": jpeg("RGB", odd, subsampling="4:4:4", progressive=True, quality=97),
    "first_scans_420": first_scans(jpeg("RGB", odd, subsampling="4:2:0", progressive=True), 2),
    "arithmetic_420": tran(jpeg("RGB", odd, subsampling="4:2:0"), "-arithmetic"),
    "arithmetic_progressive_422": tran(jpeg("RGB", odd, subsampling="4:2:2"), "-arithmetic", "-progressive"),
    "rotated_422_is_440": tran(jpeg("RGB", (48, 40), subsampling="4:2:2"), "-rotate", "90"),
    "cmyk_420": jpeg("CMYK", odd, subsampling="4:2:0"),
    "cmyk_422_progressive": jpeg("CMYK", odd, subsampling="4:2:2", progressive=True),
    "ycck": ycck(jpeg("CMYK", odd)),
    "ycck_420": ycck(jpeg("CMYK", odd, subsampling="4:2:0")),
    "ycck_440": tran(ycck(jpeg("CMYK", (48, 40), subsampling="4:2:2")), "-rotate", "90"),
    "ycck_narrow_420": ycck(jpeg("CMYK", (3, 41), subsampling="4:2:0")),
}
for name, bytes in made.items():
    (HERE / f"{name}.jpg").write_bytes(bytes)

data = Path(sys.argv[1])
scenes = sorted(folder for part in ("train", "test") for folder in (data / "scene15" / part).iterdir())
folders = [data / name for name in FOLDERS] + scenes
lines = [line(folder.relative_to(data), folder) for folder in folders]
(HERE / "digests.txt").write_text(line(".", HERE) + "".join(lines))
