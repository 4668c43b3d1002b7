// The server's time, because the device's clock may be wrong.

/** The two clocks of a device, in milliseconds: the one on the wall, and the one that runs since the page was opened. */
const DEVICE = { wall: () => Date.now(), running: () => performance.now() };

/**
 * The server's time by an answer of it, in milliseconds, or NaN. `Date` is when the answer was made; `Age` is for how
 * many seconds caches have kept it since.
 * @param {Headers} headers
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

  /** The later of two estimates: sleep stops the running clock, and somebody may set the clock on the wall back. */
  now() {
    const byWall = this.#device.wall() - this.#wall;
    const byRunning = this.#device.running() - this.#running;
    return this.#at + Math.max(byWall, byRunning);
  }
}
