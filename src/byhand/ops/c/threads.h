/* A few threads that compute the parts of one job together.

A job is a function of a part's number. Parts are fixed by the job alone, so results do not depend on how many threads
there are. Neighbouring parts go together where there are very many, in pieces. Each thread begins with its own share of
the pieces, always the same for the same number of parts, because the images that it worked on in the job before are
still in its cache; who has done their share helps the others. Workers look for work for some microseconds after a job
and then sleep: training steps follow each other closely, and a sleeping thread takes nothing from anybody. */

#pragma once

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define MOST_THREADS 64
#define MOST_PIECES 65535
#define PATIENCE 4000 /* looks for new work before a worker sleeps */

typedef ptrdiff_t isize; /* counts, and places in arrays: as wide as a pointer, which long is not on Windows */

typedef void (*Job)(void *context, isize part);

/* Set by a part that could not be computed for want of memory, in whichever thread; `parallel` hands it to its caller. */
static _Thread_local int out_of_memory;

static struct {
    pthread_mutex_t busy, lock; /* one job at a time; sleeping and waking */
    pthread_cond_t wake;
    Job job;
    void *context;
    isize parts, pieces;
    atomic_uint number;                   /* of the present job */
    _Atomic uint64_t share[MOST_THREADS]; /* each thread's pieces: the job's number (32 bits), end (16), next (16) */
    atomic_long done;                     /* pieces */
    atomic_int failed, sleeping, wanted;
    int started;
} pool = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, .wanted = 1};

/* Let this thread count numbers below 1.2e-38, which float32 keeps with fewer digits, as 0 while it computes. Gradients
that vanish over hundreds of steps get there, and averages of gradients that have become zero; a processor may take a
hundred times as long for each. The setting before is returned. */
static inline uint64_t flush_to_zero(void)
{
    uint64_t before = 0;
#if defined(__SSE2__)
    before = __builtin_ia32_stmxcsr();
    __builtin_ia32_ldmxcsr((unsigned)before | 0x8040); /* results and operands: bits 15 and 6 of MXCSR */
#elif defined(__aarch64__)
    __asm__ volatile("mrs %0, fpcr" : "=r"(before));
    __asm__ volatile("msr fpcr, %0" : : "r"(before | 1 << 24));
#endif
    return before;
}

static inline void set_back(uint64_t before)
{
#if defined(__SSE2__)
    __builtin_ia32_ldmxcsr((unsigned)before);
#elif defined(__aarch64__)
    __asm__ volatile("msr fpcr, %0" : : "r"(before));
#else
    (void)before;
#endif
}

/* Wait a moment, and now and then let another thread have this processor: who is waited for may be on the same one. */
static inline void wait_briefly(unsigned i)
{
    if (i % 64 == 63)
        sched_yield();
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* Compute a piece of this share, its first one or its last one; 0 if none is left. */
static int take_piece(_Atomic uint64_t *share, int last)
{
    uint64_t now = atomic_load(share);
    for (;;) {
        const isize next = now & 0xffff, end = now >> 16 & 0xffff;
        if (next >= end)
            return 0;
        if (atomic_compare_exchange_weak(share, &now, last ? now - 0x10000 : now + 1)) {
            const isize piece = last ? end - 1 : next, stop = pool.parts * (piece + 1) / pool.pieces;
            for (isize part = pool.parts * piece / pool.pieces; part < stop; part++)
                pool.job(pool.context, part); /* the job stays until this piece is done */
            if (out_of_memory)
                atomic_store(&pool.failed, 1);
            out_of_memory = 0;
            atomic_fetch_add(&pool.done, 1);
            return 1;
        }
    }
}

/* Compute what there is: thread `me`'s own share, then what is left of the others'. */
static void take_pieces(int me, int threads)
{
    while (take_piece(&pool.share[me], 0))
        ;
    for (int other = 0; other < threads; other++)
        while (take_piece(&pool.share[other], 1))
            ;
}

static void *work(void *argument)
{
    const int me = (int)(intptr_t)argument; /* from 1; 0 is who brings the job */
    unsigned seen = 0;
    flush_to_zero();
    for (;;) {
        for (unsigned i = 0; i < PATIENCE; i++) {
            const unsigned number = atomic_load(&pool.number);
            if (number != seen) {
                seen = number;
                i = 0;
                const int threads = atomic_load(&pool.wanted);
                if (me < threads)
                    take_pieces(me, threads);
            }
            wait_briefly(i);
        }
        pthread_mutex_lock(&pool.lock);
        atomic_fetch_add(&pool.sleeping, 1);
        if (atomic_load(&pool.number) == seen)
            pthread_cond_wait(&pool.wake, &pool.lock); /* too late for that job, perhaps, but awake for the next */
        atomic_fetch_sub(&pool.sleeping, 1);
        pthread_mutex_unlock(&pool.lock);
    }
    return NULL;
}

/* A fork waits until no job is under way: then every share is empty, in the child too, */
static void before_fork(void)
{
    pthread_mutex_lock(&pool.busy);
    pthread_mutex_lock(&pool.lock);
}

static void after_fork(void)
{
    pthread_mutex_unlock(&pool.lock);
    pthread_mutex_unlock(&pool.busy);
}

/* which has the calling thread alone and starts workers of its own. */
static void after_fork_in_child(void)
{
    pthread_cond_init(&pool.wake, NULL);
    atomic_store(&pool.sleeping, 0);
    pool.started = 0;
    after_fork();
}

static void start_workers(int threads)
{
    static int registered = 0;
    if (!registered)
        registered = !pthread_atfork(before_fork, after_fork, after_fork_in_child);
    for (; pool.started < threads - 1; pool.started++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, work, (void *)(intptr_t)(pool.started + 1)))
            return; /* then there are fewer */
        pthread_detach(thread);
    }
}

/* Compute all parts, 0 to parts − 1. */
static void parallel(Job job, void *context, isize parts)
{
    const int threads = atomic_load(&pool.wanted);
    const uint64_t before = flush_to_zero();
    if (parts < 2 || threads < 2 || pthread_mutex_trylock(&pool.busy)) {
        for (isize part = 0; part < parts; part++) /* another thread has the workers: alone, then */
            job(context, part);
        set_back(before);
        return;
    }
    start_workers(threads);
    const uint64_t pieces = parts < MOST_PIECES ? (uint64_t)parts : MOST_PIECES;
    pool.job = job;
    pool.context = context;
    pool.parts = parts;
    pool.pieces = (isize)pieces;
    atomic_store(&pool.done, 0);
    atomic_store(&pool.failed, 0);
    const uint64_t number = (uint64_t)(atomic_load(&pool.number) + 1) << 32;
    for (uint64_t t = 0; t < (uint64_t)threads; t++)
        atomic_store(&pool.share[t], number | (pieces * (t + 1) / threads) << 16 | pieces * t / threads);
    atomic_fetch_add(&pool.number, 1);
    if (atomic_load(&pool.sleeping)) {
        pthread_mutex_lock(&pool.lock);
        pthread_cond_broadcast(&pool.wake);
        pthread_mutex_unlock(&pool.lock);
    }
    take_pieces(0, threads);
    for (unsigned i = 0; atomic_load(&pool.done) < pool.pieces; i++)
        wait_briefly(i);
    set_back(before);
    out_of_memory = atomic_load(&pool.failed);
    pthread_mutex_unlock(&pool.busy);
}
