/* A few threads that compute the parts of one job together.

A job is a function of a part's number. Parts are fixed by the job alone and taken by whoever is free, so results do not
depend on how many threads there are. Workers look for work for some microseconds after a job and then sleep: training
steps follow each other closely, and a sleeping thread takes nothing from anybody. */

#pragma once

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>

#define MOST_THREADS 64
#define PATIENCE 3000 /* looks for new work before a worker sleeps */

typedef void (*Job)(void *context, int part);

static struct {
    pthread_mutex_t busy, lock; /* one job at a time; sleeping and waking */
    pthread_cond_t wake;
    Job job;
    void *context;
    _Atomic uint64_t ticket; /* the job's number (32 bits), how many parts it has (16), the next part (16) */
    atomic_int done, sleeping;
    volatile int wanted;
    int started;
} pool = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, .wanted = 1};

static inline void pause_briefly(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static inline int has_work(uint64_t ticket) { return (ticket & 0xffff) < ((ticket >> 16) & 0xffff); }

/* Compute one part of the present job; 0 if none was left. */
static int take_part(void)
{
    uint64_t ticket = atomic_load(&pool.ticket);
    while (has_work(ticket))
        if (atomic_compare_exchange_weak(&pool.ticket, &ticket, ticket + 1)) {
            pool.job(pool.context, (int)(ticket & 0xffff)); /* the job stays until this part is done */
            atomic_fetch_add(&pool.done, 1);
            return 1;
        }
    return 0;
}

static void *work(void *argument)
{
    const int number = (int)(intptr_t)argument; /* of this worker, from 1 */
    for (;;) {
        for (int i = 0; i < PATIENCE; i++) {
            if (number < pool.wanted && take_part())
                i = 0;
            pause_briefly();
        }
        pthread_mutex_lock(&pool.lock);
        atomic_fetch_add(&pool.sleeping, 1);
        while (number >= pool.wanted || !has_work(atomic_load(&pool.ticket)))
            pthread_cond_wait(&pool.wake, &pool.lock);
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
    atomic_store(&pool.ticket, 0);
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
    if (parts < 2 || pool.wanted < 2 || pthread_mutex_trylock(&pool.busy)) {
        for (int part = 0; part < parts; part++) /* another thread has the workers: alone, then */
            job(context, part);
        return;
    }
    start_workers();
    pool.job = job;
    pool.context = context;
    atomic_store(&pool.done, 0);
    uint64_t number = (atomic_load(&pool.ticket) >> 32) + 1;
    atomic_store(&pool.ticket, number << 32 | (uint64_t)parts << 16);
    if (atomic_load(&pool.sleeping)) {
        pthread_mutex_lock(&pool.lock);
        pthread_cond_broadcast(&pool.wake);
        pthread_mutex_unlock(&pool.lock);
    }
    while (take_part())
        ;
    for (int i = 0; atomic_load(&pool.done) < parts; i++)
        if (i < PATIENCE)
            pause_briefly();
        else
            sched_yield(); /* a busy machine: a worker was interrupted in its part */
    pthread_mutex_unlock(&pool.busy);
}
