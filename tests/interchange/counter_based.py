"""Counter-based random numbers, with numpy alone: Philox4x32-10 (Salmon et al. 2011) and the 64-bit
FNV-1a hash, as tools/network/random.h defines what is made of them."""

import numpy

ROUNDS = 10
LOW = numpy.uint64(0xFFFFFFFF)
HALF = numpy.uint64(32)


def philox(counter, key):
    """The four output words, each an array like the counter's four words (arrays or integers below
    2^32; they are broadcast), under a key of two words."""
    c0, c1, c2, c3 = (numpy.asarray(word, numpy.uint64) for word in counter)
    k0, k1 = key
    for _ in range(ROUNDS):
        left, right = numpy.uint64(0xD2511F53) * c0, numpy.uint64(0xCD9E8D57) * c2
        c0 = (right >> HALF) ^ c1 ^ numpy.uint64(k0)
        c2 = (left >> HALF) ^ c3 ^ numpy.uint64(k1)
        c1, c3 = right & LOW, left & LOW
        k0, k1 = (k0 + 0x9E3779B9) % 2**32, (k1 + 0xBB67AE85) % 2**32
    return c0, c1, c2, c3


def words(number):
    """The lower and the upper 32 bits of a 64-bit number."""
    return number % 2**64 % 2**32, number % 2**64 >> 32


def fnv1a(text):
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return value


def bits(seed, name, index):
    """The 64 bits that belong to (seed, name, index); `index` may be an array."""
    index = numpy.asarray(index, numpy.uint64)
    counter = index & LOW, index >> HALF, *words(fnv1a(name))
    low, high, _, _ = philox(counter, words(seed))
    return high << HALF | low


def uniform(seed, name, index):
    """In [0, 1): the upper 53 of these bits."""
    return (bits(seed, name, index) >> numpy.uint64(11)) * 2.0**-53


def kept(probability, seed, step, place, n):
    """Which of the first n elements of a place dropout keeps (tools/network/operations.c, drop)."""
    block = numpy.arange((n + 3) // 4, dtype=numpy.uint64)
    counter = block & LOW, block >> HALF, step % 2**32, 0xD509 << 16 | place
    drawn = numpy.stack(philox(counter, words(seed)), -1).ravel()[:n]
    return drawn >= int(probability * 2**32)
