/* Memory-mapped devices as Unicorn reaches them. */
#ifndef TINYSIM_BUS_H
#define TINYSIM_BUS_H

#include "core.h"

/* Maps peripheral space and the private peripheral bus; devices have been added before. */
bool bus_map(struct core *core);

void bus_free(struct core *core);

/* What a DMA controller does: accesses of 1, 2 or 4 bytes to memory or devices. False where nothing is. */
bool bus_load(struct core *core, uint32_t address, uint32_t bytes, uint32_t *value, uint64_t now);
bool bus_store(struct core *core, uint32_t address, uint32_t bytes, uint32_t value, uint64_t now);

#endif
