#include "predictor.h"

void predictor_reset(struct predictor *predictor, uint32_t entries)
{
    *predictor = (struct predictor){.entries = entries};
}

bool predictor_foresees(struct predictor *predictor, uint32_t branch, uint32_t next, bool taken)
{
    enum { WEAKLY_TAKEN = 2, STRONGLY_TAKEN = 3 };
    uint32_t entry = (branch >> 1) & (predictor->entries - 1u);
    bool known = predictor->branch[entry] == branch;
    uint8_t *counter = &predictor->counter[entry];
    if (!known) {
        if (taken) {
            predictor->branch[entry] = branch;
            predictor->target[entry] = next;
            *counter = WEAKLY_TAKEN;
        }
        return !taken;
    }
    bool foreseen = (*counter >= WEAKLY_TAKEN) == taken && (!taken || predictor->target[entry] == next);
    if (taken) {
        predictor->target[entry] = next;
        *counter += *counter < STRONGLY_TAKEN;
    } else {
        *counter -= *counter > 0;
    }
    return foreseen;
}
