/*
 * What compiled code calls for arithmetic that ARMv6-M has no instructions for: division, 64-bit shifts and
 * products, and single precision. Names and results are those of Arm's Run-time ABI (IHI 0043) 4.1 and 4.2; a
 * float travels as its bits, which in the soft-float calling convention is the same. Results are IEEE 754's,
 * rounded to the nearest, ties to even. On the other cores nothing calls these, and the linker leaves them
 * out.
 */
#include <stdbool.h>
#include <stdint.h>

uint64_t __aeabi_uidivmod(uint32_t dividend, uint32_t divisor);
uint32_t __aeabi_uidiv(uint32_t dividend, uint32_t divisor);
uint64_t __aeabi_lmul(uint64_t a, uint64_t b);
uint64_t __aeabi_llsl(uint64_t value, int32_t bits);
uint64_t __aeabi_llsr(uint64_t value, int32_t bits);
uint32_t __aeabi_fadd(uint32_t a, uint32_t b);
uint32_t __aeabi_fsub(uint32_t a, uint32_t b);
uint32_t __aeabi_fmul(uint32_t a, uint32_t b);
uint32_t __aeabi_fdiv(uint32_t a, uint32_t b);
uint32_t __aeabi_i2f(int32_t value);
uint32_t __aeabi_ui2f(uint32_t value);
int32_t __aeabi_f2iz(uint32_t value);
int __aeabi_fcmpeq(uint32_t a, uint32_t b);
int __aeabi_fcmplt(uint32_t a, uint32_t b);
int __aeabi_fcmple(uint32_t a, uint32_t b);
int __aeabi_fcmpge(uint32_t a, uint32_t b);
int __aeabi_fcmpgt(uint32_t a, uint32_t b);
int __aeabi_fcmpun(uint32_t a, uint32_t b);

static uint64_t join(uint32_t high, uint32_t low)
{
    return (uint64_t)high << 32 | low;
}

/* The quotient in the low word, the remainder in the high one: r0 and r1. A division by 0 gives quotient 0.
 */
uint64_t __aeabi_uidivmod(uint32_t dividend, uint32_t divisor)
{
    if (divisor == 0) {
        return join(dividend, 0);
    }
    uint32_t bit = 1;
    while (divisor <= dividend >> 1) {
        divisor <<= 1;
        bit <<= 1;
    }
    uint32_t quotient = 0;
    for (; bit != 0; bit >>= 1, divisor >>= 1) {
        if (dividend >= divisor) {
            dividend -= divisor;
            quotient |= bit;
        }
    }
    return join(dividend, quotient);
}

uint32_t __aeabi_uidiv(uint32_t dividend, uint32_t divisor)
{
    return (uint32_t)__aeabi_uidivmod(dividend, divisor);
}

static uint64_t multiply(uint32_t a, uint32_t b)
{
    uint32_t low_a = a & 0xFFFF, high_a = a >> 16, low_b = b & 0xFFFF, high_b = b >> 16;
    uint32_t low = low_a * low_b;
    uint32_t middle = high_a * low_b + (low >> 16);
    uint32_t other = low_a * high_b + (middle & 0xFFFF);
    return join(high_a * high_b + (middle >> 16) + (other >> 16), other << 16 | (low & 0xFFFF));
}

uint64_t __aeabi_lmul(uint64_t a, uint64_t b)
{
    uint32_t high_a = (uint32_t)(a >> 32), high_b = (uint32_t)(b >> 32);
    uint64_t low = multiply((uint32_t)a, (uint32_t)b);
    return join((uint32_t)(low >> 32) + high_a * (uint32_t)b + (uint32_t)a * high_b, (uint32_t)low);
}

uint64_t __aeabi_llsl(uint64_t value, int32_t bits)
{
    uint32_t high = (uint32_t)(value >> 32), low = (uint32_t)value;
    if (bits >= 32) {
        return join(low << (bits - 32), 0);
    }
    return bits == 0 ? value : join(high << bits | low >> (32 - bits), low << bits);
}

uint64_t __aeabi_llsr(uint64_t value, int32_t bits)
{
    uint32_t high = (uint32_t)(value >> 32), low = (uint32_t)value;
    if (bits >= 32) {
        return join(0, high >> (bits - 32));
    }
    return bits == 0 ? value : join(high >> bits, low >> bits | high << (32 - bits));
}

#define SIGN       0x80000000u
#define INFINITE   0x7F800000u
#define QUIET_NAN  0x7FC00000u
#define HIDDEN_BIT 0x00800000u /* of a significand as it is unpacked */
#define TOP_BIT    0x40000000u /* of a significand that is to be rounded: seven bits more */

enum { EXPONENT_BIAS = 127, EXPONENT_MAXIMUM = 255 };

static bool is_nan(uint32_t value)
{
    return (value & ~SIGN) > INFINITE;
}

static bool is_infinite(uint32_t value)
{
    return (value & ~SIGN) == INFINITE;
}

static bool is_zero(uint32_t value)
{
    return (value & ~SIGN) == 0;
}

/* The magnitude of a finite number other than 0 is significand x 2^(exponent - bias - 23), HIDDEN_BIT set. */
struct number {
    int32_t exponent;
    uint32_t significand;
};

static struct number unpack(uint32_t value)
{
    struct number number = {(int32_t)(value >> 23 & 0xFF), value & (HIDDEN_BIT - 1)};
    if (number.exponent != 0) {
        number.significand |= HIDDEN_BIT;
        return number;
    }
    number.exponent = 1;
    while (!(number.significand & HIDDEN_BIT)) {
        number.significand <<= 1;
        number.exponent--;
    }
    return number;
}

/* The last bit stays set where a set bit is shifted out: enough for what follows to round rightly. */
static uint32_t shift_right_sticky(uint32_t value, int32_t bits)
{
    if (bits >= 32) {
        return value != 0;
    }
    return bits == 0 ? value : value >> bits | (value << (32 - bits) != 0);
}

/* The number nearest to significand x 2^(exponent - bias - 30), of which TOP_BIT is the highest bit set. */
static uint32_t round_and_pack(uint32_t sign, int32_t exponent, uint32_t significand)
{
    if (exponent >= EXPONENT_MAXIMUM) {
        return sign | INFINITE;
    }
    if (exponent < 1) {
        significand = shift_right_sticky(significand, 1 - exponent);
        exponent = 1;
    }
    uint32_t rest = significand & 0x7F;
    significand = (significand + 0x40) >> 7;
    if (rest == 0x40) {
        significand &= ~1u;
    }
    /* The hidden bit adds one to the exponent, and so does a carry out of the significand. */
    return sign | (((uint32_t)(exponent - 1) << 23) + significand);
}

static uint32_t normalize_and_pack(uint32_t sign, int32_t exponent, uint32_t significand)
{
    if (significand == 0) {
        return 0;
    }
    while (!(significand & TOP_BIT)) {
        significand <<= 1;
        exponent--;
    }
    return round_and_pack(sign, exponent, significand);
}

uint32_t __aeabi_fadd(uint32_t a, uint32_t b)
{
    if ((a & ~SIGN) < (b & ~SIGN)) {
        uint32_t smaller = a;
        a = b;
        b = smaller;
    }
    uint32_t differs = (a ^ b) & SIGN;
    if (is_nan(a) || (is_infinite(a) && is_infinite(b) && differs)) {
        return QUIET_NAN;
    }
    if (is_zero(a)) {
        return a & b;
    }
    if (is_infinite(a) || is_zero(b)) {
        return a;
    }
    struct number larger = unpack(a), smaller = unpack(b);
    uint32_t large = larger.significand << 6;
    uint32_t small = shift_right_sticky(smaller.significand << 6, larger.exponent - smaller.exponent);
    return normalize_and_pack(a & SIGN, larger.exponent + 1, differs ? large - small : large + small);
}

uint32_t __aeabi_fsub(uint32_t a, uint32_t b)
{
    return __aeabi_fadd(a, b ^ SIGN);
}

uint32_t __aeabi_fmul(uint32_t a, uint32_t b)
{
    uint32_t sign = (a ^ b) & SIGN;
    if (is_nan(a) || is_nan(b)) {
        return QUIET_NAN;
    }
    if (is_infinite(a) || is_infinite(b)) {
        return is_zero(a) || is_zero(b) ? QUIET_NAN : sign | INFINITE;
    }
    if (is_zero(a) || is_zero(b)) {
        return sign;
    }
    struct number left = unpack(a), right = unpack(b);
    uint64_t product = multiply(left.significand, right.significand << 8);
    uint32_t significand = (uint32_t)(product >> 32) << 7 | (uint32_t)product >> 25;
    bool is_inexact = (uint32_t)product << 7 != 0;
    return normalize_and_pack(sign, left.exponent + right.exponent - EXPONENT_BIAS + 1,
                              significand | is_inexact);
}

uint32_t __aeabi_fdiv(uint32_t a, uint32_t b)
{
    uint32_t sign = (a ^ b) & SIGN;
    if (is_nan(a) || is_nan(b) || (is_infinite(a) && is_infinite(b)) || (is_zero(a) && is_zero(b))) {
        return QUIET_NAN;
    }
    if (is_infinite(a) || is_zero(b)) {
        return sign | INFINITE;
    }
    if (is_zero(a) || is_infinite(b)) {
        return sign;
    }
    struct number dividend = unpack(a), divisor = unpack(b);
    int32_t exponent = dividend.exponent - divisor.exponent + EXPONENT_BIAS;
    uint32_t rest = dividend.significand, quotient = 0;
    for (uint32_t bit = TOP_BIT; bit != 0; bit >>= 1) {
        if (rest >= divisor.significand) {
            rest -= divisor.significand;
            quotient |= bit;
        }
        rest <<= 1;
    }
    return normalize_and_pack(sign, exponent, quotient | (rest != 0));
}

uint32_t __aeabi_ui2f(uint32_t value)
{
    if (value > INT32_MAX) {
        return round_and_pack(0, EXPONENT_BIAS + 31, shift_right_sticky(value, 1));
    }
    return normalize_and_pack(0, EXPONENT_BIAS + 30, value);
}

uint32_t __aeabi_i2f(int32_t value)
{
    uint32_t sign = (uint32_t)value & SIGN;
    return __aeabi_ui2f(sign ? 0 - (uint32_t)value : (uint32_t)value) | sign;
}

/* Towards zero, saturated; what is not a number gives 0. */
int32_t __aeabi_f2iz(uint32_t value)
{
    int32_t exponent = (int32_t)(value >> 23 & 0xFF) - EXPONENT_BIAS;
    if (exponent < 0 || is_nan(value)) {
        return 0;
    }
    if (exponent >= 31) {
        return value & SIGN ? INT32_MIN : INT32_MAX;
    }
    uint32_t significand = (value & (HIDDEN_BIT - 1)) | HIDDEN_BIT;
    int32_t magnitude =
        (int32_t)(exponent < 23 ? significand >> (23 - exponent) : significand << (exponent - 23));
    return value & SIGN ? -magnitude : magnitude;
}

/* Orders numbers as their values are ordered; both zeros are 0. */
static int32_t order(uint32_t value)
{
    return value & SIGN ? -(int32_t)(value & ~SIGN) : (int32_t)value;
}

int __aeabi_fcmpun(uint32_t a, uint32_t b)
{
    return is_nan(a) || is_nan(b);
}

int __aeabi_fcmpeq(uint32_t a, uint32_t b)
{
    return !__aeabi_fcmpun(a, b) && order(a) == order(b);
}

int __aeabi_fcmplt(uint32_t a, uint32_t b)
{
    return !__aeabi_fcmpun(a, b) && order(a) < order(b);
}

int __aeabi_fcmple(uint32_t a, uint32_t b)
{
    return !__aeabi_fcmpun(a, b) && order(a) <= order(b);
}

int __aeabi_fcmpge(uint32_t a, uint32_t b)
{
    return __aeabi_fcmple(b, a);
}

int __aeabi_fcmpgt(uint32_t a, uint32_t b)
{
    return __aeabi_fcmplt(b, a);
}
