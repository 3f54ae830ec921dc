/* The parts of a meter among themselves: installations, ticks (meter.c) and the records of what was paid. */
#ifndef TB_METER_PARTS_H
#define TB_METER_PARTS_H

#include "meter.h"

/* meter-install.c */

/* Takes the rest of a message of this kind; false when it is malformed. */
bool meter_answer_install(meter *meter, uint8_t items, cbor_reader *reader);
/* Goes on with it: a hash at most. */
void meter_poll_install(meter *meter);
/* The newest installation that is stored whole, at index 0; false where there is none. */
bool meter_load_installation(meter *meter);

/* meter-record.c */

/* Puts the meter where the newest record of its installation says that it was. */
void meter_load_record(meter *meter);
/* Writes a record where one is owed. */
void meter_poll_record(meter *meter);
/* Ticks that count now, and readings that may be unpaid now. */
uint16_t meter_counted(const meter *meter);
uint16_t meter_window(const meter *meter);
/* No record is under way that the room depends on. */
bool meter_is_settled(const meter *meter);

#endif
