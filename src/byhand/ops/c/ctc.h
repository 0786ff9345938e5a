/* Connectionist temporal classification, a row of symbols at a time; the places of l′ = _ l₁ _ l₂ _ ... _ lie side by
   side in registers. See ops/ctc.py for the equations. */

#pragma once

#include "memory.h"
#include "vectors.h"

typedef struct {
    const float *log_p, *labels;
    float *each, *dz;
    isize n, steps, classes, longest;
} Ctc;

/* log(e^a + e^b). */
INLINE vec log_add(vec a, vec b)
{
    const vec d = choose(a == b, all(0), a - b); /* also where both are log 0 */
    return larger(a, b) + log_one_plus(exponential(choose(d > 0, -d, d)));
}

/* log(e^a + e^(b + skip) + e^c), where b and c are the neighbours at one and two places' distance. */
INLINE vec log_add_paths(const float *a, isize one, vec skip)
{
    return log_add(log_add(load(a), load(a + one)), load(a + 2 * one) + skip);
}

/* What a row's label allows. `log_p` and `alpha` have a line of `line` numbers for each step, whose place s is number
   s + 2, with log 0 on both sides; so have `skip` (log 1 where s may be entered from s − 2, else log 0) and `beta`. */
typedef struct {
    isize places, line;
    float *log_p, *alpha, *skip, *beta, *ahead;
    int32_t *class;
} Path;

static Path path_of(const Ctc *c, const float *log_p, const float *label)
{
    Path p = {.places = 1};
    while (p.places < 2 * c->longest && label[p.places / 2] >= 0)
        p.places += 2;
    p.line = (p.places + LANES - 1) / LANES * LANES + LANES; /* room for two at each end */
    const isize size = c->steps * p.line;
    p.log_p = room(0, (size_t)(2 * size + 4 * p.line));
    if (!p.log_p)
        return p;
    p.alpha = p.log_p + size, p.skip = p.alpha + size, p.beta = p.skip + p.line, p.ahead = p.beta + p.line;
    p.class = (int32_t *)(p.ahead + p.line);
    for (float *a = p.log_p; a < p.ahead + p.line; a++)
        *a = -INFINITY;
    for (isize s = 0; s < p.places; s++) {
        const float symbol = s % 2 ? label[s / 2] : -1;
        p.class[s] = symbol >= 0 && symbol < c->classes ? (int32_t)symbol : (int32_t)c->classes - 1;
        if (s % 2 && s > 1 && p.class[s] != p.class[s - 2])
            p.skip[s + 2] = 0;
    }
    for (isize t = 0; t < c->steps; t++)
        for (isize s = 0; s < p.places; s++)
            p.log_p[t * p.line + s + 2] = log_p[t * c->classes + p.class[s]];
    return p;
}

/* log α step by step; returns log P. */
static float walk_forward(const Ctc *c, const Path *p)
{
    memcpy(p->alpha + 2, p->log_p + 2, sizeof(float) * (p->places < 2 ? 1 : 2));
    for (isize t = 1; t < c->steps; t++) {
        const float *before = p->alpha + (t - 1) * p->line;
        const isize now = t * p->line;
        for (isize s = 2; s < p->places + 2; s += LANES)
            store(p->alpha + now + s, log_add_paths(before + s, -1, load(p->skip + s)) + load(p->log_p + now + s));
    }
    const float *last = p->alpha + (c->steps - 1) * p->line + p->places;
    return log_add(all(last[0]), all(last[1]))[0];
}

/* log β step by step backward; γ = α β / P in place of log α. */
static void walk_back(const Ctc *c, const Path *p, float log_total)
{
    p->beta[p->places + 1] = 0;
    if (p->places > 1)
        p->beta[p->places] = 0;
    for (isize t = c->steps - 1; t >= 0; t--) {
        const isize now = t * p->line;
        for (isize s = 2; s < p->places + 2; s += LANES) {
            store(p->ahead + s, load(p->log_p + now + s) + load(p->beta + s));
            store(p->alpha + now + s, exponential(load(p->alpha + now + s) + load(p->beta + s) - log_total));
        }
        for (isize s = 2; s < p->places + 2; s += LANES)
            store(p->beta + s, log_add_paths(p->ahead + s, 1, load(p->skip + s + 2)));
    }
}

/* ℓ of row i, and dz = p − Σ γ over the places of each class. */
static void ctc_part(void *context, isize i)
{
    const Ctc *c = context;
    const isize size = c->steps * c->classes;
    const float *log_p = c->log_p + i * size;
    float *dz = c->dz + i * size;
    const Path p = path_of(c, log_p, c->labels + i * c->longest);
    if (!p.log_p)
        return;
    const float log_total = walk_forward(c, &p);
    c->each[i] = -log_total;
    walk_back(c, &p, log_total < -FLT_MAX ? -FLT_MAX : log_total);
    for (isize j = 0; j < size; j += LANES) {
        if (size - j < LANES)
            store_few(dz + j, exponential(load_few(log_p + j, size - j)), size - j);
        else
            store(dz + j, exponential(load(log_p + j)));
    }
    for (isize t = 0; t < c->steps; t++)
        for (isize s = 0; s < p.places; s++)
            dz[t * c->classes + p.class[s]] -= p.alpha[t * p.line + s + 2];
    const float finite = isfinite(log_total);
    for (isize j = 0; j < size; j++)
        dz[j] *= finite;
}
