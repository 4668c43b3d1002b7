// The part about disputes: "we rang and were told otherwise".

import { byId, createElement } from "./dom.js";
import { WORDS } from "./desk_facts.js";
import { FACTS } from "./facts.js";
import { readAllIfAny } from "./manage_desk.js";
import { buttonFor, nameOf, readOwners } from "./manage_owners.js";
import { readGlances } from "./manage_glance.js";
import { balanced, moment, say } from "./words.js";

/** @import { Desk, Dispute, Glance, State } from "./types.js" */

const words = WORDS.manage_disputes;
const list = byId("dispute-list");

/** @param {Desk} desk */
export async function open(desk) {
  const [disputes, glances, owners] = await Promise.all([
    readAllIfAny("/v1/disputes"),
    readGlances(),
    readOwners(desk),
  ]);
  // One that was delisted is no responder any more, but still an owner.
  const names = new Map(owners.map((owner) => [owner.slug, nameOf(owner)]));
  const items = (disputes ?? []).map((dispute) => itemOf(dispute, names, glances, desk));
  list.replaceChildren(...(items.length ? items : [createElement("li", {}, words.none)]));
}

/**
 * @param {Dispute} dispute
 * @param {Map<string | null, string>} names by slug
 * @param {Glance[]} glances
 * @param {Desk} desk
 */
function itemOf({ id, slug, partner, found, shown, at }, names, glances, desk) {
  const glance = glances.find(({ responder }) => responder.slug === slug);
  const name = names.get(slug) ?? slug;
  const values = { name, partner: balanced(partner.name ?? ""), time: moment(Date.parse(at)) };
  const item = createElement(
    "li",
    {},
    createElement("p", {}, createElement("strong", {}, say(words.rang, values))),
    createElement("p", {}, say(words.told, { found: foundInWords(found), shown: FACTS.labels[shown] })),
  );
  if (!glance) return item;
  const isOpen = glance.disputes.some((each) => each.id === id);
  const next = isOpen
    ? createElement(
        "p",
        { class: "buttons" },
        buttonFor(words.take, name, () => desk.show("responders", slug)),
      )
    : createElement("p", { class: "small soft" }, words.reported_since);
  item.append(next);
  return item;
}

/**
 * What a partner was told by telephone.
 * @param {string} found
 */
export function foundInWords(found) {
  return found === "no_answer" ? words.no_answer : FACTS.labels[/** @type {State} */ (found)];
}
