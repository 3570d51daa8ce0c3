"""SHA-256 of the blended digits of tests/data/mnist_m.rs, by another ChaCha8.

    python mnist_m.py
    pip install numpy==2.4.6 pillow==13.0.0
    python mnist_m.py FOVEATE_DATA   # MNIST-M, too, from the photographs as Pillow reads them
"""

import gzip
import hashlib
import sys
from pathlib import Path

from chacha8 import block, seed

def photo(w,h,sd): return [[((g:=(x*31+y*17+sd*101)&255),(g*3)&255,g^0x55) for x in range(w)] for y in range(h)]
ph=[photo(40,33,1),photo(28,28,2),photo(64,30,3)]
dig=[(i%255 if i%5==0 else 0) for i in range(20*784)]
for ink in ('binary','grey'):
    out=bytearray()
    for i in range(20):
        r=block(seed(7),0,i); n=iter(r)
        below=lambda k: (next(n)*k)>>32
        p=ph[below(3)]; left=below(len(p[0])-27); top=below(len(p)-27)
        for y in range(28):
            for x in range(28):
                d=dig[i*784+y*28+x]
                if ink=='binary': d=255 if d>0 else 0
                out+=bytes(abs(v-d) for v in p[top+y][left+x])
    print(ink,hashlib.sha256(out).hexdigest())

if len(sys.argv) > 1:
    import numpy as np
    from PIL import Image

    data = Path(sys.argv[1])
    photographs = [np.array(Image.open(path).convert("RGB")) for path in sorted((data / "bsds500").glob("*.jpg"))]
    for part, of in (("train", 0), ("t10k", ~0 & (2**64 - 1))):
        images = gzip.open(data / f"mnist/{part}-images-idx3-ubyte.gz").read()[16:]
        digits = np.frombuffer(images, np.uint8).reshape(-1, 28, 28, 1)
        blended = hashlib.sha256()
        for i, digit in enumerate(digits):
            numbers = iter(block(seed(of), 0, i))
            below = lambda k: (next(numbers) * k) >> 32
            photograph = photographs[below(len(photographs))]
            left, top = below(photograph.shape[1] - 27), below(photograph.shape[0] - 27)
            patch = photograph[top : top + 28, left : left + 28].astype(int)
            blended.update(np.abs(patch - 255 * (digit > 0)).astype(np.uint8).tobytes())
        print(part, blended.hexdigest())
