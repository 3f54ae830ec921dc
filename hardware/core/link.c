#include "link.h"

#include <string.h>

#include "port.h"

#define FAULT_INTERVAL_MS 1000UL

void link_init(link *link, board *board, ack_code (*command)(uint8_t channel, int32_t value)) {
    memset(link, 0, sizeof *link);
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
}

void link_announce(link *link) { identify(link, 0); }

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
    if (request->kind == REQUEST_PERIOD) return set_period(channel, request->number);
    if (channel_direction(link->board, request->channel) != ACTUATOR || link->command == NULL) return ACK_CHANNEL_UNKNOWN;
    return link->command(request->channel, request->value);
}

static void answer(link *link) {
    const request request = message_decode(link->decoder.bytes, link->decoder.length);
    if (request.kind == REQUEST_BAD) {
        link_fault(link, FAULT_FRAME_REFUSED);
    } else if (request.kind == REQUEST_HELLO) {
        greet(link, &request);
    } else {
        const ack_code code = execute(link, &request);
        /* Where the line is full the host repeats its request: every request sets, none adds. */
        message_ack(request.id, code);
    }
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
    /* Bounded: a line delivers at most one byte per 87 us, and each one costs less. */
    while (port_take(&byte)) {
        const frame_event event = frame_decoder_push(&link->decoder, byte);
        if (event == FRAME_MESSAGE) answer(link);
        else if (event == FRAME_NOISE) link_fault(link, FAULT_FRAME_REFUSED);
    }
    report_faults(link);
}

bool link_due(link *link, uint8_t number) {
    channel *channel = &link->board->channels[number];
    if (!link->greeted || channel->period_ms == 0) return false;
    const uint32_t late_ms = port_now_ms() - channel->due_ms;
    if ((int32_t)late_ms < 0) return false;
    channel->due_ms += channel->period_ms;
    if (late_ms >= channel->period_ms) {
        link_fault(link, FAULT_READING_LATE);
        align(channel);
    }
    return true;
}

void link_reading(link *link, uint8_t number, int32_t mantissa) {
    channel *channel = &link->board->channels[number];
    const uint32_t seq = channel->seq++;
    if (!message_reading(number, seq, mantissa)) link_fault(link, FAULT_READING_DROPPED);
}

void link_fault(link *link, fault fault) {
    if (link->faults[fault] < UINT16_MAX) link->faults[fault]++;
}
