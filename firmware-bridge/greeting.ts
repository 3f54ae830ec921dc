/** Asks a board who it is until it answers, and again when it was silent: silence is no proof of death. */

/** In milliseconds. */
export type GreetingTiming = {
  /** Between two questions. */
  readonly hello: number;
  /** For an answer, in all: an Arduino's boot loader listens for 2 s before it starts the firmware. */
  readonly greeting: number;
};

export type GreetingEvents = {
  /** Before the first question. */
  readonly onBegin: () => void;
  readonly ask: () => void;
  readonly onUnanswered: () => void;
};

export class Greeting {
  readonly #timing: GreetingTiming;
  readonly #events: GreetingEvents;
  #isOpen = false;
  #endsMs = 0;
  #timer: NodeJS.Timeout | undefined; // of the next question, or of silence: never both

  constructor(timing: GreetingTiming, events: GreetingEvents) {
    this.#timing = timing;
    this.#events = events;
  }

  /** Whether an answer is waited for. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  begin(): void {
    this.#isOpen = true;
    this.#endsMs = performance.now() + this.#timing.greeting;
    this.#events.onBegin();
    this.#ask();
  }

  /** It has answered. */
  end(): void {
    this.#isOpen = false;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Greets it again when it has been silent for this long. */
  watch(silenceMs: number): void {
    this.end();
    this.#timer = setTimeout(() => this.begin(), silenceMs);
  }

  /** It has said something. */
  heard(): void {
    if (!this.#isOpen) this.#timer?.refresh();
  }

  #ask(): void {
    clearTimeout(this.#timer);
    if (performance.now() < this.#endsMs) {
      this.#timer = setTimeout(() => this.#ask(), this.#timing.hello);
      this.#events.ask();
    } else this.#events.onUnanswered();
  }
}
