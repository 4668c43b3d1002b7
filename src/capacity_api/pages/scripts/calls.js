// Calls to the API. The token is in one variable of this module, and goes nowhere but into the header of these calls.

import { timeOf } from "./clock.js";
import { WORDS } from "./desk_facts.js";

/** @import { FieldError } from "./types.js" */

// A browser would wait for minutes on a connection that was lost silently.
const ANSWER_WITHIN = 20_000;
const words = WORDS.calls;
/** @type {Record<string, string>} */
const REFUSED_CODES = WORDS.sign_in_refused;

let token = "";
let isOfPerson = false;
// How many milliseconds the server's clock is ahead of the device's, which may be wrong.
let serverAhead = 0;

/** A step that failed, in words for the user. */
export class Refusal extends Error {
  /**
   * @param {string} message
   * @param {FieldError[]} errors the fields at fault
   * @param {number} status
   * @param {string} code
   */
  constructor(message, errors = [], status = 0, code = "") {
    super(message);
    this.errors = errors;
    this.status = status;
    this.code = code;
  }
}

/** A step that is taken only when the user says so, with one more button. */
export class Question extends Refusal {
  /**
   * @param {string} message
   * @param {string} answer the words of the button
   * @param {() => Promise<void>} step
   */
  constructor(message, answer, step) {
    super(message);
    this.answer = answer;
    this.step = step;
  }
}

/**
 * @param {string} newToken the token of all calls from now on; empty for none
 * @param {boolean} isByMail whether it is of a person who signed in by mail, and who never saw it
 */
export function setToken(newToken, isByMail = false) {
  token = newToken;
  isOfPerson = isByMail;
}

/** Whether the token is of a person who signed in by mail. */
export function isSignedInByMail() {
  return isOfPerson;
}

/** The time by the server's clock. */
export function serverNow() {
  return Date.now() + serverAhead;
}

/**
 * Call the API. Throws a Refusal if it refuses or does not answer.
 * @param {"GET" | "PUT" | "POST" | "PATCH" | "DELETE"} method
 * @param {string} path
 * @param {{ body?: unknown, headers?: Record<string, string>, onlyReads?: boolean }} options
 *   `onlyReads`: the call changes nothing, so without an answer nothing was changed
 */
export async function call(method, path, { body, headers = {}, onlyReads = method === "GET" } = {}) {
  const controller = new AbortController();
  const timeout = setTimeout(() => controller.abort(), ANSWER_WITHIN);
  /** @type {Response | null} */
  let response = null;
  let content = null;
  try {
    response = await fetch(path, {
      method,
      cache: "no-store",
      credentials: "omit",
      headers: {
        ...(token ? { authorization: `Bearer ${token}` } : {}),
        ...(body ? { "content-type": "application/json" } : {}),
        ...headers,
      },
      body: body ? JSON.stringify(body) : undefined,
      signal: controller.signal,
    });
    serverAhead = timeOf(response.headers) - Date.now() || serverAhead;
    content = response.status === 204 ? {} : await response.json();
  } catch {
    // The connection was lost, or a server in between answered.
  } finally {
    clearTimeout(timeout);
  }
  if (!response || (response.ok && !content)) throw new Refusal(onlyReads ? words.unreachable : words.unknown);
  if (!response.ok) {
    throw new Refusal(reasonInWords(response.status, content), content?.errors, response.status, content?.code);
  }
  return { content, etag: response.headers.get("etag") ?? "" };
}

/**
 * Why a call was refused. Where fields are at fault, each of them says why.
 * @param {number} status
 * @param {{ detail?: string, code?: string, errors?: FieldError[] } | null} problem
 */
function reasonInWords(status, problem) {
  if (status === 412) return words.changed_meanwhile;
  if (status === 401) return REFUSED_CODES[problem?.code ?? ""] ?? words.signed_out;
  return problem?.errors?.length ? words.fields : (problem?.detail ?? words.unknown);
}
