// Branch-free elementary functions, so that loops over them vectorise. Errors are a few units in the last place;
// NaN propagates. Included by vector_kernels.h under each processor's target attribute.
#include <math.h>
#include <stdint.h>
#include <string.h>

static inline float float_of_bits(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline uint32_t bits_of_float(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static inline float vector_exp(float x) {
    // exp(x) = 2^n exp(r), r in [-ln2/2, ln2/2]: Taylor coefficients to r^7 leave 2e-9.
    float clamped = x > 88.72f ? 88.72f : x;
    clamped = clamped < -87.3f ? -87.3f : clamped;
    // n, rounded, is in the last bits of a sum with 3 * 2^22; for NaN, whose conversion C leaves undefined, n is any word.
    float shifted = clamped * 1.44269504f + 12582912.0f;
    float n = shifted - 12582912.0f;
    float r = clamped - n * 0.693359375f + n * 2.12194440e-4f;
    float p = 1.98412698e-4f;
    p = p * r + 1.38888889e-3f;
    p = p * r + 8.33333333e-3f;
    p = p * r + 4.16666667e-2f;
    p = p * r + 1.66666667e-1f;
    p = p * r + 0.5f;
    p = p * r + 1.0f;
    p = p * r + 1.0f;
    // 2^n in two factors: n reaches 128, one above the largest exponent.
    int32_t whole = (int32_t)(bits_of_float(shifted) - 0x4b400000u), half = whole >> 1;
    p = p * float_of_bits((uint32_t)(half + 127) << 23) * float_of_bits((uint32_t)(whole - half + 127) << 23);
    p = x > 88.72f ? INFINITY : p;
    return x < -87.3f ? 0.0f : p;
}

static inline float vector_log(float x) {
    // x = 2^e m, m in [sqrt(1/2), sqrt(2)): log m = 2 atanh((m - 1) / (m + 1)), odd series to the 9th power.
    uint32_t bits = bits_of_float(x);
    int32_t exponent = (int32_t)(bits - 0x3f3504f3u) >> 23;
    float m = float_of_bits(bits - ((uint32_t)exponent << 23));
    float s = (m - 1.0f) / (m + 1.0f), z = s * s;
    float p = 0.2222222222f;
    p = p * z + 0.2857142857f;
    p = p * z + 0.4f;
    p = p * z + 0.6666666667f;
    p = p * z + 2.0f;
    float e = (float)exponent;
    float result = e * 0.693359375f + (s * p - e * 2.12194440e-4f);
    result = x > 3.4e38f ? x : result;
    result = x < 1.17549435e-38f ? -INFINITY : result;
    return x < 0.0f || x != x ? NAN : result;
}

static inline float vector_log1p_of_positive(float u) {
    float w = 1.0f + u;
    return vector_log(w) - ((w - 1.0f) - u) / w;
}

static inline float vector_tanh(float x) {
    float magnitude = fabsf(x), z = x * x;
    float p = -5.70498872745e-3f;
    p = p * z + 2.06390887954e-2f;
    p = p * z - 5.37397155531e-2f;
    p = p * z + 1.33314422036e-1f;
    p = p * z - 3.33332819422e-1f;
    float small = x + x * z * p;
    float large = 1.0f - 2.0f / (vector_exp(2.0f * magnitude) + 1.0f);
    return magnitude < 0.625f ? small : (x < 0.0f ? -large : large);
}

/// exp(x) - 1. Near 0, the difference would lose digits; the series is exact to 2e-8 of its value there.
static inline float vector_exp_minus_1(float x) {
    float near = x * (1.0f + x * (1.0f / 2 + x * (1.0f / 6 + x * (1.0f / 24 + x * (1.0f / 120)))));
    float far = vector_exp(x) - 1.0f;
    return fabsf(x) < 0.1f ? near : far;
}

static inline float vector_sigmoid(float x) { return 1.0f / (1.0f + vector_exp(-x)); }

static inline float vector_softplus(float x) {
    return (x > 0.0f ? x : 0.0f) + vector_log1p_of_positive(vector_exp(-fabsf(x)));
}

/// A square root that does not set errno, so that loops over it vectorise.
static inline float vector_square_root(float x) { return __builtin_elementwise_sqrt(x); }
