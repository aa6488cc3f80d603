/* What the guests of the engine's tests share: registers, and a place for what they found out. */
#ifndef GUEST_H
#define GUEST_H

#include <stdbool.h>
#include <stdint.h>

#define REGISTER(address) (*(volatile uint32_t *)(address))

#define SYST_CSR     REGISTER(0xE000E010)
#define SYST_RVR     REGISTER(0xE000E014)
#define SYST_CVR     REGISTER(0xE000E018)
#define NVIC_ISER(n) REGISTER(0xE000E100 + 4 * (n))
#define NVIC_ICER(n) REGISTER(0xE000E180 + 4 * (n))
#define NVIC_ISPR(n) REGISTER(0xE000E200 + 4 * (n))
#define NVIC_ICPR(n) REGISTER(0xE000E280 + 4 * (n))
#define NVIC_IABR(n) REGISTER(0xE000E300 + 4 * (n))
#define NVIC_IPR     ((volatile uint8_t *)0xE000E400)
#define SCB_ICSR     REGISTER(0xE000ED04)
#define SCB_VTOR     REGISTER(0xE000ED08)
#define SCB_AIRCR    REGISTER(0xE000ED0C)
#define SCB_SCR      REGISTER(0xE000ED10)
#define SCB_CCR      REGISTER(0xE000ED14)
#define SCB_SHPR     ((volatile uint8_t *)0xE000ED14) /* by exception number, from 4 on */
#define SCB_SHCSR    REGISTER(0xE000ED24)
#define SCB_CFSR     REGISTER(0xE000ED28)
#define SCB_HFSR     REGISTER(0xE000ED2C)
#define SCB_BFAR     REGISTER(0xE000ED38)
#define SCB_CPACR    REGISTER(0xE000ED88)
#define FPU_FPCCR    REGISTER(0xE000EF34)
#define FPU_FPCAR    REGISTER(0xE000EF38)
#define DCB_DEMCR    REGISTER(0xE000EDFC)
#define DWT_CTRL     REGISTER(0xE0001000)
#define DWT_CYCCNT   REGISTER(0xE0001004)

#define RCC_CR      REGISTER(0x40021000)
#define RCC_CFGR    REGISTER(0x40021008)
#define RCC_PLLCFGR REGISTER(0x4002100C)
#define RCC_CCIPR   REGISTER(0x40021088)

struct timer_registers {
    volatile uint32_t CR1, CR2, SMCR, DIER, SR, EGR, CCMR1, CCMR2, CCER, CNT, PSC, ARR, RCR, CCR[4];
};
#define TIM2 ((struct timer_registers *)0x40000000)
#define TIM3 ((struct timer_registers *)0x40000400)
#define TIM6 ((struct timer_registers *)0x40001000)
enum { TIM2_IRQ = 28, TIM3_IRQ = 29, TIM6_IRQ = 54 };

struct usart_registers {
    volatile uint32_t CR1, CR2, CR3, BRR, GTPR, RTOR, RQR, ISR, ICR, RDR, TDR, PRESC;
};
#define LPUART1 ((struct usart_registers *)0x40008000)
enum { LPUART1_IRQ = 70 };
enum { CR1_UE = 1, CR1_RE = 4, CR1_TE = 8, CR1_IDLEIE = 16, CR1_RXNEIE = 32, CR1_TCIE = 64, CR1_TXEIE = 128 };
enum { ISR_FE = 2, ISR_ORE = 8, ISR_IDLE = 16, ISR_RXNE = 32, ISR_TC = 64, ISR_TXE = 128 };
#define CR1_FIFOEN (1u << 29)
/* 115200 bit/s from the clock after reset, 4 MHz. */
#define BRR_115200 (256u * 4000000u / 115200u)

enum { RESULTS = 64 };
extern volatile uint32_t results[RESULTS];
extern volatile uint32_t result_count;

static inline void result(uint32_t value)
{
    results[result_count] = value;
    result_count = result_count + 1;
}

static inline void enable_interrupt(uint32_t interrupt, uint8_t priority)
{
    NVIC_IPR[interrupt] = priority;
    NVIC_ISER(interrupt / 32) = 1u << (interrupt % 32);
}

static inline void pend_interrupt(uint32_t interrupt)
{
    NVIC_ISPR(interrupt / 32) = 1u << (interrupt % 32);
    __asm volatile("dsb\n\tisb" ::: "memory");
}

#define WFI()     __asm volatile("wfi" ::: "memory")
#define WFE()     __asm volatile("wfe" ::: "memory")
#define SEV()     __asm volatile("sev" ::: "memory")
#define CPSID_I() __asm volatile("cpsid i" ::: "memory")
#define CPSIE_I() __asm volatile("cpsie i\n\tisb" ::: "memory")
#define MRS(name)                                                                                            \
    ({                                                                                                       \
        uint32_t mrs_value;                                                                                  \
        __asm volatile("mrs %0, " #name : "=r"(mrs_value));                                                  \
        mrs_value;                                                                                           \
    })
#define MSR(name, value) __asm volatile("msr " #name ", %0\n\tisb" ::"r"(value) : "memory")

/* Each guest has one. When it returns, the guest sleeps for ever. */
void guest(void);

#endif
