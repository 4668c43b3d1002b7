// The forms for signing in are in the page before any script. Who comes by a link from a mail sees that link instead:
// this module is the first of its page, and small, so that they are not in sight for long.

import { byId } from "./dom.js";

/** What the part of an address behind which a secret stands begins with. */
export const LINK = "#link=";

if (location.hash.startsWith(LINK)) byId("signing").hidden = true;
