// Scheduling by counters: a task is ready when its count of unfinished predecessors is zero; workers look for pieces from
// the first unfinished task onwards, so that the order of the plan is kept where it can be, and a ready task further on
// (another discriminator, an optimizer's update) fills the gaps. No locks while a step runs.
//
// A task's pieces are split into one contiguous run per worker, the same in every step, so that a
// weight's rows, their gradient and their moments stay in one core's cache. A worker without pieces of its own takes
// others'.
#include "agon_pool.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#define AGON_PAUSE() __builtin_ia32_pause()
#elif defined(__aarch64__)
#define AGON_PAUSE() __asm__ volatile("yield")
#else
#define AGON_PAUSE() ((void)0)
#endif

enum {
    WINDOW = 512,            // tasks looked at beyond the first unfinished one
    SPINS_BEFORE_YIELD = 200,   // unsuccessful polls before yielding the processor
    SPINS_BEFORE_SLEEP = 4000,  // polls for a new step before a worker sleeps: about a millisecond
};

uint64_t agon_subnormals_begin_flush(void) {
    uint64_t before = 0;
#if defined(__x86_64__)
    const unsigned flush_to_zero = 1u << 15, denormals_are_zero = 1u << 6;
    before = _mm_getcsr();
    _mm_setcsr((unsigned)before | flush_to_zero | denormals_are_zero);
#elif defined(__aarch64__)
    const uint64_t flush_to_zero = 1ull << 24;
    __asm__ volatile("mrs %0, fpcr" : "=r"(before));
    __asm__ volatile("msr fpcr, %0" : : "r"(before | flush_to_zero));
#endif
    return before;
}

void agon_subnormals_end_flush(uint64_t before) {
#if defined(__x86_64__)
    _mm_setcsr((unsigned)before);
#elif defined(__aarch64__)
    __asm__ volatile("msr fpcr, %0" : : "r"(before));
#else
    (void)before;
#endif
}

typedef struct {
    _Alignas(64) atomic_int waiting;  // predecessors not yet finished
    atomic_int handed;                // pieces handed out
    atomic_int left;                  // pieces not yet finished
} task_state;

struct agon_schedule {
    int32_t count;
    int32_t *pieces, *predecessors, *successor_starts, *successors;
    task_state *states;
    atomic_int *next;  // next[task * lanes + worker]: the next piece of the worker's run
    int32_t lanes;
};

struct agon_pool {
    int32_t threads;
    pthread_t *handles;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    atomic_int sleeping;
    atomic_uint generation;
    atomic_int working;  // helpers inside the current run
    atomic_bool stopping;
    // The current run.
    agon_schedule *schedule;
    agon_piece_function *run;
    void *context;
    _Alignas(64) atomic_int head;
    _Alignas(64) atomic_int remaining;
};

typedef struct {
    agon_pool *pool;
    int32_t worker;
} worker_start;

/// The first piece of a worker's run.
static int32_t run_start(const agon_schedule *schedule, int32_t task, int32_t worker) {
    return (int32_t)((int64_t)schedule->pieces[task] * worker / schedule->lanes);
}

/// A piece of a ready task from a worker's run, -1 if none is left.
static int32_t take_piece(agon_schedule *schedule, int32_t task, int32_t from) {
    atomic_int *next = &schedule->next[(int64_t)task * schedule->lanes + from];
    const int32_t end = run_start(schedule, task, from + 1);
    if (atomic_load_explicit(next, memory_order_relaxed) >= end) return -1;
    const int32_t piece = atomic_fetch_add_explicit(next, 1, memory_order_relaxed);
    if (piece >= end) return -1;
    atomic_fetch_add_explicit(&schedule->states[task].handed, 1, memory_order_relaxed);
    return piece;
}

static void run_piece(agon_pool *pool, int32_t task, int32_t piece, int32_t worker) {
    agon_schedule *schedule = pool->schedule;
    task_state *states = schedule->states;
    pool->run(pool->context, task, piece, worker);
    if (atomic_fetch_sub_explicit(&states[task].left, 1, memory_order_acq_rel) != 1) return;
    for (int32_t k = schedule->successor_starts[task]; k < schedule->successor_starts[task + 1]; k++) {
        atomic_fetch_sub_explicit(&states[schedule->successors[k]].waiting, 1, memory_order_acq_rel);
    }
    atomic_fetch_sub_explicit(&pool->remaining, 1, memory_order_acq_rel);
}

static void work(agon_pool *pool, int32_t worker) {
    agon_schedule *schedule = pool->schedule;
    task_state *states = schedule->states;
    const int32_t count = schedule->count, lanes = schedule->lanes;
    int32_t fruitless = 0;
    while (atomic_load_explicit(&pool->remaining, memory_order_acquire) > 0) {
        int32_t head = atomic_load_explicit(&pool->head, memory_order_relaxed);
        while (head < count && atomic_load_explicit(&states[head].handed, memory_order_relaxed) >= schedule->pieces[head]) {
            int32_t expected = head;
            atomic_compare_exchange_strong_explicit(&pool->head, &expected, head + 1, memory_order_relaxed, memory_order_relaxed);
            head++;
        }
        const int32_t end = head + WINDOW < count ? head + WINDOW : count;
        bool found = false;
        for (int32_t i = head; i < end && !found; i++) {
            if (atomic_load_explicit(&states[i].waiting, memory_order_acquire) != 0) continue;
            for (int32_t piece; (piece = take_piece(schedule, i, worker)) >= 0; found = true) run_piece(pool, i, piece, worker);
        }
        for (int32_t i = head; i < end && !found; i++) {
            if (atomic_load_explicit(&states[i].waiting, memory_order_acquire) != 0) continue;
            for (int32_t other = 1; other < lanes && !found; other++) {
                const int32_t piece = take_piece(schedule, i, (worker + other) % lanes);
                if (piece >= 0) run_piece(pool, i, piece, worker);
                found = piece >= 0;
            }
        }
        if (found) {
            fruitless = 0;
        } else if (++fruitless < SPINS_BEFORE_YIELD) {
            AGON_PAUSE();
        } else {
            sched_yield();
        }
    }
}

static void *worker_main(void *argument) {
    worker_start start = *(worker_start *)argument;
    free(argument);
    agon_pool *pool = start.pool;
    agon_subnormals_begin_flush();
    unsigned seen = 0;
    for (;;) {
        int32_t looks = 0;
        while (atomic_load_explicit(&pool->generation, memory_order_acquire) == seen) {
            if (atomic_load(&pool->stopping)) return NULL;
            if (++looks < SPINS_BEFORE_SLEEP) {
                AGON_PAUSE();
                if (looks % 64 == 0) sched_yield();
                continue;
            }
            pthread_mutex_lock(&pool->mutex);
            atomic_fetch_add(&pool->sleeping, 1);
            while (atomic_load(&pool->generation) == seen && !atomic_load(&pool->stopping)) pthread_cond_wait(&pool->wake, &pool->mutex);
            atomic_fetch_sub(&pool->sleeping, 1);
            pthread_mutex_unlock(&pool->mutex);
        }
        seen = atomic_load_explicit(&pool->generation, memory_order_acquire);
        work(pool, start.worker);
        atomic_fetch_sub_explicit(&pool->working, 1, memory_order_acq_rel);
    }
}

agon_pool *agon_pool_create(int32_t threads) {
    agon_pool *pool = aligned_alloc(64, (sizeof(agon_pool) + 63) / 64 * 64);
    if (!pool) return NULL;
    memset(pool, 0, sizeof *pool);
    pool->handles = calloc((size_t)threads, sizeof(pthread_t));
    if (!pool->handles || pthread_mutex_init(&pool->mutex, NULL) != 0) {
        free(pool->handles);
        free(pool);
        return NULL;
    }
    if (pthread_cond_init(&pool->wake, NULL) != 0) {
        pthread_mutex_destroy(&pool->mutex);
        free(pool->handles);
        free(pool);
        return NULL;
    }
    // Workers read the number of threads only during a run, and none has begun.
    for (pool->threads = 1; pool->threads < threads; pool->threads++) {
        worker_start *start = malloc(sizeof *start);
        if (!start) break;
        *start = (worker_start){pool, pool->threads};
        if (pthread_create(&pool->handles[pool->threads], NULL, worker_main, start) != 0) {
            free(start);
            break;
        }
    }
    return pool;
}

int32_t agon_pool_threads(const agon_pool *pool) { return pool->threads; }

static void wake_all(agon_pool *pool) {
    pthread_mutex_lock(&pool->mutex);
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->mutex);
}

void agon_pool_destroy(agon_pool *pool) {
    atomic_store(&pool->stopping, true);
    wake_all(pool);
    for (int32_t i = 1; i < pool->threads; i++) pthread_join(pool->handles[i], NULL);
    pthread_mutex_destroy(&pool->mutex);
    pthread_cond_destroy(&pool->wake);
    free(pool->handles);
    free(pool);
}

static int32_t *copied(const int32_t *values, int32_t count) {
    int32_t *copy = malloc(sizeof(int32_t) * (size_t)(count > 0 ? count : 1));
    if (copy && count > 0) memcpy(copy, values, sizeof(int32_t) * (size_t)count);
    return copy;
}

agon_schedule *agon_schedule_create(int32_t count, const int32_t *pieces, const int32_t *successor_starts,
                                    const int32_t *successors) {
    agon_schedule *schedule = calloc(1, sizeof *schedule);
    if (!schedule) return NULL;
    schedule->count = count;
    schedule->pieces = copied(pieces, count);
    schedule->successor_starts = copied(successor_starts, count + 1);
    schedule->successors = copied(successors, successor_starts[count]);
    schedule->predecessors = calloc((size_t)count + 1, sizeof(int32_t));
    schedule->states = aligned_alloc(64, sizeof(task_state) * (size_t)(count > 0 ? count : 1));
    if (!schedule->pieces || !schedule->successor_starts || !schedule->successors || !schedule->predecessors ||
        !schedule->states) {
        agon_schedule_destroy(schedule);
        return NULL;
    }
    for (int32_t k = 0; k < successor_starts[count]; k++) schedule->predecessors[successors[k]]++;
    return schedule;
}

void agon_schedule_destroy(agon_schedule *schedule) {
    free(schedule->pieces);
    free(schedule->successor_starts);
    free(schedule->successors);
    free(schedule->predecessors);
    free(schedule->states);
    free(schedule->next);
    free(schedule);
}

bool agon_pool_run(agon_pool *pool, agon_schedule *schedule, agon_piece_function *run, void *context) {
    if (schedule->lanes != pool->threads) {
        atomic_int *next = calloc((size_t)schedule->count * (size_t)pool->threads + 1, sizeof(atomic_int));
        if (!next) return false;
        free(schedule->next);
        schedule->next = next;
        schedule->lanes = pool->threads;
    }
    for (int32_t i = 0; i < schedule->count; i++) {
        for (int32_t worker = 0; worker < schedule->lanes; worker++) {
            atomic_store_explicit(&schedule->next[(int64_t)i * schedule->lanes + worker], run_start(schedule, i, worker), memory_order_relaxed);
        }
        atomic_store_explicit(&schedule->states[i].waiting, schedule->predecessors[i], memory_order_relaxed);
        atomic_store_explicit(&schedule->states[i].handed, 0, memory_order_relaxed);
        atomic_store_explicit(&schedule->states[i].left, schedule->pieces[i], memory_order_relaxed);
    }
    pool->schedule = schedule;
    pool->run = run;
    pool->context = context;
    atomic_store_explicit(&pool->head, 0, memory_order_relaxed);
    atomic_store_explicit(&pool->remaining, schedule->count, memory_order_relaxed);
    atomic_store_explicit(&pool->working, pool->threads - 1, memory_order_relaxed);
    atomic_fetch_add(&pool->generation, 1);
    if (atomic_load(&pool->sleeping) > 0) wake_all(pool);
    const uint64_t before = agon_subnormals_begin_flush();
    work(pool, 0);
    agon_subnormals_end_flush(before);
    // Helpers may still read this run's state; the next run must not start before they have left.
    int32_t spins = 0;
    while (atomic_load_explicit(&pool->working, memory_order_acquire) > 0) {
        if (++spins < SPINS_BEFORE_YIELD) AGON_PAUSE();
        else sched_yield();
    }
    return true;
}
