/** What arrived at a port and nobody has read: the reading half of a serialport binding. */

/** As much as a driver of the system keeps; what is beyond is lost. */
const UNREAD_BYTES_MAX = 65_536;

export class Unread {
  #bytes = Buffer.alloc(0);
  #failure: Error | undefined;
  #isClosed = false;
  #wake: () => void = () => {};

  push(bytes: Uint8Array): void {
    this.#bytes = Buffer.concat([this.#bytes, bytes]).subarray(0, UNREAD_BYTES_MAX);
    this.#wake();
  }

  /** The port has failed: whoever reads or writes is told. The first failure stands. */
  fail(failure: Error): void {
    this.#failure ??= failure;
    this.#wake();
  }

  /** A read that waits ends as serialport expects. */
  close(): void {
    this.#isClosed = true;
    this.#wake();
  }

  throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  flush(): void {
    this.#bytes = Buffer.alloc(0);
  }

  /** Waits for a byte at least. */
  async read(buffer: Buffer, offset: number, length: number): Promise<{ buffer: Buffer; bytesRead: number }> {
    while (!this.#isClosed && this.#failure === undefined && this.#bytes.length === 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#isClosed) throw Object.assign(new Error('port is closed'), { canceled: true });
    this.throwFailure();
    const bytesRead = this.#bytes.copy(buffer, offset, 0, length);
    this.#bytes = this.#bytes.subarray(bytesRead);
    return { buffer, bytesRead };
  }
}
