/* Every kind of device, by the name that chips' files call it. */
#ifndef TINYSIM_DEVICE_TYPES_H
#define TINYSIM_DEVICE_TYPES_H

#define DEVICE_TYPES(TYPE)                                                                                   \
    TYPE(stm32_usart)                                                                                        \
    TYPE(stm32_lpuart)                                                                                       \
    TYPE(stm32_timer)                                                                                        \
    TYPE(stm32_lptim)                                                                                        \
    TYPE(stm32_lptim_with_ccr2)                                                                              \
    TYPE(stm32_rtc)                                                                                          \
    TYPE(stm32_rtc_with_sr)                                                                                  \
    TYPE(stm32_crc)                                                                                          \
    TYPE(stm32_rng)                                                                                          \
    TYPE(stm32_gpio)                                                                                         \
    TYPE(stm32_dma_channels)                                                                                 \
    TYPE(stm32_dma_streams)                                                                                  \
    TYPE(stm32_gpdma)

#endif
