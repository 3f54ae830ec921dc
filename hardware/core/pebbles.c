#include "pebbles.h"

#include <string.h>

/* The first place of pebble i. */
static uint16_t span(uint8_t i) { return (uint16_t)(2 << i); }

void pebbles_begin(pebbles *pebbles, uint16_t ticks, const uint8_t last[LINK_BYTES]) {
    pebbles->ticks = ticks;
    pebbles->index = ticks;
    pebbles->moving = 0;
    pebbles->moved = 0;
    memcpy(pebbles->x, last, LINK_BYTES);
    uint8_t i = 0;
    do {
        pebble *const one = &pebbles->pebbles[i];
        one->at = one->goal = span(i);
        memcpy(one->x, last, LINK_BYTES); /* of the highest; the others are met on the way down */
    } while (span(i++) < ticks);
    pebbles->count = i;
}

static pebble *pebble_at(pebbles *pebbles, uint16_t at) {
    pebble *one = pebbles->pebbles;
    for (uint8_t i = 1; i < pebbles->count && one->at != at; i++) one++;
    return one;
}

bool pebbles_build(pebbles *pebbles, const chain_id *chain) {
    tick_step_back(chain, pebbles->index, pebbles->x);
    pebbles->index--;
    pebble *const one = pebble_at(pebbles, pebbles->index);
    if (one->at == pebbles->index) memcpy(one->x, pebbles->x, LINK_BYTES);
    return pebbles->index == 0;
}

/* x becomes the link before x[at]: true if that took a hash. */
static bool step_back(const pebbles *pebbles, const chain_id *chain, uint16_t at, uint8_t *x) {
    if (at > pebbles->ticks) return false;
    tick_step_back(chain, at, x);
    return true;
}

bool pebbles_prepare(pebbles *pebbles, const chain_id *chain) {
    for (; pebbles->moving < pebbles->count; pebbles->moving++, pebbles->moved = 0) {
        pebble *const one = &pebbles->pebbles[pebbles->moving];
        while (pebbles->moved < 2 && one->at != one->goal) {
            const uint16_t at = one->at--;
            pebbles->moved++;
            if (step_back(pebbles, chain, at, one->x)) return true;
        }
    }
    return false;
}

/* The pebble has been passed. */
static void restart(pebbles *pebbles, pebble *one) {
    const uint16_t width = span((uint8_t)(one - pebbles->pebbles));
    const uint16_t goal = (uint16_t)(one->goal + 2 * width);
    if (goal > span((uint8_t)(pebbles->count - 1))) {
        one->at = one->goal = 0;
        return;
    }
    const uint16_t from = (uint16_t)(goal + width);
    memcpy(one->x, pebble_at(pebbles, from)->x, LINK_BYTES);
    one->at = from;
    one->goal = goal;
}

bool pebbles_advance(pebbles *pebbles, const chain_id *chain, uint16_t index) {
    while (pebbles->index < index) {
        if (pebbles_prepare(pebbles, chain)) return false;
        pebbles->index++;
        pebbles->moving = 0;
        if (pebbles->index % 2 == 0) {
            pebble *const one = pebble_at(pebbles, pebbles->index);
            memcpy(pebbles->x, one->x, LINK_BYTES);
            restart(pebbles, one);
        } else if (pebbles->index == index) {
            const uint16_t above = (uint16_t)(index + 1);
            memcpy(pebbles->x, pebble_at(pebbles, above)->x, LINK_BYTES);
            step_back(pebbles, chain, above, pebbles->x);
        }
    }
    return true;
}
