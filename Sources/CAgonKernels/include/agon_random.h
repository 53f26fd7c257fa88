// Counter-based random numbers: Philox4x32-10 (Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011).
// Element i of a stream depends only on (key, step, i), so any thread can generate any part of it.
#ifndef AGON_RANDOM_H
#define AGON_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/// Raw 32-bit words first ..< first + count of the stream (key, step) into out (=).
void agon_random_bits(uint64_t key, uint64_t step, uint64_t first, uint32_t *out, size_t count);
/// Uniform numbers in [low, high) into out (=).
void agon_random_uniform(uint64_t key, uint64_t step, uint64_t first, float *out, size_t count, float low, float high);
/// Normal numbers by Box-Muller into out (=).
void agon_random_normal(uint64_t key, uint64_t step, uint64_t first, float *out, size_t count, float mean, float deviation);

#endif
