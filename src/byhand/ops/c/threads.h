/* A few threads that compute the parts of one job together.

A job is a function of a part's number. Parts are fixed by the job alone, so results do not depend on how many threads
there are. Each thread begins with its own share of the parts, always the same for the same number of parts, because the
images that it worked on in the job before are still in its cache; who has done their share helps the others. Workers
look for work for some microseconds after a job and then sleep: training steps follow each other closely, and a sleeping
thread takes nothing from anybody. */

#pragma once

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>

#define MOST_THREADS 64
#define PATIENCE 4000 /* looks for new work before a worker sleeps */

typedef void (*Job)(void *context, int part);

static struct {
    pthread_mutex_t busy, lock; /* one job at a time; sleeping and waking */
    pthread_cond_t wake;
    Job job;
    void *context;
    atomic_uint number;                   /* of the present job */
    _Atomic uint64_t share[MOST_THREADS]; /* each thread's parts: the job's number (32 bits), end (16), next (16) */
    atomic_int done, sleeping;
    volatile int wanted;
    int started;
} pool = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, .wanted = 1};

/* Wait a moment, and now and then let another thread have this processor: who is waited for may be on the same one. */
static inline void wait_briefly(int i)
{
    if (i % 64 == 63)
        sched_yield();
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* Compute a part of this share, its first one or its last one; 0 if none is left. */
static int take_part(_Atomic uint64_t *share, int last)
{
    uint64_t now = atomic_load(share);
    for (;;) {
        const int next = now & 0xffff, end = now >> 16 & 0xffff;
        if (next >= end)
            return 0;
        if (atomic_compare_exchange_weak(share, &now, last ? now - 0x10000 : now + 1)) {
            pool.job(pool.context, last ? end - 1 : next); /* the job stays until this part is done */
            atomic_fetch_add(&pool.done, 1);
            return 1;
        }
    }
}

/* Compute what there is: thread `me`'s own share, then what is left of the others'. */
static void take_parts(int me, int threads)
{
    while (take_part(&pool.share[me], 0))
        ;
    for (int other = 0; other < threads; other++)
        while (take_part(&pool.share[other], 1))
            ;
}

static void *work(void *argument)
{
    const int me = (int)(intptr_t)argument; /* from 1; 0 is who brings the job */
    unsigned seen = 0;
    for (;;) {
        for (int i = 0; i < PATIENCE; i++) {
            const unsigned number = atomic_load(&pool.number);
            if (number != seen) {
                seen = number;
                i = 0;
                if (me < pool.wanted)
                    take_parts(me, pool.wanted);
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

/* After a fork only the calling thread is left. */
static void forget_workers(void)
{
    pthread_mutex_init(&pool.busy, NULL);
    pthread_mutex_init(&pool.lock, NULL);
    pthread_cond_init(&pool.wake, NULL);
    atomic_store(&pool.sleeping, 0);
    pool.started = 0;
}

static void start_workers(void)
{
    static int registered = 0;
    if (!registered)
        registered = !pthread_atfork(NULL, NULL, forget_workers);
    for (; pool.started < pool.wanted - 1; pool.started++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, work, (void *)(intptr_t)(pool.started + 1)))
            return; /* then there are fewer */
        pthread_detach(thread);
    }
}

/* Compute all parts, 0 to parts − 1, at most 65,535 of them. */
static void parallel(Job job, void *context, int parts)
{
    const int threads = pool.wanted;
    if (parts < 2 || threads < 2 || pthread_mutex_trylock(&pool.busy)) {
        for (int part = 0; part < parts; part++) /* another thread has the workers: alone, then */
            job(context, part);
        return;
    }
    start_workers();
    pool.job = job;
    pool.context = context;
    atomic_store(&pool.done, 0);
    const uint64_t number = (uint64_t)(atomic_load(&pool.number) + 1) << 32;
    for (uint64_t t = 0; t < (uint64_t)threads; t++)
        atomic_store(&pool.share[t], number | (parts * (t + 1) / threads) << 16 | parts * t / threads);
    atomic_fetch_add(&pool.number, 1);
    if (atomic_load(&pool.sleeping)) {
        pthread_mutex_lock(&pool.lock);
        pthread_cond_broadcast(&pool.wake);
        pthread_mutex_unlock(&pool.lock);
    }
    take_parts(0, threads);
    for (int i = 0; atomic_load(&pool.done) < parts; i++)
        wait_briefly(i);
    pthread_mutex_unlock(&pool.busy);
}
