// The responders as /v1/directory last had them.

/** @import { Directory, Responder } from "./types.js" */

export const directory = {
  sequence: 0,
  /** By slug, in the order of their names. @type {Map<string, Responder>} */
  responders: new Map(),
};

/**
 * Store a new directory, and return the slugs of the responders that are new or have changed.
 * @param {Directory} latest
 */
export function store(latest) {
  const before = directory.responders;
  directory.sequence = latest.sequence;
  directory.responders = new Map(sortByName(latest.responders).map((responder) => [responder.slug, responder]));
  return [...directory.responders.values()]
    .filter((each) => !isSame(each, before.get(each.slug)))
    .map(({ slug }) => slug);
}

/**
 * By name, and by slug where names are the same, as the service sorts matches.
 * @param {Responder[]} responders
 */
export function sortByName(responders) {
  /** @type {[key: string, responder: Responder][]} */
  const keyed = responders.map((responder) => [`${responder.name.toLowerCase()}\0${responder.slug}`, responder]);
  return keyed.sort(([one], [other]) => (one < other ? -1 : 1)).map(([, responder]) => responder);
}

/**
 * @param {Responder} one
 * @param {Responder | undefined} other
 */
function isSame(one, other) {
  return JSON.stringify(one) === JSON.stringify(other);
}
