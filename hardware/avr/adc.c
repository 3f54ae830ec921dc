/* Single conversions against AVCC at 125 kHz: 208 us for the first, 104 us for the others. */
#include <avr/io.h>

#include "avr.h"

void adc_init(void) {
    ADCSRA = _BV(ADEN) | _BV(ADPS2) | _BV(ADPS1) | _BV(ADPS0); /* 16 MHz / 128 */
}

void adc_start(uint8_t input) {
    ADMUX = (uint8_t)(_BV(REFS0) | input);
    ADCSRA |= _BV(ADSC);
}

bool adc_read(uint16_t *value) {
    if (ADCSRA & _BV(ADSC)) return false;
    *value = ADC;
    return true;
}
