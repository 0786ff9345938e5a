/* Every part of a job is computed exactly once: for any number of parts and of threads, by several callers at once, while
   the number of threads changes. `make sanitize-threads` runs it under gcc's thread sanitizer.

   Plain memory counts the parts, so that the sanitizer sees two threads that take the same one. With the argument `fork`
   it forks while another thread's job is under way: the child must find every share empty, and compute as its parent. */

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../src/byhand/ops/c/memory.h"

#define MOST 200001
#define CALLERS 3

typedef struct {
    unsigned char *count;
    int room;
} Counted;

static void count_part(void *context, long part)
{
    const Counted *c = context;
    float *memory = c->room ? room(part % ROOMS, (size_t)(part % 1000)) : NULL;
    if (memory)
        memory[0] = (float)part;
    c->count[part]++;
}

static void fail_at_seven(void *context, long part)
{
    (void)context;
    out_of_memory |= part == 7;
}

static void *caller(void *wrong)
{
    static const long parts[] = {0, 1, 2, 3, 17, 1000, 65534, 65535, 65536, 65537, 70000, MOST};
    unsigned char *count = malloc(MOST);
    for (int round = 0; round < 6; round++)
        for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
            Counted c = {count, round % 2};
            memset(count, 0, MOST);
            parallel(count_part, &c, parts[i]);
            for (long part = 0; part < MOST; part++)
                if (count[part] != (part < parts[i]))
                    *(long *)wrong = part + 1;
            parallel(fail_at_seven, NULL, parts[i]);
            if (out_of_memory != (parts[i] > 7))
                *(long *)wrong = -1;
            out_of_memory = 0;
            atomic_store(&pool.wanted, 1 + (round + (int)i) % 4);
        }
    free(count);
    return NULL;
}

static void wait_a_millisecond(void *context, long part)
{
    (void)context, (void)part;
    usleep(1000);
}

static void *slow_job(void *context)
{
    parallel(wait_a_millisecond, context, 100);
    return NULL;
}

static int child_is_wrong(void)
{
    unsigned char count[1000] = {0};
    Counted c = {count, 1};
    int wrong = 0;
    for (int t = 0; t < MOST_THREADS; t++)
        wrong |= (pool.share[t] & 0xffff) < (pool.share[t] >> 16 & 0xffff);
    parallel(count_part, &c, 1000);
    for (long part = 0; part < 1000; part++)
        wrong |= count[part] != 1;
    return wrong;
}

static int fork_during_a_job(void)
{
    pthread_t thread;
    int status = 1;
    atomic_store(&pool.wanted, 3);
    parallel(wait_a_millisecond, NULL, 3);
    pthread_create(&thread, NULL, slow_job, NULL);
    usleep(10000);
    const pid_t child = fork();
    if (!child)
        _exit(child_is_wrong());
    waitpid(child, &status, 0);
    pthread_join(thread, NULL);
    puts(status ? "the child went wrong" : "the child computed as its parent");
    return status != 0;
}

int main(int count, char **arguments)
{
    (void)arguments;
    pthread_t threads[CALLERS];
    long wrong[CALLERS] = {0}, sum = 0;
    if (!prepare_rooms())
        return 2;
    if (count > 1)
        return fork_during_a_job();
    atomic_store(&pool.wanted, 4);
    for (int i = 0; i < CALLERS; i++)
        pthread_create(&threads[i], NULL, caller, &wrong[i]);
    for (int i = 0; i < CALLERS; i++) {
        pthread_join(threads[i], NULL);
        sum |= wrong[i];
    }
    puts(sum ? "some parts were computed twice or never" : "every part was computed once");
    return sum != 0;
}
