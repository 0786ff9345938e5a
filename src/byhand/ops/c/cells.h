/* What one step of a recurrent layer computes, once the products with R are there. ops/recurrent.py, lstm.py and gru.py have the equations. */

#pragma once

#include "recurrent.h"

/* A register of a block: units from u on, of sequence `row`, whose step is number `place` in (n, T); `count` units are left,
   which may be fewer than a register holds. */
typedef struct {
    const Sequence *s;
    const Block *b;
    isize row, place, u, count, k;
} At;

/* A step of whole blocks from that of a register. */
#define STEP(name)                                                                                                     \
    static void name(const Sequence *s, const Block *b)                                                                \
    {                                                                                                                  \
        for (isize row = b->row; row < b->row + b->rows; row++)                                                         \
            for (isize u = b->unit; u < b->end; u += LANES)                                                             \
                name##_at((At){s, b, row, place_of(s, row, b->i), u, s->k - u, s->k});                                 \
    }

/* Gate g's sum. */
INLINE vec sum_of(At at, int g)
{
    return load(at.b->sum + (at.row - at.b->row) * at.b->gap + g * at.b->gate + at.u - at.b->unit);
}

/* Where this register begins in an array (n, T, wide), and in one (n, k). */
INLINE float *kept_of(At at, float *array, isize wide) { return array + at.place * wide + at.u; }
INLINE float *state_of(At at, float *array) { return array + at.row * at.k + at.u; }
INLINE vec get(At at, const float *from) { return load_some(from, at.count, 0); }
INLINE void put(At at, float *to, vec value) { store_some(to, value, at.count); }

/* What a state becomes: kept for the next step, or as the last one. A step that isn't there leaves it as it was. */
INLINE void hand_on(At at, float *kept, float *last, vec value)
{
    const Sequence *s = at.s;
    const vec next = is_there(s, at.place) ? value : get(at, kept_of(at, kept, at.k));
    put(at, at.b->i + 1 < s->steps ? kept + place_of(s, at.row, at.b->i + 1) * at.k + at.u : state_of(at, last), next);
}

INLINE void hand_out(At at, vec value)
{
    if (at.s->y)
        put(at, kept_of(at, at.s->y, at.k), is_there(at.s, at.place) ? value : (vec){});
}

/* h' = φ(z + h R) */
INLINE void rnn_step_at(At at)
{
    const Sequence *s = at.s;
    float *z = kept_of(at, s->z, at.k);
    const vec x = get(at, z) + sum_of(at, 0), h = s->relu ? larger(x, all(0)) : tanh_of(x);
    put(at, z, h);
    hand_on(at, s->before, s->h, h);
    hand_out(at, h);
}
STEP(rnn_step)

/* i, f, o = σ(z + h R), g = tanh(z + h R), c' = f c + i g, h' = o tanh c' */
INLINE void lstm_step_at(At at)
{
    const Sequence *s = at.s;
    const isize k = at.k;
    float *z = kept_of(at, s->z, 4 * k);
    const vec i = gate_of(get(at, z) + sum_of(at, 0)), f = gate_of(get(at, z + k) + sum_of(at, 1));
    const vec g = tanh_of(get(at, z + 2 * k) + sum_of(at, 2)), o = gate_of(get(at, z + 3 * k) + sum_of(at, 3));
    const vec c = f * get(at, kept_of(at, s->cells, k)) + i * g, q = tanh_of(c);
    put(at, z, i);
    put(at, z + k, f);
    put(at, z + 2 * k, g);
    put(at, z + 3 * k, o);
    put(at, kept_of(at, s->squashed, k), q);
    hand_on(at, s->cells, s->cell, c);
    hand_on(at, s->before, s->h, o * q);
    hand_out(at, o * q);
}
STEP(lstm_step)

/* r, u = σ(z + h R), m = h V + c, a = tanh(z + r m), h' = a + u (h − a) */
INLINE void gru_step_at(At at)
{
    const Sequence *s = at.s;
    const isize k = at.k;
    float *z = kept_of(at, s->z, 3 * k);
    const vec r = gate_of(get(at, z) + sum_of(at, 0)), update = gate_of(get(at, z + k) + sum_of(at, 1));
    const vec m = sum_of(at, 2) + get(at, s->c + at.u), a = tanh_of(get(at, z + 2 * k) + r * m);
    const vec h = a + update * (get(at, kept_of(at, s->before, k)) - a);
    put(at, z, r);
    put(at, z + k, update);
    put(at, z + 2 * k, a);
    put(at, kept_of(at, s->inner, k), m);
    hand_on(at, s->before, s->h, h);
    hand_out(at, h);
}
STEP(gru_step)

/* The gradient by the state after this step: what the next step hands back, beside what it left in dh; and dy. Where the
   step isn't there, and before the first one, that stays in dh, and `there` is 0; else dh is to become what a step leaves
   in it. */
INLINE vec receive(At at, int *there)
{
    const Sequence *s = at.s;
    const vec later = get(at, state_of(at, s->dh)) + sum_of(at, 0);
    *there = at.b->i >= 0 && is_there(s, at.place);
    put(at, state_of(at, s->dh), later);
    if (!*there || !s->dy)
        return later;
    return later + get(at, s->dy + at.place * at.k + at.u);
}

INLINE vec slope_of_sigmoid(vec a) { return a * (1 - a); }
INLINE vec slope_of_tanh(vec a) { return 1 - a * a; }

/* dz = dh φ' */
INLINE void rnn_step_back_at(At at)
{
    const Sequence *s = at.s;
    int there;
    const vec dh = receive(at, &there);
    if (at.b->i < 0)
        return;
    const vec a = get(at, kept_of(at, s->z, at.k));
    vec dz = s->relu ? choose(a > 0, dh, all(0)) : (vec)(dh * slope_of_tanh(a));
    if (there)
        put(at, state_of(at, s->dh), all(0));
    else
        dz = all(0);
    put(at, kept_of(at, s->dz, at.k), dz);
}
STEP(rnn_step_back)

INLINE void lstm_step_back_at(At at)
{
    const Sequence *s = at.s;
    int there;
    const isize k = at.k;
    const vec dh = receive(at, &there);
    if (at.b->i < 0)
        return;
    float *dz = kept_of(at, s->dz, 4 * k);
    if (!there) {
        for (int g = 0; g < 4; g++)
            put(at, dz + g * k, all(0));
        return;
    }
    const float *z = kept_of(at, s->z, 4 * k);
    const vec i = get(at, z), f = get(at, z + k), g = get(at, z + 2 * k), o = get(at, z + 3 * k);
    const vec q = get(at, kept_of(at, s->squashed, k)), c = get(at, kept_of(at, s->cells, k));
    const vec dc = get(at, state_of(at, s->dcell)) + dh * o * slope_of_tanh(q);
    put(at, dz, dc * g * slope_of_sigmoid(i));
    put(at, dz + k, dc * c * slope_of_sigmoid(f));
    put(at, dz + 2 * k, dc * i * slope_of_tanh(g));
    put(at, dz + 3 * k, dh * q * slope_of_sigmoid(o));
    put(at, state_of(at, s->dcell), dc * f);
    put(at, state_of(at, s->dh), all(0));
}
STEP(lstm_step_back)

INLINE void gru_step_back_at(At at)
{
    const Sequence *s = at.s;
    int there;
    const isize k = at.k;
    const vec dh = receive(at, &there);
    if (at.b->i < 0)
        return;
    float *dz = kept_of(at, s->dz, 3 * k), *dgates = kept_of(at, s->dgates, 2 * k), *dm = kept_of(at, s->dinner, k);
    if (!there) {
        for (float *const *to = (float *[]){dz, dz + k, dz + 2 * k, dgates, dgates + k, dm, NULL}; *to; to++)
            put(at, *to, all(0));
        return;
    }
    const float *z = kept_of(at, s->z, 3 * k);
    const vec r = get(at, z), update = get(at, z + k), a = get(at, z + 2 * k);
    const vec h = get(at, kept_of(at, s->before, k)), m = get(at, kept_of(at, s->inner, k));
    const vec da = dh * (1 - update) * slope_of_tanh(a), dr = da * m * slope_of_sigmoid(r);
    const vec du = dh * (h - a) * slope_of_sigmoid(update);
    put(at, dz, dr);
    put(at, dz + k, du);
    put(at, dz + 2 * k, da);
    put(at, dgates, dr);
    put(at, dgates + k, du);
    put(at, dm, da * r);
    put(at, state_of(at, s->dh), dh * update);
}
STEP(gru_step_back)
