"""The C functions that layers need, by name: in single precision, and on 8-bit numbers. An export has those it uses."""

from byhand.exchange.c.sequence_snippets import SEQUENCE_NEEDS, SEQUENCES

# What a function calls itself.
NEEDS: dict[str, tuple[str, ...]] = {
    "sigmoid": ("exponential",),
    "hyperbolic": ("exponential",),
    "softmax": ("exponential",),
}
NEEDS |= {"elu": ("exponential",), "average_pool_q": ("rounded",), "conv_q": ("rounded",), "dense_q": ("rounded",)}
NEEDS |= {"norm_q": ("rounded",), "average_all_q": ("rounded",), **SEQUENCE_NEEDS}

COMMON = {
    "exponential": """
/* e^x, to about 1e-7: x = k log 2 + r, and e^r by its series. */
static float exponential(float x)
{
    int k, negative;
    float r, sum = 1.0f, power = 1.0f;
    x = x > 88.0f ? 88.0f : x < -87.0f ? -87.0f : x;
    k = (int)(x * 1.44269504f + (x < 0 ? -0.5f : 0.5f));
    r = (x - (float)k * 0.693359375f) + (float)k * 2.12194440e-4f;
    for (int i = 1; i < 9; i++) {
        power *= r / (float)i;
        sum += power;
    }
    negative = k < 0;
    for (k = negative ? -k : k; k > 0; k--)
        sum = negative ? sum * 0.5f : sum * 2.0f;
    return sum;
}
""",
    "sigmoid": """
/* y = 1 / (1 + e^-x) */
static float sigmoid(float x)
{
    return x < 0 ? exponential(x) / (1.0f + exponential(x)) : 1.0f / (1.0f + exponential(-x));
}
""",
    "hyperbolic": """
/* y = tanh x */
static float hyperbolic(float x)
{
    float e = exponential(-2.0f * (x < 0 ? -x : x));
    float y = (1.0f - e) / (1.0f + e);
    return x < 0 ? -y : y;
}
""",
    "elu": """
/* y = x where x > 0, else alpha (e^x - 1) */
static float elu(float x, float alpha)
{
    return x > 0 ? x : alpha * (exponential(x) - 1.0f);
}
""",
    "softmax": """
/* e^y / sum of e^y, of n numbers */
static void softmax(float *y, int n)
{
    float top = y[0], sum = 0;
    for (int i = 1; i < n; i++)
        top = y[i] > top ? y[i] : top;
    for (int i = 0; i < n; i++)
        sum += y[i] = exponential(y[i] - top);
    for (int i = 0; i < n; i++)
        y[i] /= sum;
}
""",
    "rounded": """
/* x as a whole number from low to 127 */
static int8_t rounded(float x, int low)
{
    return (int8_t)(x >= 127.0f ? 127 : x <= (float)low ? low : (int)(x < 0 ? x - 0.5f : x + 0.5f));
}
""",
}

WINDOW_ARGUMENTS = """int height, int width, int channels,
                 int rows, int columns, int kh, int kw, int down, int across, int above, int left"""


def windowed(eight: bool) -> dict[str, str]:
    """The functions whose windows slide over images: in single precision, or on 8-bit numbers."""
    q, kind, total, low = ("_q", "int8_t", "int32_t", "-128") if eight else ("", "float", "float", "-3.4e38f")
    bias = "const float *factor, const float *shift" if eight else "const float *b"
    inside = """int i = r * down + k - above, j = s * across + l - left;
                        if (i >= 0 && i < height && j >= 0 && j < width)"""
    return {
        f"conv{q}": f"""
/* A convolution of x (height, width, channels){", as dense_q" * eight}; W (filters, kh, kw, channels / groups) */
static void conv{q}(const {kind} *x, const {kind} *W, {bias}, {kind} *y,
                 {WINDOW_ARGUMENTS},
                 int filters, int groups, int dk, int dl{", int low" * eight})
{{
    int depth = channels / groups, per = filters / groups;
    for (int r = 0; r < rows; r++)
        for (int s = 0; s < columns; s++)
            for (int f = 0; f < filters; f++) {{
                {total} sum = {"0" if eight else "b[f]"};
                for (int k = 0; k < kh; k++)
                    for (int l = 0; l < kw; l++) {{
                        int i = r * down + k * dk - above, j = s * across + l * dl - left;
                        if (i < 0 || i >= height || j < 0 || j >= width)
                            continue;
                        const {kind} *p = x + (i * width + j) * channels + f / per * depth;
                        const {kind} *w = W + ((f * kh + k) * kw + l) * depth;
                        for (int c = 0; c < depth; c++)
                            sum += w[c] * p[c];
                    }}
                *y++ = {"rounded(factor[f] * (float)sum + shift[f], low)" if eight else "sum"};
            }}
}}
""",
        f"max_pool{q}": f"""
/* The largest number of each window */
static void max_pool{q}(const {kind} *x, {kind} *y,
                 {WINDOW_ARGUMENTS})
{{
    for (int r = 0; r < rows; r++)
        for (int s = 0; s < columns; s++)
            for (int c = 0; c < channels; c++) {{
                {kind} top = {low};
                for (int k = 0; k < kh; k++)
                    for (int l = 0; l < kw; l++) {{
                        {inside} {{
                            {kind} v = x[(i * width + j) * channels + c];
                            top = v > top ? v : top;
                        }}
                    }}
                *y++ = top;
            }}
}}
""",
        f"average_pool{q}": f"""
/* The mean of each window's pixels that lie in the image{", times factor" * eight} */
static void average_pool{q}(const {kind} *x, {kind} *y,
                 {WINDOW_ARGUMENTS}{", float factor" * eight})
{{
    for (int r = 0; r < rows; r++)
        for (int s = 0; s < columns; s++)
            for (int c = 0; c < channels; c++) {{
                {total} sum = 0;
                int count = 0;
                for (int k = 0; k < kh; k++)
                    for (int l = 0; l < kw; l++) {{
                        {inside} {{
                            sum += x[(i * width + j) * channels + c];
                            count++;
                        }}
                    }}
                *y++ = {"rounded(factor * (float)sum / (float)count, -127)" if eight else "sum / (float)count"};
            }}
}}
""",
    }


SINGLE = {
    "dense": """
/* y = W x + b, W (out, in) */
static void dense(const float *x, const float *W, const float *b, float *y, int in, int out)
{
    for (int o = 0; o < out; o++) {
        float sum = b[o];
        for (int i = 0; i < in; i++)
            sum += W[o * in + i] * x[i];
        y[o] = sum;
    }
}
""",
    "average_all": """
/* Each channel's mean over all pixels */
static void average_all(const float *x, float *y, int pixels, int channels)
{
    for (int c = 0; c < channels; c++) {
        float sum = 0;
        for (int i = 0; i < pixels; i++)
            sum += x[i * channels + c];
        y[c] = sum / (float)pixels;
    }
}
""",
    "norm": """
/* x = scale x + shift, channel by channel */
static void norm(float *x, const float *scale, const float *shift, int rows, int k)
{
    for (int i = 0; i < rows * k; i++)
        x[i] = scale[i % k] * x[i] + shift[i % k];
}
""",
}

EIGHT_BITS = {
    "dense_q": """
/* q = factor (W x) + shift as whole numbers from low to 127, or f the same unrounded; W (out, in) */
static void dense_q(const int8_t *x, const int8_t *W, const float *factor, const float *shift, int8_t *q, float *f,
                    int in, int out, int low)
{
    for (int o = 0; o < out; o++) {
        int32_t sum = 0;
        for (int i = 0; i < in; i++)
            sum += W[o * in + i] * x[i];
        if (f)
            f[o] = factor[o] * (float)sum + shift[o];
        else
            q[o] = rounded(factor[o] * (float)sum + shift[o], low);
    }
}
""",
    "embed_q": """
/* The row W[t] of each token t, W (vocabulary, k) */
static void embed_q(const int32_t *x, const int8_t *W, int8_t *y, int steps, int k)
{
    for (int t = 0; t < steps; t++)
        for (int i = 0; i < k; i++)
            *y++ = W[x[t] * k + i];
}
""",
    "average_all_q": """
/* Each channel's mean over all pixels, times factor */
static void average_all_q(const int8_t *x, int8_t *y, int pixels, int channels, float factor)
{
    for (int c = 0; c < channels; c++) {
        int32_t sum = 0;
        for (int i = 0; i < pixels; i++)
            sum += x[i * channels + c];
        y[c] = rounded(factor * (float)sum / (float)pixels, -127);
    }
}
""",
    "norm_q": """
/* x = scale x + shift, channel by channel, as whole numbers from low to 127 */
static void norm_q(int8_t *x, const float *scale, const float *shift, int rows, int k, int low)
{
    for (int i = 0; i < rows * k; i++)
        x[i] = rounded(scale[i % k] * (float)x[i] + shift[i % k], low);
}
""",
}
FUNCTIONS = COMMON | SINGLE | windowed(False) | EIGHT_BITS | windowed(True) | SEQUENCES
