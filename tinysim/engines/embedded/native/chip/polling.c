#include "polling.h"

void polling_restart(struct polling *polling, uint64_t ticks, uint64_t instructions)
{
    *polling = (struct polling){.since_ticks = ticks, .since_instructions = instructions};
}

void polling_read(struct polling *polling, uint32_t address, uint32_t pc, uint32_t value)
{
    polling->reads++;
    polling->address = address;
    polling->pc = pc;
    polling->value = value;
}
