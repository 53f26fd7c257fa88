// CRC-32C: the cyclic redundancy check with Castagnoli's polynomial, reflected (0x82F63B78), as in RFC 3720, appendix B.4.
//
// Processors with an instruction for it take eight bytes at a time, which keeps up with memory; the others go by eight
// tables of 256, of which the k-th advances a byte by k more bytes.
#include "agon_checksum.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>

static uint32_t tables[8][256];

static void fill_tables(void) {
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t value = byte;
        for (int bit = 0; bit < 8; bit++) value = value & 1 ? value >> 1 ^ 0x82f63b78u : value >> 1;
        tables[0][byte] = value;
    }
    for (int k = 1; k < 8; k++) {
        for (int byte = 0; byte < 256; byte++) {
            const uint32_t before = tables[k - 1][byte];
            tables[k][byte] = tables[0][before & 0xff] ^ before >> 8;
        }
    }
}

static uint32_t by_tables(uint32_t sum, const uint8_t *bytes, size_t count) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, fill_tables);
    for (; count >= 8; bytes += 8, count -= 8) {
        uint32_t next = 0;
        for (int k = 0; k < 8; k++) {
            const uint8_t byte = k < 4 ? bytes[k] ^ (uint8_t)(sum >> 8 * k) : bytes[k];
            next ^= tables[7 - k][byte];
        }
        sum = next;
    }
    for (; count > 0; bytes++, count--) sum = tables[0][(sum ^ *bytes) & 0xff] ^ sum >> 8;
    return sum;
}

#if defined(__x86_64__)
#include <nmmintrin.h>

__attribute__((target("sse4.2"))) static uint32_t by_instruction(uint32_t sum, const uint8_t *bytes, size_t count) {
    uint64_t wide = sum;
    for (; count >= 8; bytes += 8, count -= 8) {
        uint64_t word;
        memcpy(&word, bytes, sizeof word);
        wide = _mm_crc32_u64(wide, word);
    }
    sum = (uint32_t)wide;
    for (; count > 0; bytes++, count--) sum = _mm_crc32_u8(sum, *bytes);
    return sum;
}

static bool has_instruction(void) { return __builtin_cpu_supports("sse4.2"); }
#elif defined(__aarch64__) && defined(__ARM_FEATURE_CRC32)
#include <arm_acle.h>

static uint32_t by_instruction(uint32_t sum, const uint8_t *bytes, size_t count) {
    for (; count >= 8; bytes += 8, count -= 8) {
        uint64_t word;
        memcpy(&word, bytes, sizeof word);
        sum = __crc32cd(sum, word);
    }
    for (; count > 0; bytes++, count--) sum = __crc32cb(sum, *bytes);
    return sum;
}

static bool has_instruction(void) { return true; }
#else
static uint32_t by_instruction(uint32_t sum, const uint8_t *bytes, size_t count) { return by_tables(sum, bytes, count); }

static bool has_instruction(void) { return false; }
#endif

uint32_t agon_crc32c(uint32_t before, const void *bytes, size_t count) {
    return ~(has_instruction() ? by_instruction : by_tables)(~before, bytes, count);
}

uint32_t agon_crc32c_portable(uint32_t before, const void *bytes, size_t count) {
    return ~by_tables(~before, bytes, count);
}
