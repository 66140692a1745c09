/* The innermost multiply-add of a matmul, in what this processor has for it: LANES sums at a time, each of which gains the
   products of a word: two numbers of bfloat16 or four of 8 bits. Where no single instruction takes a word, its parts
   follow each other. */
#ifndef CLEARHEAD_MULTIPLY_ADD_H
#define CLEARHEAD_MULTIPLY_ADD_H

#include "products.h"
#include "tiles.h"
#include "vectors.h"

#if defined(__x86_64__) || defined(__i386__)
#include <immintrin.h>
/* A sum is complete here: without this word compilers gather the additions of all parts, for which registers do not
   suffice (80 GFLOP/s instead of 140, gcc 12, AVX2). */
#define SETTLE(sums) __asm__("" : "+v"(sums))
#else
#define SETTLE(sums) (void)0
#endif
#ifdef __ARM_FEATURE_DOTPROD
#include <arm_neon.h>
#endif

/* ------------------------------------------------------------------ bfloat16 */

#if LANES == 16 && defined(__AVX512BF16__)

/* `half` is an activation as it is kept for products with bfloat16. */
typedef uint16_t half;
typedef __m512bh halves;
enum { BF16_PARTS = 1 };

INNER half to_half(float value) { return to_bf16(value); }

INNER halves halves_at(const uint16_t *weights, int part) {
    (void)part;
    return (halves)_mm512_loadu_si512(weights);
}

INNER halves spread_halves(const half *pair, int part) {
    int32_t both;
    (void)part;
    memcpy(&both, pair, 4);
    return (halves)_mm512_set1_epi32(both);
}

INNER floats add_halves(floats sums, halves value, halves weights) {
    return (floats)_mm512_dpbf16_ps((__m512)sums, weights, value);
}

#elif defined(TILED)

/* For tests alone: rows as tiles take them. */
typedef uint16_t half;
typedef floats halves;
enum { BF16_PARTS = 2 };

INNER half to_half(float value) { return to_bf16(value); }

INNER halves halves_at(const uint16_t *weights, int part) {
    ints both = *(const ints *)weights;
    return part ? (halves)(both & (int32_t)0xffff0000) : (halves)(both << 16);
}

INNER halves spread_halves(const half *pair, int part) { return (halves)((ints){0} + (int32_t)((uint32_t)pair[part] << 16)); }

INNER floats add_halves(floats sums, halves value, halves weights) { return sums + value * weights; }

#else

typedef float half; /* a bfloat16 is the upper half of a float32 */
typedef floats halves;
enum { BF16_PARTS = 2 };

INNER half to_half(float value) {
    uint32_t bits = (uint32_t)to_bf16(value) << 16;
    memcpy(&value, &bits, 4);
    return value;
}

INNER halves halves_at(const uint16_t *weights, int part) {
    ints both = *(const ints *)weights;
    if (part) both &= (int32_t)0xffff0000;
    else both <<= 16;
    return (halves)both;
}

INNER halves spread_halves(const half *pair, int part) {
    int32_t bits; /* as adding to a zero is nothing for integers only */
    memcpy(&bits, pair + part, 4);
    return (floats)((ints){0} + bits);
}

INNER floats add_halves(floats sums, halves value, halves weights) {
    sums += value * weights;
    SETTLE(sums);
    return sums;
}

#endif

/* ------------------------------------------------------------------ whole numbers of 8 bits */

/* `whole` is an activation as it is kept for products with int8, EXCESS too high; `order` is the place of an input in
   its word of four. */

#if (LANES == 16 && defined(__AVX512VNNI__)) || (LANES == 8 && defined(__AVXVNNI__)) || defined(__ARM_FEATURE_DOTPROD)

/* One instruction takes a word; that of x86 takes one factor unsigned. */
#ifdef __ARM_FEATURE_DOTPROD
typedef int8_t whole;
enum { EXCESS = 0 };
#else
typedef uint8_t whole;
enum { EXCESS = 128 };
#endif
typedef ints wholes;
enum { INT8_PARTS = 1 };

INNER int order(int input) { return input; }

INNER wholes wholes_at(const int8_t *weights, int part) {
    (void)part;
    return *(const ints *)weights;
}

INNER wholes spread_wholes(const whole *four, int part) {
    int32_t all;
    (void)part;
    memcpy(&all, four, 4);
    return (ints){0} + all;
}

INNER ints add_wholes(ints sums, wholes value, wholes weights) {
#if LANES == 16
    return (ints)_mm512_dpbusd_epi32((__m512i)sums, (__m512i)value, (__m512i)weights);
#elif defined(__ARM_FEATURE_DOTPROD)
    return (ints)vdotq_s32((int32x4_t)sums, (int8x16_t)value, (int8x16_t)weights);
#else
    return (ints)_mm256_dpbusd_avx_epi32((__m256i)sums, (__m256i)value, (__m256i)weights);
#endif
}

#elif defined(__SSE2__) && (LANES < 16 || defined(__AVX512BW__)) && !defined(TILED)

/* Pairs of 16 bits are multiplied and added exactly. Two such pairs are cut out of a word of weights: the even bytes,
   then the odd ones, so inputs 0 and 1 lie in the even ones. */
typedef int16_t whole;
typedef ints wholes;
typedef int16_t shorts __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
enum { INT8_PARTS = 2, EXCESS = 0 };

INNER int order(int input) { return (input & 1) << 1 | input >> 1; }

INNER wholes wholes_at(const int8_t *weights, int part) {
    shorts words = *(const shorts *)weights;
    if (!part) words <<= 8;
    return (wholes)(words >> 8);
}

INNER wholes spread_wholes(const whole *four, int part) {
    int32_t pair;
    memcpy(&pair, four + 2 * part, 4);
    return (ints){0} + pair;
}

INNER ints add_wholes(ints sums, wholes value, wholes weights) {
#if LANES == 16
    sums += (ints)_mm512_madd_epi16((__m512i)value, (__m512i)weights);
#elif LANES == 8
    sums += (ints)_mm256_madd_epi16((__m256i)value, (__m256i)weights);
#else
    sums += (ints)_mm_madd_epi16((__m128i)value, (__m128i)weights);
#endif
    SETTLE(sums);
    return sums;
}

#else

#ifdef TILED
typedef uint8_t whole;
enum { EXCESS = 128 };
#else
typedef int8_t whole;
enum { EXCESS = 0 };
#endif
typedef ints wholes;
enum { INT8_PARTS = 4 };

INNER int order(int input) { return input; }

INNER wholes wholes_at(const int8_t *weights, int part) {
    ints words = *(const ints *)weights;
    return words << (24 - 8 * part) >> 24;
}

INNER wholes spread_wholes(const whole *four, int part) { return (ints){0} + four[part]; }

INNER ints add_wholes(ints sums, wholes value, wholes weights) { return sums + value * weights; }

#endif

#endif
