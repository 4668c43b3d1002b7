// What a note seems to say about a person, before it is published. It is a guess, and only makes the page ask.

/** @typedef {"phone" | "email" | "address" | "postcode" | "name"} Kind */

const EMAIL = /[^\s@<>]+@[^\s@<>]+\.\p{L}{2,}/u;
// From a + or a 0 on, what a number may be written with; "020 7946 0000", "+44 (0)20 …".
const PHONE = /(?:\+|\(?\b0)[\d\s().\-–/]*/gu;
const PHONE_DIGITS = 9;
// The letters that the second half of a postcode never has keep "9am" and "5pm" out.
const POSTCODE = /\b[A-Z]{1,2}\d[A-Z\d]?\s*\d[ABD-HJLNP-UW-Z]{2}\b/iu;
const STREETS =
  "street|st|road|rd|avenue|ave|lane|close|drive|court|crescent|terrace|gardens|square|way|place|hill|row";
// A number, one to three words with a capital letter, and a kind of street: "12a High Street", "3 St Mary's road".
const ADDRESS = new RegExp(`\\b\\d+[a-z]?,?\\s+(?:\\p{Lu}[\\p{L}’'.-]*\\s+){1,3}(?:${bothCases(STREETS)})\\b`, "u");
const BOX_OR_FLAT = /\b(?:P\.?O\.? box|flat|apartment)\s+\d+/iu;
const TITLED = /\b(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Rev|Sir|Dame)\.?\s+\p{Lu}/u;
// What names somebody: "ask for Jane", "speak to Jane".
const NAMED =
  /\b(?:ask for|speak to|speak with|talk to|contact|call|phone|ring|text|email|e-mail|named|called|name is)\s+(\p{Lu}[\p{L}’'-]+)/giu;
const PAIR = /(\p{Lu}[\p{L}’'-]*\p{Ll})\s+(?=(\p{Lu}[\p{L}’'-]*\p{Ll}))/gu;
// Words with a capital letter that are no part of a person's name.
const NO_NAMES = new Set(
  (
    "a albanian all an and any april arabic army as ask asylum at august bank before bengali black britain " +
    "british by call cannot centre charity children christmas city closed council county cross day december " +
    "department dutch east easter eastern eid email england english farsi february first for french friday from " +
    "full german government greater harbour he help helpline hindi holiday home hope hours house i if in ireland " +
    "it january july june kingdom kurdish legal limited local london love manchester mandarin march may mechanism " +
    "midlands migrant modern monday national new no north northern not november now october of office on only " +
    "open our outside over partner paused phone please police polish portuguese post project punjabi red referral " +
    "referrals refuge refugee reopening responder responders ring romanian safe salvation saturday scotland " +
    "september services she shelter slavery social somali sorry south southern spanish speak staff sunday support " +
    "survivor team text the they this thursday to town trust tuesday turkish united until urdu urgent victims " +
    "vietnamese wales we wednesday week welsh west western women year yes yorkshire you your"
  ).split(" "),
);

/**
 * The kinds of what is found, each once.
 * @param {string} note
 * @param {string} own the responder's name, which is no secret
 * @returns {Kind[]}
 */
export function personalIn(note, own = "") {
  /** @type {[Kind, boolean][]} */
  const kinds = [
    ["phone", [...note.matchAll(PHONE)].some(([found]) => found.replace(/\D/g, "").length >= PHONE_DIGITS)],
    ["email", EMAIL.test(note)],
    ["address", ADDRESS.test(note) || BOX_OR_FLAT.test(note)],
    ["postcode", POSTCODE.test(note)],
    // The name of a street is nobody's.
    ["name", holdsName(note.replace(ADDRESS, ""), own)],
  ];
  return kinds.filter(([, isFound]) => isFound).map(([kind]) => kind);
}

/**
 * @param {string} note
 * @param {string} own
 */
function holdsName(note, own) {
  const ours = new Set(own.toLowerCase().split(/[^\p{L}’'-]+/u));
  const isName = (/** @type {string} */ word) => {
    const plain = word.toLowerCase().replace(/[’']s$/, "");
    return /^\p{Lu}/u.test(word) && !NO_NAMES.has(plain) && !ours.has(plain);
  };
  return (
    TITLED.test(note) ||
    [...note.matchAll(NAMED)].some(([, word]) => isName(word)) ||
    [...note.matchAll(PAIR)].some(([, first, second]) => isName(first) && isName(second))
  );
}

/**
 * Each word in small letters and with a capital one.
 * @param {string} words
 */
function bothCases(words) {
  return words
    .split("|")
    .flatMap((word) => [word, word[0].toUpperCase() + word.slice(1)])
    .join("|");
}
