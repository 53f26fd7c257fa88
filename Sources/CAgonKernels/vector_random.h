// Philox4x32-10: element i is word i % 4 of the block with counter (i / 4, step) under the key. Blocks are made several at a
// time in arrays of lanes, which the compiler keeps in vector registers.

enum { RANDOM_LANES = AGON_LANES < 8 ? 8 : AGON_LANES, RANDOM_WORDS = 4 * RANDOM_LANES };

static void random_blocks(uint64_t key, uint64_t step, uint64_t block, uint32_t *out) {
    uint32_t x0[RANDOM_LANES], x1[RANDOM_LANES], x2[RANDOM_LANES], x3[RANDOM_LANES];
    for (int i = 0; i < RANDOM_LANES; i++) {
        x0[i] = (uint32_t)(block + (uint64_t)i);
        x1[i] = (uint32_t)((block + (uint64_t)i) >> 32);
        x2[i] = (uint32_t)step;
        x3[i] = (uint32_t)(step >> 32);
    }
    uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < RANDOM_LANES; i++) {
            const uint64_t p0 = (uint64_t)0xD2511F53u * x0[i], p1 = (uint64_t)0xCD9E8D57u * x2[i];
            const uint32_t y0 = (uint32_t)(p1 >> 32) ^ x1[i] ^ k0, y2 = (uint32_t)(p0 >> 32) ^ x3[i] ^ k1;
            x0[i] = y0;
            x1[i] = (uint32_t)p1;
            x2[i] = y2;
            x3[i] = (uint32_t)p0;
        }
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    for (int i = 0; i < RANDOM_LANES; i++) {
        out[4 * i] = x0[i];
        out[4 * i + 1] = x1[i];
        out[4 * i + 2] = x2[i];
        out[4 * i + 3] = x3[i];
    }
}

static void random_bits(uint64_t key, uint64_t step, uint64_t first, uint32_t *out, size_t count) {
    uint32_t words[RANDOM_WORDS];
    for (size_t done = 0; done < count;) {
        const uint64_t index = first + done;
        const size_t skip = (size_t)(index % 4), rest = count - done;
        if (skip == 0 && rest >= RANDOM_WORDS) {
            random_blocks(key, step, index / 4, out + done);
            done += RANDOM_WORDS;
            continue;
        }
        const size_t take = rest < RANDOM_WORDS - skip ? rest : RANDOM_WORDS - skip;
        random_blocks(key, step, index / 4, words);
        memcpy(out + done, words + skip, take * sizeof(uint32_t));
        done += take;
    }
}
