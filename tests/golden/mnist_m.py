"""SHA-256 of the blended digits of tests/digits.rs, by another ChaCha8.

    python mnist_m.py
"""

import hashlib

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
