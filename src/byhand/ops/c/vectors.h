/* Vectors as wide as the machine's registers, in the compiler's own vector types.

The same source is compiled once for each kind of machine; LANES, ROWS and COLUMNS are all that differs. */

#pragma once

#include <math.h>
#include <stdint.h>
#include <string.h>
#if defined(__AVX2__)
#include <immintrin.h>
#endif

#if defined(__AVX512F__)
#define LANES 16 /* floats in a register */
#define ROWS 14  /* rows of a tile: ROWS × COLUMNS registers of sums, and some for what is multiplied */
#define NAME "avx512"
#elif defined(__AVX2__)
#define LANES 8
#define ROWS 6
#define NAME "avx2"
#else
#define LANES 4
#define ROWS 6
#define NAME "base"
#endif
#define COLUMNS 2 /* registers side by side in a tile */
#define PANEL (COLUMNS * LANES)

typedef float vec __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef int32_t ivec __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

#define INLINE static inline __attribute__((always_inline))

INLINE vec load(const float *a) { return *(const vec *)a; }
INLINE void store(float *a, vec v) { *(vec *)a = v; }

#if defined(__AVX2__) && LANES == 8
/* All ones in the first `count` lanes, at most LANES. */
INLINE ivec first_lanes(isize count)
{
    static const int32_t lanes[2 * LANES] = {-1, -1, -1, -1, -1, -1, -1, -1};
    return *(const ivec *)(lanes + LANES - count);
}
#endif

/* The first `count` numbers of a register, fewer than LANES; the others are 0. */
INLINE vec load_few(const float *a, isize count)
{
#if defined(__AVX512F__)
    return (vec)_mm512_maskz_loadu_ps((__mmask16)((1u << count) - 1), a);
#elif defined(__AVX2__)
    return (vec)_mm256_maskload_ps(a, (__m256i)first_lanes(count));
#else
    vec v = {};
    memcpy(&v, a, sizeof(float) * count);
    return v;
#endif
}

INLINE void store_few(float *a, vec v, isize count)
{
#if defined(__AVX512F__)
    _mm512_mask_storeu_ps(a, (__mmask16)((1u << count) - 1), (__m512)v);
#elif defined(__AVX2__)
    _mm256_maskstore_ps(a, (__m256i)first_lanes(count), (__m256)v);
#else
    memcpy(a, &v, sizeof(float) * count);
#endif
}

INLINE void store_some(float *a, vec v, isize count)
{
    if (count < LANES)
        store_few(a, v, count);
    else
        store(a, v);
}

/* In every lane. (With 0 + value the compiler would add, for the sake of −0; subtracting 0 changes nothing.) */
INLINE vec all(float value) { return value - (vec){}; }

/* The first `count` numbers of a register; the others are `rest`. */
INLINE vec load_some(const float *a, isize count, float rest)
{
    if (count >= LANES)
        return load(a);
#if defined(__AVX512F__)
    return (vec)_mm512_mask_loadu_ps((__m512)all(rest), (__mmask16)((1u << count) - 1), a);
#elif defined(__AVX2__)
    const ivec there = first_lanes(count);
    return (vec)(((ivec)_mm256_maskload_ps(a, (__m256i)there) & there) | ((ivec)all(rest) & ~there));
#else
    vec v = all(rest);
    memcpy(&v, a, sizeof(float) * count);
    return v;
#endif
}

/* The largest of a register's numbers; NaN if one of them is. */
INLINE float largest_of(vec v)
{
#if defined(__AVX512F__)
    if (!_mm512_cmp_ps_mask((__m512)v, (__m512)v, _CMP_UNORD_Q))
        return _mm512_reduce_max_ps((__m512)v);
#endif
    float most = v[0];
    for (int j = 1; j < LANES; j++)
        most = v[j] > most || v[j] != v[j] ? v[j] : most;
    return most;
}

/* The sum of a register's numbers. */
INLINE float total(vec v)
{
#if defined(__AVX512F__)
    return _mm512_reduce_add_ps((__m512)v);
#else
    float sum = 0;
    for (int j = 0; j < LANES; j++)
        sum += v[j];
    return sum;
#endif
}

/* A bit for each of LANES numbers that is not zero. */
INLINE unsigned others_than_zero(const float *a)
{
#if defined(__AVX512F__)
    return _mm512_cmp_ps_mask(_mm512_loadu_ps(a), _mm512_setzero_ps(), _CMP_NEQ_UQ);
#elif defined(__AVX2__)
    return (unsigned)_mm256_movemask_ps(_mm256_cmp_ps(_mm256_loadu_ps(a), _mm256_setzero_ps(), _CMP_NEQ_UQ));
#else
    unsigned bits = 0;
    for (int j = 0; j < LANES; j++)
        bits |= (unsigned)(a[j] != 0) << j;
    return bits;
#endif
}

/* where ? a : b, lane by lane; `where` is all ones or all zeros in each lane, as comparisons give it. */
INLINE vec choose(ivec where, vec a, vec b) { return (vec)((where & (ivec)a) | (~where & (ivec)b)); }

/* The larger one, and what is no number stays. */
INLINE vec larger(vec a, vec b)
{
#if defined(__AVX512F__)
    const __m512 most = _mm512_max_ps((__m512)a, (__m512)b); /* b where one is no number */
    return (vec)_mm512_mask_mov_ps(most, _mm512_cmp_ps_mask((__m512)a, (__m512)a, _CMP_UNORD_Q), (__m512)a);
#else
    return choose((a > b) | (a != a), a, b);
#endif
}

/* x, but at least `least` and at most `most`; NaN stays NaN. */
INLINE vec between(vec x, float least, float most)
{
#if defined(__AVX512F__)
    return (vec)_mm512_min_ps((__m512)all(most), _mm512_max_ps((__m512)all(least), (__m512)x));
#elif defined(__AVX2__)
    return (vec)_mm256_min_ps((__m256)all(most), _mm256_max_ps((__m256)all(least), (__m256)x));
#else
    return choose(x < least, all(least), choose(x > most, all(most), x));
#endif
}

/* e^x to two units in the last place: x = k ln 2 + r with |r| ≤ ½ ln 2, e^r by its Taylor series, times 2^k. Far below 0 it
   is 0, and nothing below 1e-38 is exact; above 88.7 it is infinity; NaN stays NaN. */
INLINE vec exponential(vec x)
{
    const float round = 12582912.0f; /* 1.5 · 2^23: adding it leaves the nearest whole number in the lowest bits */
    const vec bounded = between(x, -105.0f, 89.0f), shifted = bounded * 1.44269504088896341f + round, k = shifted - round;
    vec r = bounded - k * 0.693359375f; /* ln 2 in two parts, the first exact in few bits */
    r -= k * -2.12194440e-4f;
    vec p = all(1.0f / 5040);
    p = p * r + 1.0f / 720;
    p = p * r + 1.0f / 120;
    p = p * r + 1.0f / 24;
    p = p * r + 1.0f / 6;
    p = p * r + 0.5f;
    p = p * r + 1.0f;
    p = p * r + 1.0f;
#if defined(__AVX512F__)
    return (vec)_mm512_scalef_ps((__m512)p, (__m512)k);
#else /* in two halves, so that neither leaves the range of exponents where the product does not */
    const ivec exponent = ((ivec)shifted - (ivec)all(round)) << 23, half = (exponent >> 1) & (int32_t)0xff800000;
    const vec result = p * (vec)(half + 0x3f800000) * (vec)(exponent - half + 0x3f800000);
    return choose(x != x, x, result);
#endif
}

INLINE vec sigmoid_of(vec x) { return 1 / (1 + exponential(-x)); }

/* The sign of b and the size of a. */
INLINE vec signed_as(vec a, vec b)
{
    const ivec sign = (ivec)b & (int32_t)0x80000000;
    return (vec)(((ivec)a & 0x7fffffff) | sign);
}

/* tanh x to four units in the last place, as x P(x²)/Q(x²) up to 8, where it is 1 to float32's precision; P and Q by least
   squares, weighted until the largest relative error is as small as it gets (2e-8 before rounding). */
INLINE vec tanh_of(vec x)
{
    const vec bounded = between(x, -8.0f, 8.0f), square = bounded * bounded;
    vec p = all(2.3508082633294514e-11f), q = all(0.00023720227181911469f);
    p = p * square + -1.4704023776346276e-08f;
    p = p * square + 9.878596756607294e-06f;
    p = p * square + 0.002985855098813772f;
    p = p * square + 0.12979216873645782f;
    p = p * square + 1.0f;
    q = q * square + 0.02402789704501629f;
    q = q * square + 0.4631253182888031f;
    q = q * square + 1.0f;
    return bounded * p / q;
}

/* σ x = ½ + ½ tanh ½x, for where an error of 1e-7 is small even if σ x is smaller. */
INLINE vec gate_of(vec x) { return 0.5f + 0.5f * tanh_of(0.5f * x); }

/* Φ(z) = ½ (1 + erf(z/√2)), and φ(z)·√(2π) = e^(−z²/2). For x = |z|/√2 and t = 1/(1 + x/2), erfc x = t e^(−x²) Q(t − 0.6),
   where Q interpolates in Chebyshev's points for x up to 6.4; the relative error is 2e-7. */
INLINE vec normal_share(vec z, vec *density)
{
    const vec size = signed_as(z, all(0)), t = 1 / (1 + size * 0.35355339059327379f), w = t - 0.6f;
    vec q = all(-0.053668174892663956f);
    q = q * w + 0.00017538767133373767f;
    q = q * w + 0.11112473160028458f;
    q = q * w - 0.03877991437911987f;
    q = q * w - 0.2076648771762848f;
    q = q * w + 0.06872556358575821f;
    q = q * w + 0.5914674997329712f;
    q = q * w + 0.8025882244110107f;
    q = q * w + 0.5852245092391968f;
    *density = exponential(-0.5f * z * z);
    const vec beyond = 0.5f * t * q * *density;
    return choose(z < 0, beyond, 1 - beyond);
}

/* log(1 + e) for 0 ≤ e ≤ 1, as 2 artanh(e / (2 + e)) by its series, which loses nothing where e is small. */
INLINE vec log_one_plus(vec e)
{
    const vec s = e / (2 + e), q = s * s;
    vec p = all(1.0f / 13);
    p = p * q + 1.0f / 11;
    p = p * q + 1.0f / 9;
    p = p * q + 1.0f / 7;
    p = p * q + 1.0f / 5;
    p = p * q + 1.0f / 3;
    return 2 * s * (p * q + 1);
}

#if LANES > 4
/* LANES rows become columns: in each step, blocks beside the diagonal change places, 1 × 1 at first, then 2 × 2, ... */
INLINE void transpose(vec *rows)
{
#if LANES == 8
    for (int i = 0; i < 8; i += 2) {
        const __m256 a = (__m256)rows[i], b = (__m256)rows[i + 1];
        rows[i] = (vec)_mm256_unpacklo_ps(a, b);
        rows[i + 1] = (vec)_mm256_unpackhi_ps(a, b);
    }
    vec quads[8];
    for (int i = 0; i < 8; i += 4)
        for (int j = 0; j < 2; j++) {
            const __m256 a = (__m256)rows[i + j], b = (__m256)rows[i + j + 2];
            quads[i + 2 * j] = (vec)_mm256_shuffle_ps(a, b, 0x44);
            quads[i + 2 * j + 1] = (vec)_mm256_shuffle_ps(a, b, 0xee);
        }
    for (int i = 0; i < 4; i++) {
        const __m256 a = (__m256)quads[i], b = (__m256)quads[i + 4];
        rows[i] = (vec)_mm256_permute2f128_ps(a, b, 0x20);
        rows[i + 4] = (vec)_mm256_permute2f128_ps(a, b, 0x31);
    }
#else
    for (int s = 1; s < LANES; s *= 2) {
        ivec left, right;
        for (int j = 0; j < LANES; j++) {
            left[j] = j & s ? LANES + j - s : j;
            right[j] = j & s ? LANES + j : j + s;
        }
        for (int i = 0; i < LANES; i++)
            if (!(i & s)) {
                const vec a = rows[i], b = rows[i + s];
                rows[i] = __builtin_shuffle(a, b, left);
                rows[i + s] = __builtin_shuffle(a, b, right);
            }
    }
#endif
}
#endif
