"""Golden files for the pictures: what Pillow and torchvision make of them.

    pip install pillow==13.0.0 torchvision==0.29.2 numpy
    python pictures.py

Pictures are smooth random noise, stored without loss (PNG), so that decoding cannot differ; the
files that test decoding are listed at the end.
"""

import numpy as np
from PIL import Image, ImageOps
from torchvision import transforms as T

rng = np.random.default_rng(0)


def noise(width, height):
    coarse = rng.integers(0, 256, (max(2, height // 6), max(2, width // 6), 3), dtype=np.uint8)
    smooth = np.asarray(Image.fromarray(coarse).resize((width, height), Image.BICUBIC), dtype=np.int16)
    return Image.fromarray(np.clip(smooth + rng.integers(-20, 21, smooth.shape), 0, 255).astype(np.uint8))


def stack(name, images):
    """Several pictures one below the other, in one file."""
    Image.fromarray(np.concatenate([np.asarray(i) for i in images])).save(name)


# Shrinking, enlarging, landscape and portrait, odd sizes.
sizes = [(151, 97), (60, 133), (33, 31), (80, 80)]
pictures = [noise(*size) for size in sizes]
for i, picture in enumerate(pictures):
    picture.save(f"picture{i}.png")

# The practical's: to a size, no crop. The published evaluation's: short side, then centre crop.
stack("resized.png", [T.Resize((56, 56))(p) for p in pictures])
stack("cropped.png", [T.Compose([T.Resize(64), T.CenterCrop(55)])(p) for p in pictures])

# Decoding: one small picture in other colours, orientations and formats, and what Pillow reads.
small = noise(24, 16)
alpha = np.asarray(noise(24, 16))[..., :1]
files = {
    "gray.png": small.convert("L"),
    "alpha.png": Image.fromarray(np.concatenate([np.asarray(small), alpha], axis=2)),
    "palette.gif": small.quantize(64),
    "rgb.bmp": small,
    "rgb.tiff": small,
    "lossless.webp": small,
}
for name, picture in files.items():
    options = {"lossless": True} if name.endswith("webp") else {}
    picture.save(name, **options)
    Image.open(name).convert("RGB").save(name + ".expected.png")

# A photograph taken with the camera turned: EXIF orientation 6.
exif = Image.Exif()
exif[0x0112] = 6
small.resize((96, 64), Image.BICUBIC).save("turned.jpg", quality=95, subsampling=0, exif=exif)
turned = Image.open("turned.jpg")
ImageOps.exif_transpose(turned).save("turned.jpg.expected.png")
