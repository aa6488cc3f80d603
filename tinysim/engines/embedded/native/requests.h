/* DMA controllers at work: who asks for what, and the transfers that follow. */
#ifndef TINYSIM_REQUESTS_H
#define TINYSIM_REQUESTS_H

#include "core.h"

/* A controller's registers were written: when do its transfers without requests end? */
void requests_plan(struct core *core, const struct unit *unit, uint64_t now);

/* Carries out the transfers without requests that are over at `now`. Returns the tick at which the next one
 * is, or NEVER. */
uint64_t requests_advance(struct core *core, const struct unit *unit, uint64_t now);

/* Transfers what USARTs ask for, until none asks any more; true where anything was. */
bool requests_serve(struct core *core, uint64_t now);

#endif
