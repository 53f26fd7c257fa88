// Elementwise programs: the compiled form of a chain of elementwise operations and the sums after them.
//
// A program runs over a domain [N, P, C] (samples, positions, channels; channels contiguous) in blocks that stay in the
// L1 cache: every instruction reads and writes slots of one block, so a chain of bias, normalisation,
// activation, dropout and their gradients costs one pass over memory. Sums are computed while the block is in cache.
#ifndef AGON_PROGRAM_H
#define AGON_PROGRAM_H

#include <stdint.h>

/// Slots for operands, values and sums of the largest program: 24 operations, 14 operands and recomputed values.
enum { AGON_PROGRAM_BLOCK = 512, AGON_PROGRAM_SLOTS = 128 };

/// How an operand's index follows from the element's sample n, position p and channel c.
typedef enum {
    AGON_OPERAND_FULL,            // [N, P, C]
    AGON_OPERAND_SCALAR,          // [1]
    AGON_OPERAND_CHANNEL,         // [C]
    AGON_OPERAND_SAMPLE,          // [N]
    AGON_OPERAND_SAMPLE_CHANNEL,  // [N, C]
    AGON_OPERAND_ROW,             // [N, P]
    AGON_OPERAND_POSITION,        // [P, C]
} agon_operand_kind;

typedef enum {
    // One argument a.
    AGON_COPY,
    AGON_AFFINE,      // p0 * a + p1
    AGON_ABSOLUTE,
    AGON_SIGN,
    AGON_SQUARE,
    AGON_SQUARE_ROOT,
    AGON_RECIPROCAL,
    AGON_POWER,       // a ^ p0
    AGON_EXPONENTIAL,
    AGON_LOGARITHM,
    AGON_TANH,
    AGON_SIGMOID,
    AGON_SOFTPLUS,
    AGON_ELU,         // alpha p0
    AGON_LEAKY_RELU,  // slope p0 (0 gives ReLU)
    AGON_STEP,        // a > p0 ? 1 : 0
    AGON_CLAMP,       // to [p0, p1]
    // Two arguments a, b.
    AGON_ADD,
    AGON_SUBTRACT,
    AGON_MULTIPLY,
    AGON_DIVIDE,
    AGON_MAXIMUM,
    AGON_MINIMUM,
    AGON_GREATER,     // a > b ? 1 : 0
    AGON_LEAKY_RELU_GRADIENT,  // a * (b > 0 ? 1 : p0); b is the activation's output
    AGON_TANH_GRADIENT,        // a * (1 - b²)
    AGON_SIGMOID_GRADIENT,     // a * b * (1 - b)
    AGON_ELU_GRADIENT,         // a * (b > 0 ? 1 : b + p0)
    // Three arguments a, b, c.
    AGON_MULTIPLY_ADD,         // a * b + c
    // No argument: random numbers of the stream at slot `a` of agon_program_run's keys.
    AGON_RANDOM_UNIFORM,       // in [p0, p1)
    AGON_RANDOM_NORMAL,        // mean p0, deviation p1
    AGON_RANDOM_BERNOULLI,     // p1 with probability p0, else 0
} agon_opcode;

typedef struct {
    int32_t opcode;
    int32_t target;   // slot written
    int32_t a, b, c;  // slots read; a is a key index for random numbers
    float p0, p1;
} agon_instruction;

typedef enum {
    AGON_RESULT_STORE,               // the full tensor (=)
    AGON_RESULT_CHANNEL_SUM,         // over N and P, into double partials
    AGON_RESULT_SCALAR_SUM,          // over everything, into double partials
    AGON_RESULT_SAMPLE_SUM,          // over P and C (=); windows hold whole samples
    AGON_RESULT_SAMPLE_CHANNEL_SUM,  // over P (=); windows hold whole samples
    AGON_RESULT_ROW_SUM,             // over C (=)
    AGON_RESULT_ROW_MAXIMUM,         // over C (=)
} agon_result_kind;

typedef struct {
    int32_t kind;
    int32_t slot;
    /// For stores: the block is copied out at its end, because the destination overlaps an operand that is read later.
    int32_t deferred;
    /// For channel and scalar sums: where the result's partial sums start in a piece's row of partials.
    int32_t partial_offset;
} agon_result;

/// The program itself: the same for every run.
typedef struct {
    int64_t samples, positions, channels;
    int32_t operand_count, instruction_count, result_count, slot_count;
    const int32_t *operand_kinds;
    const agon_instruction *instructions;
    const agon_result *results;
    int32_t partial_width;  // doubles that one piece's sums take
} agon_program;

typedef struct {
    uint64_t key, step;
} agon_random_key;

/// The part of the domain one call covers: rows of C channels (row = n * P + p) and channels.
typedef struct {
    int64_t row_begin, row_end, channel_begin, channel_end;
} agon_window;

/// Floats of scratch a call needs, 64-byte aligned.
enum { AGON_PROGRAM_SCRATCH = AGON_PROGRAM_SLOTS * AGON_PROGRAM_BLOCK };

/// Runs the program over a window. operands[i] and results[i] point at the tensors' first elements;
/// partials (=, partial_width doubles) receives this window's sums, and may be null when there are none.
typedef void agon_program_function(const agon_program *program, const float *const *operands, float *const *results,
                                   const agon_random_key *keys, agon_window window, float *scratch, double *partials);

#endif
