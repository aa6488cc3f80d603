/* The whole state of a chip, to be returned to. What is on the line between guest and host is no part of it.
 */
#ifndef TINYSIM_SNAPSHOT_H
#define TINYSIM_SNAPSHOT_H

#include "core.h"

struct snapshot;

/* NULL where memory is short. */
struct snapshot *snapshot_take(struct core *core);

/* False where it was not taken of this chip. */
bool snapshot_restore(struct core *core, const struct snapshot *snapshot);

void snapshot_free(struct snapshot *snapshot);

#endif
