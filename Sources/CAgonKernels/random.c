// Philox4x32-10: element i is word i % 4 of the block with counter (i / 4, step) under the key.
// Blocks are made eight at a time in arrays of lanes, which the compiler keeps in vector registers.
#include "agon_random.h"

#include <math.h>

enum { LANES = 8, WORDS = 4 * LANES };

static void philox_blocks(uint64_t key, uint64_t step, uint64_t block, uint32_t out[WORDS]) {
    uint32_t x0[LANES], x1[LANES], x2[LANES], x3[LANES];
    for (int i = 0; i < LANES; i++) {
        x0[i] = (uint32_t)(block + (uint64_t)i);
        x1[i] = (uint32_t)((block + (uint64_t)i) >> 32);
        x2[i] = (uint32_t)step;
        x3[i] = (uint32_t)(step >> 32);
    }
    uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < LANES; i++) {
            uint64_t p0 = (uint64_t)0xD2511F53u * x0[i], p1 = (uint64_t)0xCD9E8D57u * x2[i];
            uint32_t y0 = (uint32_t)(p1 >> 32) ^ x1[i] ^ k0, y2 = (uint32_t)(p0 >> 32) ^ x3[i] ^ k1;
            x0[i] = y0;
            x1[i] = (uint32_t)p1;
            x2[i] = y2;
            x3[i] = (uint32_t)p0;
        }
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    for (int i = 0; i < LANES; i++) {
        out[4 * i] = x0[i];
        out[4 * i + 1] = x1[i];
        out[4 * i + 2] = x2[i];
        out[4 * i + 3] = x3[i];
    }
}

void agon_random_bits(uint64_t key, uint64_t step, uint64_t first, uint32_t *out, size_t count) {
    uint32_t words[WORDS];
    size_t done = 0;
    while (done < count) {
        uint64_t index = first + done;
        size_t skip = (size_t)(index % 4), take = WORDS - skip;
        if (take > count - done) take = count - done;
        philox_blocks(key, step, index / 4, words);
        for (size_t i = 0; i < take; i++) out[done + i] = words[skip + i];
        done += take;
    }
}

void agon_random_uniform(uint64_t key, uint64_t step, uint64_t first, float *out, size_t count, float low, float high) {
    uint32_t words[256];
    // The sum may round up to the excluded bound.
    const float scale = (high - low) * 0x1p-24f, below = nextafterf(high, low);
    for (size_t done = 0; done < count;) {
        size_t take = count - done < 256 ? count - done : 256;
        agon_random_bits(key, step, first + done, words, take);
        for (size_t i = 0; i < take; i++) {
            float x = low + scale * (float)(words[i] >> 8);
            out[done + i] = x < high ? x : below;
        }
        done += take;
    }
}

void agon_random_normal(uint64_t key, uint64_t step, uint64_t first, float *out, size_t count, float mean,
                        float deviation) {
    // Words 2j and 2j + 1 give the numbers 2j (cosine) and 2j + 1 (sine).
    uint32_t words[256];
    uint64_t start = first & ~(uint64_t)1, end = first + count;
    for (uint64_t at = start; at < end; at += 256) {
        size_t take = end - at < 256 ? (size_t)(end - at + 1) & ~(size_t)1 : 256;
        agon_random_bits(key, step, at, words, take);
        for (size_t i = 0; i < take; i += 2) {
            float u = ((float)(words[i] >> 8) + 0.5f) * 0x1p-24f, v = (float)(words[i + 1] >> 8) * 0x1p-24f;
            float radius = deviation * sqrtf(-2.0f * logf(u)), angle = 6.28318530717958647f * v;
            uint64_t e = at + i;
            if (e >= first && e < end) out[e - first] = mean + radius * cosf(angle);
            if (e + 1 >= first && e + 1 < end) out[e + 1 - first] = mean + radius * sinf(angle);
        }
    }
}
