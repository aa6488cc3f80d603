/* Reads pairs of 32-bit words in hexadecimal, and prints what each function of arithmetic.c makes of them. */
#include "arithmetic.c"
#include <inttypes.h>
#include <stdio.h>

int main(void)
{
    uint32_t a, b;
    while (scanf("%" SCNx32 " %" SCNx32, &a, &b) == 2) {
        uint64_t wide = (uint64_t)a << 32 | b;
        printf("%" PRIx32 " %" PRIx32 " %" PRIx32 " %" PRIx32 " ", __aeabi_fadd(a, b), __aeabi_fsub(a, b),
               __aeabi_fmul(a, b), __aeabi_fdiv(a, b));
        printf("%" PRIx32 " %" PRIx32 " %" PRIx32 " ", __aeabi_i2f((int32_t)a), __aeabi_ui2f(a),
               (uint32_t)__aeabi_f2iz(a));
        printf("%x %x %x %x %x %x ", __aeabi_fcmpeq(a, b), __aeabi_fcmplt(a, b), __aeabi_fcmple(a, b),
               __aeabi_fcmpge(a, b), __aeabi_fcmpgt(a, b), __aeabi_fcmpun(a, b));
        printf("%" PRIx32 " %" PRIx64 " ", __aeabi_uidiv(a, b), __aeabi_uidivmod(a, b));
        printf("%" PRIx64 " %" PRIx64 " %" PRIx64 "\n", __aeabi_lmul(wide, ~wide << 7 | a),
               __aeabi_llsl(wide, (int32_t)(b & 63)), __aeabi_llsr(wide, (int32_t)(b & 63)));
    }
    return 0;
}
