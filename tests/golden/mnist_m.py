"""SHA-256 of the blended digits of tests/digits.rs, by another ChaCha8 (RFC 8439 with 8 rounds, a counter and a
stream of 64 bits; seeds as rand_core 0.9 expands them).

    python mnist_m.py
"""

import hashlib,struct
M=0xffffffff
def seed(state):
    out=b''
    for _ in range(8):
        state=(state*6364136223846793005+11634580027462260723)&(2**64-1)
        x=(((state>>18)^state)>>27)&M; r=state>>59
        out+=struct.pack('<I',((x>>r)|(x<<((-r)&31)))&M)
    return out
def block(key,counter,stream):
    s=list(struct.unpack('<4I',b'expand 32-byte k'))+list(struct.unpack('<8I',key))+[counter&M,counter>>32,stream&M,stream>>32]
    w=s[:]
    def q(a,b,c,d):
        for (p,r,t,n) in ((a,b,d,16),(c,d,b,12),(a,b,d,8),(c,d,b,7)):
            w[p]=(w[p]+w[r])&M; w[t]^=w[p]; w[t]=((w[t]<<n)|(w[t]>>(32-n)))&M
    for _ in range(4):
        q(0,4,8,12);q(1,5,9,13);q(2,6,10,14);q(3,7,11,15);q(0,5,10,15);q(1,6,11,12);q(2,7,8,13);q(3,4,9,14)
    return [(a+b)&M for a,b in zip(w,s)]
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
