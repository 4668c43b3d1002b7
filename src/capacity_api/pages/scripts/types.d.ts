// What the scripts read of the API and of the generated facts. Only the type checker reads this file.

export type State = "open" | "waiting_list" | "paused" | "unconfirmed";
export type Outcome = "yes" | "waiting_list" | "ask" | "no";
export type Unit = "hours" | "working_days" | "days" | "weeks";

/** The plural forms of a message, by their numbers: `pluralForm` in `facts.js` gives the number. */
export type Forms = Record<number, string>;

/** By code: the words inside a sentence, and whether they have an "and" or "or" of their own. */
export type Labels = Record<string, [label: string, isCompound: boolean]>;

/** The codes and words of `facts.js`, in the language of the page. */
export interface Facts {
  months: string[];
  labels: Record<State, string>;
  states: Record<State, string>;
  areas: Record<string, [parent: string | null, kind: string]>;
  exploitation_types: string[];
  age_groups: string[];
  genders: string[];
  /** The outcome that each reason of a match stands for, in the order in which reasons are given. */
  reason_outcomes: Record<string, Outcome>;
  reason_sentences: Record<string, string>;
  outcomes: Record<Outcome, string>;
  circumstances: Labels;
  reasons: Record<string, string>;
  area_names: Labels;
  /** The words standing alone, and inside a sentence. */
  ages: Record<string, [alone: string, inside: string]>;
  exploitation_labels: Labels;
  gender_labels: Labels;
  gender_labels_with_children: Labels;
  counts: Record<State, Forms>;
  periods: Record<Unit, Forms>;
  periods_up_to: Record<Unit, Forms>;
  period_ranges: Record<Unit, Forms>;
  /** How the language joins "{0}" and "{1}" in a list. */
  list_patterns: Record<"2" | "start" | "middle" | "end", string>;
}

/** Sets of codes: `["all"]` is everything, and kinds of exploitation may be `["unknown"]`. */
export interface Remit {
  areas: { code: string }[];
  exploitation_types: string[];
  age_groups: string[];
  genders: string[];
  existing_clients_only: boolean;
}

/** What narrows a remit for as long as a report holds: sets of codes, `["all"]` where it does not. */
export interface Limit {
  areas: string[];
  exploitation_types: string[];
  age_groups: string[];
  genders: string[];
}

export type Aspect = keyof Limit;

/** How long something takes, as the responder expects it. */
export interface ExpectedTime {
  min: number;
  max: number;
  unit: Unit;
}

/** What a responder says of its intake; `reopens_on` is a day. */
export interface Report {
  state: State;
  expected_response?: ExpectedTime | null;
  expected_referral?: ExpectedTime | null;
  no_timeframe?: boolean;
  limited_to?: Limit | null;
  reason?: string | null;
  exceptions: string[];
  reopens_on?: string | null;
  note?: string | null;
}

/** What is sent to publish a report; with `effective_from`, a moment, it is a plan. */
export interface ReportRequest extends Report {
  effective_from: string | null;
}

export interface Plan {
  effective_from: string;
  report: Report;
}

/** An intake as the API has it. One that is not published yet has a state, a report and a plan at most. */
export interface Intake {
  state: State;
  report?: Report | null;
  last_report?: Report | null;
  said_by?: "responder" | "coordinator" | "threshold" | null;
  confirmed_at?: string | null;
  confirm_by?: string | null;
  since?: string | null;
  planned?: Plan | null;
}

/** What the matching rules read of a responder. */
export interface Candidate {
  slug: string;
  remit: Remit;
  intake: { state: State; report?: { exceptions: string[]; limited_to?: Limit | null } | null };
}

/** How to reach a responder; null is not known. */
export interface Contact {
  phone: { text: string; dial: string | null } | null;
  email: string | null;
  url: string | null;
  hours: string | null;
  all_hours: true | null;
  languages: string[];
  interpreters: true | null;
  /** Where it was found, if the responder has not given its own. */
  source: { name: string; url: string; checked_on: string } | null;
}

export interface Responder extends Candidate {
  name: string;
  intake: Intake;
}

/** A responder with what its own page reads of it. */
export interface OwnResponder extends Responder {
  website: string | null;
  contact: Contact;
}

export interface Directory {
  sequence: number;
  responders: Responder[];
}

/** What is said of one person. What is in neither list of circumstances was not said. */
export interface MatchQuestion {
  area?: string | null;
  exploitation_type?: string | null;
  age_group?: string | null;
  gender?: string | null;
  circumstances?: string[];
  circumstances_excluded?: string[];
  /** Slugs; left out it was not said, and empty it is "of nobody". */
  existing_client_of?: string[];
}

/** Values for place, exploitation, age and gender, each a list of what may be true; null is "not said". */
export interface Situation {
  values: (string | null)[][];
  circumstances: string[];
  circumstances_excluded: string[];
  /** Slugs, or `["unknown"]`. */
  existing_client_of: string[];
}

export interface Decision {
  outcome: Outcome;
  reasons: string[];
}

/** One paragraph of a report; `strong` comes before `text`. */
export interface Paragraph {
  kind?: "note" | "response";
  strong?: string;
  text: string;
}

/** A field that the server refused: where it is in the body, and why. */
export interface FieldError {
  pointer: string;
  detail: string;
  /** Of the words of the page, where it found the fault itself. */
  code?: string;
}

/** Whom a token speaks for. */
export interface OwnerRef {
  type: "responder" | "partner" | "admin";
  id: string | null;
  name: string | null;
  slug: string | null;
}

/** What `GET /v1/me` says of the token. */
export interface Identity {
  token_id: string;
  /** Who signed in with it; null for a token that was issued. */
  person_id: string | null;
  owner: OwnerRef;
  scopes: string[];
  expires_at: string | null;
}

export type LinkKind = "sign_in" | "still_true" | "invitation" | "handover";

/** What a link is for, as it was looked at without using it. */
export interface Link {
  kind: LinkKind;
  status: "usable" | "used" | "expired" | "superseded";
  /** Whose it is; of an invitation, what the invited person would look after. */
  owner: OwnerRef;
  slug: string | null;
  report: Report | null;
  expires_at: string;
}

/** What a link gives that signs in. */
export interface LinkToken {
  token: string;
  owner: OwnerRef;
  scopes: string[];
  expires_at: string | null;
}

/** What the parts of the coordinator's page know of the person who signed in. */
export interface Desk {
  me: Identity;
  isAdmin: boolean;
  /** Show another part, about one responder if it is given. */
  show: (id: string, slug?: string) => Promise<void>;
}

/** A part of the coordinator's page. */
export interface Part {
  /** Read what the part shows; called each time it is shown. */
  open: (desk: Desk, slug?: string) => Promise<void>;
}

/** A work address at one owner. */
export interface Person {
  id: string;
  /** Null where it was sealed with a key that is gone. */
  email: string | null;
  owner: OwnerRef;
  roles: ("editor" | "reminded")[];
  mail: "ok" | "refused";
  created_at: string;
}

/** An invitation or a handover that can still be used: who will come in by it. */
export interface OpenLink {
  id: string;
  kind: "invitation" | "handover";
  owner: OwnerRef;
  /** Of an invitation; null where it was sealed with a key that is gone. */
  email: string | null;
  roles: Person["roles"] | null;
  label: string | null;
  expires_at: string;
}

/** "We rang and were told otherwise", as a partner said. */
export interface Dispute {
  id: string;
  slug: string;
  partner: OwnerRef;
  found: State | "no_answer";
  shown: State;
  at: string;
}

/** A mail in the outbox. `slug` is that of the responder that it is about. */
export interface Mail {
  kind: "confirmation_due" | "lapsed" | "still_lapsed" | "disputed" | "chased";
  person_id: string | null;
  slug: string | null;
  status: "waiting" | "sent" | "refused" | "failed" | "dropped";
  created_at: string;
  finished_at: string | null;
}

/** What a coordinator sees of a responder; null where this service does not say. */
export interface Glance {
  responder: Responder;
  isSuspended: boolean;
  people: Person[] | null;
  /** Since its last report. */
  disputes: Dispute[];
  /** The mails of its last reminder. */
  reminders: Mail[] | null;
}

/** A responder with all of its details. */
export interface DetailedResponder extends OwnResponder {
  id: string;
  remit: Remit & {
    note: string | null;
    as_published: Record<"geography" | "exploitation" | "demographic" | "limitation", string | null> | null;
    source: { title: string; published: string; url: string | null } | null;
  };
}
