"""ChaCha8 (RFC 8439 with 8 rounds, a counter and a stream of 64 bits), seeds as rand_core 0.9 expands them."""

import struct

MASK = 0xFFFFFFFF


def seed(state):
    """The key of `seed_from_u64`."""
    key = b""
    for _ in range(8):
        state = (state * 6364136223846793005 + 11634580027462260723) & (2**64 - 1)
        x = (((state >> 18) ^ state) >> 27) & MASK
        turn = state >> 59
        key += struct.pack("<I", ((x >> turn) | (x << ((-turn) & 31))) & MASK)
    return key


def block(key, counter, stream):
    """16 words."""
    start = [
        *struct.unpack("<4I", b"expand 32-byte k"),
        *struct.unpack("<8I", key),
        counter & MASK,
        counter >> 32,
        stream & MASK,
        stream >> 32,
    ]
    words = start[:]

    def quarter(a, b, c, d):
        for p, r, t, n in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
            words[p] = (words[p] + words[r]) & MASK
            words[t] ^= words[p]
            words[t] = ((words[t] << n) | (words[t] >> (32 - n))) & MASK

    for _ in range(4):
        for column in ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15)):
            quarter(*column)
        for diagonal in ((0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)):
            quarter(*diagonal)
    return [(a + b) & MASK for a, b in zip(words, start)]


def words(count, key, stream):
    """The first words of a stream."""
    blocks = (block(key, counter, stream) for counter in range(-(-count // 16)))
    return [word for words in blocks for word in words][:count]
