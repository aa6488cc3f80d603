/* What Unicorn tells while it executes: blocks, instructions to look at, faults. */
#ifndef TINYSIM_HOOKS_H
#define TINYSIM_HOOKS_H

#include "core.h"

bool hooks_install(struct core *core);

#endif
