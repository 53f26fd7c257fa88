// The scheduler of compiled steps: tasks made of pieces, run by a fixed set of threads as their dependencies complete.
#ifndef AGON_POOL_H
#define AGON_POOL_H

#include <stdint.h>

typedef struct agon_pool agon_pool;
typedef struct agon_schedule agon_schedule;

/// Runs one piece of a task on the given worker (0 ..< threads).
typedef void agon_piece_function(void *context, int32_t task, int32_t piece, int32_t worker);

agon_pool *agon_pool_create(int32_t threads);
void agon_pool_destroy(agon_pool *pool);

/// A schedule of `count` tasks in a valid order: pieces[i] >= 1 pieces; the successors of task i are
/// successors[successor_starts[i] ..< successor_starts[i + 1]], all greater than i. The arrays are copied.
agon_schedule *agon_schedule_create(int32_t count, const int32_t *pieces, const int32_t *successor_starts,
                                    const int32_t *successors);
void agon_schedule_destroy(agon_schedule *schedule);

/// From here on the calling thread takes numbers below 2^-126 for zero; returns what `agon_subnormals_end_flush` restores.
/// Moments and gradients that die away pass through such numbers, and each costs the processor some hundred cycles.
uint64_t agon_subnormals_begin_flush(void);
void agon_subnormals_end_flush(uint64_t before);

/// Runs all tasks, subnormal numbers flushed to zero on every thread, and returns when the last piece has ended. One run at a time per pool.
void agon_pool_run(agon_pool *pool, agon_schedule *schedule, agon_piece_function *run, void *context);

#endif
