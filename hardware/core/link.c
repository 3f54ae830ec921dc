#include "link.h"

#include <string.h>

#include "port.h"
#include "storage.h"

#define FAULT_INTERVAL_MS 1000UL

void link_add(link *link, const link_role *role) {
    uint8_t i = 0;
    while (link->roles[i] != NULL) i++;
    link->roles[i] = role;
}

void link_init(link *link, board *board, ack_code (*command)(uint8_t channel, int32_t value)) {
    memset(link, 0, sizeof *link);
    storage_init();
    storage_read(STORAGE_SERIAL, board->serial, SERIAL_NUMBER_BYTES);
    link->board = board;
    link->command = command;
    frame_decoder_init(&link->decoder, link->received, sizeof link->received);
}

/* Multiples of the period since reset: channels of one period share their instants, and none drifts. */
static void align(channel *channel) {
    if (channel->period_ms == 0) return;
    channel->due_ms = (port_now_ms() / channel->period_ms + 1) * channel->period_ms;
}

static void identify(link *link, uint32_t nonce) {
    if (!message_identity(link->board, nonce)) link_fault(link, FAULT_READING_DROPPED);
    for (uint8_t i = 0; i < LINK_ROLES_MAX && link->roles[i] != NULL; i++) {
        const link_role *role = link->roles[i];
        if (role->greeted != NULL) role->greeted(role->self);
    }
}

/* A reset may have cut a frame short: a zero ends what is left of it at the host, so that it spoils nothing. */
static void cut_off(void) {
    if (port_room() == 0) return;
    port_put(0, 0);
    port_commit(1);
}

void link_announce(link *link) {
    cut_off();
    identify(link, 0);
}

static void greet(link *link, const request *request) {
    if (!link->greeted) {
        for (uint8_t i = 0; i < link->board->channel_count; i++) align(&link->board->channels[i]);
    }
    /* A host of another protocol gets the identity too: it carries ours, and the refusal is the host's. */
    link->greeted = request->number == SERIAL_PROTOCOL;
    memset(link->reported, 0, sizeof link->reported);
    identify(link, request->id);
}

static ack_code set_period(channel *channel, uint32_t period_ms) {
    if (period_ms != 0 && (period_ms < PERIOD_MS_MIN || period_ms > PERIOD_MS_MAX)) return ACK_OUT_OF_RANGE;
    channel->period_ms = period_ms;
    align(channel);
    return ACK_DONE;
}

static ack_code execute(link *link, const request *request) {
    if (request->channel >= link->board->channel_count) return ACK_CHANNEL_UNKNOWN;
    channel *channel = &link->board->channels[request->channel];
    if (!channel->present) return ACK_CHANNEL_UNKNOWN;
    if (request->kind == MESSAGE_PERIOD) return set_period(channel, request->number);
    if (channel_direction(link->board, request->channel) != ACTUATOR || link->command == NULL) return ACK_CHANNEL_UNKNOWN;
    return link->command(request->channel, request->value);
}

static bool role_answers(link *link, message_kind kind, uint8_t items, const cbor_reader *rest) {
    for (uint8_t i = 0; i < LINK_ROLES_MAX && link->roles[i] != NULL; i++) {
        const link_role *role = link->roles[i];
        cbor_reader reader = *rest; /* each reads for itself */
        if (role->answer(role->self, kind, items, &reader)) return true;
    }
    return false;
}

static void answer(link *link) {
    cbor_reader reader = {link->decoder.bytes, link->decoder.length, 0, false};
    message_kind kind;
    const uint8_t items = message_open(&reader, &kind);
    bool known;
    if (kind == MESSAGE_PROVISION) {
        known = provision_begin(&link->provision, items, &reader);
    } else if (kind > MESSAGE_FAULT) {
        known = role_answers(link, kind, items, &reader);
    } else {
        const request request = message_decode(&reader, items, kind);
        known = request.kind != MESSAGE_NONE;
        if (request.kind == MESSAGE_HELLO) greet(link, &request);
        /* Where the line is full the host repeats its request: every request sets, none adds. */
        else if (known) message_ack(request.id, execute(link, &request));
    }
    if (!known) link_fault(link, FAULT_FRAME_REFUSED);
}

static void report_faults(link *link) {
    const uint32_t now_ms = port_now_ms();
    link->faults[FAULT_RECEIVE_OVERRUN] = port_overruns();
    if (!link->greeted || now_ms - link->reported_ms < FAULT_INTERVAL_MS) return;
    link->reported_ms = now_ms;
    for (uint8_t i = 1; i < FAULT_END; i++) {
        if (link->faults[i] == link->reported[i]) continue;
        if (message_fault(i, link->faults[i])) link->reported[i] = link->faults[i];
    }
}

void link_poll(link *link) {
    uint8_t byte;
    storage_poll();
    if (provision_poll(&link->provision, link->board)) link_announce(link);
    /* Bounded: a line delivers at most one byte per 87 us, and each one costs less. */
    while (!link->provision.active && port_take(&byte)) {
        const frame_event event = frame_decoder_push(&link->decoder, byte);
        if (event == FRAME_MESSAGE) answer(link);
        else if (event == FRAME_NOISE) link_fault(link, FAULT_FRAME_REFUSED);
    }
    report_faults(link);
}

/* Credit is for what is measured: the state of an actuator costs nothing. */
static const link_role *counting(const link *link, uint8_t number) {
    if (channel_direction(link->board, number) == ACTUATOR) return NULL;
    for (uint8_t i = 0; i < LINK_ROLES_MAX && link->roles[i] != NULL; i++) {
        if (link->roles[i]->may_read != NULL) return link->roles[i];
    }
    return NULL;
}

bool link_due(link *link, uint8_t number) {
    channel *channel = &link->board->channels[number];
    if (!link->greeted || channel->period_ms == 0) return false;
    const uint32_t late_ms = port_now_ms() - channel->due_ms;
    if ((int32_t)late_ms < 0) return false;
    const link_role *role = counting(link, number);
    if (role != NULL && !role->may_read(role->self)) {
        align(channel);
        return false;
    }
    channel->due_ms += channel->period_ms;
    if (late_ms >= channel->period_ms) {
        link_fault(link, FAULT_READING_LATE);
        align(channel);
    }
    return true;
}

void link_reading(link *link, uint8_t number, int32_t mantissa) {
    channel *channel = &link->board->channels[number];
    const link_role *role = counting(link, number);
    if (role != NULL && !role->may_read(role->self)) return;
    if (!message_reading(number, channel->seq++, mantissa)) link_fault(link, FAULT_READING_DROPPED);
    else if (role != NULL) role->has_read(role->self);
}

void link_fault(link *link, fault fault) {
    if (link->faults[fault] < UINT16_MAX) link->faults[fault]++;
}
