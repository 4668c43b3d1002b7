// What the scripts read of the API and of the generated facts. Only the type checker reads this file.

export type State = "open" | "waiting_list" | "paused" | "unconfirmed";
export type Outcome = "yes" | "waiting_list" | "ask" | "no";
export type Unit = "hours" | "working_days" | "days" | "weeks";

/** The plural forms of a message, by their numbers: `pluralForm` in `facts.js` gives the number. */
export type Forms = Record<number, string>;

/** The codes and words of `facts.js`, in the language of the page. */
export interface Facts {
  months: string[];
  labels: Record<State, string>;
  states: Record<State, string>;
  areas: Record<string, [parent: string | null, kind: string]>;
  exploitation_types: string[];
  genders: string[];
  /** The outcome that each reason of a match stands for, in the order in which reasons are given. */
  reason_outcomes: Record<string, Outcome>;
  reason_sentences: Record<string, string>;
  outcomes: Record<Outcome, string>;
  /** The words inside a sentence, and whether they have an "and" or "or" of their own. */
  circumstances: Record<string, [label: string, isCompound: boolean]>;
  reasons: Record<string, string>;
  counts: Record<State, Forms>;
  periods: Record<Unit, Forms>;
  periods_up_to: Record<Unit, Forms>;
  period_ranges: Record<Unit, Forms>;
  /** How the language joins "{0}" and "{1}" in a list. */
  list_patterns: Record<"2" | "start" | "middle" | "end", string>;
}

export interface Remit {
  areas: { code: string }[];
  exploitation_types: string[] | "all" | null;
  age_groups: string[];
  genders: string[] | "all";
  existing_clients_only: boolean;
}

export interface ExpectedResponse {
  min: number;
  max: number;
  unit: Unit;
}

/** What a responder says of its intake; `reopens_on` is a day, `effective_from` a moment. */
export interface Report {
  state: State;
  exceptions: string[];
  reason?: string | null;
  reopens_on?: string | null;
  note?: string | null;
  expected_response?: ExpectedResponse | null;
  effective_from?: string | null;
}

export interface Plan extends Report {
  effective_from: string;
}

/** An intake as the API has it; a report that is not published yet lacks the fields of the second half. */
export interface Intake extends Report {
  reported_state?: State | null;
  confirm_by?: string | null;
  planned?: Plan | null;
}

/** What the matching rules read of a responder. */
export interface Candidate {
  slug: string;
  remit: Remit;
  intake: Pick<Intake, "state" | "exceptions">;
}

export interface Responder extends Candidate {
  name: string;
  intake: Intake;
}

export interface Directory {
  sequence: number;
  responders: Responder[];
}

export interface Question {
  area?: string | null;
  exploitation_type?: string | null;
  age_group?: string | null;
  gender?: string | null;
  circumstances?: string[];
  existing_client_of?: string | null;
}

/** Values for place, exploitation, age and gender, each a list of what may be true; null is "not said". */
export interface Situation {
  values: (string | null)[][];
  circumstances: string[];
  existing_client_of: string | null;
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
