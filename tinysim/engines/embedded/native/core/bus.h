/* Memory-mapped devices, those of the chip and those of the core, as Unicorn reaches them. */
#ifndef TINYSIM_BUS_H
#define TINYSIM_BUS_H

#include "core.h"

/* Maps peripheral space and the private peripheral bus; devices have been added before. */
bool bus_map(struct core *core);

void bus_free(struct core *core);

#endif
