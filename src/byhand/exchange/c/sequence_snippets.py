"""The C functions of sequences, attention and smooth activations, in single precision; see `snippets`."""

import textwrap

from byhand.exchange.c.arrays import c_number
from byhand.ops.activations import ERFC_POLYNOMIAL

COEFFICIENTS = "\n".join(textwrap.wrap(", ".join(map(c_number, ERFC_POLYNOMIAL)), 100, subsequent_indent=" " * 8))

# What a function calls itself.
SEQUENCE_NEEDS: dict[str, tuple[str, ...]] = {
    "rnn": ("dense", "add_product", "hyperbolic"),
    "lstm": ("dense", "add_product", "sigmoid", "hyperbolic"),
    "gru": ("dense", "add_product", "sigmoid", "hyperbolic"),
    "attend": ("dense", "softmax"),
    "gelu": ("exponential",),
    "gelu_by_tanh": ("hyperbolic",),
    "norm_rows": ("root",),
}

SEQUENCES = {
    "gelu": f"""
/* x times the share of normally distributed numbers below x, by a polynomial for log erfc */
static float gelu(float x)
{{
    static const float P[{len(ERFC_POLYNOMIAL)}] = {{
        {COEFFICIENTS} }};
    float size = x < 0 ? -x : x, t = 1.0f / (1.0f + (size < 8.4852814f ? 0.35355339f * size : 3.0f)), tail = 0;
    for (int i = {len(ERFC_POLYNOMIAL) - 1}; i >= 0; i--)
        tail = tail * (t - 0.625f) + P[i];
    tail = 0.5f * t * exponential(tail - 0.5f * x * x);
    return x * (x > 0 ? 1.0f - tail : tail);
}}
""",
    "gelu_by_tanh": """
/* x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) */
static float gelu_by_tanh(float x)
{
    return 0.5f * x * (1.0f + hyperbolic(0.7978845608f * (x + 0.044715f * x * x * x)));
}
""",
    "root": """
/* The square root of x > 0: x = s^2 m with m from 1/4 to 1, and Newton's steps for m's */
static float root(float x)
{
    float s = 1.0f, y;
    for (; x >= 1.0f; s *= 2.0f)
        x *= 0.25f;
    for (; x < 0.25f; s *= 0.5f)
        x *= 4.0f;
    y = 0.5f + 0.5f * x;
    for (int i = 0; i < 4; i++)
        y = 0.5f * (y + x / y);
    return s * y;
}
""",
    "norm_rows": """
/* Each row of k numbers: minus its mean (centred), divided by its root mean square, times gamma, plus beta */
static void norm_rows(float *x, const float *gamma, const float *beta, int rows, int k, int centred, float epsilon)
{
    for (int r = 0; r < rows; r++, x += k) {
        float mean = 0, square = 0;
        for (int i = 0; centred && i < k; i++)
            mean += x[i] / (float)k;
        for (int i = 0; i < k; i++)
            square += (x[i] - mean) * (x[i] - mean) / (float)k;
        square = 1.0f / root(square + epsilon);
        for (int i = 0; i < k; i++)
            x[i] = gamma[i] * (x[i] - mean) * square + beta[i];
    }
}
""",
    "embed": """
/* The row W[t] of each token t, W (vocabulary, k) */
static void embed(const int32_t *x, const float *W, float *y, int steps, int k)
{
    for (int t = 0; t < steps; t++)
        for (int i = 0; i < k; i++)
            *y++ = W[x[t] * k + i];
}
""",
    "add_product": """
/* y = y + W x, W (out, in) */
static void add_product(const float *x, const float *W, float *y, int in, int out)
{
    for (int o = 0; o < out; o++)
        for (int i = 0; i < in; i++)
            y[o] += W[o * in + i] * x[i];
}
""",
    "rnn": """
/* h = tanh(W x + R h + b), or max(0, the same), from 0, or `on` from the h that work holds; every h goes to y, `wide`
   numbers apart, or the last one */
static void rnn(const float *x, const float *W, const float *R, const float *b, float *y, int steps, int in, int k,
                int wide, int back, int all, int on, int relu, float *work)
{
    float *h = work, *z = work + k;
    for (int i = 0; i < k && !on; i++)
        h[i] = 0;
    for (int s = 0; s < steps; s++) {
        int t = back ? steps - 1 - s : s;
        dense(x + t * in, W, b, z, in, k);
        add_product(h, R, z, k, k);
        for (int i = 0; i < k; i++) {
            h[i] = !relu ? hyperbolic(z[i]) : z[i] > 0 ? z[i] : 0;
            y[all ? t * wide + i : i] = h[i];
        }
    }
}
""",
    "lstm": """
/* z = W x + R h + b with gates i, f, o and candidate g; c = f c + i g, h = o tanh(c); y as in rnn */
static void lstm(const float *x, const float *W, const float *R, const float *b, float *y, int steps, int in, int k,
                 int wide, int back, int all, int on, float *work)
{
    float *h = work, *c = work + k, *z = work + 2 * k;
    for (int i = 0; i < 2 * k && !on; i++)
        work[i] = 0;
    for (int s = 0; s < steps; s++) {
        int t = back ? steps - 1 - s : s;
        dense(x + t * in, W, b, z, in, 4 * k);
        add_product(h, R, z, k, 4 * k);
        for (int i = 0; i < k; i++) {
            c[i] = sigmoid(z[k + i]) * c[i] + sigmoid(z[i]) * hyperbolic(z[2 * k + i]);
            h[i] = sigmoid(z[3 * k + i]) * hyperbolic(c[i]);
            y[all ? t * wide + i : i] = h[i];
        }
    }
}
""",
    "gru": """
/* Gates r and u; a = tanh(W x + b + r (V h + c)), or with V (r h) where c is null; h = u h + (1 - u) a; y as in rnn */
static void gru(const float *x, const float *W, const float *R, const float *V, const float *b, const float *c,
                float *y, int steps, int in, int k, int wide, int back, int all, int on, float *work)
{
    float *h = work, *z = work + k, *m = work + 4 * k;
    for (int i = 0; i < k && !on; i++)
        h[i] = 0;
    for (int s = 0; s < steps; s++) {
        int t = back ? steps - 1 - s : s;
        dense(x + t * in, W, b, z, in, 3 * k);
        add_product(h, R, z, k, 2 * k);
        if (c) {
            dense(h, V, c, m, k, k);
            for (int i = 0; i < k; i++)
                z[2 * k + i] += sigmoid(z[i]) * m[i];
        } else {
            for (int i = 0; i < k; i++)
                m[i] = sigmoid(z[i]) * h[i];
            add_product(m, V, z + 2 * k, k, k);
        }
        for (int i = 0; i < k; i++) {
            float u = sigmoid(z[k + i]);
            h[i] = u * h[i] + (1.0f - u) * hyperbolic(z[2 * k + i]);
            y[all ? t * wide + i : i] = h[i];
        }
    }
}
""",
    "rotate": """
/* Pairs (i, i + e / 2) of each head's queries and keys turned; table (steps, e / 2, 2): cosine and sine */
static void rotate(float *z, const float *table, int steps, int d, int heads)
{
    int half = d / heads / 2;
    for (int t = 0; t < steps; t++)
        for (int part = 0; part < 2 * heads; part++)
            for (int i = 0; i < half; i++) {
                float *p = z + t * 3 * d + part * 2 * half + i, a = p[0], b = p[half];
                const float *turn = table + (t * half + i) * 2;
                p[0] = a * turn[0] - b * turn[1];
                p[half] = a * turn[1] + b * turn[0];
            }
}
""",
    "attend": """
/* For each step the mean of the values V, by the softmax of its query's products with the keys, head by head; then
   O h + c. z: queries, p numbers apart; kv: keys and, d numbers further, values, r apart; `seen` keys are there;
   causal: none that comes later */
static void attend(const float *z, int p, const float *kv, int r, const float *O, const float *c, float *y,
                   int steps, int seen, int d, int heads, int causal, float scale, float *work)
{
    float *h = work, *a = work + d;
    int e = d / heads;
    for (int t = 0; t < steps; t++) {
        int keys = causal && t + 1 < seen ? t + 1 : seen;
        for (int part = 0; part < heads; part++) {
            const float *q = z + t * p + part * e, *k = kv + part * e, *v = kv + d + part * e;
            for (int s = 0; s < keys; s++) {
                a[s] = 0;
                for (int i = 0; i < e; i++)
                    a[s] += scale * q[i] * k[s * r + i];
            }
            softmax(a, keys);
            for (int i = 0; i < e; i++) {
                h[part * e + i] = 0;
                for (int s = 0; s < keys; s++)
                    h[part * e + i] += a[s] * v[s * r + i];
            }
        }
        dense(h, O, c, y + t * d, d, d);
    }
}
""",
    "largest_over_time": """
/* The largest of each column of x (steps, k) */
static void largest_over_time(const float *x, float *y, int steps, int k)
{
    for (int i = 0; i < k; i++) {
        y[i] = x[i];
        for (int t = 1; t < steps; t++)
            y[i] = x[t * k + i] > y[i] ? x[t * k + i] : y[i];
    }
}
""",
}
