// The server's time, because the device's clock may be wrong.

/** The two clocks of a device, in milliseconds: the one on the wall, and the one that runs since the page was opened. */
const DEVICE = { wall: () => Date.now(), running: () => performance.now() };

/**
 * The server's time by an answer of it, in milliseconds, or NaN. `Date` is when the answer was made; `Age` is for how
 * many seconds caches have kept it since.
 * @param {Pick<Headers, "get">} headers
 */
export function timeOf(headers) {
  const age = Number.parseInt(headers.get("age") ?? "", 10) || 0;
  return Date.parse(headers.get("date") ?? "") + age * 1000;
}

export class ServerClock {
  #device;
  #at;
  #wall;
  #running;

  /**
   * @param {number} at the server's time when the page was opened
   * @param {typeof DEVICE} device
   */
  constructor(at, device = DEVICE) {
    this.#device = device;
    this.#at = at;
    this.#wall = device.wall() - device.running();
    this.#running = 0;
  }

  /**
   * Set the clock by an answer of the server.
   * @param {number} at
   */
  set(at) {
    this.#at = at;
    this.#wall = this.#device.wall();
    this.#running = this.#device.running();
  }

  /**
   * Set the clock by the headers of an answer, if they say the time.
   * @param {Pick<Headers, "get">} headers
   */
  setBy(headers) {
    const date = timeOf(headers);
    // The header leaves out fractions of a second. Add a second, so that nothing is shown as open for too long.
    if (date) this.set(date + 1000);
  }

  /** The later of two estimates: sleep stops the running clock, and somebody may set the clock on the wall back. */
  now() {
    const byWall = this.#device.wall() - this.#wall;
    const byRunning = this.#device.running() - this.#running;
    return this.#at + Math.max(byWall, byRunning);
  }
}
