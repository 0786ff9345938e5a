/* One pass over flat arrays: activations and optimisers. The compiler makes vectors of these loops.

Each loop takes its arrays and its scalars in the order in which its NumPy twin names them. */

#pragma once

#include "threads.h"
#include "vectors.h"

#define MOST_ARRAYS 6
#define MOST_SCALARS 6
#define CHUNK 8192 /* numbers of one part */

typedef void (*Loop)(float *const *a, const float *s, isize n);

typedef struct {
    Loop loop;
    float *a[MOST_ARRAYS];
    float s[MOST_SCALARS];
    isize n;
} Sweep;

static void sweep_part(void *context, isize part)
{
    const Sweep *sweep = context;
    const isize start = (isize)part * CHUNK, left = sweep->n - start;
    float *a[MOST_ARRAYS];
    for (int i = 0; i < MOST_ARRAYS; i++)
        a[i] = sweep->a[i] + (sweep->a[i] ? start : 0);
    sweep->loop(a, sweep->s, left < CHUNK ? left : CHUNK);
}

/* for i: body, whose steps do not depend on each other even where output and input are the same array. */
#define LOOP(name, body)                                                                                               \
    static void name##_loop(float *const *a, const float *s, isize n)                                                   \
    {                                                                                                                  \
        float *const a0 = a[0], *const a1 = a[1], *const a2 = a[2], *const a3 = a[3];                                  \
        const float s0 = s[0], s1 = s[1], s2 = s[2], s3 = s[3];                                                        \
        (void)a1, (void)a2, (void)a3, (void)s0, (void)s1, (void)s2, (void)s3;                                                    \
        _Pragma("GCC ivdep") for (isize i = 0; i < n; i++) body                                                         \
    }

/* z, out */
LOOP(relu, { a1[i] = a0[i] < 0 ? 0 : a0[i]; })
LOOP(leaky_relu, { a1[i] = a0[i] > 0 ? a0[i] : s0 * a0[i]; })

/* a, da, dz */
LOOP(relu_backward, { a2[i] = a0[i] > 0 ? a1[i] : 0; })
LOOP(leaky_relu_backward, { a2[i] = a0[i] > 0 ? a1[i] : s0 * a1[i]; })
LOOP(sigmoid_backward, { a2[i] = a1[i] * (a0[i] * (1 - a0[i])); })
LOOP(tanh_backward, { a2[i] = a1[i] * (1 - a0[i] * a0[i]); })

/* a, b, out */
LOOP(add, { a2[i] = a0[i] + a1[i]; })
LOOP(subtract, { a2[i] = a0[i] - a1[i]; })
LOOP(multiply, { a2[i] = a0[i] * a1[i]; })

/* The same by whole registers, for what takes a function of ours: a value of x, and of y where two arrays are read. */
#define BY_REGISTERS(name, reads, body)                                                                                \
    static void name##_loop(float *const *a, const float *s, isize n)                                                   \
    {                                                                                                                  \
        (void)s;                                                                                                       \
        for (isize i = 0; i < n; i += LANES) {                                                                          \
            const vec x = load_some(a[0] + i, n - i, 0), y = reads > 1 ? load_some(a[1] + i, n - i, 0) : x;            \
            vec value;                                                                                                 \
            (void)y;                                                                                                   \
            body;                                                                                                      \
            store_some(a[reads] + i, value, n - i);                                                                    \
        }                                                                                                              \
    }

/* z, out */
BY_REGISTERS(sigmoid, 1, value = sigmoid_of(x))
BY_REGISTERS(silu, 1, value = x * sigmoid_of(x))

/* z, out, slope */
#define CUBIC(x) (0.7978845608028654f * (x) * (1 + 0.044715f * (x) * (x)))
#define WITH_SLOPE(name, body)                                                                                         \
    static void name##_loop(float *const *a, const float *s, isize n)                                                   \
    {                                                                                                                  \
        (void)s;                                                                                                       \
        for (isize i = 0; i < n; i += LANES) {                                                                          \
            const vec x = load_some(a[0] + i, n - i, 0);                                                               \
            vec value, slope;                                                                                          \
            body;                                                                                                      \
            store_some(a[1] + i, value, n - i);                                                                        \
            store_some(a[2] + i, slope, n - i);                                                                        \
        }                                                                                                              \
    }

WITH_SLOPE(gelu, {
    vec density;
    const vec share = normal_share(x, &density);
    value = x * share;
    slope = share + x * density * 0.3989422804014327f;
})
WITH_SLOPE(gelu_tanh, { /* ½ (1 + tanh u) = σ(2u) */
    const vec share = sigmoid_of(2 * CUBIC(x));
    value = x * share;
    slope = share * (1 + 2 * x * (1 - share) * (0.7978845608028654f * (1 + 3 * 0.044715f * x * x)));
})

/* z, da, dz */
BY_REGISTERS(silu_backward, 2, {
    const vec a = sigmoid_of(x);
    value = y * (a * (1 + x * (1 - a)));
})

/* σ², ε, out */
LOOP(inverse_deviation, { a1[i] = 1 / sqrtf(a0[i] + s0); })

/* average, value, keep, weight */
LOOP(follow, { a0[i] = s0 * a0[i] + s1 * a1[i]; })

/* θ, factor */
LOOP(shrink, { a0[i] *= s0; })

/* θ, g, rate */
LOOP(descend, { a0[i] -= s0 * a1[i]; })

/* θ, g, v, rate, μ */
LOOP(momentum, {
    const float v = s1 * a2[i] + a1[i];
    a2[i] = v;
    a0[i] -= s0 * v;
})
LOOP(nesterov, {
    const float v = s1 * a2[i] + a1[i];
    a2[i] = v;
    a0[i] -= s0 * (a1[i] + s1 * v);
})

/* θ, g, v, rate, ε */
LOOP(adagrad, {
    const float v = a2[i] + a1[i] * a1[i];
    a2[i] = v;
    a0[i] -= s0 * a1[i] / (sqrtf(v) + s1);
})

/* θ, g, v, rate, ρ, ε */
LOOP(rmsprop, {
    const float v = s1 * a2[i] + (1 - s1) * (a1[i] * a1[i]);
    a2[i] = v;
    a0[i] -= s0 * a1[i] / (sqrtf(v) + s2);
})

/* θ, g, m, v, rate, β₁, β₂, ε */
LOOP(adam, {
    const float m = s1 * a2[i] + (1 - s1) * a1[i];
    const float v = s2 * a3[i] + (1 - s2) * (a1[i] * a1[i]);
    a2[i] = m;
    a3[i] = v;
    a0[i] -= s0 * m / (sqrtf(v) + s3);
})
