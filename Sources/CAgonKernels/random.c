// Numbers of a stream from its words (vector_random.h).
#include "agon_random.h"

#include <math.h>

#include "agon_kernels.h"

void agon_random_bits(uint64_t key, uint64_t step, uint64_t first, uint32_t *out, size_t count) {
    agon_vector()->random_bits(key, step, first, out, count);
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
