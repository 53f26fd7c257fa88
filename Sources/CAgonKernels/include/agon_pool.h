// The scheduler of compiled steps: tasks split into pieces, run by a fixed set of threads as dependencies complete.
#ifndef AGON_POOL_H
#define AGON_POOL_H

#include <stdbool.h>
#include <stdint.h>

typedef struct agon_pool agon_pool;
typedef struct agon_schedule agon_schedule;

/// Runs one piece of a task on the given worker (0 ..< threads).
typedef void agon_piece_function(void *context, int32_t task, int32_t piece, int32_t worker);

/// A pool of the calling thread and up to `threads` - 1 others: fewer if the system cannot start more. NULL without memory.
agon_pool *agon_pool_create(int32_t threads);
/// The threads that a pool has, the calling one included.
int32_t agon_pool_threads(const agon_pool *pool);
void agon_pool_destroy(agon_pool *pool);

/// A schedule of `count` tasks in a valid order: pieces[i] >= 1 pieces; the successors of task i are
/// successors[successor_starts[i] ..< successor_starts[i + 1]], all greater than i. The arrays are copied.
/// NULL without memory.
agon_schedule *agon_schedule_create(int32_t count, const int32_t *pieces, const int32_t *successor_starts,
                                    const int32_t *successors);
void agon_schedule_destroy(agon_schedule *schedule);

/// Makes the calling thread flush numbers below 2^-126 to zero; returns what `agon_subnormals_end_flush` restores.
/// Decaying moments and gradients pass through such numbers, each of which costs about a hundred cycles.
uint64_t agon_subnormals_begin_flush(void);
void agon_subnormals_end_flush(uint64_t before);

/// Runs all tasks, subnormal numbers flushed to zero on every thread, and returns when the last piece has ended. One run
/// at a time per pool. False, with nothing run, if a schedule's first run on this many threads finds no memory.
bool agon_pool_run(agon_pool *pool, agon_schedule *schedule, agon_piece_function *run, void *context);

#endif
