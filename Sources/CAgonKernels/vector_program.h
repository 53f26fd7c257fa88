// The interpreter of elementwise programs (agon_program.h). A block is a run of at most AGON_PROGRAM_BLOCK elements:
// - whole windows (all channels): consecutive rows, and vectors over channels are laid out once as a tile of that length;
// - windows over some of the channels, or rows longer than a block: one part of a row, and vectors are read in place.
// Either way each instruction is one plain loop over the block. Included under each processor's target attribute.
#include "agon_program.h"
#include "agon_random.h"

#define AGON_LOOP _Pragma("clang loop vectorize(assume_safety) interleave(assume_safety)") for (int64_t i = 0; i < n; i++)

static void run_instruction(const agon_instruction *in, float *const *slots, int64_t n, const agon_random_key *keys,
                            uint64_t element) {
    float *t = slots[in->target];
    const float p0 = in->p0, p1 = in->p1;
    if (in->opcode >= AGON_RANDOM_UNIFORM) {
        agon_random_key key = keys[in->a];
        if (in->opcode == AGON_RANDOM_NORMAL) {
            agon_random_normal(key.key, key.step, element, t, (size_t)n, p0, p1);
        } else if (in->opcode == AGON_RANDOM_UNIFORM) {
            agon_random_uniform(key.key, key.step, element, t, (size_t)n, p0, p1);
        } else {
            agon_random_uniform(key.key, key.step, element, t, (size_t)n, 0.0f, 1.0f);
            AGON_LOOP t[i] = t[i] < p0 ? p1 : 0.0f;
        }
        return;
    }
    const float *a = slots[in->a], *b = slots[in->b], *c = slots[in->c];
    switch (in->opcode) {
        case AGON_COPY: AGON_LOOP t[i] = a[i]; break;
        case AGON_AFFINE: AGON_LOOP t[i] = p0 * a[i] + p1; break;
        case AGON_ABSOLUTE: AGON_LOOP t[i] = fabsf(a[i]); break;
        case AGON_SIGN: AGON_LOOP t[i] = a[i] > 0.0f ? 1.0f : (a[i] < 0.0f ? -1.0f : 0.0f); break;
        case AGON_SQUARE: AGON_LOOP t[i] = a[i] * a[i]; break;
        case AGON_SQUARE_ROOT: AGON_LOOP t[i] = vector_square_root(a[i]); break;
        case AGON_RECIPROCAL: AGON_LOOP t[i] = 1.0f / a[i]; break;
        case AGON_POWER: AGON_LOOP t[i] = a[i] == 0.0f ? (p0 == 0.0f ? 1.0f : 0.0f) : vector_exp(p0 * vector_log(a[i])); break;
        case AGON_EXPONENTIAL: AGON_LOOP t[i] = vector_exp(a[i]); break;
        case AGON_LOGARITHM: AGON_LOOP t[i] = vector_log(a[i]); break;
        case AGON_TANH: AGON_LOOP t[i] = vector_tanh(a[i]); break;
        case AGON_SIGMOID: AGON_LOOP t[i] = vector_sigmoid(a[i]); break;
        case AGON_SOFTPLUS: AGON_LOOP t[i] = vector_softplus(a[i]); break;
        case AGON_ELU: AGON_LOOP t[i] = a[i] > 0.0f ? a[i] : p0 * vector_exp_minus_1(a[i]); break;
        case AGON_LEAKY_RELU: AGON_LOOP t[i] = a[i] > 0.0f ? a[i] : p0 * a[i]; break;
        case AGON_STEP: AGON_LOOP t[i] = a[i] > p0 ? 1.0f : 0.0f; break;
        case AGON_CLAMP: AGON_LOOP t[i] = a[i] < p0 ? p0 : (a[i] > p1 ? p1 : a[i]); break;
        case AGON_ADD: AGON_LOOP t[i] = a[i] + b[i]; break;
        case AGON_SUBTRACT: AGON_LOOP t[i] = a[i] - b[i]; break;
        case AGON_MULTIPLY: AGON_LOOP t[i] = a[i] * b[i]; break;
        case AGON_DIVIDE: AGON_LOOP t[i] = a[i] / b[i]; break;
        // A NaN on either side propagates.
        case AGON_MAXIMUM: AGON_LOOP t[i] = a[i] > b[i] || a[i] != a[i] ? a[i] : b[i]; break;
        case AGON_MINIMUM: AGON_LOOP t[i] = a[i] < b[i] || a[i] != a[i] ? a[i] : b[i]; break;
        case AGON_GREATER: AGON_LOOP t[i] = a[i] > b[i] ? 1.0f : 0.0f; break;
        case AGON_LEAKY_RELU_GRADIENT: AGON_LOOP t[i] = b[i] > 0.0f ? a[i] : p0 * a[i]; break;
        case AGON_TANH_GRADIENT: AGON_LOOP t[i] = a[i] * (1.0f - b[i] * b[i]); break;
        case AGON_SIGMOID_GRADIENT: AGON_LOOP t[i] = a[i] * b[i] * (1.0f - b[i]); break;
        case AGON_ELU_GRADIENT: AGON_LOOP t[i] = b[i] > 0.0f ? a[i] : a[i] * (b[i] + p0); break;
        case AGON_MULTIPLY_ADD: AGON_LOOP t[i] = a[i] * b[i] + c[i]; break;
        default: break;
    }
}

/// Fills n elements of t with repetitions of the vector v of length period, starting at v[0].
static void tile_vector(const float *v, int64_t period, float *t, int64_t n) {
    if (period == 1) {
        const float value = v[0];
        AGON_LOOP t[i] = value;
        return;
    }
    for (int64_t at = 0; at < n; at += period) memcpy(t + at, v, (size_t)(n - at < period ? n - at : period) * sizeof(float));
}

/// Adds (+=) n sums held as repetitions of a period into doubles.
static void flush_sums(float *sums, int64_t n, int64_t period, double *into) {
    for (int64_t at = 0; at < n; at += period) {
        int64_t take = n - at < period ? n - at : period;
        for (int64_t i = 0; i < take; i++) into[i] += (double)sums[at + i];
    }
    memset(sums, 0, (size_t)n * sizeof(float));
}

/// Adds (+=) n sums held as repetitions of a period into floats, each with one rounding.
static void flush_sums_to_floats(float *sums, int64_t n, int64_t period, float *into) {
    for (int64_t i = 0; i < period && i < n; i++) {
        double total = (double)into[i];
        for (int64_t at = i; at < n; at += period) total += (double)sums[at];
        into[i] = (float)total;
    }
    memset(sums, 0, (size_t)n * sizeof(float));
}

static float sum_block(const float *a, int64_t n) {
#pragma clang fp reassociate(on)
    float sum = 0.0f;
    for (int64_t i = 0; i < n; i++) sum += a[i];
    return sum;
}

/// Float sums are flushed to doubles every few blocks: at most this many terms meet in one float.
enum { AGON_BLOCKS_PER_FLUSH = 64 };

static void run_program(const agon_program *program, const float *const *operands, float *const *results,
                        const agon_random_key *keys, agon_window window, float *scratch, double *partials) {
    const int64_t C = program->channels, P = program->positions;
    const int64_t width = window.channel_end - window.channel_begin;
    const bool whole = width == C && C <= AGON_PROGRAM_BLOCK;
    const int64_t rows_per_block = whole ? AGON_PROGRAM_BLOCK / C : 1;
    const int32_t operand_count = program->operand_count, result_count = program->result_count;
    float *slots[AGON_PROGRAM_SLOTS];
    for (int32_t s = 0; s < program->slot_count; s++) slots[s] = scratch + (int64_t)s * AGON_PROGRAM_BLOCK;

    bool by_sample = false;
    for (int32_t k = 0; k < operand_count; k++) {
        int32_t kind = program->operand_kinds[k];
        by_sample |= kind == AGON_OPERAND_SAMPLE || kind == AGON_OPERAND_SAMPLE_CHANNEL || kind == AGON_OPERAND_POSITION;
        if (kind == AGON_OPERAND_SCALAR) tile_vector(operands[k], 1, slots[k], AGON_PROGRAM_BLOCK);
        if (kind == AGON_OPERAND_CHANNEL && whole) tile_vector(operands[k], C, slots[k], rows_per_block * C);
    }
    bool sums = false, sample_sums = false;
    for (int32_t k = 0; k < result_count; k++) {
        int32_t kind = program->results[k].kind;
        sample_sums |= kind == AGON_RESULT_SAMPLE_SUM || kind == AGON_RESULT_SAMPLE_CHANNEL_SUM;
        sums |= kind == AGON_RESULT_CHANNEL_SUM || kind == AGON_RESULT_SCALAR_SUM;
    }
    // Sums keep one float accumulator block each behind the slots.
    float *accumulators = scratch + (int64_t)program->slot_count * AGON_PROGRAM_BLOCK;
    by_sample |= sample_sums;
    if (sums) memset(partials, 0, (size_t)program->partial_width * sizeof(double));
    if (sums || sample_sums) memset(accumulators, 0, (size_t)result_count * AGON_PROGRAM_BLOCK * sizeof(float));

    for (int64_t column = window.channel_begin; column < window.channel_end;) {
        const int64_t part = whole ? C : (window.channel_end - column < AGON_PROGRAM_BLOCK ? window.channel_end - column : AGON_PROGRAM_BLOCK);
        int64_t blocks = 0, current_sample = -1;
        for (int64_t row = window.row_begin; row < window.row_end;) {
            int64_t rows = window.row_end - row < rows_per_block ? window.row_end - row : rows_per_block;
            const int64_t sample = row / P, position = row - sample * P;
            if (by_sample && rows > P - position) rows = P - position;
            const int64_t n = rows * part, offset = row * C + column;

            for (int32_t k = 0; k < operand_count; k++) {
                const float *data = operands[k];
                switch (program->operand_kinds[k]) {
                    case AGON_OPERAND_FULL: slots[k] = (float *)data + offset; break;
                    case AGON_OPERAND_POSITION: slots[k] = (float *)data + position * C + column; break;
                    case AGON_OPERAND_CHANNEL: if (!whole) slots[k] = (float *)data + column; break;
                    case AGON_OPERAND_SAMPLE:
                        if (sample != current_sample) tile_vector(data + sample, 1, slots[k], AGON_PROGRAM_BLOCK);
                        break;
                    case AGON_OPERAND_SAMPLE_CHANNEL:
                        if (!whole) slots[k] = (float *)data + sample * C + column;
                        else if (sample != current_sample) tile_vector(data + sample * C, C, slots[k], rows_per_block * C);
                        break;
                    case AGON_OPERAND_ROW:
                        for (int64_t r = 0; r < rows; r++) tile_vector(data + row + r, 1, slots[k] + r * part, part);
                        break;
                    default: break;
                }
            }
            for (int32_t k = 0; k < result_count; k++) {
                const agon_result *result = &program->results[k];
                if (result->kind == AGON_RESULT_STORE && !result->deferred) slots[result->slot] = results[k] + offset;
            }
            for (int32_t k = 0; k < program->instruction_count; k++) {
                run_instruction(&program->instructions[k], slots, n, keys, (uint64_t)offset);
            }
            blocks++;
            // Beyond them, the accumulators of a sample are zero.
            const int64_t sample_elements = (P < rows_per_block ? P : rows_per_block) * part;
            // Of samples, sums are flushed at places that do not depend on where a window begins.
            const bool flushes_sample = position + rows == P || row + rows == window.row_end
                || position / rows_per_block % AGON_BLOCKS_PER_FLUSH == AGON_BLOCKS_PER_FLUSH - 1;
            for (int32_t k = 0; k < result_count; k++) {
                const agon_result *result = &program->results[k];
                const float *a = slots[result->slot];
                float *sum = accumulators + (int64_t)k * AGON_PROGRAM_BLOCK;
                switch (result->kind) {
                    case AGON_RESULT_CHANNEL_SUM:
                        AGON_LOOP sum[i] += a[i];
                        if (blocks % AGON_BLOCKS_PER_FLUSH == 0) flush_sums(sum, rows_per_block * part, part, partials + result->partial_offset + column);
                        break;
                    case AGON_RESULT_SCALAR_SUM:
                        AGON_LOOP sum[i] += a[i];
                        if (blocks % AGON_BLOCKS_PER_FLUSH == 0) flush_sums(sum, AGON_PROGRAM_BLOCK, 1, partials + result->partial_offset);
                        break;
                    case AGON_RESULT_SAMPLE_SUM: {
                        float *into = results[k] + sample;
                        if (position == 0 && column == window.channel_begin) *into = 0.0f;
                        AGON_LOOP sum[i] += a[i];
                        if (flushes_sample) flush_sums_to_floats(sum, sample_elements, 1, into);
                        break;
                    }
                    case AGON_RESULT_SAMPLE_CHANNEL_SUM: {
                        float *into = results[k] + sample * C + column;
                        if (position == 0) memset(into, 0, (size_t)part * sizeof(float));
                        AGON_LOOP sum[i] += a[i];
                        if (flushes_sample) flush_sums_to_floats(sum, sample_elements, part, into);
                        break;
                    }
                    case AGON_RESULT_ROW_SUM:
                        for (int64_t r = 0; r < rows; r++) {
                            float value = sum_block(a + r * part, part);
                            float *into = results[k] + row + r;
                            *into = column == window.channel_begin ? value : *into + value;
                        }
                        break;
                    case AGON_RESULT_ROW_MAXIMUM:
                        for (int64_t r = 0; r < rows; r++) {
                            const float *line = a + r * part;
                            float *into = results[k] + row + r;
                            float best = column == window.channel_begin ? line[0] : *into;
                            for (int64_t i = 0; i < part; i++) best = line[i] > best ? line[i] : best;
                            *into = best;
                        }
                        break;
                    default: break;
                }
            }
            // After all sums, because one may read the operand that the store overwrites.
            for (int32_t k = 0; k < result_count; k++) {
                const agon_result *result = &program->results[k];
                if (result->kind == AGON_RESULT_STORE && result->deferred) memcpy(results[k] + offset, slots[result->slot], (size_t)n * sizeof(float));
            }
            current_sample = sample;
            row += rows;
        }
        if (sums) {
            for (int32_t k = 0; k < result_count; k++) {
                const agon_result *result = &program->results[k];
                float *sum = accumulators + (int64_t)k * AGON_PROGRAM_BLOCK;
                if (result->kind == AGON_RESULT_CHANNEL_SUM) flush_sums(sum, rows_per_block * part, part, partials + result->partial_offset + column);
                if (result->kind == AGON_RESULT_SCALAR_SUM) flush_sums(sum, AGON_PROGRAM_BLOCK, 1, partials + result->partial_offset);
            }
        }
        column += part;
    }
}

#undef AGON_LOOP
