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
export interface IntakeReport extends Report {
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
  planned?: Plan | null;
}

/** What the matching rules read of a responder. */
export interface Candidate {
  slug: string;
  remit: Remit;
  intake: { state: State; report?: { exceptions: string[]; limited_to?: Limit | null } | null };
}

export interface Responder extends Candidate {
  name: string;
  intake: Intake;
}

export interface Directory {
  sequence: number;
  responders: Responder[];
}

/** What is said of one person. What is in neither list of circumstances was not said. */
export interface Question {
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
}
