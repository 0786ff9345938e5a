/* Scratch memory of each thread: kept from call to call, and freed when the thread ends. */

#pragma once

#include <stdlib.h>

#include "threads.h"

#if defined(_WIN32)
#include <malloc.h>
#define aligned_alloc(alignment, size) _aligned_malloc(size, alignment)
#define free_aligned _aligned_free
#else
#define free_aligned free
#endif

#define ROOMS 4

typedef struct {
    float *memory[ROOMS];
    size_t size[ROOMS]; /* floats */
} Rooms;

static pthread_key_t rooms_key;

static void free_rooms(void *rooms)
{
    for (int which = 0; which < ROOMS; which++)
        free_aligned(((Rooms *)rooms)->memory[which]);
    free(rooms);
}

/* Once, before the first call of `room`; 0 if there is no key left. */
static int prepare_rooms(void) { return !pthread_key_create(&rooms_key, free_rooms); }

/* One of this thread's rooms, with place for so many floats; NULL, and `out_of_memory`, where there is no memory. */
static float *room(int which, size_t floats)
{
    Rooms *rooms = pthread_getspecific(rooms_key);
    if (!rooms) {
        rooms = calloc(1, sizeof(Rooms));
        if (rooms && pthread_setspecific(rooms_key, rooms)) {
            free(rooms);
            rooms = NULL;
        }
    }
    if (rooms && (rooms->size[which] < floats || !rooms->memory[which])) {
        free_aligned(rooms->memory[which]);
        rooms->memory[which] = aligned_alloc(64, (floats * sizeof(float) + 64) / 64 * 64);
        rooms->size[which] = rooms->memory[which] ? floats : 0;
    }
    out_of_memory |= !rooms || !rooms->memory[which];
    return rooms ? rooms->memory[which] : NULL;
}
