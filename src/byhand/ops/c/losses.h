/* Losses: the value and the derivative of each row at once. */

#pragma once

#include "softmax.h"

#define MOST_OUTPUTS 256 /* columns that fit the room on the stack; wider rows are NumPy's */

static void softmax_cross_entropy_part(void *context, isize part)
{
    const Rows *r = context;
    if (r->k > SHORT) {
        FOR_ROWS(r, part, i, 1) {
            const float *z = r->z + i * r->k, *t = r->t + i * r->k, most = largest_in_row(z, 1, NULL, r->k);
            float *dz = r->out + i * r->k;
            vec expected = all(0); /* Σ t s */
            for (isize j = 0; j < r->k; j += LANES) /* 0 · −∞ counts as 0 */
                expected += load_some(t + j, r->k - j, 0) * larger(scores(z, 1, NULL, j, r->k) - most, all(-FLT_MAX));
            const float sum = exponential_row(z, 1, NULL, r->k, most, dz), inverse = 1 / sum;
            for (isize j = 0; j < r->k; j++)
                dz[j] = dz[j] * inverse - t[j];
            r->each[i] = logf(sum) - total(expected);
        }
        return;
    }
    vec s[SHORT], e[SHORT], t[SHORT];
    FOR_ROWS(r, part, i, LANES) {
        const isize count = end - i < LANES ? end - i : LANES;
        const vec sum = exponentials(r->z + i * r->k, count, r->k, s, e), inverse = 1 / sum;
        vec expected = all(0);
        turn(r->t + i * r->k, count, r->k, t);
        for (isize j = 0; j < r->k; j++) {
            expected += t[j] * larger(s[j], all(-FLT_MAX));
            e[j] = e[j] * inverse - t[j];
        }
        turn_back(e, count, r->k, r->out + i * r->k);
        for (isize l = 0; l < count; l++)
            r->each[i + l] = logf(sum[l]) - expected[l];
    }
}

/* What a row's label adds, once dz holds p − ε/k: ℓ, with Σ the sum of exponentials, s the label's z − max z, and `others`
   Σ_j s_j ε/k. A negative label counts nothing. */
INLINE void add_label(const Rows *r, isize i, isize label, float sum, float s, float others)
{
    float *dz = r->out + i * r->k;
    if (label < 0) {
        memset(dz, 0, sizeof(float) * (size_t)r->k);
        r->each[i] = 0;
        return;
    }
    r->each[i] = logf(sum) - (1 - r->factor) * (s < -FLT_MAX ? -FLT_MAX : s) - others;
    dz[label] -= 1 - r->factor;
}

/* The label of row i, below k whatever another thread writes there meanwhile. */
INLINE isize label_of(const Rows *r, isize i)
{
    const int64_t label = __atomic_load_n(r->labels + i, __ATOMIC_RELAXED);
    return label < r->k ? label : r->k - 1;
}

/* Targets are 1 − ε at the label and ε/k everywhere, ε in r->factor. */
static void softmax_cross_entropy_labels_part(void *context, isize part)
{
    const Rows *r = context;
    const float share = r->factor / r->k;
    if (r->k > SHORT) {
        FOR_ROWS(r, part, i, 1) {
            const float *z = r->z + i * r->k, most = largest_in_row(z, 1, NULL, r->k);
            const isize label = label_of(r, i);
            const float s = label < 0 ? 0 : z[label] - most; /* before dz, which may lie over z */
            float *dz = r->out + i * r->k;
            vec others = all(0);
            for (isize j = 0; j < r->k && share != 0; j += LANES)
                others += larger(load_some(z + j, r->k - j, most) - most, all(-FLT_MAX));
            const float sum = exponential_row(z, 1, NULL, r->k, most, dz), inverse = 1 / sum;
            for (isize j = 0; j < r->k; j++)
                dz[j] = dz[j] * inverse - share;
            add_label(r, i, label, sum, s, share * total(others));
        }
        return;
    }
    vec s[SHORT], e[SHORT];
    FOR_ROWS(r, part, i, LANES) {
        const isize count = end - i < LANES ? end - i : LANES;
        const vec sum = exponentials(r->z + i * r->k, count, r->k, s, e), inverse = 1 / sum;
        vec others = all(0);
        for (isize j = 0; j < r->k; j++) {
            others += share == 0 ? all(0) : larger(s[j], all(-FLT_MAX));
            e[j] = e[j] * inverse - share;
        }
        turn_back(e, count, r->k, r->out + i * r->k);
        for (isize l = 0; l < count; l++) {
            const isize label = label_of(r, i + l);
            add_label(r, i + l, label, sum[l], label < 0 ? 0 : s[label][l], share * others[l]);
        }
    }
}

/* One row's differences d = y − t: dy = slope(d) times `factor`, ℓ = factor Σ value(d). */
#define OF_DIFFERENCES(name, value, slope)                                                                             \
    static void name##_part(void *context, isize part)                                                                  \
    {                                                                                                                  \
        const Rows *r = context;                                                                                       \
        const float delta = r->delta;                                                                                  \
        (void)delta;                                                                                                   \
        FOR_ROWS(r, part, i, 1) {                                                                                      \
            float sum = 0;                                                                                             \
            for (isize j = i * r->k; j < (i + 1) * r->k; j++) {                                                         \
                const float d = r->z[j] - r->t[j];                                                                     \
                sum += value;                                                                                          \
                r->out[j] = r->factor * (slope);                                                                       \
            }                                                                                                          \
            r->each[i] = r->factor * sum;                                                                              \
        }                                                                                                              \
    }

OF_DIFFERENCES(squared_error, d *d, 2 * d)
OF_DIFFERENCES(absolute_error, fabsf(d), d > 0 ? 1 : d < 0 ? -1 : d)
#define CLIPPED (d > delta ? delta : d < -delta ? -delta : d)
OF_DIFFERENCES(huber, CLIPPED *(d - 0.5f * CLIPPED), CLIPPED)

/* With e = e^−|z|: a = 1/(1 + e) for z ≥ 0, else e/(1 + e), and ℓ = Σ max(z, 0) − t z + log(1 + e). */
static void binary_cross_entropy_part(void *context, isize part)
{
    const Rows *r = context;
    vec z[MOST_OUTPUTS], t[MOST_OUTPUTS];
    FOR_ROWS(r, part, i, LANES) {
        const isize count = end - i < LANES ? end - i : LANES;
        vec loss = all(0);
        turn(r->z + i * r->k, count, r->k, z);
        turn(r->t + i * r->k, count, r->k, t);
        for (isize j = 0; j < r->k; j++) {
            const vec e = exponential(choose(z[j] > 0, -z[j], z[j]));
            loss += choose(z[j] < 0, all(0), z[j]) - t[j] * z[j] + log_one_plus(e);
            z[j] = choose(z[j] > 0, all(1), e) / (1 + e) - t[j];
        }
        turn_back(z, count, r->k, r->out + i * r->k);
        for (isize l = 0; l < count; l++)
            r->each[i + l] = loss[l];
    }
}
